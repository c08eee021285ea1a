//! The connections that are open: how many, and which of them may go when there are too many.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::Limits;

/// A request whose bytes stop for this long no longer keeps its connection when others wait.
const STALLED: Duration = Duration::from_secs(1);

/// How long a new connection waits for a place.
const PLACE_WAIT: Duration = Duration::from_millis(500);

/// All of them.
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Arc<Pulse>>>,
    next: AtomicU64,
}

impl Connections {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { places, open: Mutex::default(), next: AtomicU64::new(0) })
    }

    /// A place for a new connection. Where there is none, the connection that has been silent
    /// longest and is not being served goes; `None` if all are being served.
    pub(crate) async fn admit(self: &Arc<Self>, peer: SocketAddr) -> Option<Place> {
        let permit = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.evict_one();
                timeout(PLACE_WAIT, Arc::clone(&self.places).acquire_owned()).await.ok()?.ok()?
            }
        };
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let pulse = Arc::new(Pulse::new(peer));
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&pulse));
        Some(Place { id, pulse, connections: Arc::clone(self), _permit: permit })
    }

    fn evict_one(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let idlest = open.values().filter(|pulse| pulse.may_go()).min_by_key(|pulse| pulse.last_read());
        if let Some(pulse) = idlest {
            pulse.evicted.cancel();
        }
    }
}

/// The place of one open connection; free again when dropped.
pub(crate) struct Place {
    id: u64,
    pub(crate) pulse: Arc<Pulse>,
    connections: Arc<Connections>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// What a connection is doing. Times are milliseconds since it was opened.
pub(crate) struct Pulse {
    /// Who is at the other end.
    pub(crate) peer: SocketAddr,
    opened: Instant,
    /// When bytes came last.
    read: AtomicU64,
    /// When the first byte of the headers that are being read came, plus one; 0 between requests.
    headers: AtomicU64,
    /// When the last request ended.
    ended: AtomicU64,
    /// Requests begun and not answered.
    requests: AtomicU32,
    /// Those of them whose bytes have all come.
    served: AtomicU32,
    /// The connection has to make room.
    pub(crate) evicted: CancellationToken,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// The rest of the headers of a request.
    Headers,
    /// The next request.
    Request,
}

impl Pulse {
    fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            opened: Instant::now(),
            read: AtomicU64::new(0),
            headers: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            requests: AtomicU32::new(0),
            served: AtomicU32::new(0),
            evicted: CancellationToken::new(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn last_read(&self) -> Instant {
        self.opened + Duration::from_millis(self.read.load(Ordering::Relaxed))
    }

    fn may_go(&self) -> bool {
        !self.evicted.is_cancelled()
            && self.served.load(Ordering::Relaxed) == 0
            && (self.requests.load(Ordering::Relaxed) == 0 || self.last_read().elapsed() >= STALLED)
    }

    /// Bytes came.
    pub(crate) fn bytes_came(&self) {
        let now = self.now();
        self.read.store(now, Ordering::Relaxed);
        if self.requests.load(Ordering::Relaxed) == 0 {
            let _ = self.headers.compare_exchange(0, now + 1, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The headers of a request are complete.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.headers.store(0, Ordering::Relaxed);
        Busy { pulse: Arc::clone(self), served: false }
    }

    /// Waits until something takes too long. In HTTP/2 bytes between requests are no headers.
    pub(crate) async fn overdue(&self, limits: &Limits, watch_headers: bool) -> Overdue {
        loop {
            let now = self.now();
            let since = |moment: u64| Duration::from_millis(now.saturating_sub(moment));
            let headers = self.headers.load(Ordering::Relaxed);
            let left = if self.requests.load(Ordering::Relaxed) > 0 {
                limits.header_timeout
            } else if watch_headers && headers > 0 {
                let left = limits.header_timeout.saturating_sub(since(headers - 1));
                if left.is_zero() {
                    return Overdue::Headers;
                }
                left
            } else {
                let left = limits.idle_timeout.saturating_sub(since(self.ended.load(Ordering::Relaxed)));
                if left.is_zero() {
                    return Overdue::Request;
                }
                left
            };
            // Headers may begin at any moment, so that no sleep is longer than a part of their time.
            tokio::time::sleep(left.min(limits.header_timeout / 4).max(Duration::from_millis(1))).await;
        }
    }
}

/// A request of a connection, until it is answered or given up.
pub(crate) struct Busy {
    pulse: Arc<Pulse>,
    served: bool,
}

impl Busy {
    /// Who sends it.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.pulse.peer
    }

    /// All its bytes have come: from here on it is not the client's slowness that keeps the connection.
    pub(crate) fn served(&mut self) {
        if !self.served {
            self.served = true;
            self.pulse.served.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.served {
            self.pulse.served.fetch_sub(1, Ordering::Relaxed);
        }
        self.pulse.ended.store(self.pulse.now(), Ordering::Relaxed);
        self.pulse.requests.fetch_sub(1, Ordering::Relaxed);
    }
}
