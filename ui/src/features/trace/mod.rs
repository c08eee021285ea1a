//! One trace: its head, the timeline of its spans, and a panel about the one that is selected.
//!
//! Entry: [`TraceScreen`]. The state and the calls are in `view`; `scale`, `bars`, `window` and
//! `stack` are pure and tested natively.
//!
//! Deliberately absent: assembly, folding and search, which the service does where the data is; and
//! any list over all spans, because only the rows that are visible are asked for.

mod bars;
mod header;
mod oddity;
mod paint;
mod palette;
mod panel;
mod scale;
mod stack;
mod timeline;
mod tip;
mod toolbar;
mod tree;
mod view;
mod window;

use api::{ErrorCode, Event, FoldChange};
use model::{SpanId, TraceId};
use web_sys::HtmlInputElement;

use header::header;
use panel::panel;
use timeline::timeline;
use toolbar::{ZOOM_STEP, find, next_error, toggle_critical_path, toggle_self_time, toolbar};
use view::TraceView;

use crate::{
    dom::{NodeRef, View, before_paint, view},
    reactive::on_cleanup,
    spawn,
    state::{Action, use_app},
    widgets,
};

/// How far a key moves the visible time.
const PAN_STEP: f64 = 0.2;
/// An [`Event::Arrived`] names at most so many traces; a full one may have left this one out.
const MOST_NAMED: usize = 100;

/// The screen of one trace; `span` is selected and scrolled to.
pub fn trace_screen(trace_id: TraceId, span: Option<SpanId>) -> View {
    let trace = TraceView::new(trace_id);
    let find_field = NodeRef::<HtmlInputElement>::new();
    let filter_field = NodeRef::<HtmlInputElement>::new();
    trace.open(span);
    on_cleanup(move || trace.close());

    let app = use_app();
    app.on_event(move |event| match event {
        Event::Arrived { traces, .. } if traces.contains(&trace_id) || traces.len() >= MOST_NAMED => trace.refresh(),
        Event::Pinned { trace_id: pinned, is_pinned } if *pinned == trace_id => trace.note_pin(*is_pinned),
        _ => {}
    });
    app.on_action(move |action| act(trace, action, find_field, filter_field));

    let is_loading = move || trace.head.get().is_none();
    view! {
        {header(trace)}
        {move || match trace.failure.get() {
            Some(error) => {
                let title = match error.code {
                    ErrorCode::NotFound => "This trace is not here",
                    _ => "This trace cannot be shown",
                };
                view! {
                    <div class="say" role="alert" data-testid="trace-failure">
                        <h3>{title}</h3>
                        <p>{widgets::visible(&error.sentence).into_owned()}</p>
                        <div class="row">
                            <button type="button" class="btn" on:click=move |_| trace.app.back()>
                                "Back"
                            </button>
                            <button type="button" class="btn" on:click=move |_| trace.open(span)>
                                "Try again"
                            </button>
                        </div>
                    </div>
                }
            }
            None => {
                view! {
                    {toolbar(trace, find_field)}
                    <div
                        class="progress"
                        class:on=is_loading
                        role="progressbar"
                        aria-hidden=move || (!is_loading()).to_string()
                    ></div>
                    <div class="split">
                        {timeline(trace)}
                        {panel(trace, filter_field)}
                    </div>
                }
            }
        }}
    }
}

/// What a key means here; whether it meant anything.
fn act(
    trace: TraceView,
    action: Action,
    find_field: NodeRef<HtmlInputElement>,
    filter_field: NodeRef<HtmlInputElement>,
) -> bool {
    if trace.known().is_none() {
        return false;
    }
    let page = || ((trace.height.get_untracked() / bars::ROW) as i64 - 1).max(1);
    let selected = trace.selected.get_untracked();
    let selected_row = selected.and_then(|selected| trace.row(selected.row));
    match action {
        Action::Back if trace.is_panel_open.get_untracked() && selected.is_some() => trace.show_panel(false),
        Action::NextSpan => trace.step(1),
        Action::PreviousSpan => trace.step(-1),
        Action::FirstSpan => trace.select_row(0),
        Action::LastSpan => trace.select_row(u32::MAX),
        Action::PageOfSpansDown => trace.step(page()),
        Action::PageOfSpansUp => trace.step(-page()),
        Action::ExpandSpan => match (selected, selected_row) {
            (Some(selected), Some(row)) if row.child_count > 0 && !row.is_expanded => {
                trace.fold(FoldChange::Expand(row.node), Some(selected.row));
            }
            (Some(_), Some(row)) if row.child_count > 0 => trace.step(1),
            _ => {}
        },
        Action::CollapseSpan => match (selected, selected_row) {
            (Some(selected), Some(row)) if row.child_count > 0 && row.is_expanded => {
                trace.fold(FoldChange::Collapse(row.node), Some(selected.row));
            }
            _ => trace.step_to_parent(),
        },
        Action::ExpandBelow => {
            if let Some(selected) = selected {
                trace.fold(FoldChange::ExpandBelow(selected.node), Some(selected.row));
            }
        }
        Action::ExpandAll => trace.fold(FoldChange::ExpandAll, None),
        Action::CollapseAll => trace.fold(FoldChange::ToDepth(1), None),
        Action::ParentSpan => trace.step_to_parent(),
        Action::NextError => next_error(trace, false),
        Action::PreviousError => next_error(trace, true),
        Action::FindInTrace => focus(find_field),
        Action::NextHit => find(trace, false, true),
        Action::PreviousHit => find(trace, true, true),
        Action::ZoomToSpan => {
            if let Some(selected) = selected {
                trace.zoom_to_row(selected.row);
            }
        }
        Action::ZoomIn => trace.zoom(ZOOM_STEP, 0.5),
        Action::ZoomOut => trace.zoom(1.0 / ZOOM_STEP, 0.5),
        Action::PanLeft => trace.pan(-PAN_STEP),
        Action::PanRight => trace.pan(PAN_STEP),
        Action::WholeTrace => trace.zoom_to(trace.whole()),
        Action::CriticalPath => toggle_critical_path(trace),
        Action::SelfTime => toggle_self_time(trace),
        Action::TogglePanel => trace.show_panel(!trace.is_panel_open.get_untracked()),
        Action::FilterAttributes => {
            trace.show_panel(true);
            // The field is there once the panel is.
            before_paint(move || focus(filter_field));
        }
        Action::PinTrace => trace.toggle_pin(),
        Action::CopyTraceId => {
            let id = trace.trace_id.to_string();
            spawn(async move {
                widgets::copy(&id).await;
            });
        }
        _ => return false,
    }
    true
}

fn focus(field: NodeRef<HtmlInputElement>) {
    if let Some(field) = field.get_untracked() {
        // An element that is in the page takes the focus.
        let _ = field.focus();
        field.select();
    }
}
