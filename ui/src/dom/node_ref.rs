use std::marker::PhantomData;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::reactive::{RwSignal, handle};

/// An element by name: there once the page has it.
pub struct NodeRef<T = HtmlElement>(RwSignal<Option<HtmlElement>>, PhantomData<fn() -> T>);

handle!(NodeRef);

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
