use reactive_graph::{
    computed::Memo as Counted,
    traits::{Get, GetUntracked},
};

use super::StoredValue;

/// A value derived from signals: computed when it is asked for after one of them changed, and passed
/// on as a change only if it differs.
pub struct Memo<T> {
    value: StoredValue<Option<T>>,
    /// Counts how often the value changed.
    changes: Counted<u64>,
}

handle!(Memo);

/// Counts the changes that `compute` reports.
fn counted(compute: Box<dyn Fn() -> bool + Send + Sync>) -> Counted<u64> {
    Counted::new(move |before: Option<&u64>| before.copied().unwrap_or_default() + u64::from(compute()))
}

impl<T: PartialEq + 'static> Memo<T> {
    /// What `compute` returns.
    #[must_use]
    pub fn new(compute: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let value = StoredValue::new(None);
        let changes = counted(Box::new(move || {
            let new = Some(compute());
            value.try_update_value(|old| {
                let differs = *old != new;
                if differs {
                    *old = new;
                }
                differs
            }) == Some(true)
        }));
        Self { value, changes }
    }

    /// Has the effect or memo that is running run again when the value changes.
    pub fn track(self) {
        self.changes.get();
    }

    /// Shows the value to `read`, and follows it.
    ///
    /// # Panics
    /// If the owner is gone.
    pub fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.track();
        self.shown(read)
    }

    fn shown<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.value.with_value(|value| value.as_ref().map(read)).expect("counting computed it")
    }
}

impl<T: PartialEq + Clone + 'static> Memo<T> {
    /// The value, followed.
    ///
    /// # Panics
    /// If the owner is gone.
    #[must_use]
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    /// The value.
    ///
    /// # Panics
    /// If the owner is gone.
    #[must_use]
    pub fn get_untracked(self) -> T {
        self.changes.get_untracked();
        self.shown(T::clone)
    }
}
