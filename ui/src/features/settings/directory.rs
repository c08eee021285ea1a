use api::Call;

use super::{
    deletion::{announced, deletion},
    line, section,
    state::SettingsState,
};
use crate::{
    dom::{View, view},
    reactive::{Memo, RwSignal},
    spawn,
    state::AppState,
    transport,
    widgets::{bytes, copy_button, visible},
};

/// Where everything is, and what can be done about it.
pub(super) fn directory(state: SettingsState) -> View {
    let path = move || state.read(|settings| settings.data_dir.clone());
    let file = move || state.read(|settings| settings.config_path.clone().unwrap_or_else(|| "none".to_owned()));
    let sizes = Memo::new(move || state.app.status.with(|status| status.as_ref().map(|status| status.bytes_on_disk)));
    let sizes = move || {
        sizes.get().map(|sizes| {
            let [database, log, total] =
                [sizes.database, sizes.write_ahead_log, sizes.total].map(|size| bytes(size).text());
            format!("{total} in all, {database} the database, {log} its log")
        })
    };
    let is_deleting = RwSignal::new(false);
    section(
        state,
        "directory",
        "One process owns it; commands beside it read what it has accepted.",
        view! {
            {line("Folder", copied(path, "Copy the folder"))}
            {line("Configuration", copied(file, "Copy the path of the configuration file"))}
            {line("Size", view! { <span class="t2" data-testid="directory-size">{sizes}</span> })}
            {line("Space", view! {
                {compact(state.app)}
                <button
                    type="button"
                    class="btn"
                    aria-expanded=move || is_deleting.get().to_string()
                    data-testid="delete"
                    on:click=move |_| is_deleting.update(|is_on| *is_on = !*is_on)
                >
                    "Delete what matches…"
                </button>
            })}
            {move || is_deleting.get().then(|| deletion(state.app))}
            {announced(state.app)}
        },
    )
}

fn copied(text: impl Fn() -> String + Copy + 'static, label: &'static str) -> View {
    view! {
        <span class="mono selectable clip" title=text>{move || visible(&text()).into_owned()}</span>
        {copy_button(text, label)}
    }
}

/// Compacts now, and says what it brought.
fn compact(app: AppState) -> View {
    let is_busy = RwSignal::new(false);
    let word = RwSignal::new("Compact now");
    let press = move |_| {
        is_busy.set(true);
        word.set("Compacting…");
        spawn(async move {
            let answer = transport::call(Call::Compact).await;
            is_busy.try_set(false);
            word.try_set("Compact now");
            match answer {
                Ok(_) => app.refresh_status().await,
                Err(error) => app.fail(error.sentence),
            }
        });
    };
    view! {
        <button
            type="button"
            class="btn"
            disabled=is_busy
            aria-busy=move || is_busy.get().to_string()
            data-testid="compact"
            title="Makes what is stored small; by itself it happens when nothing arrives for a while"
            on:click=press
        >
            {move || word.get()}
        </button>
    }
}
