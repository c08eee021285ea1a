//! The list itself: head, rows, foot, and what is done with rows that are picked.

mod foot;
mod head;
mod picked;
mod picked_bar;
mod row;
mod rows;
mod state;

use std::sync::Arc;

use api::TraceRow;

pub(super) use self::foot::{foot, nothing_yet, unreadable};
pub(super) use self::picked::Picked;
pub(crate) use self::state::TraceList;
use self::{
    head::head,
    picked_bar::picked_bar,
    row::{attribute_cells, cells, start_text},
    rows::{Rows, row_of_slot},
};
use crate::{
    dom::{NodeRef, Sized, View, live, px, view},
    reactive::{Memo, RwSignal, StoredValue, effect},
    state::{Action, keys::hint, use_app},
    widgets::{Shape, small_icon, time},
};

/// Height of a row, CSS pixels; `--row-list`.
const ROW: u32 = 26;
/// Width of a column of an attribute, with its gap, and what the others take together at their narrowest, CSS pixels.
const ATTRIBUTE: f64 = 114.0;
const TIGHT: f64 = 600.0;
/// Room for the others from which on they have all they want, or all but some words.
const ROOMY: f64 = 930.0;
const FAIR: f64 = 785.0;
/// Rows drawn above and below what is visible.
const OVERSCAN: u32 = 4;

