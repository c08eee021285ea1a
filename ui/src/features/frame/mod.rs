//! What surrounds every screen: rail, status bar, key sheet, failures.

mod account;
mod failure;
mod key_sheet;
mod rail;
mod status_bar;

pub use failure::failure;
pub use key_sheet::key_sheet;
pub use rail::rail;
pub use status_bar::status_bar;
