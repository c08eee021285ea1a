//! The panel about the selected span.

mod attributes;
mod events;
mod links;
mod logs;
mod section;
mod value;
mod whole;

use std::sync::Arc;

use api::{SpanDetail, Text, TextPart};
use model::{SpanId, StatusCode, Value};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, PointerEvent};

use super::{
    oddity,
    view::{Detail, TraceView},
};
use attributes::attributes;
use section::section;
use whole::{cut_note, shown};

use crate::{
    dom::{NodeRef, View, live, percent, px, view},
    reactive::{Memo, RwSignal, StoredValue},
    state::{Action, keys, remembered},
    widgets::{Shape, copy_button, count, duration_figure, icon, permille, swatch, time, visible, visible_lines},
};

/// The panel is so wide at least and at most, CSS pixels.
const WIDTHS: (f64, f64) = (260.0, 900.0);

/// The panel.
pub(crate) fn panel(trace: TraceView, filter_field: NodeRef<HtmlInputElement>) -> View {
    // 0: as the style sheet has it.
    let width = RwSignal::new(
        remembered::read("trace.panel-width").and_then(|text| text.parse::<u16>().ok()).map_or(0.0, f64::from),
    );
    let filter = RwSignal::new(String::new());
    let is_shown = Memo::new(move || trace.is_panel_open.get() && trace.selected.get().is_some());
    let body = move || {
        view! {
            <aside
                class="panel"
                aria-label="Selected span"
                data-testid="panel"
                style:width=move || (width.get() > 0.0).then(|| px(width.get()))
            >
                {grip(width)}
                {move || match trace.detail.get() {
                    Detail::Loading => view! { <div class="progress on"></div> },
                    Detail::Span(detail) => span_panel(trace, detail, filter, filter_field),
                    Detail::Missing { span_id, children } => missing_panel(trace, span_id, children),
                    Detail::Failed(sentence) => {
                        view! {
                            <div class="ph">
                                <div class="row"><span class="grow"></span>{close_button(trace)}</div>
                            </div>
                            <div class="say">
                                <h3>"This span cannot be shown"</h3>
                                <p>{visible(&sentence).into_owned()}</p>
                            </div>
                        }
                    }
                }}
            </aside>
        }
    };
    live(move || is_shown.get().then(body))
}

/// The left edge, which is dragged to make the panel wider.
fn grip(width: RwSignal<f64>) -> View {
    let from = StoredValue::new(None::<(f64, f64)>);
    let pressed = move |event: PointerEvent| {
        let Some(grip) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let Some(panel) = grip.parent_element() else { return };
        // A pointer that is gone cannot be captured, and need not be.
        let _ = grip.set_pointer_capture(event.pointer_id());
        from.set_value(Some((f64::from(event.client_x()), panel.get_bounding_client_rect().width())));
        event.prevent_default();
    };
    let moved = move |event: PointerEvent| {
        if let Some((x, before)) = from.get_value() {
            let window = web_sys::window().and_then(|window| window.inner_width().ok()?.as_f64()).unwrap_or(1_200.0);
            let most = WIDTHS.1.min(window * 0.6);
            width.set((before + x - f64::from(event.client_x())).clamp(WIDTHS.0, most.max(WIDTHS.0)).round());
        }
    };
    let released = move |_: PointerEvent| {
        if from.get_value().is_some() {
            from.set_value(None);
            remembered::write("trace.panel-width", &(width.get_untracked() as u16).to_string());
        }
    };
    let reset = move |_| {
        width.set(0.0);
        remembered::write("trace.panel-width", "");
    };
    view! {
        <i
            class="grip"
            title="Drag to make the panel wider; double click for its usual width"
            data-testid="panel-grip"
            on:pointerdown=pressed
            on:pointermove=moved
            on:pointerup=released
            on:pointercancel=released
            on:dblclick=reset
        ></i>
    }
}

fn close_button(trace: TraceView) -> View {
    view! {
        <button
            type="button"
            class="btn ghost close"
            data-testid="panel-close"
            title=format!("Close the panel ({})", keys::hint(Action::TogglePanel))
            aria-label="Close the panel"
            on:click=move |_| trace.show_panel(false)
        >
            {icon(Shape::Close)}
        </button>
    }
}

