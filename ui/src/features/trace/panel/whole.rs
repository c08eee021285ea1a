//! Texts of which only the beginning came: how much there is, and the way to the rest.

use api::{Call, Reply, TextPart};

use super::super::view::TraceView;
use crate::{
    dom::{View, view},
    reactive::RwSignal,
    spawn, transport,
    widgets::{self, bytes},
};

/// More is not put into the page at once: laying it out would take seconds.
const MOST_SHOWN: usize = 1 << 20;

/// Asks for a whole text.
async fn fetch(trace: TraceView, node: u32, part: TextPart) -> Option<String> {
    let view = trace.head.try_get_untracked().flatten()?.view;
    match transport::call(Call::Text { view, node, part }).await {
        Ok(Reply::Text(text)) => Some(text),
        Ok(_) => None,
        Err(error) => {
            trace.app.fail(error.sentence);
            None
        }
    }
}

/// Says how much of a text is shown, and offers the whole.
pub(crate) fn cut_note(
    trace: TraceView,
    node: u32,
    part: Option<TextPart>,
    shown_bytes: u64,
    whole_bytes: u64,
    whole: RwSignal<Option<String>>,
) -> View {
    let note = move || match whole.get().map(|whole| whole.len()) {
        None => format!("{}; first {} shown.", bytes(whole_bytes).text(), bytes(shown_bytes).text()),
        Some(length) if length > MOST_SHOWN => {
            format!("{}; first {} shown.", bytes(whole_bytes).text(), bytes(MOST_SHOWN as u64).text())
        }
        Some(_) => bytes(whole_bytes).text(),
    };
    let is_waiting = RwSignal::new(false);
    let said = RwSignal::new("Copy all");
    let show = move |part| {
        is_waiting.set(true);
        spawn(async move {
            let text = fetch(trace, node, part).await;
            is_waiting.try_set(false);
            whole.try_set(text);
        });
    };
    let copy = move |part| {
        spawn(async move {
            let text = match whole.get_untracked() {
                Some(text) => Some(text),
                None => fetch(trace, node, part).await,
            };
            if let Some(text) = text {
                let is_copied = widgets::copy(&text).await;
                said.try_set(if is_copied { "Copied" } else { "The clipboard refused it" });
            }
        });
    };
    view! {
        <div class="cut" data-testid="cut-note">
            <span>{note}</span>
            {match part {
                Some(part) => {
                    view! {
                        <button
                            type="button"
                            class="link"
                            class:gone=move || whole.get().is_some()
                            disabled=move || is_waiting.get()
                            on:click=move |_| show(part)
                        >
                            "Show all"
                        </button>
                        <button type="button" class="link" on:click=move |_| copy(part)>
                            {move || said.get().to_owned()}
                        </button>
                    }
                }
                None => view! { <span>"Export the trace to have all of it."</span> },
            }}
        </div>
    }
}

/// What of a whole text is put into the page.
pub(crate) fn shown(text: &str) -> String {
    let mut end = text.len().min(MOST_SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    widgets::visible_lines(text.get(..end).unwrap_or(text)).into_owned()
}
