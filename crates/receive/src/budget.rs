//! One account for the memory of all requests in flight.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Bytes that may be held at a time, and those that are.
#[derive(Debug)]
pub(crate) struct Budget {
    total: AtomicU64,
    wait: Duration,
    held: Mutex<u64>,
    freed: Notify,
}

/// Why bytes cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// Never: the request alone exceeds the budget.
    Never,
    /// Not now: others hold too much.
    Now,
}

impl Budget {
    /// `total` bytes; a request waits at most `wait` for its share.
    pub(crate) fn new(total: u64, wait: Duration) -> Arc<Self> {
        Arc::new(Self { total: AtomicU64::new(total), wait, held: Mutex::new(0), freed: Notify::new() })
    }

    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// What is held already stays held, even if it is more.
    pub(crate) fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.freed.notify_waiters();
    }

    /// A share of nothing yet.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share { budget: Arc::clone(self), bytes: 0 }
    }

    fn try_take(&self, bytes: u64) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = bytes <= self.total().saturating_sub(*held);
        if fits {
            *held += bytes;
        }
        fits
    }

    fn release(&self, bytes: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held -= bytes;
        drop(held);
        self.freed.notify_waiters();
    }
}

/// What one request holds; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Share {
    /// Holds `bytes` in all from now on: more than before (waiting for room a bounded time) or
    /// less. Who waits does not hold up a smaller request that fits.
    pub(crate) async fn hold(&mut self, bytes: u64) -> Result<(), NoRoom> {
        if bytes > self.budget.total() {
            return Err(NoRoom::Never);
        }
        let Some(more) = bytes.checked_sub(self.bytes) else {
            self.budget.release(self.bytes - bytes);
            self.bytes = bytes;
            return Ok(());
        };
        let deadline = Instant::now() + self.budget.wait;
        loop {
            let freed = self.budget.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if self.budget.try_take(more) {
                self.bytes = bytes;
                return Ok(());
            }
            timeout_at(deadline, freed).await.map_err(|_| NoRoom::Now)?;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_share_waits_for_room_but_not_for_ever() {
        let budget = Budget::new(100, Duration::from_millis(20));
        let (mut first, mut second) = (budget.share(), budget.share());
        assert_eq!(first.hold(101).await, Err(NoRoom::Never));
        assert_eq!(first.hold(60).await, Ok(()));
        assert_eq!(second.hold(50).await, Err(NoRoom::Now));
        assert_eq!(second.hold(40).await, Ok(()));
        assert_eq!(second.hold(10).await, Ok(()), "a share can shrink");
        let (grown, ()) = tokio::join!(second.hold(100), async { drop(first) });
        assert_eq!(grown, Ok(()), "what is given back is taken by who waits");
        drop(second);
        assert_eq!(*budget.held.lock().unwrap_or_else(PoisonError::into_inner), 0);
    }
}
