use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlTextAreaElement, window};

use super::{Shape, small_icon};
use crate::{
    dom::{View, after, view},
    reactive::RwSignal,
    spawn,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = document, js_name = execCommand)]
    fn exec_command(command: &str) -> Result<bool, JsValue>;
}

/// Puts a text on the clipboard, and says whether it is there. Call it while a click or a key press
/// is handled: the web view refuses it at other times.
pub async fn copy(text: &str) -> bool {
    let Some(window) = window() else { return false };
    // Where the page does not count as secure there is no clipboard object at all.
    let clipboard = js_sys::Reflect::get(&window.navigator(), &JsValue::from_str("clipboard")).unwrap_or_default();
    if clipboard.is_object() && JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok() {
        return true;
    }
    copy_by_selection(text).unwrap_or(false)
}

/// The older way, for web views that keep the clipboard from pages: select a text and have it copied.
fn copy_by_selection(text: &str) -> Option<bool> {
    let page = window()?.document()?;
    let field: HtmlTextAreaElement = page.create_element("textarea").ok()?.dyn_into().ok()?;
    field.set_class_name("offscreen");
    field.set_value(text);
    page.body()?.append_child(&field).ok()?;
    field.select();
    let is_copied = exec_command("copy").unwrap_or(false);
    field.remove();
    Some(is_copied)
}

/// A button that copies a text and confirms it with a check mark.
pub fn copy_button(text: impl Fn() -> String + 'static, label: &'static str) -> View {
    button(Box::new(text), label)
}

fn button(text: Box<dyn Fn() -> String>, label: &'static str) -> View {
    let is_copied = RwSignal::new(false);
    let press = move |_| {
        let text = text();
        spawn(async move {
            if copy(&text).await {
                is_copied.try_set(true);
                after(std::time::Duration::from_millis(1_200), move || is_copied.set(false)).forget();
            }
        });
    };
    view! {
        <button type="button" class="btn ghost copy" title=label aria-label=label on:click=press>
            {move || {
                let shape = if is_copied.get() { Shape::Check } else { Shape::Copy };
                small_icon(shape)
            }}
            <span class="sr" aria-live="polite">{move || if is_copied.get() { "Copied" } else { "" }}</span>
        </button>
    }
}
