//! A text in parts, for whoever colours it.

use std::ops::Range;

use crate::{Class, context::Context, parse, token::tokens_until_wrong};

/// The parts of a text in their order, as characters (Unicode scalar values) counted from 0; spaces are in none.
/// [`Class::Wrong`] is what a diagnostic of [`parse`] points at.
#[must_use]
pub fn classify(text: &str) -> Vec<(Range<usize>, Class)> {
    let characters: Vec<char> = text.chars().collect();
    let (tokens, wrong) = tokens_until_wrong(&characters);
    let mut context = Context::new();
    let mut parts: Vec<(Range<usize>, Class)> = Vec::new();
    for (number, located) in tokens.iter().enumerate() {
        parts.push((located.at.clone(), context.pass(located, tokens.get(number + 1))));
    }
    match wrong {
        Some(wrong) => {
            let (start, end) = (wrong.at.end.min(characters.len()), characters.len());
            let class = if characters.get(wrong.at.start) == Some(&'/') { Class::Regex } else { Class::Text };
            parts.push((wrong.at.start..start, Class::Wrong));
            if start < end {
                parts.push((start..end, class));
            }
        }
        None => {
            for wrong in parse(text).diagnostics {
                for (at, class) in &mut parts {
                    if wrong.at.start <= at.start && at.end <= wrong.at.end {
                        *class = Class::Wrong;
                    }
                }
            }
        }
    }
    parts
}
