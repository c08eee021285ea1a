//! Traces that are open: assembled once, asked for piece by piece.

mod detail;
mod find;
mod label;
mod opened;
mod row;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::{ApiError, ErrorCode, ViewId};

pub(crate) use detail::whole_text;
pub(crate) use opened::View;
pub(crate) use row::oddities;

/// How many views are kept; the one that was asked least recently goes first.
const MAX_VIEWS: usize = 8;

/// The views of this process.
#[derive(Debug)]
pub(crate) struct Views {
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    /// The most recently used last.
    views: Vec<(ViewId, Arc<Mutex<View>>)>,
    next: u64,
}

impl Views {
    /// `first` is the number of the first view; no run should use another's numbers.
    pub(crate) fn new(first: u64) -> Self {
        Self { open: Mutex::new(Open { views: Vec::new(), next: first }) }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a view under a new number.
    pub(crate) fn insert(&self, view: View) -> (ViewId, Arc<Mutex<View>>) {
        let view = Arc::new(Mutex::new(view));
        let mut open = self.open();
        if open.views.len() >= MAX_VIEWS {
            open.views.remove(0);
        }
        let id = ViewId(open.next);
        open.next = open.next.wrapping_add(1);
        open.views.push((id, Arc::clone(&view)));
        (id, view)
    }

    /// The view with this number.
    pub(crate) fn get(&self, id: ViewId) -> Result<Arc<Mutex<View>>, ApiError> {
        let mut open = self.open();
        let place = open.views.iter().position(|(known, _)| *known == id).ok_or_else(view_gone)?;
        let found = open.views.remove(place);
        let view = Arc::clone(&found.1);
        open.views.push(found);
        Ok(view)
    }

    /// Forgets a view; nothing happens if it is not there.
    pub(crate) fn remove(&self, id: ViewId) {
        self.open().views.retain(|(known, _)| *known != id);
    }
}

/// Locks a view. A panic while it was changed leaves it readable: folds and caches alone change.
pub(crate) fn lock(view: &Mutex<View>) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}

fn view_gone() -> ApiError {
    ApiError::new(ErrorCode::ViewGone, "this view of the trace was closed: open the trace again")
}
