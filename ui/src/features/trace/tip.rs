//! What a row says under the pointer: its whole name, and what is odd about it in sentences.

use api::{OpenedTrace, Row, RowKind};

use super::{oddity, view::TraceView};
use crate::{
    dom::{View, live, px, view},
    reactive::RwSignal,
    widgets::{count, duration, service_class, visible},
};

/// Over which row, and where on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TipAt {
    /// The row.
    pub(crate) row: u32,
    /// CSS pixels from the left of the window.
    pub(crate) x: f64,
    /// CSS pixels from its top.
    pub(crate) y: f64,
}

/// The sentences about a row.
fn sentences(row: &Row) -> Vec<String> {
    let mut sentences = Vec::new();
    if row.kind == RowKind::Missing {
        sentences.push(match row.child_count {
            1 => "A span names this one as its parent, but it has not arrived.".to_owned(),
            children => {
                format!("{} spans name this one as their parent, but it has not arrived.", count(u64::from(children)))
            }
        });
        sentences.push("It may still be running, have been sampled out, or come from elsewhere.".to_owned());
    }
    sentences.extend(row.oddities.iter().map(oddity::sentence));
    if row.errors_below > 0 {
        sentences.push(match row.errors_below {
            1 => "One span below it failed.".to_owned(),
            errors => format!("{} spans below it failed.", count(u64::from(errors))),
        });
    }
    sentences
}

/// The tooltip.
pub(crate) fn tip(trace: TraceView, at: RwSignal<Option<TipAt>>) -> View {
    live(move || {
        let at = at.get()?;
        let row = trace.rows.get()?.row(at.row).cloned()?;
        let head = trace.head.get()?;
        let (width, height) = web_sys::window()
            .and_then(|window| Some((window.inner_width().ok()?.as_f64()?, window.inner_height().ok()?.as_f64()?)))
            .unwrap_or((1_000.0, 700.0));
        let is_low = at.y > height - 150.0;
        Some(view! {
            <div
                class="tip"
                role="tooltip"
                data-testid="tip"
                style:left=px((at.x + 12.0).min(width - 372.0).max(8.0))
                style:top=if is_low { "auto".to_owned() } else { px(at.y + 18.0) }
                style:bottom=if is_low { px(height - at.y + 10.0) } else { "auto".to_owned() }
            >
                {content(&row, &head)}
            </div>
        })
    })
}

fn content(row: &Row, head: &OpenedTrace) -> View {
    let service = row.service.and_then(|index| Some((index, head.services.get(index as usize)?.clone())));
    let mut name: String = visible(&row.name.shown).chars().take(240).collect();
    if row.kind == RowKind::Missing {
        name = format!("Missing span {}", row.span_id);
    } else if (name.len() as u64) < row.name.whole_bytes {
        name.push('…');
    }
    let facts = (row.kind == RowKind::Span).then(|| {
        let start = match u64::try_from(row.start_offset_nanos) {
            Ok(after) => format!("starts at {}", duration(after).text()),
            Err(_) => {
                format!("starts {} before the trace", duration(row.start_offset_nanos.unsigned_abs()).text())
            }
        };
        format!("{}, {start}, {}", duration(row.duration_nanos).text(), row.span_kind.name())
    });
    let error = (row.is_error).then(|| match row.error_text.as_str() {
        "" => "Error".to_owned(),
        text => format!("Error: {}", visible(text)),
    });
    view! {
        <div class="tip-head">
            {service
                .map(|(index, name)| {
                    let class = format!("sw {}", service_class(index as usize));
                    view! { <i class=class></i><span class="t2">{visible(&name).into_owned()}</span> }
                })}
            <span class="tip-name">{name}</span>
        </div>
        {facts.map(|facts| view! { <div class="t2">{facts}</div> })}
        {error.map(|error| view! { <div class="err">{error}</div> })}
        {sentences(row).into_iter().map(|sentence| view! { <p>{sentence}</p> }).collect::<View>()}
    }
}
