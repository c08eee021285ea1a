//! What a receiver has to answer, over real sockets: the table of bad inputs row by row, web pages,
//! ports, and stopping.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod grpc;
mod http;
mod key;
mod lifecycle;
mod pages;
mod payloads;
mod support;
