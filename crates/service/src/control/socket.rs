//! The socket file.

use std::{
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

/// Longest path that fits into `sockaddr_un` everywhere, bytes.
const MAX_PATH_BYTES: usize = 100;

/// Listens at `path`, which only this user may open. Whoever holds the lock on the directory may
/// replace what a killed process left there.
pub(crate) fn bind(path: &Path) -> io::Result<UnixListener> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
        _ => {}
    }
    let listener = at_short_path(&new, |path| UnixListener::bind(path))?;
    // Nobody finds the socket under its name before its mode is right.
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600))?;
    fs::rename(&new, path)?;
    Ok(listener)
}

/// Connects to the socket at `path`; `None` where nobody listens.
pub(crate) async fn connect(path: &Path) -> io::Result<Option<UnixStream>> {
    let path = path.to_owned();
    let stream =
        tokio::task::spawn_blocking(move || at_short_path(&path, |path| std::os::unix::net::UnixStream::connect(path)))
            .await
            .map_err(io::Error::other)?;
    match stream {
        Ok(stream) => {
            stream.set_nonblocking(true)?;
            UnixStream::from_std(stream).map(Some)
        }
        Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(err) => Err(err),
    }
}

/// Runs `act` with a path to the same file that is short enough for a socket's address.
fn at_short_path<T>(path: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    if path.as_os_str().len() <= MAX_PATH_BYTES || !cfg!(target_os = "linux") {
        return act(path);
    }
    let directory = File::open(parent)?;
    act(&PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name))
}
