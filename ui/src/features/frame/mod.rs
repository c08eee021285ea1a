//! What surrounds every screen: rail, status bar, key sheet, failures.

mod account;
mod failure;
mod key_sheet;
mod rail;
mod status_bar;

pub use failure::Failure;
pub use key_sheet::KeySheet;
pub use rail::Rail;
pub use status_bar::StatusBar;
