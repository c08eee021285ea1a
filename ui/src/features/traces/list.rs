use std::sync::Arc;

use api::TraceRow;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::ResizeObserver;

use super::{
    row::{cells, start_text},
    rows::{Rows, row_of_slot},
    state::TraceList,
};
use crate::{
    dom::{NodeRef, View, view},
    reactive::{Memo, RwSignal, StoredValue, effect, on_cleanup},
    state::{Action, keys::hint, use_app},
    widgets::{Shape, count, small_icon, time},
};

/// Height of a row, CSS pixels; `--row-list`.
const ROW: u32 = 26;
/// Rows drawn above and below what is visible.
const OVERSCAN: u32 = 4;

/// Head and rows: only those near the visible ones are drawn, in slots that are reused.
pub(super) fn list(list: TraceList) -> View {
    let app = use_app();
    let scroller = NodeRef::new();
    let height = RwSignal::new(0.0_f64);
    watch_height(scroller, height);

    let len = Memo::new(move || list.rows.with(|rows| rows.as_ref().map_or(0, Rows::len)));
    let slots = Memo::new(move || (height.get() / f64::from(ROW)).ceil() as u32 + 1 + 2 * OVERSCAN);
    let first = Memo::new(move || {
        let visible = (list.scroll_top.get() / f64::from(ROW)) as u32;
        visible.saturating_sub(OVERSCAN).min(len.get().saturating_sub(slots.get()))
    });
    effect(move || {
        let drawn = first.get()..first.get() + slots.get();
        list.drawn.set(drawn.clone());
        list.rows.track();
        list.fetch(drawn);
    });
    // Coming back finds the list where it was left.
    effect(move || {
        if let Some(scroller) = scroller.get() {
            scroller.set_scroll_top(list.scroll_top.get_untracked() as i32);
        }
    });
    effect(move || {
        let Some(((index, _), scroller)) = list.selected.get().zip(scroller.get_untracked()) else { return };
        let (top, bottom) = (f64::from(index) * f64::from(ROW), f64::from(index + 1) * f64::from(ROW));
        let (from, height) = (f64::from(scroller.scroll_top()), height.get_untracked());
        if top < from {
            scroller.set_scroll_top(top as i32);
        } else if bottom > from + height && height > 0.0 {
            scroller.set_scroll_top((bottom - height).ceil() as i32);
        }
    });
    // The first change after a filter was set starts at the top.
    let mut is_first = true;
    effect(move || {
        list.filter.track();
        if !std::mem::take(&mut is_first) {
            if let Some(scroller) = scroller.get_untracked() {
                scroller.set_scroll_top(0);
            }
            list.scroll_top.set(0.0);
        }
    });

    app.on_action(move |action| {
        let page = ((height.get_untracked() / f64::from(ROW)) as i64 - 1).max(1);
        let step = match action {
            Action::NextTrace => 1,
            Action::PreviousTrace => -1,
            Action::PageOfTracesDown => page,
            Action::PageOfTracesUp => -page,
            Action::FirstTrace => i64::MIN,
            Action::LastTrace => i64::MAX,
            Action::OpenTrace => {
                if let Some((_, trace_id)) = list.selected.get_untracked() {
                    app.open_trace(trace_id, None);
                }
                return true;
            }
            Action::Back if list.selected.get_untracked().is_some() => {
                list.selected.set(None);
                return true;
            }
            _ => return false,
        };
        select_by(list, scroller, step);
        true
    });

    let in_slot = move |place: u32| {
        let index = Memo::new(move || row_of_slot(place, slots.get().max(1), first.get()));
        let row = Memo::new(move || Fetched(list.rows.with(|rows| rows.as_ref()?.get(index.get()).cloned())));
        slot(
            list,
            index,
            row,
            Memo::new(move || list.rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.longest_nanos))),
            Memo::new(move || index.get() < len.get()),
        )
    };
    let newer = Memo::new(move || list.rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.newer)));
    let bring_in = move |_| bring_newer_in(list, scroller);
    app.on_action(move |action| {
        let takes = action == Action::ShowNewer && newer.get_untracked() > 0;
        if takes {
            bring_newer_in(list, scroller);
        }
        takes
    });

    view! {
        <div
            class="grid"
            role="grid"
            aria-label="Traces, newest first"
            aria-rowcount=move || (len.get() + 1).to_string()
            data-testid="trace-list"
        >
            <div class="thead traces-columns" role="row" aria-rowindex="1">
                <span class="sort" role="columnheader" aria-sort="descending">
                    "Start"
                    {small_icon(Shape::Down)}
                </span>
                <span class="row" role="columnheader">
                    "Trace"
                    {move || {
                        (newer.get() > 0)
                            .then(|| {
                                let text = match newer.get() {
                                    1 => "1 newer trace".to_owned(),
                                    many => format!("{} newer traces", count(many)),
                                };
                                view! {
                                    <button
                                        type="button"
                                        class="newer"
                                        data-testid="newer"
                                        title=format!("Bring them in ({})", hint(Action::ShowNewer))
                                        on:click=bring_in
                                    >
                                        {small_icon(Shape::Up)}
                                        {text}
                                    </button>
                                }
                            })
                    }}
                </span>
                <span role="columnheader">"Duration"</span>
                <span class="num" role="columnheader">"Spans"</span>
                <span role="columnheader">"Services"</span>
                <span role="columnheader">"Errors, first one"</span>
            </div>
            <div
                class="list"
                role="rowgroup"
                tabindex="0"
                aria-activedescendant=move || list.selected.get().map(|(index, _)| format!("trace-row-{index}"))
                node_ref=scroller
                on:scroll=move |_| {
                    if let Some(scroller) = scroller.get_untracked() {
                        list.scroll_top.set(f64::from(scroller.scroll_top()));
                    }
                }
                on:pointerenter=move |_| list.is_pointer_inside.set(true)
                on:pointerleave=move |_| {
                    list.is_pointer_inside.set(false);
                    if newer.get_untracked() > 0 && list.is_at_rest() {
                        list.reload();
                    }
                }
            >
                <div class="inner" style:height=move || format!("{}px", u64::from(len.get()) * u64::from(ROW))>
                    {move || (0..slots.get()).map(in_slot).collect::<View>()}
                </div>
            </div>
        </div>
    }
}

