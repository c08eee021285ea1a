//! The index of traces in memory.

mod summary;

pub use summary::{
    EARLIEST_POSSIBLE_UNIX_NANO, FirstError, LATEST_POSSIBLE_UNIX_NANO, TraceSummary, is_possible,
};
