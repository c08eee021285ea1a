//! The rows of the tree: as many elements as are visible, keyed by row.

use std::sync::Arc;

use api::{FoldChange, OpenedTrace, Row, RowKind, SpanIcon};
use model::SpanId;

use super::{bars::ROW, oddity, view::TraceView};
use crate::{
    dom::{View, fine_px, px, view},
    reactive::Memo,
    widgets::{Shape, chevron, count, duration, service_class, small_icon, visible},
};

/// Pixels of a level, where there is room.
const INDENT: f64 = 10.0;
/// So much of the column's width is for indentation; names have the rest.
const INDENTED: f64 = 0.45;

/// What a row of the tree shows: of its bar nothing, so that zooming changes no element.
#[derive(Debug, Clone, PartialEq)]
struct Cells {
    node: u32,
    span_id: SpanId,
    is_missing: bool,
    depth: u32,
    service: Option<u32>,
    service_name: String,
    names_service: bool,
    name: String,
    icon: SpanIcon,
    child_count: u32,
    is_expanded: bool,
    hidden_count: u32,
    is_error: bool,
    errors_below: u32,
    words: Vec<String>,
    label: String,
}

impl Cells {
    fn of(row: &Row, head: Option<&OpenedTrace>) -> Self {
        let service_name = row
            .service
            .and_then(|index| head?.services.get(index as usize))
            .map(|name| visible(name).into_owned())
            .unwrap_or_default();
        let mut name = visible(&row.name.shown).into_owned();
        if (row.name.shown.len() as u64) < row.name.whole_bytes {
            name.push('…');
        }
        if row.kind == RowKind::Missing {
            name = format!("Missing span {}", row.span_id);
        } else if name.is_empty() {
            name = "(no name)".to_owned();
        }
        Self {
            node: row.node,
            span_id: row.span_id,
            is_missing: row.kind == RowKind::Missing,
            depth: row.depth,
            service: row.service,
            label: label(row, &service_name, &name),
            service_name,
            names_service: row.names_service,
            name,
            icon: row.icon,
            child_count: row.child_count,
            is_expanded: row.is_expanded,
            hidden_count: row.hidden_count,
            is_error: row.is_error,
            errors_below: row.errors_below,
            words: row.oddities.iter().filter_map(oddity::word).collect(),
        }
    }
}

/// `1 error below`, `3 errors below`.
fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// What a screen reader says: everything that the row and its bar show.
fn label(row: &Row, service: &str, name: &str) -> String {
    if row.kind == RowKind::Missing {
        return format!("{name}, not received, {}", counted(row.child_count.into(), "span below", "spans below"));
    }
    let mut parts = vec![format!("{service} {name}"), duration(row.duration_nanos).text()];
    if row.is_error {
        parts.push(match row.error_text.as_str() {
            "" => "error".to_owned(),
            reason => format!("error {}", visible(reason)),
        });
    }
    if row.errors_below > 0 {
        parts.push(counted(row.errors_below.into(), "error below", "errors below"));
    }
    if !row.events.is_empty() {
        parts.push(counted(row.events.iter().map(|mark| u64::from(mark.count)).sum(), "event", "events"));
    }
    if !row.logs.is_empty() {
        parts.push(counted(row.logs.iter().map(|mark| u64::from(mark.count)).sum(), "log record", "log records"));
    }
    if row.hidden_count > 0 {
        parts.push(counted(row.hidden_count.into(), "row folded", "rows folded"));
    }
    parts.extend(row.oddities.iter().filter_map(oddity::word));
    parts.extend(oddity::beside_bar(&row.oddities));
    parts.join(", ")
}

/// How deep trees are made to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    /// So many levels the tree is moved to the left.
    pub(crate) levels: u32,
    /// Pixels of a level.
    step: f64,
}

