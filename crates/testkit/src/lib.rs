//! What tests need to say much in few words: traces drawn as text, and a corpus of realistic
//! requests that is the same on every machine.
//!
//! Entry points: [`trace`] and [`logs`] read a drawing; [`render`] draws; [`corpus`] generates load;
//! [`sample`] is the trace that the application ships.
//!
//! Deliberately absent: anything that the product needs. This crate is a dev-dependency only.
