//! Attributes: key and value in rows, filtered, copied, searched for.

use api::{AttributeValue, TextPart};
use web_sys::HtmlInputElement;

use super::{
    super::{tree::marked, view::TraceView},
    value,
    whole::{cut_note, shown},
};
use crate::{
    dom::{NodeRef, View, live, typed, view},
    reactive::RwSignal,
    widgets::{Shape, copy_button, small_icon, visible, visible_lines},
};

/// Which text of the span the value at an index is.
pub(crate) type PartOf = fn(u32) -> TextPart;

/// The field that filters attributes.
pub(crate) fn filter_field(filter: RwSignal<String>, field: NodeRef<HtmlInputElement>) -> View {
    let pressed = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" && !filter.get_untracked().is_empty() {
            event.prevent_default();
            filter.set(String::new());
        }
    };
    view! {
        <span class="field">
            {small_icon(Shape::Search)}
            <input
                type="text"
                placeholder="Filter"
                aria-label="Filter attributes"
                spellcheck="false"
                autocomplete="off"
                data-testid="attr-filter"
                node_ref=field
                prop:value=filter
                on:input=move |event| filter.set(typed(&event))
                on:keydown=pressed
            />
        </span>
    }
}

/// Whether an attribute has the text in its key or value.
fn has(attribute: &AttributeValue, needle: &str) -> bool {
    needle.is_empty()
        || attribute.key.to_ascii_lowercase().contains(needle)
        || value::text(&attribute.value).to_ascii_lowercase().contains(needle)
}

/// Attributes that pass the filter.
pub(crate) fn attributes(
    trace: TraceView,
    node: u32,
    attributes: Vec<AttributeValue>,
    part_of: Option<PartOf>,
    is_searchable: bool,
    filter: RwSignal<String>,
) -> View {
    live(move || {
        let needle = filter.get().trim().to_ascii_lowercase();
        let all = attributes.len();
        let longest = attributes.iter().map(|attribute| attribute.key.chars().count()).max().unwrap_or(0);
        let rows: Vec<_> = attributes
            .iter()
            .enumerate()
            .filter(|(_, attribute)| has(attribute, &needle))
            .map(|(index, attribute)| {
                let part = part_of.map(|part_of| part_of(u32::try_from(index).unwrap_or(u32::MAX)));
                attribute_row(trace, node, attribute, part, is_searchable, &needle)
            })
            .collect();
        let none = (rows.is_empty() && all > 0)
            .then(|| view! { <div class="none">{format!("None of {all} has this text.")}</div> });
        view! {
            <div class="kvs" style=("--kw", format!("{longest}ch"))>
                {rows}
            </div>
            {none}
        }
    })
}

/// A row: key, value, what can be done with it.
pub(crate) fn attribute_row(
    trace: TraceView,
    node: u32,
    attribute: &AttributeValue,
    part: Option<TextPart>,
    is_searchable: bool,
    needle: &str,
) -> View {
    let key = attribute.key.clone();
    let key_text = marked(&visible(&key), needle);
    let text = value::text(&attribute.value);
    let class = value::class(&attribute.type_name);
    let whole = RwSignal::new(None::<String>);
    let lines = visible_lines(&text).into_owned();
    let needle = needle.to_owned();
    let shown_text = live(move || match whole.get() {
        Some(text) => View::text(&shown(&text)),
        None if lines.is_empty() => view! { <span class="t3">"(empty)"</span> },
        None => marked(&lines, &needle),
    });
    let cut = attribute.is_cut.then(|| {
        let shown_bytes = text.len() as u64;
        cut_note(trace, node, part, shown_bytes, attribute.whole_bytes, whole)
    });
    let condition = (is_searchable && !attribute.is_cut).then(|| value::condition(&key, &attribute.value)).flatten();
    let search = condition.map(|condition| {
        view! {
            <button
                type="button"
                class="btn ghost"
                title="Search for traces with this value"
                aria-label="Search for traces with this value"
                data-testid="attr-search"
                on:click=move |_| trace.app.search_for(condition.clone())
            >
                {small_icon(Shape::Filter)}
            </button>
        }
    });
    let type_name = attribute.type_name.clone();
    let copied = move || whole.get_untracked().unwrap_or_else(|| text.clone());
    view! {
        <div class="kv" data-testid="attr-row" data-key=key.clone() data-type=type_name.clone()>
            <span class="k" title=format!("{} ({type_name})", visible(&key))>
                {key_text}
            </span>
            <span class=class>
                <div class="text">{shown_text}</div>
                {cut}
            </span>
            <span class="acts">
                {search}
                {copy_button(copied, "Copy the value")}
            </span>
        </div>
    }
}
