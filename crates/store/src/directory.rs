//! The data directory: whose it is, where it lies, and the lock on it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::OpenError;

const DATABASE: &str = "spanscope.db";
const CONTROL_SOCKET: &str = "control.sock";
const LOCK: &str = "lock";

/// A directory of our own (mode 0700) on a local file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// Opens a directory, creating it with its parents if it is not there.
    ///
    /// # Errors
    /// Another user's directory, a network file system, and a directory that others may enter and that
    /// holds other things are refused; see [`OpenError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if let Err(source) = create(path)
            && source.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(OpenError::of_writing(path, path, source));
        }
        let dir = Self::open_existing(path)?;
        dir.make_private()?;
        Ok(dir)
    }

    /// Opens a directory that is there and changes nothing about it: for readers.
    ///
    /// # Errors
    /// As [`DataDir::open`], and [`OpenError::Missing`]. A mode that lets others in is not an error here.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::Missing { path: path.to_owned() });
            }
            Err(source) => return Err(OpenError::Io { path: path.to_owned(), source }),
        };
        let metadata = fs::metadata(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        if !metadata.is_dir() {
            return Err(OpenError::NotADirectory { path });
        }
        if path.to_str().is_none() {
            return Err(OpenError::NotUtf8 { path });
        }
        check_owner(&path, &metadata)?;
        check_file_system(&path)?;
        Ok(Self { path })
    }

    /// The directory itself: absolute, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database.
    #[must_use]
    pub fn database_path(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The socket at which the owner of the directory listens.
    #[must_use]
    pub fn control_socket_path(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }

    /// Takes the directory for this process, without waiting. The operating system gives it free when
    /// the [`DirLock`] is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// [`OpenError::Locked`] while someone else has it.
    pub fn try_lock(&self) -> Result<DirLock, OpenError> {
        let path = self.path.join(LOCK);
        let io = |source| OpenError::of_writing(&self.path, &path, source);
        let file = private_file().write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(DirLock { dir: self.clone(), _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: self.path.clone() }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Creates the database's file with mode 0600, which SQLite then gives to the files beside it.
    pub(crate) fn create_database_file(&self) -> Result<(), OpenError> {
        let path = self.database_path();
        let created = match private_file().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => set_mode(&path, 0o600),
            created => created.map(drop),
        };
        created.map_err(|source| OpenError::of_writing(&self.path, &path, source))
    }

    /// Sets mode 0700, unless that would take a directory from others who use it.
    fn make_private(&self) -> Result<(), OpenError> {
        let io = |source| OpenError::of_writing(&self.path, &self.path, source);
        let mode = mode_of(&fs::metadata(&self.path).map_err(io)?);
        if mode & 0o077 == 0 {
            return Ok(());
        }
        let is_ours = self.database_path().exists();
        let is_empty = || fs::read_dir(&self.path).map(|mut entries| entries.next().is_none());
        if is_ours || is_empty().map_err(io)? {
            return set_mode(&self.path, 0o700).map_err(io);
        }
        Err(OpenError::NotPrivate { path: self.path.clone(), mode })
    }
}

/// The lock on a data directory, held for as long as this lives.
#[derive(Debug)]
pub struct DirLock {
    dir: DataDir,
    _file: File,
}

impl DirLock {
    /// The directory that is locked.
    #[must_use]
    pub fn dir(&self) -> &DataDir {
        &self.dir
    }
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(unix)]
pub(crate) fn private_file() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(unix)]
fn mode_of(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(unix)]
fn check_owner(path: &Path, metadata: &fs::Metadata) -> Result<(), OpenError> {
    use std::os::unix::fs::MetadataExt;
    let owner = metadata.uid();
    if owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(OpenError::OtherOwner { path: path.to_owned(), owner })
}

// On Windows a profile's directories are private by inheritance, and an owner is no number.
#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(not(unix))]
pub(crate) fn private_file() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(not(unix))]
fn mode_of(_: &fs::Metadata) -> u32 {
    0o700
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &fs::Metadata) -> Result<(), OpenError> {
    Ok(())
}

/// Refuses the file systems on which the memory that SQLite's write-ahead log shares does not work
/// (sqlite.org/wal.html, "All processes using a database must be on the same host computer").
#[cfg(target_os = "linux")]
fn check_file_system(path: &Path) -> Result<(), OpenError> {
    let statfs =
        rustix::fs::statfs(path).map_err(|errno| OpenError::Io { path: path.to_owned(), source: errno.into() })?;
    // The kernel's numbers have 32 bits; the field is wider, signed or not by architecture.
    let magic = u32::try_from(statfs.f_type & 0xffff_ffff).unwrap_or_default();
    match network_file_system(magic) {
        Some(kind) => Err(OpenError::NetworkFileSystem { path: path.to_owned(), kind }),
        None => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn check_file_system(_: &Path) -> Result<(), OpenError> {
    Ok(())
}

/// The name of a network file system by its number (Linux, `statfs(2)` and `linux/magic.h`).
#[cfg(target_os = "linux")]
fn network_file_system(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x5346_414f => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::network_file_system;

    #[test]
    fn network_file_systems_are_known_by_number() {
        let kinds = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0xef53, 0x9123_683e, 0x0102_1994];
        let names = kinds.map(|magic| network_file_system(magic).unwrap_or("local"));
        assert_eq!(names, ["NFS", "SMB", "SMB", "SMB", "9p", "local", "local", "local"]);
    }
}
