use super::{line, section, state::SettingsState};
use crate::{
    dom::{View, view},
    state::Theme,
};

/// How the window looks.
pub(super) fn appearance(state: SettingsState) -> View {
    let app = state.app;
    let choice = move |theme: Theme| {
        view! {
            <button
                type="button"
                class="btn"
                role="radio"
                aria-checked=move || (app.theme.get() == theme).to_string()
                on:click=move |_| app.theme.set(theme)
            >
                {if theme == Theme::System { "As the system" } else { theme.name() }}
            </button>
        }
    };
    section(
        state,
        "appearance",
        "Of this window, on this machine.",
        line(
            "Theme",
            view! {
                <span class="btns" role="radiogroup" aria-label="Theme" data-testid="set-theme">
                    {Theme::ALL.into_iter().map(choice).collect::<View>()}
                </span>
            },
        ),
    )
}
