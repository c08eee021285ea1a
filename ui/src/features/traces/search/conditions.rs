//! What a search is made of: conditions that all hold, added and taken away as text.

use api::query::{Field, Query, Term, parse};

/// The query that a text is; `None` where it is none.
pub(crate) fn query_of(text: &str) -> Option<Query> {
    parse(text).query
}

/// The conditions that all have to hold.
pub(crate) fn conditions(text: &str) -> Vec<Query> {
    match query_of(text) {
        Some(Query::And(all)) => all,
        None | Some(Query::Everything) => Vec::new(),
        Some(one) => vec![one],
    }
}

/// Whether a search has a condition among those that all have to hold.
pub(crate) fn has(text: &str, condition: &str) -> bool {
    query_of(condition).is_some_and(|condition| conditions(text).contains(&condition))
}

/// The search narrowed by a condition, which it has only once.
pub(crate) fn with(text: &str, condition: &str) -> String {
    if has(text, condition) {
        return text.to_owned();
    }
    let apart = |text: &str| match query_of(text) {
        Some(Query::Or(_)) => format!("({text})"),
        _ => text.to_owned(),
    };
    match text.trim() {
        "" => condition.to_owned(),
        text => format!("{} and {}", apart(text), apart(condition)),
    }
}

/// The search without one of its conditions.
pub(crate) fn without(text: &str, condition: &Query) -> String {
    let mut all = conditions(text);
    all.retain(|other| other != condition);
    match all.len() {
        1 => all.remove(0).to_string(),
        _ => Query::And(all).to_string(),
    }
}

/// The search with the condition if it had none, and without if it had.
pub(crate) fn toggled(text: &str, condition: &str) -> String {
    match query_of(condition) {
        Some(query) if has(text, condition) => without(text, &query),
        _ => with(text, condition),
    }
}

/// That a condition does not hold; `!=` would ask for the key to be there.
pub(crate) fn excluded(condition: &str) -> String {
    format!("not {condition}")
}

/// Whether a text is a key, as the language writes it.
pub(crate) fn is_key(text: &str) -> bool {
    match Field::of_word(text) {
        Field::Intrinsic(_) => true,
        Field::Attribute { .. } => matches!(query_of(&format!("has({text})")), Some(Query::Term(Term::Has(_)))),
    }
}

/// The key that a condition compares, as it is written, and whether the condition is excluded.
pub(crate) fn key_of(condition: &Query) -> Option<(String, bool)> {
    match condition {
        Query::Term(Term::Compare(comparison)) => Some((comparison.field.to_string(), false)),
        Query::Not(inner) => key_of(inner).map(|(key, is_excluded)| (key, !is_excluded)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_so_that_all_hold() {
        for (text, condition, joined) in [
            ("", "service = a", "service = a"),
            ("  ", "service = a", "service = a"),
            ("error", "service = a", "error and service = a"),
            ("a = 1 or b = 2", "service = a", "(a = 1 or b = 2) and service = a"),
            ("error", "a = 1 or b = 2", "error and (a = 1 or b = 2)"),
            ("error and service = a", "service = a", "error and service = a"),
            ("service = a >> error", "not b = 2", "service = a >> error and not b = 2"),
        ] {
            assert_eq!(with(text, condition), joined);
            assert!(has(joined, condition) || text.is_empty() || condition.contains(" or "), "{joined}");
            assert!(query_of(joined).is_some(), "{joined}");
        }
    }

    #[test]
    fn a_condition_is_taken_away_wherever_it_stands() {
        assert_eq!(toggled("service = a and error", "error"), "service = a");
        assert_eq!(toggled("error", "error"), "");
        assert_eq!(toggled("service = a", "error"), "service = a and error");
        let taken = without("a = 1 and (b = 1 or c = 2) and not d = 4", &query_of("a = 1").expect("it is one"));
        assert_eq!(taken, "(b = 1 or c = 2) and not d = 4");
        let taken = without("not d = 4 and (b = 1 or c = 2)", &query_of("not d = 4").expect("it is one"));
        assert_eq!(taken, "b = 1 or c = 2");
    }

    #[test]
    fn what_is_no_key_is_told_from_keys() {
        for key in ["service", "user.id", "span.user.id", "span.\"e only\"", "trace.duration"] {
            assert!(is_key(key), "{key}");
        }
        for other in ["", "e only", "a = 1", "user.id)", "a) and has(b"] {
            assert!(!is_key(other), "{other}");
        }
    }

    #[test]
    fn a_condition_knows_its_key() {
        let keys: Vec<_> =
            conditions("service = a and not http.route = b and x and has(y)").iter().map(key_of).collect();
        let some = |key: &str, is_excluded| Some((key.to_owned(), is_excluded));
        assert_eq!(keys, [some("service", false), some("http.route", true), None, None]);
    }
}
