use std::borrow::Cow;

use web_sys::Node;

use super::{View, document, live::append_live};
use crate::reactive::Memo;

/// What can stand in an element: views, texts, several of them, or what makes one and is asked again
/// when a signal that it read changes.
pub trait Child {
    /// Puts it at the end of a node.
    fn append_to(self, parent: &Node);
}

pub(super) fn append(parent: &Node, child: &Node) {
    // A node that has just been made can be anywhere.
    let _ = parent.append_child(child);
}

fn append_text(parent: &Node, text: &str) {
    append(parent, &document().create_text_node(text));
}

impl Child for () {
    fn append_to(self, _: &Node) {}
}

impl Child for View {
    fn append_to(self, parent: &Node) {
        append(parent, self.node());
    }
}

impl Child for &str {
    fn append_to(self, parent: &Node) {
        append_text(parent, self);
    }
}

impl Child for String {
    fn append_to(self, parent: &Node) {
        append_text(parent, &self);
    }
}

impl Child for Cow<'_, str> {
    fn append_to(self, parent: &Node) {
        append_text(parent, &self);
    }
}

impl Child for char {
    fn append_to(self, parent: &Node) {
        append_text(parent, self.encode_utf8(&mut [0; 4]));
    }
}

impl<C: Child> Child for Option<C> {
    fn append_to(self, parent: &Node) {
        if let Some(child) = self {
            child.append_to(parent);
        }
    }
}

impl<C: Child> Child for Vec<C> {
    fn append_to(self, parent: &Node) {
        for child in self {
            child.append_to(parent);
        }
    }
}

impl<C: Child, F: FnMut() -> C + 'static> Child for F {
    fn append_to(mut self, parent: &Node) {
        append_live(parent, Box::new(move |place| self().append_to(place)));
    }
}

impl Child for Memo<String> {
    fn append_to(self, parent: &Node) {
        (move || self.get()).append_to(parent);
    }
}
