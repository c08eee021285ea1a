//! A data directory whose disk fails when it is told to.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::support::{Serve, fresh_dir, spanscope};

const SHIM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/shim.c");
/// Bytes of the file that controls the shim, and where in it things are.
const CONTROL_BYTES: u64 = 24;
const STRUCK_AT: u64 = 8;
const DATABASE_SYNCED_AT: u64 = 16;

/// What fails. Each is a letter of the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Writing gives EIO.
    Write = b'w' as isize,
    /// `fsync` gives EIO.
    Sync = b's' as isize,
    /// Writing gives ENOSPC, mostly after a part of it is written.
    Full = b'f' as isize,
    /// Writing and `fsync` do not return until it is over.
    Stall = b'h' as isize,
    /// Opening to write gives EROFS.
    ReadOnly = b'r' as isize,
    /// Making a file gives EACCES.
    Forbidden = b'a' as isize,
}

/// Which files it is that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// All in the directory.
    Everything = 0,
    /// The database alone, which only checkpoints write to.
    Database = b'd' as isize,
    /// Its write-ahead log.
    Log = b'l' as isize,
}

/// A data directory, and the shim that stands between its files and `serve`.
pub struct Disk {
    data: TempDir,
    dir: PathBuf,
    /// Beside the data directory: the shim and what controls it.
    outside: TempDir,
    control: File,
}

impl Disk {
    /// One that works.
    pub fn new() -> Self {
        let (data, outside) = (fresh_dir(), fresh_dir());
        let compiled = Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-O1", SHIM, "-ldl", "-o"])
            .arg(outside.path().join("shim.so"))
            .status()
            .unwrap();
        assert!(compiled.success(), "{SHIM} does not compile");
        let control = outside.path().join("control");
        fs::write(&control, [0; CONTROL_BYTES as usize]).unwrap();
        let control = File::options().read(true).write(true).open(control).unwrap();
        let dir = data.path().canonicalize().unwrap();
        Self { data, dir, outside, control }
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        self.data.path()
    }

    /// A server on this disk that makes segments of so many items.
    pub fn serve(&self, segment_items: &str) -> Serve {
        let shim = self.shim();
        let mut variables: Vec<(&str, &str)> = shim.iter().map(|(name, value)| (*name, value.as_str())).collect();
        variables.push(("SPANSCOPE_SEGMENT_ITEMS", segment_items));
        Serve::start_in(self.dir(), &variables).expect("it starts")
    }

    /// The command line on this disk.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = spanscope(self.dir(), args);
        command.envs(self.shim());
        command
    }

    /// From now on this fails.
    pub fn fail(&self, fault: Fault, of: Of) {
        self.control.write_all_at(&[of as u8], 1).unwrap();
        self.control.write_all_at(&[fault as u8], 0).unwrap();
    }

    /// From now on it works.
    pub fn heal(&self) {
        self.control.write_all_at(&[0], 0).unwrap();
    }

    /// How many calls failed or hung until now.
    pub fn struck(&self) -> u64 {
        self.number(STRUCK_AT)
    }

    /// How often the database's file was synced until now.
    pub fn database_synced(&self) -> u64 {
        self.number(DATABASE_SYNCED_AT)
    }

    fn number(&self, at: u64) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, at).unwrap();
        u64::from_ne_bytes(bytes)
    }

    fn shim(&self) -> [(&'static str, String); 3] {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        [
            ("LD_PRELOAD", text(self.outside.path().join("shim.so"))),
            ("FAULT_CONTROL", text(self.outside.path().join("control"))),
            ("FAULT_DIR", text(self.dir.clone())),
        ]
    }
}
