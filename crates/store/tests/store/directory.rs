//! Whose the directory is, and who may write.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use store::{AppendError, DataDir, OpenError, Reader, Store};

use crate::given::{Kept, in_protobuf, span, trace_id, traces};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn everything_is_private() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    assert_eq!(mode(kept.dir.path()), 0o700);
    let mut files = Vec::new();
    for file in fs::read_dir(kept.dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(mode(&file.path()), 0o600, "{:?}", file.file_name());
        files.push(file.file_name().into_string().unwrap());
    }
    files.sort();
    assert_eq!(files, ["lock", "spanscope.db", "spanscope.db-shm", "spanscope.db-wal"]);
    let bytes = kept.store().bytes_on_disk();
    assert!(bytes.database > 0 && bytes.write_ahead_log > 0 && bytes.total > bytes.database);
}

#[test]
fn a_directory_is_made_ours_only_if_it_is_nobodys() {
    let temp = tempfile::tempdir().unwrap();
    let open_to_all = |name: &str| {
        let path = temp.path().join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let empty = open_to_all("empty");
    DataDir::open(&empty).unwrap();
    assert_eq!(mode(&empty), 0o700);

    let full = open_to_all("full");
    fs::write(full.join("letter.txt"), "dear").unwrap();
    assert!(matches!(DataDir::open(&full), Err(OpenError::NotPrivate { mode: 0o755, .. })));
    assert_eq!(mode(&full), 0o755);

    assert!(matches!(DataDir::open(full.join("letter.txt")), Err(OpenError::NotADirectory { .. })));
    assert!(matches!(DataDir::open_existing(temp.path().join("none")), Err(OpenError::Missing { .. })));
    let nested = DataDir::open(temp.path().join("a/b/c")).unwrap();
    let link = temp.path().join("link");
    symlink(nested.path(), &link).unwrap();
    assert_eq!(DataDir::open(&link).unwrap(), nested);
}

#[tokio::test]
async fn one_owner_at_a_time() {
    let mut kept = Kept::new().await;
    let refused = kept.dir.try_lock().unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }));
    let sentence = format!("{} is in use by another Spanscope", kept.dir.path().display());
    assert_eq!(refused.to_string(), sentence);
    kept.close().await;
    drop(kept.dir.try_lock().unwrap());
}

#[tokio::test]
async fn a_closed_store_keeps_nothing_and_can_still_be_read() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    kept.store().turned_away("too_large", 1, 70);
    kept.store().turned_away("too_large", 2, 30);
    kept.store().close().await.unwrap();
    kept.store().close().await.unwrap();
    assert_eq!(kept.add(in_protobuf(&traces("a", vec![span(2, 1, "x")]))).await, Err(AppendError::Closed));
    let files = fs::read_dir(kept.dir.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(files, ["lock", "spanscope.db"]);
    assert_eq!(kept.reader().trace(trace_id(1)).await.unwrap().unwrap().spans.len(), 1);

    let again = Store::open(&kept.dir, kept.dir.try_lock().unwrap()).await.unwrap();
    let turned_away = again.ledger().turned_away;
    assert_eq!((turned_away["too_large"].requests, turned_away["too_large"].bytes), (3, 100));
}

async fn refusals(path: &Path) -> [OpenError; 2] {
    let dir = DataDir::open(path.parent().unwrap()).unwrap();
    let before = fs::read(path).unwrap();
    let read = Reader::open_read_only(&dir).await.unwrap_err();
    let written = Store::open(&dir, dir.try_lock().unwrap()).await.unwrap_err();
    assert_eq!(fs::read(path).unwrap(), before, "a database that is refused is left untouched");
    let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["lock", "spanscope.db"]);
    [read, written]
}

#[tokio::test]
async fn a_newer_database_is_refused_untouched() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    kept.close().await;
    let path = kept.dir.database_path();
    let mut bytes = fs::read(&path).unwrap();
    // The user version stands at byte 60 of the header, big-endian (sqlite.org/fileformat2.html, 1.3).
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    for refused in refusals(&path).await {
        assert!(matches!(refused, OpenError::Newer { found: 99, known: 3, .. }), "{refused}");
    }
}

#[tokio::test]
async fn a_foreign_file_is_refused_untouched() {
    let mut kept = Kept::new().await;
    kept.close().await;
    let path = kept.dir.database_path();
    let mut bytes = fs::read(&path).unwrap();
    // The application id stands at byte 68.
    bytes[68..72].copy_from_slice(&0x4750_4b47_u32.to_be_bytes());
    for foreign in [bytes, b"dear diary, ".repeat(100)] {
        fs::write(&path, foreign).unwrap();
        for refused in refusals(&path).await {
            assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
        }
    }
}
