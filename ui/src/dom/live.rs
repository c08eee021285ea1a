use web_sys::Node;

use super::{Child, View, child::append, document};
use crate::reactive::render_effect;

/// A part of a page that is made anew when a signal that it read changes.
pub(crate) fn live<C: Child>(make: impl FnMut() -> C + 'static) -> View {
    View::new().child(make)
}

/// Between two marks, which are empty texts: whatever stands between them goes when it is made anew.
pub(super) fn append_live(parent: &Node, mut make: Box<dyn FnMut(&Node)>) {
    let (start, end) = (document().create_text_node(""), document().create_text_node(""));
    append(parent, &start);
    append(parent, &end);
    render_effect(Box::new(move || {
        let made = document().create_document_fragment();
        make(&made);
        while let Some(node) = start.next_sibling()
            && !node.is_same_node(Some(&end))
            && let Some(parent) = node.parent_node()
        {
            let _ = parent.remove_child(&node);
        }
        if let Some(parent) = end.parent_node() {
            let _ = parent.insert_before(&made, Some(&end));
        }
    }));
}
