use std::marker::PhantomData;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::reactive::RwSignal;

/// An element by name: there once the page has it.
#[derive(Debug)]
pub struct NodeRef<T = HtmlElement>(RwSignal<Option<HtmlElement>>, PhantomData<fn() -> T>);

impl<T> Clone for NodeRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for NodeRef<T> {}

impl<T: JsCast> NodeRef<T> {
    /// A name without an element yet. Belongs to the reactive owner it is made in.
    #[must_use]
    pub fn new() -> Self {
        Self(RwSignal::new(None), PhantomData)
    }

    /// The element, and notice of it.
    #[must_use]
    pub fn get(self) -> Option<T> {
        self.0.get().map(JsCast::unchecked_into)
    }

    /// The element, if its owner still lives.
    #[must_use]
    pub fn get_untracked(self) -> Option<T> {
        self.0.try_get_untracked().flatten().map(JsCast::unchecked_into)
    }

    pub(super) fn set(self, element: &HtmlElement) {
        self.0.set(Some(element.clone()));
    }
}

impl<T: JsCast> Default for NodeRef<T> {
    fn default() -> Self {
        Self::new()
    }
}
