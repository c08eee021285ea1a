//! Settings: the configuration file, what it makes of the options, and following it as it changes.

mod change;
mod configuration;
mod file;
mod settings;
mod team;

pub(crate) use configuration::Configuration;
pub(crate) use settings::{Settings, parse_bind, retention_in_words};