fn missing_panel(trace: TraceView, span_id: SpanId, children: u32) -> View {
    let id = span_id.to_string();
    let sentence = match children {
        1 => "One span names it as its parent. It may still be running, have been sampled out, or come from a service that sends elsewhere; it appears here as soon as it arrives.".to_owned(),
        many => format!("{} spans name it as their parent. It may still be running, have been sampled out, or come from a service that sends elsewhere; it appears here as soon as it arrives.", count(u64::from(many))),
    };
    view! {
        <div class="ph">
            <div class="row">
                <h2 class="grow" data-testid="panel-name">"Not received"</h2>
                {close_button(trace)}
            </div>
            <div class="meta">
                <span class="mono t2">{id.clone()}</span>
                {copy_button(move || id.clone(), "Copy the span id")}
            </div>
            <p class="t2 explain">{sentence}</p>
        </div>
    }
}

fn span_panel(
    trace: TraceView,
    detail: Arc<SpanDetail>,
    filter: RwSignal<String>,
    filter_field: NodeRef<HtmlInputElement>,
) -> View {
    let node = detail.node;
    let part = |list: usize, of: u64| {
        if (list as u64) < of { format!("{} of {}", count(list as u64), count(of)) } else { count(of) }
    };
    let dropped = |number: u32, what: &str| {
        (number > 0).then(|| format!("The sender dropped {} {what} of this span.", count(u64::from(number))))
    };
    let [dropped_attributes, dropped_events, dropped_links] = detail.dropped;
    let note = |text: Option<String>| text.map(|text| view! { <div class="none warn">{text}</div> });
    let scope = match (visible(&detail.scope.name).into_owned(), visible(&detail.scope.version).into_owned()) {
        (name, version) if name.is_empty() => version,
        (name, version) => format!("{name} {version}"),
    };
    let of_attributes = {
        let detail = Arc::clone(&detail);
        move || {
            view! {
                {attributes(trace, node, detail.attributes.clone(), Some(TextPart::Attribute as attributes::PartOf), true, filter)}
                {note(dropped(dropped_attributes, "attributes"))}
            }
        }
    };
    let of_events = {
        let detail = Arc::clone(&detail);
        move || view! { {events::events(trace, &detail)} {note(dropped(dropped_events, "events"))} }
    };
    let of_links = {
        let detail = Arc::clone(&detail);
        move || view! { {links::links(trace, &detail)} {note(dropped(dropped_links, "links"))} }
    };
    let of_logs = {
        let detail = Arc::clone(&detail);
        move || logs::logs(trace, &detail)
    };
    let of_resource = {
        let detail = Arc::clone(&detail);
        move || {
            attributes(
                trace,
                node,
                detail.resource.clone(),
                Some(TextPart::ResourceAttribute as attributes::PartOf),
                true,
                RwSignal::new(String::new()),
            )
        }
    };
    let of_scope = {
        let detail = Arc::clone(&detail);
        move || {
            let scope = &detail.scope;
            view! {
                <div class="kvs">
                    {fact("name", &scope.name)}
                    {fact("version", &scope.version)}
                    {fact("schema", &scope.schema_url)}
                </div>
                {attributes(trace, node, scope.attributes.clone(), None, false, RwSignal::new(String::new()))}
            }
        }
    };
    let of_ids = {
        let detail = Arc::clone(&detail);
        move || ids(&detail)
    };
    let of_raw = {
        let detail = Arc::clone(&detail);
        move || raw(trace, node, &detail.raw)
    };
    let filter_tool = move || attributes::filter_field(filter, filter_field);
    view! {
        {head(trace, &detail)}
        <div class="scroll" tabindex="0" data-testid="panel-scroll">
            {section("Attributes", "attributes", count(detail.attributes.len() as u64), true, Some(Box::new(filter_tool)), Box::new(of_attributes))}
            {(detail.event_count > 0 || dropped_events > 0)
                .then(|| {
                    let note = part(detail.events.len(), detail.event_count);
                    section("Events", "events", note, true, None, Box::new(of_events))
                })}
            {(detail.link_count > 0 || dropped_links > 0)
                .then(|| {
                    let note = part(detail.links.len(), detail.link_count);
                    section("Links", "links", note, true, None, Box::new(of_links))
                })}
            {(detail.log_count > 0)
                .then(|| {
                    let note = part(detail.logs.len(), detail.log_count);
                    section("Logs", "logs", note, true, None, Box::new(of_logs))
                })}
            {section("Resource", "resource", count(detail.resource.len() as u64), false, None, Box::new(of_resource))}
            {section("Scope", "scope", scope, false, None, Box::new(of_scope))}
            {section("Times and ids", "ids", String::new(), false, None, Box::new(of_ids))}
            {section("Raw", "raw", "OTLP/JSON".to_owned(), false, None, Box::new(of_raw))}
        </div>
    }
}

