//! The window's contents: what is drawn, what answers keys and pointer, what is remembered between.
//!
//! Entry: [`start`], which WASM runs when it is loaded. Screens live in [`features`], what they
//! share about the application in [`state`], small parts without knowledge of it in [`widgets`];
//! [`transport`] is the only module that knows how calls reach the service.
//!
//! Deliberately absent: assembly, search and layout of traces (the service answers viewports),
//! nanoseconds as JavaScript numbers, raw colours (`styles/tokens.css` has them), style attributes
//! set as text and data as markup (the security policy forbids both).

pub mod app;
mod dom;
pub mod features;
pub mod reactive;
mod spawn;
pub mod state;
pub mod transport;
pub mod widgets;

pub use spawn::spawn;
use wasm_bindgen::prelude::wasm_bindgen;

/// Draws the application into the page and connects it with the service.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen(start))]
#[cfg_attr(not(target_arch = "wasm32"), wasm_bindgen)]
pub fn start() {
    reactive::root(|| dom::append_to_body(&app::app()));
}