impl Shift {
    /// For rows between two depths in a column of some width: as it is where it fits; else moved to
    /// the left; else with narrower levels.
    fn of(least: u32, most: u32, width: f64) -> Self {
        let room = (width * INDENTED).max(INDENT);
        if f64::from(most) * INDENT <= room {
            return Self { levels: 0, step: INDENT };
        }
        let fitting = (room / INDENT) as u32;
        let levels = least.saturating_sub(1).min(most.saturating_sub(fitting));
        Self { levels, step: (room / f64::from((most - levels).max(1))).clamp(1.0, INDENT) }
    }

    fn pixels(self, depth: u32) -> f64 {
        f64::from(depth.saturating_sub(self.levels)) * self.step
    }
}

/// How the visible rows are made to fit.
pub(crate) fn shift(trace: TraceView) -> Memo<Shift> {
    Memo::new(move || {
        let drawn = trace.drawn.get();
        let (mut least, mut most) = (u32::MAX, 0);
        if let Some(rows) = trace.rows.get() {
            for row in (drawn.first..drawn.end).filter_map(|index| rows.row(index)) {
                (least, most) = (least.min(row.depth), most.max(row.depth));
            }
        }
        Shift::of(least.min(most), most, trace.tree_width.get())
    })
}

/// A row.
pub(crate) fn tree_row(trace: TraceView, index: u32, shift: Memo<Shift>) -> View {
    let cells = Memo::new(move || {
        let head = trace.head.get();
        let rows = trace.rows.get();
        rows?.row(index).map(|row| Arc::new(Cells::of(row, head.as_deref())))
    });
    let is_selected = Memo::new(move || {
        let (Some(selected), Some(cells)) = (trace.selected.get(), cells.get()) else { return false };
        let revision = trace.head.get().map(|head| head.revision);
        let is_current = trace.rows.get().map(|rows| rows.viewport.revision) == revision;
        // While newer rows are under way, the selection's index is already one of theirs.
        if is_current { selected.node == cells.node } else { selected.span_id == Some(cells.span_id) }
    });
    let field = move |read: fn(&Cells) -> Option<String>| move || cells.get().and_then(|cells| read(&cells));
    view! {
        <div
            class="r"
            class:sel=move || is_selected.get()
            role="row"
            id=format!("row-{index}")
            style:top=px(f64::from(index) * ROW)
            aria-rowindex=(index + 1).to_string()
            aria-level=field(|cells| Some((cells.depth + 1).to_string()))
            aria-expanded=field(|cells| (cells.child_count > 0).then(|| cells.is_expanded.to_string()))
            aria-selected=move || is_selected.get().to_string()
            aria-label=field(|cells| Some(cells.label.clone()))
            data-testid="span-row"
            data-span-id=field(|cells| Some(cells.span_id.to_string()))
            data-node=field(|cells| Some(cells.node.to_string()))
        >
            {move || {
                let needle = trace.needle.get();
                match cells.get() {
                    Some(cells) => tree_cell(trace, &cells, index, shift, needle.trim()),
                    None => view! { <div class="tree" role="gridcell"><i class="sk"></i></div> },
                }
            }}
            <div class="lane" role="gridcell"></div>
        </div>
    }
}

