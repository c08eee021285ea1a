//! A damaged database is kept, and what can be read of it is read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use store::{DataDir, Salvaged, Store};

use crate::given::{Kept, T0, in_protobuf, logs, logs_in_protobuf, names, record, span, trace_id, traces};

/// Segments of traces 1 to 8, and rows of 9 to 16 after them; closed.
async fn given() -> Kept {
    let mut kept = Kept::new().await;
    for trace in 1..=16 {
        let noise: String = (0..4_000_u64)
            .map(|n| format!("{:x}", (n + 7).wrapping_mul(u64::from(trace) << 40 | 0x9e37_79b9)))
            .collect();
        kept.add(in_protobuf(&traces("shop", vec![span(trace, 1, "a"), span(trace, 2, &noise)]))).await.unwrap();
        if trace <= 8 {
            kept.add(logs_in_protobuf(&logs("shop", vec![record(trace, T0, &noise)]))).await.unwrap();
            kept.store().compact().await.unwrap();
        }
    }
    kept.store().pin(trace_id(1), true).await.unwrap();
    kept.close().await;
    kept
}

async fn open(dir: &DataDir) -> Store {
    Store::open(dir, dir.try_lock().unwrap()).await.unwrap()
}

async fn salvage_all(store: &Store) -> Salvaged {
    let [damaged] = &store.to_salvage()[..] else { panic!("one was set aside") };
    let mut calls = 0;
    let salvaged = store.salvage(damaged, |_| calls += 1).await.unwrap();
    assert_eq!(calls, salvaged.in_all);
    assert!(store.to_salvage().is_empty());
    salvaged
}

async fn found(store: &Store) -> Vec<u8> {
    let mut found = Vec::new();
    for trace in 1..=16 {
        if names(&store.reader(), trace).await.len() == 2 {
            found.push(trace);
        }
    }
    found
}

fn flip(path: &Path, at: usize, bytes: usize) {
    let mut file = fs::read(path).unwrap();
    let at = at.min(file.len() - bytes);
    file[at..at + bytes].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(path, file).unwrap();
}

fn set_aside(dir: &DataDir) -> Vec<PathBuf> {
    let files = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let is_one = |path: &PathBuf| path.to_str().unwrap().contains("damaged") && path.extension().unwrap() == "db";
    files.filter(is_one).collect()
}

/// The ledger's row is no ledger: nothing else is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_contradiction_loses_nothing() {
    use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
    let kept = given().await;
    let path = kept.dir.database_path();
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
    sqlx::raw_sql("UPDATE ledger_service SET value = x'ff'").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let before = fs::metadata(&path).unwrap().len();

    let store = open(&kept.dir).await;
    // Usable before anything is read.
    assert_eq!(store.append(in_protobuf(&traces("new", vec![span(40, 1, "n")]))).await.unwrap().stored, 1);
    assert_eq!(fs::metadata(&set_aside(&kept.dir)[0]).unwrap().len(), before, "kept");
    // A kill in the midst of it: it begins again, and doubles nothing.
    let damaged = store.to_salvage().remove(0);
    let mut half = Box::pin(store.salvage(&damaged, |_| ()));
    tokio::select! { _ = &mut half => {}, () = tokio::time::sleep(std::time::Duration::from_millis(15)) => {} }
    drop(half);
    let _ = fs::remove_file(damaged.with_extension("salvaged"));
    let salvaged = salvage_all(&store).await;
    assert_eq!((salvaged.items, salvaged.lost), (40, 0));
    assert_eq!(found(&store).await, (1..=16).collect::<Vec<u8>>());
    let ledger = store.ledger();
    assert_eq!((ledger.spans.stored, ledger.logs.stored), (33, 8));
    assert_eq!(store.reader().pinned(), [trace_id(1)]);
    assert!(ledger.spans.is_balanced());
    store.close().await.unwrap();
    let store = open(&kept.dir).await;
    assert!(store.to_salvage().is_empty());
    assert_eq!(set_aside(&kept.dir).len(), 1, "and it stays");
    store.close().await.unwrap();
}

/// Damage wherever it falls: the store opens, takes what comes, and what is read of the old one is right.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_flipped_anywhere() {
    let given = given().await;
    let whole = fs::read(given.dir.database_path()).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let mut aside = 0;
    for (number, at) in (0..whole.len()).step_by(whole.len() / 24).chain([0, 101, 8192 * 2, 8192 * 3]).enumerate() {
        let dir = DataDir::open(temp.path().join(number.to_string())).unwrap();
        fs::write(dir.database_path(), &whole).unwrap();
        flip(&dir.database_path(), at, 64);
        let store = open(&dir).await;
        for damaged in store.to_salvage() {
            aside += 1;
            store.salvage(&damaged, |_| ()).await.unwrap();
            assert!(damaged.exists(), "{at}");
        }
        assert_eq!(store.append(in_protobuf(&traces("new", vec![span(40, 1, "n")]))).await.unwrap().stored, 1, "{at}");
        assert_eq!(names(&store.reader(), 40).await, ["n#0"]);
        store.close().await.unwrap();
    }
    assert!(aside > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_missing() {
    let kept = given().await;
    let path = kept.dir.database_path();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 8 * 7]).unwrap();
    let store = open(&kept.dir).await;
    let salvaged = salvage_all(&store).await;
    assert!(salvaged.items > 0, "{salvaged:?}");
    assert_eq!(store.ledger().spans.stored + store.ledger().logs.stored, salvaged.items);
    store.close().await.unwrap();
}

/// SQLite would delete a log whose database is empty.
#[tokio::test(flavor = "multi_thread")]
async fn zero_length_beside_a_log() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path().join("data")).unwrap();
    fs::write(dir.database_path(), b"").unwrap();
    let log = fs::read(kept.dir.path().join("spanscope.db-wal")).unwrap();
    assert!(!log.is_empty());
    fs::write(dir.path().join("spanscope.db-wal"), &log).unwrap();
    let store = open(&dir).await;
    let aside = set_aside(&dir).remove(0);
    assert_eq!(fs::read(format!("{}-wal", aside.display())).unwrap(), log);
    assert_eq!(store.append(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap().stored, 1);
    store.close().await.unwrap();
}

/// Killed between the two: the log follows its database.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_it_is_set_aside() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path().join("data")).unwrap();
    fs::copy(kept.dir.database_path(), dir.path().join("spanscope-damaged-7.db")).unwrap();
    fs::copy(kept.dir.path().join("spanscope.db-wal"), dir.path().join("spanscope.db-wal")).unwrap();
    let store = open(&dir).await;
    assert_eq!(salvage_all(&store).await.items, 1);
    assert_eq!(names(&store.reader(), 1).await, ["x#0"]);
    store.close().await.unwrap();
}
