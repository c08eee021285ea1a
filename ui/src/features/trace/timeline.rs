//! The timeline: ruler, rows with the canvas of their bars, crosshair, legend; and what the pointer
//! does on them.

use std::time::Duration;

use api::FoldChange;
use reactive_graph::graph::untrack;
use web_sys::{Element, HtmlCanvasElement, MouseEvent, PointerEvent, WheelEvent};

use super::{
    bars::ROW,
    paint::{Painter, Scene},
    scale::{Range, pointed},
    tip::{self, TipAt},
    tree::{shift, tree_row},
    view::TraceView,
};
use crate::{
    dom::{
        NodeRef, Sized, SystemTheme, Timeout, View, after, before_paint, capture, device_pixel_ratio, keyed, on_window,
        px, view,
    },
    reactive::{Memo, RwSignal, StoredValue, effect},
    widgets::{count, duration},
};

/// Ticks are so many pixels apart at least.
const TICKS_APART: f64 = 76.0;
/// A press that moves less is a click.
const SLACK: f64 = 4.0;

/// What is being dragged.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Drag {
    /// The lane, from a pixel, when this was shown.
    Lane(f64, Range),
    /// A selection on the ruler, between two pixels.
    Ruler(f64, f64),
}

/// The timeline.
pub(crate) fn timeline(trace: TraceView) -> View {
    let canvas = NodeRef::<HtmlCanvasElement>::new();
    let column = NodeRef::new();
    let inner = NodeRef::new();
    let tip = RwSignal::new(None::<TipAt>);
    let drag = RwSignal::new(None::<Drag>);
    let colours = RwSignal::new(0_u32);
    let ticks = Memo::new(move || trace.scale().ticks(TICKS_APART));
    let row_count = Memo::new(move || trace.head.get().map_or(0, |head| head.row_count));

    keep_measured(trace, column, inner);
    keep_painted(trace, canvas, colours);
    effect(move || {
        trace.head.track();
        trace.range.track();
        trace.lane_width.track();
        trace.drawn.track();
        trace.height.track();
        trace.ask();
    });

    let spot = move |event: &MouseEvent| Spot::of(inner, column, event);
    let hover_timer = StoredValue::new(None::<Timeout>);
    let unhover = move || {
        tip.set(None);
        hover_timer.set_value(None);
    };
    let moved = move |event: PointerEvent| {
        let Some(spot) = spot(&event) else { return };
        trace.pointer.set((spot.x >= 0.0 && spot.x <= trace.lane_width.get_untracked()).then_some(spot.x));
        if let Some(Drag::Lane(from, range)) = drag.get_untracked() {
            if (spot.x - from).abs() >= SLACK && range != trace.whole() {
                capture(&event);
                let nanos = (from - spot.x) * range.nanos() as f64 / trace.lane_width.get_untracked().max(1.0);
                trace.show(range.moved(nanos as i64, trace.whole()));
                unhover();
            }
            return;
        }
        let at = TipAt { row: spot.row, x: f64::from(event.client_x()), y: f64::from(event.client_y()) };
        match tip.get_untracked() {
            Some(shown) if shown.row == spot.row && (shown.x - at.x).abs() < 24.0 => {}
            _ => {
                unhover();
                hover_timer.set_value(Some(after(Duration::from_millis(450), move || tip.set(Some(at)))));
            }
        }
    };
    let pressed = move |event: PointerEvent| {
        unhover();
        if let Some(spot) = spot(&event).filter(|spot| spot.x >= 0.0 && event.button() == 0) {
            drag.set(Some(Drag::Lane(spot.x, trace.range.get_untracked())));
        }
    };
    let was_dragged = StoredValue::new(false);
    let released = move |_: PointerEvent| {
        if let Some(Drag::Lane(_, range)) = drag.get_untracked() {
            was_dragged.set_value(trace.range.get_untracked() != range);
        }
        drag.set(None);
    };
    let clicked = move |event: MouseEvent| {
        if was_dragged.get_value() {
            return was_dragged.set_value(false);
        }
        if let Some(spot) = spot(&event).filter(|spot| spot.row < row_count.get_untracked()) {
            trace.select_row(spot.row);
        }
    };
    let double_clicked = move |event: MouseEvent| {
        let Some(spot) = spot(&event) else { return };
        if spot.x >= 0.0 {
            trace.zoom_to_row(spot.row);
        } else if let Some(row) = trace.row(spot.row).filter(|row| row.child_count > 0) {
            trace.fold(FoldChange::Toggle(row.node), Some(spot.row));
        }
    };
    let wheeled = move |event: WheelEvent, is_ruler: bool| {
        let width = trace.lane_width.get_untracked().max(1.0);
        let step = if event.delta_mode() == WheelEvent::DOM_DELTA_LINE { 18.0 } else { 1.0 };
        let (across, down) = (event.delta_x() * step, event.delta_y() * step);
        if event.ctrl_key() || event.alt_key() || event.meta_key() || (is_ruler && !event.shift_key()) {
            let share = spot(&event).map_or(0.5, |spot| (spot.x / width).clamp(0.0, 1.0));
            trace.zoom((down.clamp(-200.0, 200.0) * 0.0025).exp(), share);
        } else if event.shift_key() || across.abs() > down.abs() {
            let along = if across == 0.0 { down } else { across };
            trace.pan(along / width);
        } else {
            return;
        }
        unhover();
        event.prevent_default();
    };

    // The ruler: drag a stretch to zoom into it.
    let ruler_pressed = move |event: PointerEvent| {
        if let Some(spot) = spot(&event).filter(|_| event.button() == 0) {
            capture(&event);
            drag.set(Some(Drag::Ruler(spot.x, spot.x)));
        }
    };
    let ruler_moved = move |event: PointerEvent| {
        let Some(spot) = spot(&event) else { return };
        let x = spot.x.clamp(0.0, trace.lane_width.get_untracked());
        trace.pointer.set(Some(x));
        if let Some(Drag::Ruler(from, _)) = drag.get_untracked() {
            drag.set(Some(Drag::Ruler(from, x)));
        }
    };
    let ruler_released = move |_: PointerEvent| {
        if let Some(Drag::Ruler(from, to)) = drag.get_untracked()
            && (to - from).abs() >= SLACK
        {
            let scale = super::scale::Scale {
                range: trace.range.get_untracked(),
                width: trace.lane_width.get_untracked().max(1.0),
            };
            let (from, to) = (scale.at(from.min(to)), scale.at(from.max(to)));
            trace.zoom_to(Range { from, to: to.max(from + 1) }.within(trace.whole()));
        }
        drag.set(None);
    };

    let shift = shift(trace);
    let left_of_levels = move || match shift.get().levels {
        0 => String::new(),
        levels => format!("from level {}", count(u64::from(levels) + 1)),
    };
    let rows_text = move || {
        let unfolded = trace.head.get().map_or(0, |head| head.rows_unfolded);
        let shown = count(u64::from(row_count.get()));
        if unfolded > row_count.get() {
            format!("{shown} of {} rows", count(u64::from(unfolded)))
        } else {
            format!("{shown} rows")
        }
    };
    let chip_at = move || {
        let width = trace.lane_width.get();
        trace.pointer.get().map(|x| (x.clamp(34.0, (width - 34.0).max(34.0)), pointed(trace.scale(), x)))
    };
    let is_zoomed = Memo::new(move || {
        trace.head.track();
        trace.range.get() != trace.whole()
    });

    view! {
        <div
            class="tl"
            class:zoomed=move || is_zoomed.get()
            class:dragging=move || matches!(drag.get(), Some(Drag::Lane(..)))
        >
            <div class="ruler">
                <div class="l" node_ref=column>
                    <span class="med">"Span"</span>
                    <span class="grow"></span>
                    <span class="t3">{left_of_levels}</span>
                    <span class="t3" data-testid="row-count">{rows_text}</span>
                </div>
                <div
                    class="scale"
                    data-testid="ruler"
                    title="Drag to zoom into a stretch; turn the wheel to zoom"
                    style:width=move || px(trace.lane_width.get())
                    on:pointerdown=ruler_pressed
                    on:pointermove=ruler_moved
                    on:pointerup=ruler_released
                    on:pointercancel=move |_| drag.set(None)
                    on:pointerleave=move |_| trace.pointer.set(None)
                    on:wheel=move |event| wheeled(event, true)
                >
                    {move || {
                        let chip = chip_at().map(|(x, _)| x);
                        let width = trace.lane_width.get();
                        ticks
                            .get()
                            .into_iter()
                            .map(|tick| {
                                let is_covered = tick.x + 38.0 > width
                                    || chip.is_some_and(|x| (tick.x + 22.0 - x).abs() < 58.0);
                                view! {
                                    <span class="tick" class:covered=is_covered style:left=px(tick.x)>
                                        {tick.label}
                                    </span>
                                }
                            })
                            .collect::<View>()
                    }}
                    {move || brush_view(drag.get())}
                    {move || {
                        chip_at().map(|(x, text)| {
                            view! { <span class="chip" data-testid="crosshair" style:left=px(x)>{text}</span> }
                        })
                    }}
                </div>
            </div>
            <div class="rows-frame">
                <div
                    class="rows"
                    role="treegrid"
                    tabindex="0"
                    aria-label="Spans"
                    aria-rowcount=move || row_count.get().to_string()
                    aria-busy=move || trace.is_waiting.get().to_string()
                    aria-activedescendant=move || {
                        trace.selected.get().map(|selected| format!("row-{}", selected.row))
                    }
                    data-testid="rows"
                    node_ref=trace.scroller
                    on:scroll=move |_| {
                        if let Some(scroller) = trace.scroller.get_untracked() {
                            trace.top.set(f64::from(scroller.scroll_top()));
                            unhover();
                        }
                    }
                    on:pointermove=moved
                    on:pointerdown=pressed
                    on:pointerup=released
                    on:pointercancel=released
                    on:pointerleave=move |_| {
                        trace.pointer.set(None);
                        unhover();
                    }
                    on:click=clicked
                    on:dblclick=double_clicked
                    on:wheel=move |event| wheeled(event, false)
                >
                    <div class="inner" node_ref=inner style:height=move || px(f64::from(row_count.get()) * ROW)>
                        {keyed(
                            move || {
                                let drawn = trace.drawn.get();
                                drawn.first..drawn.end
                            },
                            move |index| tree_row(trace, index, shift),
                        )}
                        <canvas
                            class="bars"
                            node_ref=canvas
                            data-testid="bars"
                            aria-hidden="true"
                            style:top=move || px(f64::from(trace.drawn.get().first) * ROW)
                            style:width=move || px(trace.lane_width.get())
                            style:height=move || px(f64::from(trace.drawn.get().count()) * ROW)
                        ></canvas>
                    </div>
                </div>
                <div class="cross">
                    {move || trace.pointer.get().map(|x| view! { <i class="xh" style:left=px(x)></i> })}
                    {move || brush_view(drag.get())}
                </div>
            </div>
            {legend(trace)}
            {tip::tip(trace, tip)}
        </div>
    }
}

