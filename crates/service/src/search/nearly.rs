//! What nearly matched where nothing does: values and keys that are written a little differently, and what the search
//! without one of its conditions finds.

use std::time::{Duration, Instant};

use api::{ApiError, CompleteRequest, CompletionKind, Meant, Nearly, Without};
use query::{Comparison, Operator, Query, Term, Text};
use store::{Next, Reader, SearchFor, Vocabulary};

use super::{complete::complete, running::wanted};
use crate::error;

/// So many conditions are looked at.
const MOST_CONDITIONS: usize = 6;
/// So many keys or values are looked through, the most frequent.
const MOST_KNOWN: u32 = 1_000;
/// How long what is stored is looked up for one condition, and how long it is counted what is found without it.
const LOOKING: Duration = Duration::from_millis(60);
/// So many traces are counted.
const MOST_COUNTED: u64 = 10_000;

/// What nearly matches.
///
/// # Errors
/// Where the search is none, or what is stored cannot be read.
pub(super) async fn nearly(
    vocabulary: &tokio::sync::Mutex<Vocabulary>,
    reader: &Reader,
    search: &api::Search,
    now_unix_nano: u64,
) -> Result<Nearly, ApiError> {
    let conditions = match query::parse(&search.query).query {
        Some(Query::And(all)) => all,
        Some(Query::Everything) | None => Vec::new(),
        Some(one) => vec![one],
    };
    let mut nearly = Nearly::default();
    for (at, condition) in conditions.iter().enumerate().take(MOST_CONDITIONS) {
        if let Some(meant) = meant(&mut *vocabulary.lock().await, condition).await? {
            let mut all = conditions.clone();
            all[at] = meant.clone();
            let (condition, meant, query) = (condition.to_string(), meant.to_string(), joined(all));
            nearly.meant.push(Meant { condition, meant, query });
        }
    }
    for at in (0..conditions.len()).take(MOST_CONDITIONS).filter(|_| conditions.len() > 1) {
        let mut all = conditions.clone();
        let condition = all.remove(at).to_string();
        let query = joined(all);
        let of = api::Search { query: query.clone(), as_of: None, ..search.clone() };
        let (traces, is_partial) = counted(reader, wanted(&of, now_unix_nano)?).await?;
        nearly.without.push(Without { condition, query, traces, is_partial });
    }
    Ok(nearly)
}

/// A search of which all of these have to hold.
fn joined(mut all: Vec<Query>) -> String {
    match all.len() {
        1 => all.remove(0).to_string(),
        _ => Query::And(all).to_string(),
    }
}

/// What a condition may have been meant to be; `None` where what it names is stored, or nothing like it is.
async fn meant(vocabulary: &mut Vocabulary, condition: &Query) -> Result<Option<Query>, ApiError> {
    let Query::Term(Term::Compare(Comparison { field, with })) = condition else { return Ok(None) };
    let key = field.to_string();
    let values = known(vocabulary, &format!("{key} = ")).await?;
    let text = match (values.is_empty(), with) {
        (true, _) => {
            let keys = known(vocabulary, "").await?;
            nearest(&key, &keys).map(|nearest| condition.to_string().replacen(&key, nearest, 1))
        }
        (false, Text::Is(Operator::Equal, literal)) if !values.contains(&literal.to_string()) => {
            nearest(&literal.to_string(), &values).map(|nearest| format!("{key} = {nearest}"))
        }
        _ => None,
    };
    Ok(text.and_then(|text| query::parse(&text).query))
}

/// The keys, or the values, that are stored and may be written at the end of a text; as far as they are found out soon.
async fn known(vocabulary: &mut Vocabulary, text: &str) -> Result<Vec<String>, ApiError> {
    let at = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let request = CompleteRequest { text: text.to_owned(), at, most: MOST_KNOWN };
    let deadline = Instant::now() + LOOKING;
    loop {
        let found = complete(vocabulary, &request).await?;
        if !found.is_partial || Instant::now() >= deadline {
            let is_wanted = |kind| {
                let is_key =
                    matches!(kind, CompletionKind::TextKey | CompletionKind::NumberKey | CompletionKind::BoolKey);
                if text.is_empty() { is_key } else { kind == CompletionKind::Value }
            };
            let items = found.items.into_iter().filter(|item| item.spans.is_some() && is_wanted(item.kind));
            return Ok(items.map(|item| item.text).collect());
        }
    }
}

/// How many traces are found soon, and whether there may be more.
async fn counted(reader: &Reader, of: SearchFor) -> Result<(u64, bool), ApiError> {
    let mut search = reader.search(of);
    let deadline = Instant::now() + LOOKING;
    let mut count = 0;
    while count < MOST_COUNTED {
        match search.next(Some(deadline)).await.map_err(|err| error::of_read(&err))? {
            Next::Trace(_) => count += 1,
            Next::Paused => return Ok((count, true)),
            Next::Over => return Ok((count, false)),
        }
    }
    Ok((count, true))
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
