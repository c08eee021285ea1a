use web_sys::Node;

use super::{Child, child::append, document};

/// A piece of a page that has been made and is to be put somewhere: one node, or several in a fragment.
#[derive(Debug, Clone)]
pub struct View(Node);

impl View {
    /// A piece with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self(document().create_document_fragment().into())
    }

    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(document().create_text_node(text).into())
    }

    /// With a further part at its end.
    #[must_use]
    pub fn child(self, child: impl Child) -> Self {
        child.append_to(&self.0);
        self
    }

    pub(super) fn of(node: Node) -> Self {
        Self(node)
    }

    pub(super) fn node(&self) -> &Node {
        &self.0
    }
}

impl Default for View {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Child> FromIterator<C> for View {
    fn from_iter<I: IntoIterator<Item = C>>(children: I) -> Self {
        children.into_iter().fold(Self::new(), Self::child)
    }
}

/// Puts a view at the end of the page.
pub(crate) fn append_to_body(view: &View) {
    if let Some(body) = document().body() {
        append(&body, &view.0);
    }
}