/// The stretch that is being selected on the ruler.
fn brush_view(drag: Option<Drag>) -> View {
    match drag {
        Some(Drag::Ruler(from, to)) if (to - from).abs() >= SLACK => {
            view! { <i class="brush" style:left=px(from.min(to)) style:width=px((to - from).abs())></i> }
        }
        _ => View::new(),
    }
}

/// What the marks mean, and what is shown of how much.
fn legend(trace: TraceView) -> View {
    let shown = move || {
        let Some(total) = trace.head.get().map(|head| head.duration_nanos) else { return String::new() };
        let range = trace.range.get();
        let from = u64::try_from(range.from).unwrap_or(0);
        let to = u64::try_from(range.to).unwrap_or(0).min(total);
        let from = if from == 0 { "0".to_owned() } else { duration(from).text() };
        format!("{from} to {} of {}", duration(to).text(), duration(total).text())
    };
    view! {
        <div class="legend">
            <span><i class="k-self"></i>"self time"</span>
            <span><i class="k-tint"></i>"in children"</span>
            <span><i class="k-critical"></i>"critical path, inferred"</span>
            <span><i class="k-event"></i>"event"</span>
            <span class="mid"><i class="k-log"></i>"log"</span>
            <span class="mid"><i class="k-error"></i>"error"</span>
            <span class="grow"></span>
            <span data-testid="shown-range">{shown}</span>
        </div>
    }
}

