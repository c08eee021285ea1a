//! Durations and moments as people type them.

use std::str::FromStr;

use jiff::{SpanRelativeTo, Timestamp, civil::DateTime, tz::TimeZone};

/// The value of `--since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// So many nanoseconds ago.
    Ago(u64),
    /// At this moment, nanoseconds since the Unix epoch.
    At(u64),
}

impl Since {
    /// The moment, nanoseconds since the Unix epoch.
    pub(crate) fn unix_nano(self, now_unix_nano: u64) -> u64 {
        match self {
            Self::Ago(nanos) => now_unix_nano.saturating_sub(nanos),
            Self::At(unix_nano) => unix_nano,
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(nanos) = parse_duration_nanos(text) {
            return Ok(Self::Ago(nanos));
        }
        let local = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::system()).ok().map(|zoned| zoned.timestamp());
        let moment = text.parse::<Timestamp>().ok().or_else(local);
        let unix_nano = moment.and_then(|moment| u64::try_from(moment.as_nanosecond()).ok());
        unix_nano.map(Self::At).ok_or_else(|| {
            "give a time with its unit, for example 90s, 1h or 7d, or a moment, for example 2026-01-31T12:00".to_owned()
        })
    }
}

/// The nanoseconds of a duration with units from ns to weeks, for example `1.5s` or `2h30m`.
pub(crate) fn parse_duration_nanos(text: &str) -> Result<u64, String> {
    let nanos = || {
        let span = text.parse::<jiff::Span>().ok()?;
        u64::try_from(span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?.as_nanos()).ok()
    };
    nanos().ok_or_else(|| "give a number with its unit, for example 200ms, 1.5s or 2h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let good = [
            ("0s", 0),
            ("1ns", 1),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("200ms", 200_000_000),
            ("1.5s", 1_500_000_000),
            ("2h30m", 9_000_000_000_000),
            ("1h 5m", 3_900_000_000_000),
            ("7d", 604_800_000_000_000),
            ("2w", 1_209_600_000_000_000),
        ];
        for (text, nanos) in good {
            assert_eq!(parse_duration_nanos(text), Ok(nanos), "{text}");
        }
        for bad in ["", "5", "1.5", "ms", "1 fortnight", "-1s", "1s ago", "3mo", "999999999d", "1h1h"] {
            assert!(parse_duration_nanos(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn since_is_an_age_or_a_moment() {
        let now = 1_769_860_800_000_000_000;
        let since = |text: &str| text.parse::<Since>().map(|since| since.unix_nano(now));
        assert_eq!(since("1s"), Ok(now - 1_000_000_000));
        assert_eq!(since("500w"), Ok(now - 302_400_000_000_000_000));
        assert_eq!(since("1970-01-01T00:00:01Z"), Ok(1_000_000_000));
        assert_eq!(since("1970-01-01T01:00:01+01:00"), Ok(1_000_000_000));
        assert!(since("2026-01-31T12:00").is_ok());
        assert!(since("2026-01-31").is_ok());
        for bad in ["", "yesterday", "5", "1969-01-01T00:00Z", "2026-13-01"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }
}
