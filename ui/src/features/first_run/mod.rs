//! What to do before anything has been received.
