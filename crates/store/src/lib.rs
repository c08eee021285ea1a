//! What is kept: one SQLite database in a data directory that a single writer owns and any number
//! of processes read.
//!
//! Entry points: [`DataDir`] and its lock, [`Store`] to write (an appended request is durable when
//! [`Store::append`] returns), [`Reader`] to read, beside a running writer too.
//!
//! Deliberately absent: sockets and limits (`receive`), search (`query`), the shape of a trace
//! (`analysis`), and any deletion: a database that is damaged or newer is refused, not repaired.

mod append;
mod compact;
mod directory;
mod error;
mod failpoint;
mod index;
mod ledger;
mod ledger_1;
mod left_out;
mod read;
mod retention;
mod schema;
mod segments;
mod thinned;

pub use append::{Append, Appended, BytesOnDisk, Store};
pub use compact::{Gone, Preview};
pub use directory::{DataDir, DirLock};
pub use error::{AppendError, OpenError, ReadError};
pub use index::{EARLIEST_POSSIBLE_UNIX_NANO, FirstError, LATEST_POSSIBLE_UNIX_NANO, TraceSummary, is_possible};
pub use ledger::{Ledger, SignalLedger, TurnedAway};
pub use read::{Reader, StoredLog, StoredResource, StoredScope, StoredSpan, TraceContents};
pub use retention::{Retention, Selected, Selection, Sizes};
