//! The screens and the frame around them.

pub mod first_run;
pub mod frame;
pub mod settings;
pub mod trace;
pub mod traces;
