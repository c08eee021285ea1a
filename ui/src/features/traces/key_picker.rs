use std::rc::Rc;

use api::{Call, CompleteRequest, Completion, CompletionKind, Reply};

use super::search::conditions::is_key;
use crate::{
    dom::{View, live, typed, view},
    reactive::{RwSignal, StoredValue},
    spawn, transport,
    widgets::{count, visible},
};

/// So many keys are offered at once.
const MOST: u32 = 50;

/// Whether it is a key, and how a key of this kind is marked: texts, numbers, yes or no.
pub(super) fn mark(kind: CompletionKind) -> Option<&'static str> {
    match kind {
        CompletionKind::TextKey => Some("Aa"),
        CompletionKind::NumberKey => Some("12"),
        CompletionKind::BoolKey => Some("10"),
        _ => None,
    }
}

/// A field in which a key is written, and the keys that begin so; one that is picked is handed on.
pub(super) fn key_picker(pick: Rc<dyn Fn(String)>) -> View {
    let keys = RwSignal::new(Vec::<Completion>::new());
    let written = RwSignal::new(String::new());
    let is_wrong = RwSignal::new(false);
    let generation = StoredValue::new(0_u32);
    let ask = move || {
        let text = written.get_untracked().trim().to_owned();
        let at = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        generation.update_value(|generation| *generation += 1);
        let asked = generation.get_value();
        spawn(async move {
            loop {
                let request = CompleteRequest { text: text.clone(), at, most: 4 * MOST };
                let Ok(Reply::Completions(found)) = transport::call(Call::Complete(request)).await else { return };
                if generation.try_get_value() != Some(asked) {
                    return;
                }
                let is_partial = found.is_partial;
                let of_keys = found.items.into_iter().filter(|item| mark(item.kind).is_some());
                keys.try_set(of_keys.take(MOST as usize).collect());
                if !is_partial {
                    return;
                }
            }
        });
    };
    ask();
    let picked = Rc::clone(&pick);
    let pressed = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            let first = keys.with_untracked(|keys| keys.first().map(|key| key.text.clone()));
            let text = written.get_untracked().trim().to_owned();
            // What is written counts where nothing known begins so.
            match first {
                Some(key) => picked(key),
                None if is_key(&text) => picked(text),
                None => is_wrong.set(!text.is_empty()),
            }
        }
    };
    let option = move |key: Completion| {
        let pick = Rc::clone(&pick);
        let text = key.text.clone();
        view! {
            <button
                type="button"
                class="option"
                role="option"
                data-testid="key-option"
                data-key=key.text.clone()
                title=key.text.clone()
                on:click=move |_| pick(text.clone())
            >
                <span class="ty">{mark(key.kind).unwrap_or_default()}</span>
                <span class="q clip grow">{visible(&key.text).into_owned()}</span>
                <span class="t3 xs">{key.spans.map(count)}</span>
            </button>
        }
    };
    view! {
        <div class="field" class:bad=is_wrong>
            <input
                type="text"
                class="q"
                placeholder="Key"
                aria-label="Key"
                spellcheck="false"
                autocomplete="off"
                data-testid="key-field"
                prop:value=written
                on:input=move |event| {
                    written.set(typed(&event));
                    is_wrong.set(false);
                    ask();
                }
                on:keydown=pressed
            />
        </div>
        {live(move || {
            is_wrong.get().then(|| {
                view! {
                    <p class="err" role="alert">
                        "No key; one with odd characters is written "
                        <span class="q">"span.\"odd key\""</span>
                    </p>
                }
            })
        })}
        <div class="options" role="listbox" aria-label="Keys">
            {live(move || keys.get().into_iter().map(option.clone()).collect::<View>())}
        </div>
    }
}
