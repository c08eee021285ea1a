//! Where the window was and how large, kept in the data directory.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

const FILE: &str = "window.json";

/// The smallest useful window, in logical pixels.
pub(crate) const SMALLEST: (f64, f64) = (720.0, 480.0);

/// The window in logical pixels of its screen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    /// Width inside the frame.
    pub(crate) width: f64,
    /// Height inside the frame.
    pub(crate) height: f64,
    /// Left and top edge of the frame; `None` where the platform does not say.
    pub(crate) at: Option<(f64, f64)>,
    /// Whether it fills the screen; width and height are then those it had before.
    pub(crate) is_maximized: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self { width: 1_360.0, height: 860.0, at: None, is_maximized: false }
    }
}

impl Place {
    /// As it was left, or the default where nothing usable is written.
    pub(crate) fn read(data_dir: &Path) -> Self {
        let read = fs::read(data_dir.join(FILE)).map(|bytes| serde_json::from_slice::<Self>(&bytes));
        let Ok(Ok(place)) = read else { return Self::default() };
        let is_sane = |size: f64, least: f64| (least..=16_384.0).contains(&size);
        if is_sane(place.width, SMALLEST.0) && is_sane(place.height, SMALLEST.1) { place } else { Self::default() }
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self, data_dir: &Path) -> io::Result<()> {
        let temporary = data_dir.join(format!("{FILE}.{}.part", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&temporary)?.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&temporary, data_dir.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_remembered_and_nonsense_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(Place::read(dir.path()), Place::default());
        let place = Place { width: 900.0, height: 600.5, at: Some((-10.0, 20.0)), is_maximized: true };
        place.write(dir.path()).expect("it can be written");
        assert_eq!(Place::read(dir.path()), place);
        for nonsense in ["", "{", "[]", r#"{"width":1e9}"#, r#"{"height":-5}"#, r#"{"width":"wide"}"#] {
            fs::write(dir.path().join(FILE), nonsense).expect("it can be written");
            assert_eq!(Place::read(dir.path()), Place::default(), "{nonsense}");
        }
    }
}
