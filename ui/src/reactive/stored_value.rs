use std::{any::Any, cell::RefCell, marker::PhantomData, rc::Rc};

use reactive_graph::{
    owner::{LocalStorage, StoredValue as Kept},
    traits::GetValue,
};

/// A value of which the type is not known: what follows is compiled once for all of them.
type Value = Rc<RefCell<dyn Any>>;

/// A value that lives as long as the reactive owner it was made in; nothing follows its changes.
pub struct StoredValue<T>(Kept<Value, LocalStorage>, PhantomData<fn() -> T>);

handle!(StoredValue);

fn keep(value: Value) -> Kept<Value, LocalStorage> {
    Kept::new_local(value)
}

fn kept(handle: Kept<Value, LocalStorage>) -> Option<Value> {
    handle.try_get_value()
}

impl<T: 'static> StoredValue<T> {
    /// Keeps a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(keep(Rc::new(RefCell::new(value))), PhantomData)
    }

    /// Shows the value to `show`; `None` if its owner is gone.
    pub fn try_with_value<U>(self, show: impl FnOnce(&T) -> U) -> Option<U> {
        let kept = kept(self.0)?;
        let value = kept.borrow();
        value.downcast_ref().map(show)
    }

    /// Has `update` change the value; `None` if its owner is gone.
    pub fn try_update_value<U>(self, update: impl FnOnce(&mut T) -> U) -> Option<U> {
        let kept = kept(self.0)?;
        let mut value = kept.borrow_mut();
        value.downcast_mut().map(update)
    }

    /// Shows the value to `show`.
    ///
    /// # Panics
    /// If its owner is gone.
    pub fn with_value<U>(self, show: impl FnOnce(&T) -> U) -> U {
        self.try_with_value(show).expect("the reactive owner of this handle is gone")
    }

    /// Has `update` change the value.
    pub fn update_value(self, update: impl FnOnce(&mut T)) {
        self.try_update_value(update);
    }

    /// Keeps another value.
    pub fn set_value(self, value: T) {
        self.update_value(|kept| *kept = value);
    }
}

impl<T: Clone + 'static> StoredValue<T> {
    /// The value, unless its owner is gone.
    #[must_use]
    pub fn try_get_value(self) -> Option<T> {
        self.try_with_value(T::clone)
    }

    /// The value.
    ///
    /// # Panics
    /// If its owner is gone.
    #[must_use]
    pub fn get_value(self) -> T {
        self.with_value(T::clone)
    }
}
