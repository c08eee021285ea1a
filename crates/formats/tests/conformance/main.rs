//! What goes in comes out: our protobuf against prost, our JSON against our protobuf, and the walk
//! against what is decoded.

mod compression;
mod files;
mod fuzzed;
mod json;
mod oracle;
mod protobuf;
mod refusals;
mod walk;
