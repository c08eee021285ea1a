//! What can go wrong, an error per operation.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::schema;

/// Why a data directory or the database in it cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such directory.
    #[error("there is no data directory at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The path is something else than a directory.
    #[error("{} is not a directory", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// The path is not UTF-8, which SQLite needs.
    #[error("the path {} is not valid UTF-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// Another user owns the directory.
    #[error("{} belongs to another user (uid {owner}): choose a directory of your own", path.display())]
    OtherOwner {
        /// The directory.
        path: PathBuf,
        /// The user's number.
        owner: u32,
    },
    /// Others may enter the directory, and it holds things that are not ours, so that its mode is not changed.
    #[error("{} is open to other users (mode {mode:03o}) and holds other files: choose an empty directory, or run chmod 700 on it", path.display())]
    NotPrivate {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The directory lies on a network file system, where SQLite's write-ahead log is unsafe.
    #[error("{} lies on a network file system ({kind}), where the database could be damaged: choose a directory on a local disk", path.display())]
    NetworkFileSystem {
        /// The directory.
        path: PathBuf,
        /// The file system's name.
        kind: &'static str,
    },
    /// The directory, or a file in it, cannot be written.
    #[error("{} cannot be written ({source}): make it writable, or choose another directory with --data-dir", path.display())]
    ReadOnly {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process owns the directory.
    #[error("{} is in use by another Spanscope", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// A newer version wrote the database. Nothing was changed.
    #[error("{} was written by a newer version (schema {found}, this one knows {known}): it was left untouched, use the newer version", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema's version.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// An older version wrote the database, and it was opened to be read only. Nothing was changed.
    #[error("{} was written by an older version (schema {found}): start Spanscope on this directory once, which brings it up to date", path.display())]
    Older {
        /// The database.
        path: PathBuf,
        /// Its schema's version.
        found: i64,
    },
    /// The file is not a database of this product. Nothing was changed.
    #[error("{} is not a Spanscope database: it was left untouched", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Somebody added views or triggers to the database, which would act within it. Nothing was changed.
    #[error("{} holds views or triggers that are not Spanscope's ({what}): it was left untouched, drop them to use it", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// Their names.
        what: String,
    },
    /// What is in the database contradicts itself.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file system says no.
    #[error("cannot open {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database says no.
    #[error("cannot open {}: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
}

impl OpenError {
    /// Why something in a directory could not be opened to be written.
    pub(crate) fn of_writing(directory: &Path, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path: directory.to_owned(), source }
            }
            _ => Self::Io { path: path.to_owned(), source },
        }
    }

    /// Why the database in a directory could not be opened to be written.
    pub(crate) fn of_database(directory: &Path, path: &Path, source: sqlx::Error) -> Self {
        // SQLite says so too of a directory in which it cannot make its log.
        if schema::primary_code(&source) == Some(schema::READ_ONLY) {
            let message =
                source.as_database_error().map_or_else(|| source.to_string(), |error| error.message().to_owned());
            let source = io::Error::new(io::ErrorKind::PermissionDenied, message);
            return Self::ReadOnly { path: directory.to_owned(), source };
        }
        Self::Database { path: path.to_owned(), source }
    }
}

/// Why a request was not kept. Nothing of it is stored, and the client may try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The disk or the permitted size is full.
    #[error("the disk is full")]
    Full,
    /// Another process holds the database.
    #[error("the database is locked by another process")]
    Busy,
    /// More comes than can be made segments, and what waits takes memory.
    #[error("more comes than can be worked off: too much is waiting to become segments")]
    Behind,
    /// The store is closed or closing.
    #[error("the store is closed")]
    Closed,
    /// Anything else, for example an I/O error.
    #[error("the database cannot be written: {0}")]
    Other(String),
}

/// Why something stored cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database says no.
    #[error("the database cannot be read: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored request does not decode.
    #[error("stored request {row} cannot be read: {detail}")]
    Damaged {
        /// Its row in the append level.
        row: u64,
        /// What is wrong.
        detail: String,
    },
    /// What was to be read was replaced again and again while it was read.
    #[error("the database changes faster than it can be read: try again")]
    Unsettled,
    /// A segment does not read.
    #[error("segment {segment} cannot be read: {detail}")]
    Segment {
        /// Its id.
        segment: u64,
        /// What is wrong.
        detail: String,
    },
    /// The database was opened to be read and cannot be.
    #[error(transparent)]
    Open(#[from] OpenError),
}
