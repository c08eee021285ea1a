use std::ops::Range;

use reactive_graph::{graph::untrack, owner::Owner};
use web_sys::Node;

use super::{Child, View, child::append, document};
use crate::reactive::render_effect;

/// One element for each index of a range that moves: those that stay are left alone.
pub(crate) fn keyed(range: impl FnMut() -> Range<u32> + 'static, make: impl Fn(u32) -> View + 'static) -> impl Child {
    Keyed { range: Box::new(range), make: Box::new(make) }
}

struct Keyed {
    range: Box<dyn FnMut() -> Range<u32>>,
    make: Box<dyn Fn(u32) -> View>,
}

impl Child for Keyed {
    fn append_to(mut self, parent: &Node) {
        let end = document().create_text_node("");
        append(parent, &end);
        let mut made: Vec<(u32, Node, Owner)> = Vec::new();
        render_effect(Box::new(move || {
            let range = (self.range)();
            let Some(parent) = end.parent_node() else { return };
            made.retain(|(index, node, _)| {
                let stays = range.contains(index);
                if !stays {
                    let _ = parent.remove_child(node);
                }
                stays
            });
            for (place, index) in range.enumerate() {
                if made.get(place).is_none_or(|(other, ..)| *other != index) {
                    // Without a parent, which would keep count of all that ever were.
                    let owner = Owner::default();
                    let view = owner.with(|| untrack(|| (self.make)(index)));
                    let before = made.get(place).map_or(end.as_ref(), |(_, node, _)| node);
                    let _ = parent.insert_before(view.node(), Some(before));
                    made.insert(place, (index, view.node().clone(), owner));
                }
            }
        }));
    }
}
