use std::time::Duration;

use api::{Settings, SettingsChange};

use super::state::SettingsState;
use crate::{
    dom::{View, after, typed, view},
    reactive::RwSignal,
    spawn,
    widgets::visible,
};

/// How long it says that a change is saved.
const SAID: Duration = Duration::from_millis(2_000);

/// What became of the last change of a field.
pub(super) type Outcome = RwSignal<Option<Result<(), String>>>;

/// A field of one line that is written when it is left or Enter is pressed.
pub(super) struct Field {
    /// Its id, also in tests.
    pub(super) id: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What stands in it when it is empty.
    pub(super) placeholder: &'static str,
    /// What it means, beside it.
    pub(super) note: &'static str,
    /// What is set.
    pub(super) value: fn(&Settings) -> String,
    /// What setting it means.
    pub(super) change: fn(String) -> SettingsChange,
}

/// The line of a field.
pub(super) fn field(state: SettingsState, field: Field) -> View {
    let Field { id, label, placeholder, note, value, change } = field;
    let outcome: Outcome = RwSignal::new(None);
    // What is being typed: settings that arrive meanwhile must not take letters away.
    let draft: RwSignal<Option<String>> = RwSignal::new(None);
    let is_bad = move || matches!(outcome.get(), Some(Err(_)));
    let set = move |event: web_sys::Event| {
        let text = typed(&event);
        if text.trim() == state.read(value) {
            draft.set(None);
            outcome.set(None);
            return;
        }
        spawn(async move {
            let change = change(text.trim().to_owned());
            if apply(state, change, outcome).await && draft.try_get_untracked() == Some(Some(text)) {
                draft.try_set(None);
            }
        });
    };
    view! {
        <div class="op">
            <label for=id>{label}</label>
            <div class="row">
                <span class="field" class:bad=is_bad>
                    <input
                        type="text"
                        id=id
                        placeholder=placeholder
                        spellcheck="false"
                        autocomplete="off"
                        data-testid=format!("set-{id}")
                        aria-invalid=move || is_bad().to_string()
                        aria-describedby=format!("{id}-said")
                        prop:value=move || draft.get().unwrap_or_else(|| state.read(value))
                        on:input=move |event: web_sys::Event| draft.set(Some(typed(&event)))
                        on:change=set
                    />
                </span>
                {said(id, note, outcome)}
            </div>
        </div>
    }
}

/// Beside a field: what it means, and for a while what became of a change.
pub(super) fn said(id: &'static str, note: &'static str, outcome: Outcome) -> View {
    view! {
        <span class="said" id=format!("{id}-said") role="status" data-testid=format!("{id}-said")>
            {move || match outcome.get() {
                None => view! { <span class="t2">{note}</span> },
                Some(Ok(())) => view! { <span class="okc">"Saved"</span> },
                Some(Err(sentence)) => view! { <span class="err">{visible(&sentence).into_owned()}</span> },
            }}
        </span>
    }
}

/// Has a change written, and says what became of it.
pub(super) fn write(state: SettingsState, change: SettingsChange, outcome: Outcome) {
    spawn(async move {
        apply(state, change, outcome).await;
    });
}

/// The same; whether it is saved.
async fn apply(state: SettingsState, change: SettingsChange, outcome: Outcome) -> bool {
    let done = state.change(change).await.map_err(|error| error.sentence);
    let is_saved = done.is_ok();
    outcome.try_set(Some(done));
    if is_saved {
        let fade = move || {
            if outcome.try_get_untracked() == Some(Some(Ok(()))) {
                outcome.set(None);
            }
        };
        after(SAID, fade).forget();
    }
    is_saved
}
