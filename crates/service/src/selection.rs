//! What is to be deleted, in the words of the store and of the API.

use api::{Selected, Selection};

pub(crate) fn of_api(selection: Selection) -> store::Selection {
    match selection {
        Selection::Trace(trace_id) => store::Selection::Trace(trace_id),
        Selection::Service(service) => store::Selection::Service(service),
        Selection::Before(unix_nano) => store::Selection::Before(unix_nano),
    }
}

pub(crate) fn selected(selected: store::Selected) -> Selected {
    let store::Selected { traces, spans, logs, metric_points } = selected;
    Selected { traces, spans, logs, metric_points }
}
