//! The values of a key in a few words.

use query::{Field, Subject};
use store::{Gist, StoredValue, Vocabulary};

/// Values that are named: all of them where there are no more than this many, else some.
const ALL: usize = 5;
const SOME: usize = 2;
/// Longest value in it, characters.
const LONGEST: usize = 24;

/// Some of the values, or their range; empty where nothing is known of them.
pub(super) fn gist(vocabulary: &Vocabulary, field: &Field) -> String {
    let Some(gist) = vocabulary.gist(&Subject::of(field), ALL) else { return String::new() };
    match field {
        Field::Attribute { key, .. } => text(key, &gist),
        Field::Intrinsic(_) => text("", &gist),
    }
}

fn text(key: &str, Gist { values, distinct, range }: &Gist) -> String {
    if let Some((least, greatest)) = range {
        if is_of_bytes(key) && *least >= 0.0 && *greatest >= 1_000.0 {
            return format!("bytes, up to {}", size(*greatest));
        }
        if distinct.is_none_or(|distinct| distinct > ALL) {
            return format!("{} to {}", number(*least), number(*greatest));
        }
    }
    let named = |most: usize| values.iter().take(most).map(short).collect::<Vec<_>>().join(", ");
    match distinct {
        Some(distinct) if *distinct <= SOME || (range.is_some() && *distinct <= ALL) => named(ALL),
        Some(distinct) => format!("{distinct} values: {}, …", named(SOME)),
        None => format!("many values: {}, …", named(SOME)),
    }
}

fn short(value: &StoredValue) -> String {
    let short: String = value.text.chars().take(LONGEST).collect();
    if short.len() < value.text.len() { short + "…" } else { short }
}

/// Whole numbers without a fraction.
fn number(number: f64) -> String {
    format!("{number}")
}

/// As the semantic conventions name sizes.
fn is_of_bytes(key: &str) -> bool {
    ["size", "bytes", "content_length"].iter().any(|end| key.ends_with(end))
}

/// In the unit in which it is less than a thousand, with two digits that count.
fn size(bytes: f64) -> String {
    let units = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)];
    let (unit, of) = units.into_iter().find(|(_, of)| bytes >= *of).unwrap_or(("B", 1.0));
    let number = bytes / of;
    if number < 10.0 { format!("{number:.1} {unit}") } else { format!("{number:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gist(texts: &[&str], distinct: Option<usize>, range: Option<(f64, f64)>) -> Gist {
        let value = |text: &&str| StoredValue { text: (*text).to_owned(), spans: 1 };
        Gist { values: texts.iter().map(value).collect(), distinct, range }
    }

    #[test]
    fn values_are_named_or_their_range_is() {
        let texts = |texts: &[&str], distinct| text("key", &gist(texts, distinct, None));
        assert_eq!(texts(&["HIT", "MISS"], Some(2)), "HIT, MISS");
        assert_eq!(texts(&["POST", "GET", "PUT"], Some(5)), "5 values: POST, GET, …");
        assert_eq!(
            texts(&["SELECT aaaaaaaaaaaaaaaaaaaaaaaaaaa", "b"], None),
            "many values: SELECT aaaaaaaaaaaaaaaaa…, b, …"
        );
        assert_eq!(texts(&[], Some(0)), "");
        let numbers = |key: &str, texts: &[&str], distinct, range| text(key, &gist(texts, distinct, Some(range)));
        assert_eq!(numbers("code", &["200", "503", "404"], Some(3), (200.0, 503.0)), "200, 503, 404");
        assert_eq!(numbers("count", &["1", "2"], Some(9), (0.0, 4.5)), "0 to 4.5");
        assert_eq!(numbers("body.size", &["1", "2"], None, (0.0, 1_234_567.0)), "bytes, up to 1.2 MB");
        assert_eq!(numbers("body.size", &["1", "2"], None, (0.0, 12_345.0)), "bytes, up to 12 KB");
    }
}
