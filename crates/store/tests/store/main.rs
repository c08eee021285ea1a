//! What the store promises, at its boundary.

#![allow(clippy::unwrap_used)]

mod aggregates;
mod compaction;
mod conformance;
mod damage;
mod directory;
mod duplicates;
mod edges;
mod faults;
mod given;
mod ledger;
mod migration;
mod readers;
mod retention;
mod salvage;
mod sampling;
mod search;
mod summaries;
mod vocabulary;
