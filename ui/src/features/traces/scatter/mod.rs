//! The picture above the list: durations over time, to look at, to mark and to open from.

mod axes;
mod grid;
mod keyboard;
mod labels;
mod marked;
mod paint;
mod places;
mod state;

use std::sync::Arc;

use web_sys::{HtmlCanvasElement, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

pub(crate) use self::state::ScatterState;
use self::{
    grid::{Marked, nearest},
    keyboard::act,
    labels::{Tick, axes_view, legend, readout, ticks},
    marked::{marked_bar, marked_view},
    paint::{Colours, Scene, paint},
    places::{cell_at, corner, in_cells},
    state::Picture,
};
use super::TracesState;
use crate::{
    dom::{NodeRef, Sized, SystemTheme, View, before_paint, capture, device_pixel_ratio, live, on_window, px, view},
    reactive::{Memo, RwSignal, StoredValue, effect},
    state::{
        Action,
        keys::{self, Scope},
        use_app,
    },
};

/// A press that moves less is a click.
const SLACK: f64 = 4.0;
/// So many cells beside a dot still mean it.
const REACH: f64 = 3.0;

/// Something that was pressed: where, and where the pointer is by now, CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drag {
    from: (f64, f64),
    to: (f64, f64),
}

/// The picture.
pub(super) fn scatter(traces: TracesState) -> View {
    let app = use_app();
    let state = traces.scatter;
    let area = NodeRef::<HtmlElement>::new();
    let canvas = NodeRef::<HtmlCanvasElement>::new();
    let plot = NodeRef::<HtmlElement>::new();
    let pointer = RwSignal::new(None::<(f64, f64)>);
    let drag = RwSignal::new(None::<Drag>);
    let colours = RwSignal::new(Colours::read());

    keep_measured(area, state.size);
    effect(move || state.follow());
    keep_colours(colours);
    keep_painted(state, canvas, colours);

    app.on_action(move |action| {
        match action {
            Action::FocusScatter => {
                if let Some(plot) = plot.get_untracked() {
                    let _ = plot.focus();
                }
            }
            Action::Back if state.marked.get_untracked().is_some() => state.marked.set(None),
            _ => return false,
        }
        true
    });

    let spot = move |event: &MouseEvent| {
        let area = area.get_untracked()?.get_bounding_client_rect();
        Some((f64::from(event.client_x()) - area.left(), f64::from(event.client_y()) - area.top()))
    };
    let open_at = move |at: (f64, f64)| {
        let size = state.size.get_untracked();
        let trace_id = state.picture.with_untracked(|picture| {
            let picture = picture.as_ref()?;
            nearest(&picture.scatter.cells, in_cells(&picture.grid, size, at), REACH)?.trace_id
        });
        if let Some(trace_id) = trace_id {
            traces.list.search.note_run();
            app.open_trace(trace_id, None);
        }
    };
    let mark = move |drag: Drag| {
        let size = state.size.get_untracked();
        let grid = state.picture.with_untracked(|picture| picture.as_ref().map(|picture| picture.grid));
        if let Some(grid) = grid {
            let marked = Marked::between(cell_at(&grid, size, drag.from), cell_at(&grid, size, drag.to));
            if state.marked.get_untracked() != Some(marked) {
                state.marked.set(Some(marked));
            }
        }
    };
    let is_drawn = |drag: Drag| (drag.to.0 - drag.from.0).abs() >= SLACK || (drag.to.1 - drag.from.1).abs() >= SLACK;
    let pressed = move |event: PointerEvent| {
        if let Some(at) = spot(&event).filter(|_| event.button() == 0) {
            drag.set(Some(Drag { from: at, to: at }));
        }
    };
    let moved = move |event: PointerEvent| {
        let Some(at) = spot(&event) else { return };
        pointer.set(Some(at));
        if let Some(Drag { from, .. }) = drag.get_untracked() {
            let now = Drag { from, to: at };
            drag.set(Some(now));
            if is_drawn(now) {
                capture(&event);
                mark(now);
            }
        }
    };
    let released = move |_: PointerEvent| {
        let Some(done) = drag.get_untracked() else { return };
        drag.set(None);
        if !is_drawn(done) {
            if state.marked.get_untracked().is_some() {
                state.marked.set(None);
            } else {
                open_at(done.from);
            }
        }
    };
    let press_key = move |event: KeyboardEvent| {
        if let Some(action) = keys::own_action_of(Scope::Scatter, &keys::chord(&event))
            && act(traces, plot, action)
        {
            event.prevent_default();
        }
    };
    // Where something is read off: the pointer, or the keys.
    let read_at = Memo::new(move || {
        let size = state.size.get();
        state.picture.with(|picture| {
            let grid = picture.as_ref()?.grid;
            let cell = match pointer.get() {
                Some(at) => cell_at(&grid, size, at),
                None => state.cursor.get()?,
            };
            Some(cell)
        })
    });
    let place = move |cell: (u32, u32)| {
        let size = state.size.get();
        state.picture.with(|picture| {
            let grid = picture.as_ref()?.grid;
            let ((left, bottom), (right, top)) =
                (corner(&grid, size, cell), corner(&grid, size, (cell.0 + 1, cell.1 + 1)));
            Some(((left + right) / 2.0, (top + bottom) / 2.0))
        })
    };
    let cross = move || {
        let (x, y) = match pointer.get() {
            Some(at) => at,
            None => place(state.cursor.get()?)?,
        };
        Some(view! {
            <i class="xh" style:left=px(x)></i>
            <i class="yh" style:top=px(y)></i>
        })
    };
    let cursor = move || {
        let (x, y) = place(state.cursor.get()?)?;
        Some(view! { <i class="at" style:left=px(x) style:top=px(y)></i> })
    };
    view! {
        <div
            class="plot"
            role="group"
            aria-label="Durations of traces over time"
            aria-describedby="scatter-says"
            tabindex="0"
            data-testid="scatter"
            node_ref=plot
            on:keydown=press_key
            on:blur=move |_| state.cursor.set(None)
        >
            {live(move || axes_view(state))}
            {live(move || state.picture.with(|picture| picture.as_deref().map(legend)))}
            <div
                class="area"
                data-testid="scatter-area"
                node_ref=area
                on:pointerdown=pressed
                on:pointermove=moved
                on:pointerup=released
                on:pointercancel=move |_| drag.set(None)
                on:pointerleave=move |_| pointer.set(None)
            >
                <canvas class="dots" node_ref=canvas aria-hidden="true"></canvas>
                {live(cross)}
                {live(cursor)}
                {live(move || marked_view(state))}
            </div>
            <span class="says" id="scatter-says" role="status" data-testid="scatter-says">
                {move || read_at.get().and_then(|cell| readout(state, cell))}
            </span>
            {live(move || drag.get().is_none_or(|drag| !is_drawn(drag)).then(|| marked_bar(traces)))}
        </div>
    }
}

