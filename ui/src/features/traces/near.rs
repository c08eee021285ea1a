//! What nearly matched where nothing does: values and keys that are written a little differently, and what a search
//! without one of its conditions finds.

use api::{
    Call, CompleteRequest, CompletionKind, Reply, Search, SortBy, TraceSort, TracesRequest,
    query::{Operator, Query, Term, Text},
};

use super::{key_picker::mark, search::conditions};
use crate::transport;

/// So many keys or values are looked through, the most frequent.
const MOST_KNOWN: u32 = 500;
/// So often it is asked on for each.
const MOST_TURNS: usize = 5;

/// A condition that nothing stored can be, and one that something is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meant {
    /// As it was written.
    pub(super) written: Query,
    /// As it may have been meant.
    pub(super) meant: Query,
}

/// How many traces a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finds {
    /// So many.
    pub(super) traces: u64,
    /// Whether there may be more.
    pub(super) is_partial: bool,
}

/// What a condition may have been meant to be; `None` where what it names is stored, or nothing like it is.
pub(super) async fn meant(condition: &Query) -> Option<Meant> {
    let Query::Term(Term::Compare(comparison)) = condition else { return None };
    let key = comparison.field.to_string();
    let rewritten = |text: String| {
        let meant = conditions::query_of(&text)?;
        Some(Meant { written: condition.clone(), meant })
    };
    let values = known(&format!("{key} = ")).await?;
    if values.is_empty() {
        let keys = known("").await?;
        let nearest = nearest(&key, &keys)?;
        return rewritten(condition.to_string().replacen(&key, nearest, 1));
    }
    match &comparison.with {
        Text::Is(Operator::Equal, literal) if !values.contains(&literal.to_string()) => {
            rewritten(format!("{key} = {}", nearest(&literal.to_string(), &values)?))
        }
        _ => None,
    }
}

/// The keys, or the values, that may be written at the end of a text.
async fn known(text: &str) -> Option<Vec<String>> {
    let at = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let is_wanted = |kind| if text.is_empty() { mark(kind).is_some() } else { kind == CompletionKind::Value };
    for _ in 0..MOST_TURNS {
        let request = CompleteRequest { text: text.to_owned(), at, most: MOST_KNOWN };
        let Ok(Reply::Completions(found)) = transport::call(Call::Complete(request)).await else { return None };
        if !found.is_partial {
            let items = found.items.into_iter().filter(|item| item.spans.is_some() && is_wanted(item.kind));
            return Some(items.map(|item| item.text).collect());
        }
    }
    None
}

/// How many traces a search finds, as far as that is found out soon.
pub(super) async fn finds(mut search: Search) -> Option<Finds> {
    let mut finds = None;
    for _ in 0..MOST_TURNS {
        // In this order all have to be known before there is a first one.
        let sort = TraceSort { by: SortBy::Duration, is_ascending: false };
        let request = TracesRequest { search: search.clone(), sort, columns: Vec::new(), first: 0, count: 0 };
        let Ok(Reply::Traces(page)) = transport::call(Call::Traces(request)).await else { return None };
        search.as_of = Some(page.as_of);
        let is_partial = !page.progress.is_over;
        finds = Some(Finds { traces: page.matching, is_partial });
        if !is_partial {
            break;
        }
    }
    finds
}

/// The text that is most like another one; `None` where none is like it.
fn nearest<'a>(text: &str, among: &'a [String]) -> Option<&'a String> {
    let text = text.to_lowercase();
    let most = (text.chars().count() / 3).clamp(1, 3);
    let like = |other: &String| {
        let other = other.to_lowercase();
        let has_other = text.chars().count() > 2 && other.contains(text.trim_matches('"'));
        let steps = steps(&text, &other);
        (steps <= most).then_some(steps).or(has_other.then_some(most + 1))
    };
    among.iter().filter_map(|other| Some((like(other)?, other))).min_by_key(|(steps, _)| *steps).map(|(_, other)| other)
}

/// How many characters have to be put in, taken away, replaced or swapped with the next to come from one text to the
/// other.
fn steps(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut last = None;
    for (at, c) in one.chars().enumerate() {
        let mut next = vec![at + 1];
        for (column, d) in other.iter().enumerate() {
            let mut least = (row[column] + usize::from(c != *d)).min(row[column + 1] + 1).min(next[column] + 1);
            if column > 0 && last == Some(*d) && other[column - 1] == c {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        (before, row, last) = (row, next, Some(c));
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_like_it_is_found() {
        let known = ["checkout", "cart", "payments", "\"GET /cart\"", "2.1"].map(str::to_owned);
        for (text, like) in [
            ("chekout", Some("checkout")),
            ("Checkout", Some("checkout")),
            ("chekcout", Some("checkout")),
            ("pay", Some("payments")),
            ("\"GET /crat\"", Some("\"GET /cart\"")),
            ("2.3", Some("2.1")),
            ("inventory", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, &known).map(String::as_str), like, "{text}");
        }
    }

    #[test]
    fn steps_are_counted() {
        for (one, other, count) in
            [("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ü", "u", 1)]
        {
            assert_eq!((steps(one, other), steps(other, one)), (count, count), "{one} {other}");
        }
    }
}
