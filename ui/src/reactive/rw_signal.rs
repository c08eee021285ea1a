use reactive_graph::{
    owner::{ArenaItem, SyncStorage},
    signal::ArcTrigger,
    traits::{IsDisposed, Notify, Track},
};

use super::StoredValue;

/// A value whose changes are followed.
pub struct RwSignal<T> {
    value: StoredValue<T>,
    changed: ArenaItem<ArcTrigger, SyncStorage>,
}

handle!(RwSignal);

fn track(changed: &ArenaItem<ArcTrigger, SyncStorage>) {
    if let Some(changed) = changed.try_get_value() {
        changed.track();
    }
}

fn notify(changed: &ArenaItem<ArcTrigger, SyncStorage>) {
    if let Some(changed) = changed.try_get_value() {
        changed.notify();
    }
}

impl<T: 'static> RwSignal<T> {
    /// A signal with a first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { value: StoredValue::new(value), changed: ArenaItem::new_with_storage(ArcTrigger::new()) }
    }

    /// Whether the owner is gone.
    #[must_use]
    pub fn is_disposed(self) -> bool {
        self.changed.is_disposed()
    }

    /// Has the effect or memo that is running run again when the value changes.
    pub fn track(self) {
        track(&self.changed);
    }

    /// Shows the value to `read`, and follows it.
    ///
    /// # Panics
    /// If the owner is gone.
    pub fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.track();
        self.value.with_value(read)
    }

    /// Shows the value to `read`.
    ///
    /// # Panics
    /// If the owner is gone.
    pub fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
        self.value.with_value(read)
    }

    /// Sets the value; `None` if the owner is gone.
    pub fn try_set(self, value: T) -> Option<()> {
        self.try_update(|old| *old = value)
    }

    /// Sets the value.
    pub fn set(self, value: T) {
        self.try_set(value);
    }

    /// Has `change` change the value; `None` if the owner is gone.
    pub fn try_update<U>(self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
        let changed = self.value.try_update_value(change);
        notify(&self.changed);
        changed
    }

    /// Has `change` change the value.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.try_update(change);
    }
}

impl<T: Clone + 'static> RwSignal<T> {
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
        self.with_untracked(T::clone)
    }

    /// The value, unless the owner is gone.
    #[must_use]
    pub fn try_get_untracked(self) -> Option<T> {
        self.value.try_get_value()
    }
}