/// A key with a text that is no attribute.
fn fact(key: &'static str, value: &str) -> Option<View> {
    let shown = visible(value).into_owned();
    let value = value.to_owned();
    (!value.is_empty()).then(|| {
        view! {
            <div class="kv">
                <span class="k">{key}</span>
                <span class="v">{shown}</span>
                <span class="acts">{copy_button(move || value.clone(), "Copy the value")}</span>
            </div>
        }
    })
}

fn ids(detail: &SpanDetail) -> View {
    view! {
        <div class="kvs">
            {fact("start", &time::exact(detail.start_unix_nano))}
            {fact("end", &time::exact(detail.end_unix_nano))}
            {fact("start, Unix ns", &detail.start_unix_nano.to_string())}
            {fact("end, Unix ns", &detail.end_unix_nano.to_string())}
            {fact("span id", &detail.span_id.to_string())}
            {fact("parent span id", &detail.parent_span_id)}
            {fact("trace state", &detail.trace_state)}
            {fact("flags", &format!("0x{:08x}", detail.flags))}
        </div>
    }
}

fn raw(trace: TraceView, node: u32, raw: &Text) -> View {
    let whole = RwSignal::new(None::<String>);
    let copied = raw.shown.clone();
    let (shown_bytes, whole_bytes) = (copied.len() as u64, raw.whole_bytes);
    let first = visible_lines(&copied).into_owned();
    view! {
        <div class="raw" data-testid="raw">
            <span class="acts">{copy_button(move || copied.clone(), "Copy the raw span")}</span>
            <pre>{move || whole.get().map_or_else(|| first.clone(), |whole| shown(&whole))}</pre>
        </div>
        {(shown_bytes < whole_bytes)
            .then(|| cut_note(trace, node, Some(TextPart::Raw), shown_bytes, whole_bytes, whole))}
    }
}

/// A text of the span that may be long: on its own, with the way to the rest.
fn long_text(trace: TraceView, node: u32, long: &Text, part: TextPart) -> View {
    let whole = RwSignal::new(None::<String>);
    let (shown_bytes, whole_bytes) = (long.shown.len() as u64, long.whole_bytes);
    let first = visible_lines(&long.shown).into_owned();
    view! {
        <div class="text">{move || whole.get().map_or_else(|| first.clone(), |whole| shown(&whole))}</div>
        {(shown_bytes < whole_bytes)
            .then(|| cut_note(trace, node, Some(part), shown_bytes, whole_bytes, whole))}
    }
}

