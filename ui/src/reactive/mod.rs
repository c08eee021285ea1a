//! What changes: signals, values derived from them, and what is done when they change.
//!
//! Leptos's reactive graph with its types erased: it is compiled for one type of signal, one of memo
//! and one of effect, whatever is in them (`docs/decisions/0007-own-elements.md`). Handles are copied
//! freely and belong to the reactive owner they were made in; a handle whose owner is gone ignores
//! what is set.
//!
//! Entry: [`RwSignal`]. Deliberately absent: signals for several threads, resources, stores.

/// Handles are copied whatever they lead to, and show no more than what they are.
macro_rules! handle {
    ($name:ident) => {
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(stringify!($name))
            }
        }
    };
}

pub(crate) use handle;

mod effect;
mod memo;
mod rw_signal;
mod stored_value;

pub(crate) use effect::root;
pub use effect::{effect, on_cleanup, render_effect};
pub use memo::Memo;
pub use rw_signal::RwSignal;
pub use stored_value::StoredValue;