/// Where the pointer is: the row, and the pixel of the lane (negative over the tree).
#[derive(Debug, Clone, Copy)]
struct Spot {
    row: u32,
    x: f64,
}

impl Spot {
    fn of(inner: NodeRef, column: NodeRef, event: &MouseEvent) -> Option<Self> {
        let inner = inner.get_untracked()?.get_bounding_client_rect();
        let column = f64::from(column.get_untracked()?.offset_width());
        let row = ((f64::from(event.client_y()) - inner.top()) / ROW).max(0.0);
        Some(Self { row: row as u32, x: f64::from(event.client_x()) - inner.left() - column })
    }
}

/// Keeps the sizes in the state current.
fn keep_measured(trace: TraceView, column: NodeRef, inner: NodeRef) {
    let kept = StoredValue::new(None::<Sized>);
    effect(move || {
        let (Some(scroller), Some(column), Some(inner)) = (trace.scroller.get(), column.get(), inner.get()) else {
            return;
        };
        let elements: [&Element; 3] = [scroller.as_ref(), column.as_ref(), inner.as_ref()];
        let (scroller, column, inner) = (scroller.clone(), column.clone(), inner.clone());
        let measure = move || {
            let tree = f64::from(column.offset_width());
            let width = (f64::from(inner.client_width()) - tree).max(0.0);
            let height = f64::from(scroller.client_height());
            if trace.tree_width.try_get_untracked().is_some_and(|old| old != tree) {
                trace.tree_width.set(tree);
            }
            if trace.lane_width.try_get_untracked().is_some_and(|old| old != width) {
                trace.lane_width.set(width);
            }
            if trace.height.try_get_untracked().is_some_and(|old| old != height) {
                trace.height.set(height);
            }
        };
        measure();
        kept.set_value(Sized::new(&elements, measure));
    });
}

