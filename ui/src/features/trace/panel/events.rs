//! Events of a span; exceptions among them as stacks that can be read.

use std::sync::Arc;

use api::{AttributeValue, EventDetail, SpanDetail, TextPart};

use super::{
    super::{
        stack::{self, Frame, Piece},
        view::TraceView,
    },
    attributes::attribute_row,
    whole::cut_note,
};
use crate::{
    dom::{View, view},
    reactive::RwSignal,
    widgets::{chevron, copy_button, count, duration, visible, visible_lines},
};

const TYPE: &str = "exception.type";
const MESSAGE: &str = "exception.message";
const STACK: &str = "exception.stacktrace";

/// A signed distance: `+2.10 ms`, `-3.00 µs`.
pub(crate) fn since(nanos: i64) -> String {
    let sign = if nanos < 0 { '−' } else { '+' };
    format!("{sign}{}", duration(nanos.unsigned_abs()).text())
}

/// All events that came.
pub(crate) fn events(trace: TraceView, detail: &Arc<SpanDetail>) -> View {
    detail
        .events
        .iter()
        .enumerate()
        .map(|(index, event)| one(trace, detail.node, u32::try_from(index).unwrap_or(u32::MAX), event))
        .collect()
}

fn one(trace: TraceView, node: u32, index: u32, event: &EventDetail) -> View {
    let is_exception = event.exception.is_some();
    let name = match visible(&event.name).into_owned() {
        name if name.is_empty() => "(no name)".to_owned(),
        name => name,
    };
    let attributes: Vec<_> = event
        .attributes
        .iter()
        .enumerate()
        .filter(|(_, attribute)| !(is_exception && matches!(attribute.key.as_str(), TYPE | MESSAGE | STACK)))
        .map(|(at, attribute)| {
            let part = TextPart::EventAttribute(index, u32::try_from(at).unwrap_or(u32::MAX));
            attribute_row(trace, node, attribute, Some(part), false, "")
        })
        .collect();
    let has_attributes = !attributes.is_empty();
    let dropped = (event.dropped_attributes_count > 0).then(|| {
        let text = format!("The sender dropped {} attributes.", count(u64::from(event.dropped_attributes_count)));
        view! { <div class="none warn">{text}</div> }
    });
    let exception = event.exception.as_ref().map(|parts| exception(trace, node, index, parts, &event.attributes));
    view! {
        <div class="evt" data-testid="event">
            <div class="evt-head">
                <span class="clip" class:err=is_exception class:med=is_exception>{name}</span>
                <span class="at">{since(event.since_span_start_nanos)}</span>
            </div>
            {exception}
            {has_attributes.then(|| view! { <div class="kvs">{attributes}</div> })}
            {dropped}
        </div>
    }
}

fn exception(trace: TraceView, node: u32, event: u32, parts: &[String; 3], attributes: &[AttributeValue]) -> View {
    let [type_name, message, text] = parts.clone();
    let shown_bytes = text.len() as u64;
    let cut = attributes
        .iter()
        .enumerate()
        .find(|(_, attribute)| attribute.key == STACK && attribute.whole_bytes > shown_bytes)
        .map(|(at, attribute)| {
            (TextPart::EventAttribute(event, u32::try_from(at).unwrap_or(u32::MAX)), attribute.whole_bytes)
        });
    let whole = RwSignal::new(None::<String>);
    let copied = {
        let (type_name, message, text) = (type_name.clone(), message.clone(), text.clone());
        move || {
            let stack = whole.get_untracked().unwrap_or_else(|| text.clone());
            let head = format!("{type_name}: {message}");
            if stack.is_empty() { head } else { format!("{head}\n{stack}") }
        }
    };
    let last = type_name.rsplit(['.', '/']).next().unwrap_or(&type_name).to_owned();
    let heading = if last.is_empty() { type_name.clone() } else { last };
    let said = visible_lines(&message).into_owned();
    let separator = if said.is_empty() || heading.is_empty() { "" } else { ": " };
    let full = type_name.clone();
    view! {
        <div class="exc" data-testid="exception">
            <div class="exc-line">
                <b title=visible(&full).into_owned()>{visible(&heading).into_owned()}</b>
                {separator}
                {said}
                {copy_button(copied, "Copy the exception")}
            </div>
            <div class="stack" data-testid="stack">
                {move || {
                    let whole = whole.get();
                    let pieces = stack::parse(&type_name, &message, whole.as_deref().unwrap_or(&text));
                    pieces.into_iter().map(piece).collect::<Vec<_>>()
                }}
            </div>
            {cut
                .map(|(part, whole_bytes)| {
                    cut_note(trace, node, Some(part), shown_bytes, whole_bytes, whole)
                })}
        </div>
    }
}

fn piece(piece: Piece) -> View {
    match piece {
        Piece::Exception { lead, type_name, message } => {
            let name = type_name.rsplit(['.', '/']).next().unwrap_or(&type_name).to_owned();
            let separator = if message.is_empty() { "" } else { ": " };
            let lead = if lead.is_empty() { lead } else { format!("{lead} ") };
            view! {
                <div class="exc-line">
                    {lead}
                    <b title=visible(&type_name).into_owned()>{visible(&name).into_owned()}</b>
                    {separator}
                    {visible_lines(&message).into_owned()}
                </div>
            }
        }
        Piece::Frame(one) => frame(&one, false),
        Piece::Library(frames) => library(frames),
        Piece::Plain(line) => view! { <div class="plain">{visible_lines(&line).into_owned()}</div> },
    }
}

fn frame(frame: &Frame, is_library: bool) -> View {
    let source = (!frame.source.is_empty() && !is_library)
        .then(|| view! { <div class="source">{visible(&frame.source).into_owned()}</div> });
    let function = match visible(&frame.function).into_owned() {
        function if function.is_empty() => "(module)".to_owned(),
        function => function,
    };
    view! {
        <div class="frame" class:lib=is_library title=visible_lines(&frame.whole).into_owned()>
            <span class="fn">{function}</span>
            <span class="place">{visible(&frame.place).into_owned()}</span>
        </div>
        {source}
    }
}

fn library(frames: Vec<Frame>) -> View {
    let is_open = RwSignal::new(false);
    let names = stack::libraries(&frames);
    let mut label = match frames.len() {
        1 => "1 frame in ".to_owned(),
        many => format!("{many} frames in "),
    };
    label.push_str(&names.iter().take(3).copied().collect::<Vec<_>>().join(", "));
    if names.len() > 3 {
        label.push_str(&format!(" and {} more", names.len() - 3));
    }
    view! {
        <button
            type="button"
            class="lib fold"
            data-testid="library-frames"
            aria-expanded=move || is_open.get().to_string()
            on:click=move |_| is_open.set(!is_open.get_untracked())
        >
            {chevron(is_open)}
            {visible(&label).into_owned()}
        </button>
        {move || is_open.get().then(|| frames.iter().map(|one| frame(one, true)).collect::<Vec<_>>())}
    }
}
