use api::TraceFilter;

/// What stands in the filter bar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filter {
    /// Text.
    pub(crate) text: String,
    /// Services that are picked, sorted.
    pub(crate) services: Vec<String>,
    /// Only traces with an error.
    pub(crate) errors_only: bool,
    /// The shortest duration as it was typed.
    pub(crate) min_duration: String,
    /// An attribute and its value, from a panel.
    pub(crate) attribute: Option<(String, String)>,
}

impl Filter {
    /// The filter as the service knows it. A duration that cannot be read is left out.
    pub(crate) fn wanted(&self) -> TraceFilter {
        TraceFilter {
            text: self.text.trim().to_owned(),
            attribute: self.attribute.clone(),
            services: self.services.clone(),
            errors_only: self.errors_only,
            min_duration_nanos: parse_duration(&self.min_duration).ok().flatten(),
            since_unix_nano: None,
        }
    }

    /// The conditions in words, for a list that stays empty.
    pub(crate) fn in_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.text.trim().is_empty() {
            words.push(format!("contains “{}”", self.text.trim()));
        }
        if !self.services.is_empty() {
            words.push(format!("touches {}", self.services.join(" or ")));
        }
        if self.errors_only {
            words.push("has an error".to_owned());
        }
        if let Ok(Some(_)) = parse_duration(&self.min_duration) {
            words.push(format!("takes at least {}", self.min_duration.trim()));
        }
        if let Some((key, value)) = &self.attribute {
            words.push(format!("has a span with {key} = {value}"));
        }
        words
    }
}

/// Nanoseconds in a text like `200ms`, `1.5 s` or `2m`; a number alone counts milliseconds.
///
/// # Errors
/// A sentence about what cannot be read.
pub(crate) fn parse_duration(text: &str) -> Result<Option<u64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit_nanos: u64 = match unit.trim() {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "" | "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        unknown => return Err(format!("Unknown unit “{unknown}”. Use ns, µs, ms, s, m or h.")),
    };
    let unreadable = || format!("“{text}” is not a duration. Write for example 200ms or 1.5s.");
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 9 {
        return Err(unreadable());
    }
    let digits = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<u64>().map_err(|_| unreadable()) };
    digits(fraction)?;
    let mut place = unit_nanos;
    let part: u64 = fraction
        .bytes()
        .map(|digit| {
            place /= 10;
            u64::from(digit - b'0') * place
        })
        .sum();
    let nanos = digits(whole)?.checked_mul(unit_nanos).and_then(|nanos| nanos.checked_add(part));
    nanos.map(Some).ok_or_else(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, nanos) in [
            ("", None),
            ("  ", None),
            ("200ms", Some(200_000_000)),
            ("200", Some(200_000_000)),
            ("1.5 s", Some(1_500_000_000)),
            (".5us", Some(500)),
            ("2m", Some(120_000_000_000)),
            ("1h", Some(3_600_000_000_000)),
            ("0.000000001s", Some(1)),
        ] {
            assert_eq!(parse_duration(text), Ok(nanos), "{text}");
        }
        for text in ["200mss", "ms", ".", "1.2.3s", "-5ms", "99999999999999999999h", "1.0000000001s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_does_not_narrow() {
        let mut filter = Filter { text: "  ".to_owned(), min_duration: "20x".to_owned(), ..Filter::default() };
        assert_eq!(filter.wanted(), TraceFilter::default());
        filter.errors_only = true;
        filter.services = vec!["cart".to_owned(), "orders".to_owned()];
        assert_eq!(filter.in_words(), ["touches cart or orders", "has an error"]);
    }
}