/// Paints in the next frame whenever something that is painted has changed.
fn keep_painted(trace: TraceView, canvas: NodeRef<HtmlCanvasElement>, colours: RwSignal<u32>) {
    let painter = StoredValue::new(Painter::default());
    let is_due = StoredValue::new(false);
    let recolour = move || {
        painter.try_update_value(Painter::forget_colours);
        colours.try_update(|colours| *colours = colours.wrapping_add(1));
    };
    let _ = StoredValue::new(SystemTheme::new(recolour));
    // Labels drawn before the fonts have come would keep the widths of others.
    on_window("resize", move |_: web_sys::Event| recolour());
    effect(move || {
        trace.app.theme.track();
        painter.update_value(Painter::forget_colours);
    });
    effect(move || {
        trace.app.theme.track();
        colours.track();
        trace.rows.track();
        trace.scale();
        trace.drawn.track();
        trace.layers.track();
        if canvas.get().is_none() || is_due.get_value() {
            return;
        }
        is_due.set_value(true);
        before_paint(move || {
            let Some(canvas) = canvas.get_untracked() else { return };
            is_due.set_value(false);
            let scale = untrack(|| trace.scale());
            let rows = trace.rows.get_untracked();
            let scene = Scene {
                rows: rows.as_deref(),
                drawn: trace.drawn.get_untracked(),
                scale,
                ratio: device_pixel_ratio(),
                layers: trace.layers.get_untracked(),
                ticks: &scale.ticks(TICKS_APART),
            };
            painter.update_value(|painter| painter.paint(&canvas, &scene));
        });
    });
}