fn head(trace: TraceView, detail: &Arc<SpanDetail>) -> View {
    let node = detail.node;
    let id = detail.span_id.to_string();
    let kind = detail.kind.name();
    let kind = kind.get(..1).map_or_else(String::new, |first| first.to_ascii_uppercase() + &kind[1..]);
    let error_type =
        detail.attributes.iter().find(|attribute| attribute.key == "error.type").and_then(|attribute| match &attribute
            .value
        {
            Value::String(text) if text.len() <= 40 => Some(visible(text).into_owned()),
            _ => None,
        });
    let (class, status) = match detail.status {
        StatusCode::ERROR => {
            ("badge e", error_type.map_or_else(|| "Error".to_owned(), |reason| format!("Error: {reason}")))
        }
        StatusCode::OK => ("badge k", "Ok".to_owned()),
        StatusCode::UNSET => ("badge", "Unset".to_owned()),
        other => ("badge w", format!("Status {}", other.0)),
    };
    let message = (!detail.status_message.shown.is_empty()).then(|| {
        let is_error = detail.status == StatusCode::ERROR;
        view! {
            <div class="message" class:err=is_error data-testid="panel-message">
                {long_text(trace, node, &detail.status_message, TextPart::StatusMessage)}
            </div>
        }
    });
    let oddities = detail.oddities.iter().map(|oddity| view! { <p>{oddity::sentence(oddity)}</p> }).collect::<View>();
    let has_oddities = !detail.oddities.is_empty();
    let root = trace.known().map_or(0, |head| head.root_duration_nanos);
    let share = (root > 0).then(|| {
        let permille = permille(detail.critical_nanos, root);
        format!("{}.{}\u{202f}%", permille / 10, permille % 10)
    });
    let has_name = !detail.name.shown.is_empty();
    view! {
        <div class="ph">
            <div class="ph-name">
                <h2 class="grow" data-testid="panel-name">
                    {if has_name {
                        long_text(trace, node, &detail.name, TextPart::Name)
                    } else {
                        View::text("(no name)")
                    }}
                </h2>
                {close_button(trace)}
            </div>
            <div class="meta">
                {swatch(detail.service as usize, visible(&detail.service_name).into_owned())}
                <span class="clip strong" data-testid="panel-service">{visible(&detail.service_name).into_owned()}</span>
                <span data-testid="panel-kind">{kind}</span>
                <span class=class data-testid="panel-status">{status}</span>
                <span class="grow"></span>
                <span class="mono t2 mid" data-testid="panel-span-id">{id.clone()}</span>
                {copy_button(move || id.clone(), "Copy the span id")}
            </div>
            {message}
            {has_oddities.then(|| view! { <div class="oddities" data-testid="panel-oddities">{oddities}</div> })}
            <dl class="figs">
                <div>
                    <dt>"Duration"</dt>
                    <dd data-testid="panel-duration">{duration_figure(detail.duration_nanos)}</dd>
                </div>
                <div>
                    <dt>"Self time"</dt>
                    <dd data-testid="panel-self">{duration_figure(detail.self_nanos)}</dd>
                </div>
                <div title=time::exact(detail.start_unix_nano)>
                    <dt>"Starts at"</dt>
                    <dd>
                        {(detail.start_offset_nanos < 0).then_some("−")}
                        {duration_figure(detail.start_offset_nanos.unsigned_abs())}
                    </dd>
                </div>
                <div>
                    <dt>"On critical path"</dt>
                    <dd>{duration_figure(detail.critical_nanos)} " " <small>{share}</small></dd>
                </div>
            </dl>
            {extent(trace, detail)}
        </div>
    }
}

/// Where the span lies in the trace, and which of it is on the critical path.
fn extent(trace: TraceView, detail: &Arc<SpanDetail>) -> View {
    let total = trace.known().map_or(0, |head| head.duration_nanos).max(1) as f64;
    let place = move |from: i64, nanos: f64| {
        let left = (from as f64 / total).clamp(0.0, 1.0);
        (left, (nanos / total).clamp(0.0, 1.0 - left))
    };
    let (left, width) = place(detail.start_offset_nanos, detail.duration_nanos as f64);
    let rows = trace.rows.get_untracked();
    let critical = rows.as_ref().and_then(|rows| {
        let (_, row) = rows.row_of(detail.node)?;
        let is_own = row.hidden_count == 0 && detail.critical_nanos > 0;
        is_own.then(|| row.critical_intervals.clone())
    });
    let critical = critical
        .unwrap_or_default()
        .into_iter()
        .map(|interval| {
            let nanos = interval.to_offset_nanos.saturating_sub(interval.from_offset_nanos) as f64;
            let (left, width) = place(interval.from_offset_nanos, nanos);
            view! { <i class="crit" style:left=percent(left) style:width=percent(width)></i> }
        })
        .collect::<View>();
    view! {
        <div class="share" title="Where this span lies in the trace; solid: on the critical path">
            <i class="extent" style:left=percent(left) style:width=percent(width)></i>
            {critical}
        </div>
    }
}
