//! Where items came from.

use serde::{Deserialize, Serialize};

/// Where the items of a request came from. Segments are of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Source {
    /// Whoever sends while it happens, forwarders included.
    #[default]
    Live,
    /// A file, or the sample: it is shown, and never enters aggregates.
    Imported,
}

/// What version 3 of the database adds for sources: what was there before counts as live.
pub(crate) const COLUMNS: &str = "
ALTER TABLE l0 ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segment ADD COLUMN source INTEGER NOT NULL DEFAULT 0;
";

impl Source {
    pub(crate) const ALL: [Self; 2] = [Self::Live, Self::Imported];

    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Live => 0,
            Self::Imported => 1,
        }
    }

    pub(crate) fn of(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }
}