/// Head and rows: only those near the visible ones are drawn, in slots that are reused.
pub(super) fn list(list: TraceList) -> View {
    let app = use_app();
    let scroller = NodeRef::new();
    let (width, height) = (RwSignal::new(ROOMY), RwSignal::new(0.0_f64));
    watch_size(scroller, width, height);

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
    // Nobody reads any more: what has waited comes in.
    effect(move || {
        list.is_pointer_inside.track();
        list.selected.track();
        list.picked.track();
        list.scroll_top.track();
        if list.newer() > 0 && list.is_at_rest() {
            list.catch_up();
        }
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
    // The first change after a search was set starts at the top.
    let wanted = list.search.wanted();
    let mut is_first = true;
    effect(move || {
        wanted.track();
        if !std::mem::take(&mut is_first) {
            list.to_the_top();
        }
    });
    effect(move || {
        if let Some(scroller) = scroller.get()
            && list.scroll_top.get() == 0.0
        {
            scroller.set_scroll_top(0);
        }
    });

    app.on_action(move |action| {
        let page = ((height.get_untracked() / f64::from(ROW)) as i64 - 1).max(1);
        let step = match action {
            Action::NextTrace | Action::PickDown => 1,
            Action::PreviousTrace | Action::PickUp => -1,
            Action::PageOfTracesDown => page,
            Action::PageOfTracesUp => -page,
            Action::FirstTrace => i64::MIN,
            Action::LastTrace => i64::MAX,
            Action::OpenTrace => {
                if let Some((_, trace_id)) = list.selected.get_untracked() {
                    list.search.note_run();
                    app.open_trace(trace_id, None);
                }
                return true;
            }
            Action::PickTrace => {
                if let Some((index, trace_id)) = list.selected.get_untracked() {
                    list.picked.update(|picked| picked.toggle(index, trace_id));
                }
                return true;
            }
            // What is picked has its own bar, which is asked first.
            Action::PinPicked => {
                if let Some((_, trace_id)) = list.selected.get_untracked() {
                    list.toggle_pins(vec![trace_id]);
                }
                return true;
            }
            Action::Back if !list.picked.with_untracked(picked::Picked::is_empty) => {
                list.picked.set(picked::Picked::default());
                return true;
            }
            Action::Back if list.selected.get_untracked().is_some() => {
                list.selected.set(None);
                return true;
            }
            Action::ShowNewer if list.newer() > 0 => {
                bring_newer_in(list);
                return true;
            }
            _ => return false,
        };
        if matches!(action, Action::PickDown | Action::PickUp)
            && let Some((index, _)) = list.selected.get_untracked()
        {
            pick_to(list, index);
        }
        // Else Enter and Space would still mean the button that was pressed last.
        if let Some(scroller) = scroller.get_untracked() {
            let _ = scroller.focus();
        }
        select_by(list, scroller, step);
        if matches!(action, Action::PickDown | Action::PickUp)
            && let Some((index, _)) = list.selected.get_untracked()
        {
            pick_to(list, index);
        }
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
    // Attributes are columns before the last one, each as wide as the others.
    let attributes = Memo::new(move || list.rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.columns.len())));
    let template = move || vec!["minmax(104px, 3fr)"; attributes.get()].join(" ");
    // What does not fit even so is scrolled to.
    let least = Memo::new(move || attributes.get() as f64 * ATTRIBUTE + TIGHT);
    let room = Memo::new(move || width.get() - attributes.get() as f64 * ATTRIBUTE);
    view! {
        <div
            class="grid"
            class:fair=move || room.get() < ROOMY
            class:tight=move || room.get() < FAIR
            class:stale=move || list.search.problem.with(Option::is_some)
            class:picking=move || list.picked.with(|picked| !picked.is_empty())
            role="grid"
            aria-label="Traces"
            aria-multiselectable="true"
            aria-busy=move || list.is_searching.get().to_string()
            aria-rowcount=move || (len.get() + 1).to_string()
            style=("--attributes", template)
            style=("--least", move || px(least.get()))
            data-testid="trace-list"
        >
            {head(list, move || bring_newer_in(list))}
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
                on:pointerleave=move |_| list.is_pointer_inside.set(false)
            >
                <div class="inner" style:height=move || format!("{}px", u64::from(len.get()) * u64::from(ROW))>
                    {live(move || (0..slots.get()).map(in_slot).collect::<View>())}
                </div>
            </div>
            {picked_bar(list)}
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
    let is_picked = Memo::new(move || {
        row.with(|row| row.0.as_ref().is_some_and(|row| list.picked.with(|picked| picked.has(row.trace_id))))
    });
    let pick = move || {
        if let Fetched(Some(row)) = row.get_untracked() {
            list.picked.update(|picked| picked.toggle(index.get_untracked(), row.trace_id));
        }
    };
    let pressed = move |event: web_sys::MouseEvent| {
        if event.ctrl_key() || event.meta_key() {
            pick();
        } else if event.shift_key() {
            pick_to(list, index.get_untracked());
        } else if let Fetched(Some(row)) = row.get_untracked() {
            list.selected.set(Some((index.get_untracked(), row.trace_id)));
            list.search.note_run();
            app.open_trace(row.trace_id, None);
        }
    };
    let is_pinned = Memo::new(move || row.with(|row| row.0.as_ref().is_some_and(|row| row.is_pinned)));
    let pin = move || {
        if let Fetched(Some(row)) = row.get_untracked() {
            list.toggle_pins(vec![row.trace_id]);
        }
    };
    let first = move || row.get().0.map(|row| cells(&row, longest.get()));
    let last = move || row.get().0.map(|row| attribute_cells(&row));
    let with_row = move |read: fn(&TraceRow) -> String| row.with(|row| row.0.as_deref().map(read));
    view! {
        <div
            class="trow traces-columns"
            class:sel=is_selected
            class:picked=is_picked
            class:away=move || !is_there.get()
            role="row"
            id=move || format!("trace-row-{}", index.get())
            aria-rowindex=move || (index.get() + 2).to_string()
            aria-selected=move || (is_selected() || is_picked.get()).to_string()
            data-testid=move || with_row(|_| "trace-row".to_owned())
            data-trace-id=move || with_row(|row| row.trace_id.to_string())
            style:transform=move || format!("translateY({}px)", u64::from(index.get()) * u64::from(ROW))
            on:click=pressed
        >
            <span
                class="box"
                role="checkbox"
                aria-label="Pick the trace"
                aria-checked=move || is_picked.get().to_string()
                data-testid="pick-trace"
                on:click=move |event: web_sys::MouseEvent| {
                    event.stop_propagation();
                    if event.shift_key() { pick_to(list, index.get_untracked()) } else { pick() }
                }
            >
                {live(move || is_picked.get().then(|| small_icon(Shape::Check)))}
            </span>
            <span class="start" role="gridcell" title=move || with_row(|row| time::exact(row.start_unix_nano))>
                {move || with_row(|row| start_text(row.start_unix_nano))}
            </span>
            {live(first)}
            {live(last)}
            <span
                class="pin"
                class:on=is_pinned
                role="checkbox"
                aria-label="Keep for ever"
                aria-checked=move || is_pinned.get().to_string()
                title=move || pin_title(is_pinned.get())
                data-testid="pin-trace"
                on:click=move |event: web_sys::MouseEvent| {
                    event.stop_propagation();
                    pin();
                }
            >
                {small_icon(Shape::Pin)}
            </span>
        </div>
    }
}

fn pin_title(is_pinned: bool) -> String {
    let what = if is_pinned { "Kept for ever; press to let it go" } else { "Keep for ever" };
    format!("{what} ({})", hint(Action::PinPicked))
}

/// Picks from the row that was picked last to this one.
fn pick_to(list: TraceList, index: u32) {
    list.rows.with_untracked(|rows| {
        if let Some(rows) = rows {
            list.picked.update(|picked| picked.extend_to(index, |row| rows.get(row).map(|row| row.trace_id)));
        }
    });
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

fn bring_newer_in(list: TraceList) {
    list.selected.set(None);
    list.to_the_top();
    list.reload();
}

/// Keeps signals at the width of what an element stands in, and at its own height.
fn watch_size(element: NodeRef, width: RwSignal<f64>, height: RwSignal<f64>) {
    let kept = StoredValue::new(None::<Sized>);
    effect(move || {
        let Some(element) = element.get() else { return };
        let around = element.parent_element().unwrap_or_else(|| element.clone().into());
        let (inner, outer) = (element.clone(), around.clone());
        let measure = move || {
            height.try_set(f64::from(inner.client_height()));
            if width.try_get_untracked().is_some_and(|old| old != f64::from(outer.client_width())) {
                width.set(f64::from(outer.client_width()));
            }
        };
        measure();
        kept.set_value(Sized::new(&[element.as_ref(), &around], measure));
    });
}
