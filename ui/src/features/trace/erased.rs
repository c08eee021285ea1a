//! Closures of one type each. A view with its own closure type is compiled anew with all that the
//! library puts around it; boxed, it shares that code, which keeps the WASM small.

use leptos::prelude::*;

/// A part of a view that changes.
pub(crate) type Live = Box<dyn FnMut() -> AnyView + Send>;

/// A part of a view that changes.
pub(crate) fn live<V: IntoView + 'static>(mut view: impl FnMut() -> V + Send + 'static) -> Live {
    Box::new(move || view().into_any())
}

/// A text, attribute or style that changes.
pub(crate) fn text(text: impl FnMut() -> String + Send + 'static) -> Box<dyn FnMut() -> String + Send> {
    Box::new(text)
}

/// An attribute that changes and may be absent.
pub(crate) fn maybe(
    text: impl FnMut() -> Option<String> + Send + 'static,
) -> Box<dyn FnMut() -> Option<String> + Send> {
    Box::new(text)
}

/// A switch, for a class or for an attribute that is there or not.
pub(crate) fn flag(is_on: impl FnMut() -> bool + Send + 'static) -> Box<dyn FnMut() -> bool + Send> {
    Box::new(is_on)
}
