//! The head of the screen: what the trace is, and its facts.

use std::sync::Arc;

use api::OpenedTrace;

use super::view::TraceView;
use crate::{
    dom::{View, view},
    state::{Action, keys},
    widgets::{Shape, copy_button, count, duration, duration_figure, icon, swatch, time, visible},
};

/// So many swatches are shown; the count says how many services there are.
const MOST_SWATCHES: usize = 24;

/// Back button, root, trace id and facts.
pub(crate) fn header(trace: TraceView) -> View {
    let id = trace.trace_id.to_string();
    let copied = id.clone();
    let root = move || {
        let Some(head) = trace.head.get() else { return View::new() };
        let index = head.services.iter().position(|service| *service == head.root_service);
        let service = visible(&head.root_service).into_owned();
        let name = match visible(&head.root_name).into_owned() {
            name if name.is_empty() => "(no name)".to_owned(),
            name => name,
        };
        view! {
            {index.map(|index| swatch(index, service.clone()))}
            <span class="t2 head-service" data-testid="root-service">{service.clone()}</span>
            <h1 class="clip" data-testid="root-name" title=name.clone()>{name.clone()}</h1>
        }
    };
    view! {
        <div class="h1" data-testid="trace-header">
            <button
                type="button"
                class="btn ghost"
                data-testid="back"
                title=format!("Back ({})", keys::hint(Action::Back))
                aria-label="Back"
                on:click=move |_| trace.app.back()
            >
                {icon(Shape::Back)}
            </button>
            {root}
            <span class="id mono">
                <span class="clip" data-testid="trace-id">{id}</span>
                {copy_button(move || copied.clone(), "Copy the trace id")}
            </span>
            {pin(trace)}
        </div>
        <div class="facts">{move || trace.head.get().map(facts)}</div>
    }
}

/// Keeps the trace for ever, or lets it go with its age.
fn pin(trace: TraceView) -> View {
    let title = move || {
        let what = if trace.is_pinned() { "Kept for ever; press to let it go" } else { "Keep for ever" };
        format!("{what} ({})", keys::hint(Action::PinTrace))
    };
    view! {
        <button
            type="button"
            class="btn ghost"
            data-testid="pin"
            title=title
            aria-label="Keep for ever"
            aria-pressed=move || trace.is_pinned().to_string()
            on:click=move |_| trace.toggle_pin()
        >
            {icon(Shape::Pin)}
            {move || trace.is_pinned().then_some("Pinned")}
        </button>
    }
}

fn facts(head: Arc<OpenedTrace>) -> View {
    let is_root_shorter = duration(head.root_duration_nanos) != duration(head.duration_nanos);
    let now = time::now_unix_nano();
    let age = now.checked_sub(head.start_unix_nano).map(time::age);
    let missing = (head.missing_count > 0).then(|| format!("{} missing", count(head.missing_count)));
    let swatches = head.services.iter().take(MOST_SWATCHES).enumerate();
    let has_errors = head.error_count > 0;
    view! {
        <span>"Duration" <b data-testid="fact-duration">{duration_figure(head.duration_nanos)}</b>
            {is_root_shorter
                .then(|| {
                    view! { <span class="wide">{format!("root {}", duration(head.root_duration_nanos).text())}</span> }
                })}
        </span>
        <span>"Start" <b title=time::exact(head.start_unix_nano)>{time::clock(head.start_unix_nano)}</b>
            <span class="wide">
                {time::day(head.start_unix_nano)}{age.map(|age| format!(", {age} ago"))}
            </span>
        </span>
        <span>"Spans" <b data-testid="fact-spans">{count(head.span_count)}</b>
            {missing.map(|missing| view! { <span class="warn" data-testid="fact-missing">{missing}</span> })}
            {head
                .is_thinned
                .then(|| {
                    view! {
                        <span class="warn" data-testid="fact-thinned" title="A rule of sampling has taken spans away; what came later with an error is kept">
                            "thinned"
                        </span>
                    }
                })}
        </span>
        <span>"Services" <b>{head.services.len().to_string()}</b>
            <span class="wide swatches">
                {swatches.map(|(index, name)| swatch(index, visible(name).into_owned())).collect::<View>()}
            </span>
        </span>
        <span class:err=has_errors>"Errors" <b class:err=has_errors data-testid="fact-errors">{count(head.error_count)}</b></span>
        <span class="wide">"Logs" <b>{count(head.log_count)}</b></span>
        <span class="wide">"Depth" <b>{count(head.depth.into())}</b></span>
    }
}
