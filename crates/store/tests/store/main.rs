//! What the store promises, at its boundary.

#![allow(clippy::unwrap_used)]

mod compaction;
mod conformance;
mod directory;
mod duplicates;
mod faults;
mod given;
mod migration;
mod readers;
mod retention;
mod sampling;
mod summaries;
