//! Links to other spans: opened where their trace is here, and said where it is not.

use std::sync::Arc;

use api::{LinkDetail, SpanDetail};
use model::{SpanId, TraceId};

use super::{super::view::TraceView, attributes::attribute_row};
use crate::{
    dom::{View, view},
    widgets::{Shape, copy_button, small_icon, visible},
};

/// All links that came.
pub(crate) fn links(trace: TraceView, detail: &Arc<SpanDetail>) -> View {
    detail.links.iter().map(|link| one(trace, detail.node, detail.trace_id, link)).collect()
}

/// The ends of an id, which are enough to tell a few apart.
fn short(id: &str) -> String {
    match (id.get(..8), id.get(id.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if id.len() > 16 => format!("{head}…{tail}"),
        _ => visible(id).into_owned(),
    }
}

fn one(trace: TraceView, node: u32, own: TraceId, link: &LinkDetail) -> View {
    let trace_id = link.trace_id.parse::<TraceId>().ok();
    let span_id = link.span_id.parse::<SpanId>().ok();
    let target = match trace_id.filter(|_| link.is_stored) {
        Some(trace_id) => {
            let text = match link.target.as_str() {
                _ if trace_id == own => format!("Span {} of this trace", short(&link.span_id)),
                "" => format!("Trace {}", short(&link.trace_id)),
                target => visible(target).into_owned(),
            };
            view! {
                <button
                    type="button"
                    class="link clip"
                    data-testid="link-open"
                    title=format!("Open trace {trace_id}")
                    on:click=move |_| trace.app.open_trace(trace_id, span_id)
                >
                    {text}
                </button>
            }
        }
        None if trace_id.is_none() => {
            view! { <span class="t2 clip">{format!("“{}” is no trace id", short(&link.trace_id))}</span> }
        }
        None => {
            view! { <span class="t2 clip">{format!("Trace {} is not here", short(&link.trace_id))}</span> }
        }
    };
    let id = link.trace_id.clone();
    let attributes: Vec<_> =
        link.attributes.iter().map(|attribute| attribute_row(trace, node, attribute, None, false, "")).collect();
    let has_attributes = !attributes.is_empty();
    view! {
        <div class="evt" data-testid="link-row">
            <div class="evt-head">
                <span class="t3">{small_icon(Shape::Link)}</span>
                {target}
                <span class="at mono" title=format!("Span {}", visible(&link.span_id))>{short(&link.span_id)}</span>
                {copy_button(move || id.clone(), "Copy the trace id of the link")}
            </div>
            {has_attributes.then(|| view! { <div class="kvs">{attributes}</div> })}
        </div>
    }
}
