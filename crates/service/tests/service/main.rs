//! The service at its boundary: what can be asked of it, by whom, over a directory of its own.

mod import;
mod lifecycle;
mod listing;
mod support;
mod view;
