//! The service at its boundary: what can be asked of it, by whom, over a directory of its own.

mod completion;
mod differences;
mod import;
mod keeping;
mod lifecycle;
mod listing;
mod nearly;
mod settings;
mod support;
mod view;
