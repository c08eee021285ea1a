use api::{Call, Reply, SettingsChange};

use super::{
    field::{Outcome, said, write},
    state::SettingsState,
};
use crate::{
    dom::{View, view},
    reactive::RwSignal,
    spawn, transport,
    widgets::copy_button,
};

/// The API key: made, shown once, and dropped.
pub(super) fn key(state: SettingsState) -> View {
    let made = RwSignal::new(None::<String>);
    let outcome: Outcome = RwSignal::new(None);
    let has_key = move || state.read(|settings| settings.has_api_key);
    let make = move |_| {
        spawn(async move {
            match transport::call(Call::NewApiKey).await {
                Ok(Reply::ApiKey(key)) => {
                    made.try_set(Some(key));
                    outcome.try_set(None);
                }
                Ok(_) => {}
                Err(error) => {
                    outcome.try_set(Some(Err(error.sentence)));
                }
            }
        });
    };
    let shown = move |key: String| {
        let copied = key.clone();
        view! {
            <div class="op" role="status">
                <span>"New key"</span>
                <div class="row">
                    <span class="mono selectable key" data-testid="key">{key}</span>
                    {copy_button(move || copied.clone(), "Copy the key")}
                    <span class="t2">"shown this once"</span>
                </div>
            </div>
        }
    };
    view! {
        <div class="op">
            <span>"API key"</span>
            <div class="row">
                <button type="button" class="btn" data-testid="key-new" aria-describedby="key-said" on:click=make>
                    {move || if has_key() { "Replace" } else { "Make a key" }}
                </button>
                {move || {
                    has_key()
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    class="btn"
                                    data-testid="key-off"
                                    on:click=move |_| write(state, SettingsChange::ApiKeyHash(None), outcome)
                                >
                                    "Drop"
                                </button>
                            }
                        })
                }}
                {said("key", "for addresses beyond this machine", outcome)}
            </div>
        </div>
        {move || made.get().filter(|_| has_key()).map(shown)}
    }
}