fn tree_cell(trace: TraceView, cells: &Cells, index: u32, shift: Memo<Shift>, needle: &str) -> View {
    let depth = cells.depth;
    let indent = move || shift.get().pixels(depth);
    let node = cells.node;
    let toggle = move |event: web_sys::MouseEvent| {
        event.stop_propagation();
        trace.fold(FoldChange::Toggle(node), Some(index));
    };
    let is_expanded = cells.is_expanded;
    let twist = (cells.child_count > 0).then(|| {
        view! {
            <span class="twist" data-testid="twist" aria-hidden="true" on:click=toggle on:dblclick=|event: web_sys::MouseEvent| event.stop_propagation()>
                {chevron(is_expanded)}
            </span>
        }
    });
    let swatch_class = match cells.service {
        Some(service) if !cells.is_missing => format!("sw {}", service_class(service as usize)),
        _ => "sw miss".to_owned(),
    };
    let icon = match cells.icon {
        SpanIcon::None => None,
        SpanIcon::Database => Some(Shape::Database),
        SpanIcon::Messaging => Some(Shape::Queue),
        SpanIcon::GenAi => Some(Shape::Spark),
        SpanIcon::Link => Some(Shape::Link),
    };
    let service = (cells.names_service && !cells.service_name.is_empty())
        .then(|| view! { <span class="sv">{marked(&cells.service_name, needle)}</span> });
    let errors_below = cells.errors_below;
    view! {
        <div class="tree" role="gridcell" style:padding-left=move || px(8.0 + indent())>
            <i
                class="guides"
                style:width=move || px(indent())
                style:background-size=move || format!("{} 1px", fine_px(shift.get().step))
            ></i>
            <span class="twist-room">{twist}</span>
            <i class=swatch_class></i>
            {icon.map(small_icon)}
            <span class="nm clip" class:miss=cells.is_missing>
                {service}
                {marked(&cells.name, needle)}
            </span>
            {(cells.hidden_count > 0)
                .then(|| view! { <span class="fold">{format!("+{}", count(u64::from(cells.hidden_count)))}</span> })}
            {cells.words.iter().map(|word| view! { <span class="badge w tiny">{word.clone()}</span> }).collect::<View>()}
            {cells.is_missing.then(|| view! { <span class="badge w tiny">"not received"</span> })}
            {(errors_below > 0).then(|| view! { <span class="desc">{count(u64::from(errors_below))}</span> })}
            {cells.is_error.then(|| view! { <span class="own">"!"</span> })}
        </div>
    }
}

/// A text with what was searched for marked.
pub(crate) fn marked(text: &str, needle: &str) -> View {
    pieces(text, needle)
        .into_iter()
        .map(|(is_hit, piece)| {
            if is_hit {
                view! { <mark>{piece}</mark> }
            } else {
                View::text(piece)
            }
        })
        .collect()
}

/// A text in pieces: is it a hit, and the piece. ASCII letters match in either case.
fn pieces<'a>(text: &'a str, needle: &str) -> Vec<(bool, &'a str)> {
    if needle.is_empty() {
        return vec![(false, text)];
    }
    let (lower, needle) = (text.to_ascii_lowercase(), needle.to_ascii_lowercase());
    let mut pieces = Vec::new();
    let mut rest = 0;
    for (at, hit) in lower.match_indices(&needle) {
        if at > rest {
            pieces.push((false, &text[rest..at]));
        }
        rest = at + hit.len();
        pieces.push((true, &text[at..rest]));
    }
    if rest < text.len() {
        pieces.push((false, &text[rest..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_trees_are_moved_and_then_narrowed() {
        assert_eq!(Shift::of(0, 8, 368.0), Shift { levels: 0, step: INDENT });
        assert_eq!(Shift::of(2_990, 2_999, 368.0), Shift { levels: 2_983, step: INDENT });
        let narrowed = Shift::of(2_950, 2_999, 368.0);
        assert!(narrowed.levels == 2_949 && narrowed.pixels(2_999) < 0.46 * 368.0 && narrowed.step > 3.0);
    }

    #[test]
    fn hits_are_marked_in_either_case() {
        let hits = |text, needle| {
            pieces(text, needle)
                .into_iter()
                .map(|(is_hit, piece)| if is_hit { format!("[{piece}]") } else { piece.to_owned() })
                .collect::<String>()
        };
        assert_eq!(hits("payment.v1.Payments/Charge", "payment"), "[payment].v1.[Payment]s/Charge");
        assert_eq!(hits("aaa", "aa"), "[aa]a");
        assert_eq!(hits("GRÜẞE ü", "ü"), "GRÜẞE [ü]");
        assert_eq!(hits("x", ""), "x");
    }
}
