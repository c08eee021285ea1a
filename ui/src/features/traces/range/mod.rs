//! When the traces that are shown started: the choice, and what it means now.

pub(super) mod picker;

use api::TimeRange;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;

/// A choice of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RangeChoice {
    /// Whenever.
    #[default]
    All,
    /// The last so many minutes.
    Last(u32),
    /// Since the window was last hidden or closed.
    SinceLastLook,
    /// From one moment to before another, nanoseconds since the Unix epoch.
    Between(u64, u64),
}

impl RangeChoice {
    /// Those with a name, in the order of the menu.
    pub(crate) const NAMED: [Self; 9] = [
        Self::Last(5),
        Self::Last(15),
        Self::Last(30),
        Self::Last(60),
        Self::Last(6 * 60),
        Self::Last(24 * 60),
        Self::Last(7 * 24 * 60),
        Self::All,
        Self::SinceLastLook,
    ];

    /// How it is called; of [`Self::Between`] there is no more to say here.
    pub(crate) fn name(self) -> String {
        match self {
            Self::All => "All time".to_owned(),
            Self::Last(minutes @ 0..60) => format!("Last {minutes} minutes"),
            Self::Last(60) => "Last hour".to_owned(),
            Self::Last(minutes @ 0..=1_440) => format!("Last {} hours", minutes / 60),
            Self::Last(minutes) => format!("Last {} days", minutes / 1_440),
            Self::SinceLastLook => "Since I last looked".to_owned(),
            Self::Between(..) => "From … to …".to_owned(),
        }
    }

    /// What it means now. What is relative begins on a multiple of a fraction of its length, so that what is counted
    /// by cell moves from cell to cell only.
    pub(crate) fn range(self, now: u64, last_look: Option<u64>) -> TimeRange {
        match self {
            Self::All => TimeRange::default(),
            Self::Last(minutes) => {
                let length = u64::from(minutes) * MINUTE;
                let since = now.saturating_sub(length);
                TimeRange { since_unix_nano: Some(since - since % grain(length)), until_unix_nano: None }
            }
            Self::SinceLastLook => TimeRange { since_unix_nano: last_look, until_unix_nano: None },
            Self::Between(since, until) => TimeRange { since_unix_nano: Some(since), until_unix_nano: Some(until) },
        }
    }

    /// What the beginning of a relative range is a multiple of, nanoseconds.
    pub(crate) fn grain(self) -> Option<u64> {
        match self {
            Self::Last(minutes) => Some(grain(u64::from(minutes) * MINUTE)),
            _ => None,
        }
    }

    /// The next wider one that is worth a try where nothing was found.
    pub(crate) fn wider(self) -> Option<Self> {
        match self {
            Self::All => None,
            Self::Last(minutes @ 0..60) => Some(Self::Last(if minutes < 30 { 60 } else { 6 * 60 })),
            Self::Last(minutes @ 0..1_440) => Some(Self::Last(if minutes < 360 { 1_440 } else { 7 * 1_440 })),
            Self::Last(_) | Self::SinceLastLook | Self::Between(..) => Some(Self::All),
        }
    }

    /// As it is remembered.
    pub(crate) fn written(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Last(minutes) => format!("last {minutes}"),
            Self::SinceLastLook => "looked".to_owned(),
            Self::Between(since, until) => format!("between {since} {until}"),
        }
    }

    /// What was remembered; all where that makes no sense.
    pub(crate) fn read(text: &str) -> Self {
        let mut words = text.split(' ');
        let kind = words.next();
        let mut number = || words.next()?.parse::<u64>().ok();
        match kind {
            Some("last") => number().and_then(|minutes| u32::try_from(minutes).ok()).map_or(Self::All, Self::Last),
            Some("looked") => Self::SinceLastLook,
            Some("between") => match (number(), number()) {
                (Some(since), Some(until)) if since < until => Self::Between(since, until),
                _ => Self::All,
            },
            _ => Self::All,
        }
    }
}

/// About a three hundredth of a length, in whole seconds.
fn grain(length: u64) -> u64 {
    (length / 300 / SECOND).max(1) * SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_remembered() {
        for choice in RangeChoice::NAMED.into_iter().chain([RangeChoice::Between(1, 2)]) {
            assert_eq!(RangeChoice::read(&choice.written()), choice);
        }
        for text in ["", "last", "last x", "last 99999999999", "between 2 1", "between 1", "?"] {
            assert_eq!(RangeChoice::read(text), RangeChoice::All, "{text}");
        }
    }

    #[test]
    fn what_is_relative_moves_in_steps_and_is_never_short() {
        let now = 1_800_000_000_123_456_789;
        for choice in RangeChoice::NAMED {
            let range = choice.range(now, Some(5));
            match choice {
                RangeChoice::Last(minutes) => {
                    let since = range.since_unix_nano.expect("it has a beginning");
                    let length = u64::from(minutes) * MINUTE;
                    assert!(now - since >= length && now - since < length + length / 300 + SECOND, "{choice:?}");
                    assert_eq!(choice.range(now + 1, None).since_unix_nano, Some(since));
                }
                RangeChoice::SinceLastLook => assert_eq!(range.since_unix_nano, Some(5)),
                _ => assert_eq!(range, TimeRange::default()),
            }
        }
    }

    #[test]
    fn names_say_how_long() {
        let names: Vec<_> = RangeChoice::NAMED.into_iter().map(RangeChoice::name).collect();
        assert_eq!(names[2..7], ["Last 30 minutes", "Last hour", "Last 6 hours", "Last 24 hours", "Last 7 days"]);
    }

    #[test]
    fn widening_ends_with_all_time() {
        let mut choice = RangeChoice::Last(5);
        let mut steps = 0;
        while let Some(wider) = choice.wider() {
            choice = wider;
            steps += 1;
        }
        assert_eq!((choice, steps), (RangeChoice::All, 3));
    }
}