/// Keeps a signal at the size of an element.
fn keep_measured(area: NodeRef<HtmlElement>, size: RwSignal<(f64, f64)>) {
    let kept = StoredValue::new(None::<Sized>);
    effect(move || {
        let Some(area) = area.get() else { return };
        let measured = area.clone();
        let measure = move || {
            let now = (f64::from(measured.client_width()), f64::from(measured.client_height()));
            if size.try_get_untracked().is_some_and(|old| old != now) {
                size.set(now);
            }
        };
        measure();
        kept.set_value(Sized::new(&[area.as_ref()], measure));
    });
}

/// Reads the colours anew when the theme changes.
fn keep_colours(colours: RwSignal<Colours>) {
    let app = use_app();
    let read = move || {
        colours.try_set(Colours::read());
    };
    let _ = StoredValue::new(SystemTheme::new(read));
    effect(move || {
        app.theme.track();
        read();
    });
    // Another screen may have other pixels.
    on_window("resize", move |_: web_sys::Event| read());
}

/// Paints in the next frame whenever something that is painted has changed.
fn keep_painted(state: ScatterState, canvas: NodeRef<HtmlCanvasElement>, colours: RwSignal<Colours>) {
    let is_due = StoredValue::new(false);
    effect(move || {
        state.picture.track();
        state.size.track();
        colours.track();
        if canvas.get().is_none() || is_due.get_value() {
            return;
        }
        is_due.set_value(true);
        before_paint(move || {
            let Some(canvas) = canvas.get_untracked() else { return };
            is_due.set_value(false);
            let size = state.size.get_untracked();
            let picture: Option<Arc<Picture>> = state.picture.get_untracked();
            let (columns, rows) = picture.as_deref().map(|picture| ticks(picture, size)).unwrap_or_default();
            let at = |ticks: Vec<Tick>| ticks.into_iter().map(|(at, _)| at).collect::<Vec<_>>();
            let (columns, rows) = (at(columns), at(rows));
            let scene = Scene {
                picture: picture.as_deref(),
                size,
                ratio: device_pixel_ratio(),
                columns: &columns,
                rows: &rows,
            };
            colours.with_untracked(|colours| paint(&canvas, colours, &scene));
        });
    });
}
