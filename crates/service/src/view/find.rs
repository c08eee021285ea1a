//! Looking for rows.

use analysis::Node;
use api::Found;
use model::{KeyValue, SpanId};

use super::View;
use crate::text::{self, Needle};

/// What was last looked for, and where it is.
#[derive(Debug)]
pub(super) struct Search {
    needle: Needle,
    /// Rising.
    nodes: Vec<u32>,
}

impl View {
    /// Unfolds the ancestors of a node.
    pub(crate) fn reveal(&mut self, node: u32) -> Option<Found> {
        self.found(node, 1, 1)
    }

    /// Unfolds the ancestors of the span with this id.
    pub(crate) fn reveal_span(&mut self, span_id: SpanId) -> Option<Found> {
        let node = self.trace.find(span_id)?.index();
        self.reveal(node)
    }

    /// The next span with status ERROR.
    pub(crate) fn next_error(&mut self, after: Option<u32>, backwards: bool) -> Option<Found> {
        let nodes: Vec<u32> = self.trace.nodes().filter(|node| node.is_error()).map(Node::index).collect();
        self.next_of(&nodes, after, backwards)
    }

    /// The next span that holds a text. An empty text is nowhere.
    pub(crate) fn find_text(&mut self, text: &str, after: Option<u32>, backwards: bool) -> Option<Found> {
        let needle = Needle::new(text);
        let search = match self.search.take() {
            Some(search) if search.needle == needle => search,
            _ => {
                let holds = |node: &Node<'_>| !needle.is_empty() && self.holds(*node, &needle);
                let nodes = self.trace.nodes().filter(holds).map(Node::index).collect();
                Search { needle, nodes }
            }
        };
        let found = self.next_of(&search.nodes, after, backwards);
        self.search = Some(search);
        found
    }

    fn holds(&self, node: Node<'_>, needle: &Needle) -> bool {
        let in_attribute = |attribute: &KeyValue| {
            needle.is_in(&attribute.key)
                || match attribute.value.as_str() {
                    Some(text) => needle.is_in(text),
                    None => needle.is_in(&text::of_value(&attribute.value)),
                }
        };
        needle.is_in(&node.span_id().to_string())
            || self.service_name(node).is_some_and(|service| needle.is_in(service))
            || self.span_of(node).is_some_and(|stored| {
                let span = &stored.span;
                needle.is_in(&span.name)
                    || needle.is_in(span.status_message())
                    || span.attributes.iter().any(in_attribute)
                    || span.events.iter().any(|event| event.attributes.iter().any(in_attribute))
            })
    }

    /// The first of `nodes`, which rise, after (or before) a node; around the end where there is none.
    fn next_of(&mut self, nodes: &[u32], after: Option<u32>, backwards: bool) -> Option<Found> {
        let place = match after {
            _ if nodes.is_empty() => return None,
            None if backwards => nodes.len() - 1,
            None => 0,
            Some(after) if backwards => {
                nodes.partition_point(|&node| node < after).checked_sub(1).unwrap_or(nodes.len() - 1)
            }
            Some(after) => nodes.partition_point(|&node| node <= after) % nodes.len(),
        };
        self.found(*nodes.get(place)?, place as u32 + 1, nodes.len() as u32)
    }

    fn found(&mut self, node: u32, ordinal: u32, of: u32) -> Option<Found> {
        let rows_before = self.rows.row_count();
        let row = self.rows.reveal(node)?;
        let row_count = self.rows.row_count();
        if row_count != rows_before {
            self.revision += 1;
        }
        Some(Found { node, row, ordinal, of, revision: self.revision, row_count })
    }
}
