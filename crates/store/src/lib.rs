//! What is kept: one SQLite database in a data directory that a single writer owns and any number
//! of processes read.
//!
//! Entry points: [`DataDir`] and its lock, [`Store`] to write (an appended request is durable when
//! [`Store::append`] returns), [`Reader`] to read, beside a running writer too. [`Vocabulary`] says in which words it can
//! be searched.
//!
//! Deliberately absent: sockets and limits (`receive`), what a search means (`query`), the shape of a trace and
//! what is a call (`analysis`), and any deletion: a database that is newer is refused, one that is damaged set aside and kept.

mod aggregates;
mod append;
mod compact;
mod directory;
mod error;
mod failpoint;
mod index;
mod ledger;
mod left_out;
mod packed;
mod read;
mod retention;
mod salvage;
mod schema;
mod search;
mod segments;
mod source;
mod thinned;
mod vocabulary;

pub use aggregate::{Aggregates, Edge, EdgeKey, Edges, Key, Origin, Sketch};
pub use analysis::{ConnectionType, GraphNode, NodeKind};
pub use append::{Append, Appended, BytesOnDisk, Store};
pub use compact::{Gone, Preview};
pub use directory::{DataDir, DirLock};
pub use error::{AppendError, OpenError, ReadError};
pub use index::{EARLIEST_POSSIBLE_UNIX_NANO, FirstError, LATEST_POSSIBLE_UNIX_NANO, TraceSummary, is_possible};
pub use ledger::{EARLIER, Example, Ledger, MOST_SERVICES, OTHERS, ServiceLedger, SignalLedger, TurnedAway};
pub use read::{Reader, StoredLog, StoredResource, StoredScope, StoredSpan, TraceContents, Unreadable};
pub use retention::{Retention, Selected, Selection, Sizes};
pub use salvage::Salvaged;
pub use search::{Found, Next, Progress, Search, SearchFor};
pub use source::Source;
pub use vocabulary::{Gist, StoredKey, StoredValue, ValueKind, Vocabulary};
