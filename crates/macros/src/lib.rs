//! The macros of the house: [`view!`] for what the UI draws, [`macro@Wire`] for what goes between
//! processes. Both keep the UI's WASM small (`docs/decisions/0007-own-elements.md`).
//!
//! Deliberately absent from markup: components as tags (a part of a page is a function that returns a
//! `View`), spreading, and everything for servers.

mod view;
mod wire;

/// Markup to an expression of the UI's type `View`.
///
/// The syntax is that of Leptos: elements, texts, `{expressions}`, attributes, and attributes with a
/// prefix (`class:`, `style:`, `prop:`, `on:`) or the name `node_ref`. What is known when it is
/// compiled is one text of an element.
#[proc_macro]
pub fn view(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    view::expand(tokens.into()).into()
}

/// The trait `Wire` of the crate `api`: fields in order; of an enumeration first the variant's number.
#[proc_macro_derive(Wire)]
pub fn wire(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match syn::parse(tokens) {
        Ok(input) => wire::expand(&input),
        Err(error) => error.to_compile_error(),
    }
    .into()
}
