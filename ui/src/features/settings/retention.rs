use api::{
    SettingsChange,
    quantity::{age_text, size_text},
};

use super::{
    field::{Field, field},
    line, section,
    sizes::sizes,
    state::SettingsState,
};
use crate::{
    dom::{View, view},
    state::{Action, keys::hint},
    widgets::bytes,
};

/// How long and how much is kept, and what takes the space.
pub(super) fn retention(state: SettingsState) -> View {
    let pinned = move || {
        let pinned = state.app.status.with(|status| status.as_ref().map_or(0, |status| status.sizes.pinned_bytes));
        if pinned > 0 {
            format!("{} on disk", bytes(pinned).text())
        } else {
            format!("none: press {} on a trace", hint(Action::PinTrace))
        }
    };
    section(
        state,
        "retention",
        "Whole traces, by when the last of them arrived. A late error moves a trace up to the longer time.",
        view! {
            {field(state, Field {
                id: "ordinary",
                label: "Traces, logs, metrics",
                placeholder: "7 days",
                note: "then they go",
                value: |settings| age_text(settings.retention.ordinary_seconds),
                change: SettingsChange::Ordinary,
            })}
            {field(state, Field {
                id: "errors",
                label: "Traces with an error",
                placeholder: "30 days",
                note: "then they go too",
                value: |settings| age_text(settings.retention.error_seconds),
                change: SettingsChange::Errors,
            })}
            {line("Pinned traces", view! { "For ever" <span class="t2">{pinned}</span> })}
            {field(state, Field {
                id: "cap",
                label: "Size on disk, at most",
                placeholder: "5 GB",
                note: "then the service that takes most loses its oldest",
                value: |settings| size_text(settings.retention.cap_bytes),
                change: SettingsChange::Cap,
            })}
            {sizes(state.app)}
        },
    )
}
