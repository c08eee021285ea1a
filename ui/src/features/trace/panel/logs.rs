//! Log records of a span.

use std::sync::Arc;

use api::{LogDetail, SpanDetail, TextPart};
use model::SeverityClass;

use super::{
    super::view::TraceView,
    attributes::attribute_row,
    events::since,
    whole::{cut_note, shown},
};
use crate::{
    dom::{View, view},
    reactive::RwSignal,
    widgets::{time, visible, visible_lines},
};

/// All records that came.
pub(crate) fn logs(trace: TraceView, detail: &Arc<SpanDetail>) -> View {
    detail
        .logs
        .iter()
        .enumerate()
        .map(|(index, record)| one(trace, detail.node, u32::try_from(index).unwrap_or(u32::MAX), record))
        .collect()
}

fn one(trace: TraceView, node: u32, index: u32, record: &LogDetail) -> View {
    let is_open = RwSignal::new(false);
    let class = match record.severity {
        SeverityClass::Error | SeverityClass::Fatal => "err",
        SeverityClass::Warn => "warn",
        _ => "t2",
    };
    let severity = match record.severity {
        SeverityClass::Unspecified if record.severity_text.is_empty() => "–".to_owned(),
        SeverityClass::Unspecified => visible(&record.severity_text).into_owned(),
        class => class.name().to_owned(),
    };
    let first_line = visible(record.body.shown.lines().next().unwrap_or("")).into_owned();
    let line = match (record.event_name.as_str(), first_line) {
        ("", line) if line.is_empty() => "(no body)".to_owned(),
        ("", line) => line,
        (name, line) => format!("{} {line}", visible(name)),
    };
    let record = Arc::new(record.clone());
    let exact = time::exact(record.time_unix_nano);
    let offset = since(record.offset_nanos);
    view! {
        <div class="log-row" data-testid="log-row">
            <button
                type="button"
                class="log"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.set(!is_open.get_untracked())
            >
                <span class="t3" title=exact>{offset}</span>
                <span class=class>{severity}</span>
                <span class="clip">{line}</span>
            </button>
            {move || is_open.get().then(|| open(trace, node, index, &record))}
        </div>
    }
}

fn open(trace: TraceView, node: u32, index: u32, record: &LogDetail) -> View {
    let whole = RwSignal::new(None::<String>);
    let body = visible_lines(&record.body.shown).into_owned();
    let shown_bytes = record.body.shown.len() as u64;
    let whole_bytes = record.body.whole_bytes;
    let attributes: Vec<_> =
        record.attributes.iter().map(|attribute| attribute_row(trace, node, attribute, None, false, "")).collect();
    view! {
        <div class="log-body">
            {move || whole.get().map_or_else(|| body.clone(), |whole| shown(&whole))}
        </div>
        {(shown_bytes < whole_bytes)
            .then(|| {
                cut_note(trace, node, Some(TextPart::LogBody(index)), shown_bytes, whole_bytes, whole)
            })}
        <div class="kvs">{attributes}</div>
    }
}