/// A row that has been fetched, equal only to itself: rows are compared whenever the list changes.
#[derive(Clone)]
struct Fetched(Option<Arc<TraceRow>>);

impl PartialEq for Fetched {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two) || one == two,
            (None, None) => true,
            _ => false,
        }
    }
}

/// One drawn row, whichever it is just now.
fn slot(list: TraceList, index: Memo<u32>, row: Memo<Fetched>, longest: Memo<u64>, is_there: Memo<bool>) -> View {
    let app = use_app();
    let is_selected = move || list.selected.get().is_some_and(|(selected, _)| selected == index.get());
    let open = move |_| {
        if let Fetched(Some(row)) = row.get_untracked() {
            list.selected.set(Some((index.get_untracked(), row.trace_id)));
            app.open_trace(row.trace_id, None);
        }
    };
    let cells = move || row.get().0.map(|row| cells(row, longest.get()));
    let with_row = move |read: fn(&TraceRow) -> String| row.with(|row| row.0.as_deref().map(read));
    view! {
        <div
            class="trow traces-columns"
            class:sel=is_selected
            class:away=move || !is_there.get()
            role="row"
            id=move || format!("trace-row-{}", index.get())
            aria-rowindex=move || (index.get() + 2).to_string()
            aria-selected=move || is_selected().to_string()
            data-testid=move || with_row(|_| "trace-row".to_owned())
            data-trace-id=move || with_row(|row| row.trace_id.to_string())
            style:transform=move || format!("translateY({}px)", u64::from(index.get()) * u64::from(ROW))
            on:click=open
        >
            <span class="start" role="gridcell" title=move || with_row(|row| time::exact(row.start_unix_nano))>
                {move || with_row(|row| start_text(row.start_unix_nano))}
            </span>
            {cells}
        </div>
    }
}

/// Moves the selection by so many rows, from the first visible one where there is none.
fn select_by(list: TraceList, scroller: NodeRef, step: i64) {
    let Some(last) = i64::from(list.len()).checked_sub(1).filter(|last| *last >= 0) else { return };
    let target = match list.selected.get_untracked() {
        Some((index, _)) => i64::from(index).saturating_add(step),
        None if step.unsigned_abs() > i64::MAX as u64 - 1 => step,
        None => (list.scroll_top.get_untracked() / f64::from(ROW)).ceil() as i64,
    };
    let target = u32::try_from(target.clamp(0, last)).unwrap_or_default();
    let trace_id = list.rows.with_untracked(|rows| Some(rows.as_ref()?.get(target)?.trace_id));
    match trace_id {
        Some(trace_id) => list.selected.set(Some((target, trace_id))),
        // It is not here yet: show the place, so that it is fetched.
        None => {
            if let Some(scroller) = scroller.get_untracked() {
                scroller.set_scroll_top((f64::from(target) * f64::from(ROW)) as i32);
            }
        }
    }
}

fn bring_newer_in(list: TraceList, scroller: NodeRef) {
    list.selected.set(None);
    list.scroll_top.set(0.0);
    list.drawn.set(0..0);
    if let Some(scroller) = scroller.get_untracked() {
        scroller.set_scroll_top(0);
    }
    list.reload();
}

/// Keeps a signal at the height of an element.
fn watch_height(element: NodeRef, height: RwSignal<f64>) {
    effect(move || {
        let Some(element) = element.get() else { return };
        height.set(f64::from(element.client_height()));
        let measured = element.clone();
        let measure = Closure::<dyn Fn()>::new(move || {
            height.try_set(f64::from(measured.client_height()));
        });
        if let Ok(observer) = ResizeObserver::new(measure.as_ref().unchecked_ref()) {
            observer.observe(&element);
            let held = StoredValue::new((observer, measure));
            on_cleanup(move || held.with_value(|(observer, _)| observer.disconnect()));
        }
    });
}
