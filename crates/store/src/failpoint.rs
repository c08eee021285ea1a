//! What tests do to a running process from outside, in builds with debug assertions only: kill it at a named
//! place, make segments of fewer items so that they come soon, and be behind sooner.

#[cfg(debug_assertions)]
mod armed {
    use std::{
        env,
        sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    /// The place at which to die, and how often it is reached until then.
    static KILL_AT: LazyLock<Option<(String, AtomicU64)>> = LazyLock::new(|| {
        let value = env::var("SPANSCOPE_KILL_AT").ok()?;
        let (name, times) = value.split_once(':').unwrap_or((&value, "1"));
        Some((name.to_owned(), AtomicU64::new(times.parse().ok()?)))
    });

    static SEGMENT_ITEMS: LazyLock<Option<u64>> = LazyLock::new(|| number("SPANSCOPE_SEGMENT_ITEMS"));

    static MOST_WAITING: LazyLock<Option<u64>> = LazyLock::new(|| number("SPANSCOPE_MOST_WAITING"));

    fn number(name: &str) -> Option<u64> {
        env::var(name).ok()?.parse().ok()
    }

    /// Kills this process if `SPANSCOPE_KILL_AT` is this name, or `NAME:N` and it is the N-th time.
    pub(crate) fn reach(name: &str) {
        if let Some((wanted, times)) = &*KILL_AT
            && wanted == name
            && times.fetch_sub(1, Ordering::Relaxed) == 1
        {
            die();
        }
    }

    #[cfg(unix)]
    fn die() {
        use rustix::process::{Signal, getpid, kill_process};
        let _ = kill_process(getpid(), Signal::KILL);
    }

    #[cfg(not(unix))]
    fn die() {
        std::process::abort();
    }

    /// How many items make a segment, if `SPANSCOPE_SEGMENT_ITEMS` says so.
    pub(crate) fn segment_items() -> Option<u64> {
        *SEGMENT_ITEMS
    }

    /// How much may wait to become segments, if `SPANSCOPE_MOST_WAITING` says so.
    pub(crate) fn most_waiting() -> Option<u64> {
        *MOST_WAITING
    }
}

#[cfg(not(debug_assertions))]
mod armed {
    /// Nothing.
    pub(crate) fn reach(_: &str) {}

    /// As many as usual.
    pub(crate) fn segment_items() -> Option<u64> {
        None
    }

    /// As much as usual.
    pub(crate) fn most_waiting() -> Option<u64> {
        None
    }
}

pub(crate) use armed::{most_waiting, reach, segment_items};
