//! The product without a window: settings, lifecycle, and every call of `api`.
//!
//! Entry type: [`Session`], which owns a data directory (store, receivers, control socket) or is
//! the guest of the process that does; either way [`Session::call`] answers. Commands that only
//! read use [`Reading`], which opens the database beside a running owner; commands that must reach
//! the owner use [`Client`].
//!
//! Deliberately absent: windows, dialogs, argument parsing, what telemetry means (`analysis`), how
//! it is kept (`store`), how it arrives (`receive`). There is no clock but the one in
//! [`Options::now`].

mod answers;
mod assembled;
mod client;
mod config;
mod control;
mod deletion;
mod error;
mod events;
mod export;
mod import;
mod inlet;
mod key;
mod listeners;
mod notices;
mod options;
mod owner;
mod reading;
mod sample;
mod sampling_words;
mod search;
mod selection;
mod session;
mod split;
mod status;
mod text;
mod view;

pub use client::Client;
pub use events::Events;
pub use options::{Options, data_dir};
pub use reading::Reading;
pub use session::Session;
