//! The control socket: how processes on one data directory speak to each other.
//!
//! Each side first says [`HELLO`]; then the client's frames are calls, each answered by a frame in
//! order. A frame is a `u32` length in little endian and that many bytes of [`api::encode`]. After
//! [`api::Call::Subscribe`] the server sends events, and the client nothing more.

mod frame;
mod server;
mod socket;

pub(crate) use frame::{HelloError, MAX_FRAME_BYTES, exchange_hello, read_frame, write_frame};
pub(crate) use server::{Answering, ControlServer};
pub(crate) use socket::{bind, connect};
