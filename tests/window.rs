//! The real application in a real window under a virtual display, through WebDriver.

mod driver;
mod path;
mod search;
mod settings;
