//! What the user never wants to lose.

use serde::{Deserialize, Serialize};

/// Traces that are always kept. What is not given fits every trace; with neither it fits none. `*` stands for any
/// characters, or none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CriticalFlow {
    /// A service that takes part.
    pub service: Option<String>,
    /// The name of the root span.
    pub operation: Option<String>,
}

impl CriticalFlow {
    pub(crate) fn fits<'a>(&self, mut services: impl Iterator<Item = &'a str>, operation: &str) -> bool {
        let mut fits_service =
            || self.service.as_ref().is_none_or(|pattern| services.any(|name| matches(pattern, name)));
        let fits_operation = || self.operation.as_ref().is_none_or(|pattern| matches(pattern, operation));
        !self.is_empty() && fits_operation() && fits_service()
    }

    pub(crate) fn is_empty(&self) -> bool {
        let is_empty = |pattern: &Option<String>| pattern.as_ref().is_none_or(String::is_empty);
        is_empty(&self.service) && is_empty(&self.operation)
    }
}

/// Whether a text is what a pattern with `*` describes.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        // The earliest place leaves most for what follows.
        let Some((_, after)) = text.split_once(piece) else { return false };
        text = after;
    }
    text.ends_with(last)
}
