//! A disk that fails under a running `serve`, or more than it can work off: what is acknowledged is stored, what is not
//! is asked for again, and when the disk works again so does everything, without a restart.

mod behind;
mod damaged;
mod disk;
mod read_only;
mod stalled;
mod writing;
