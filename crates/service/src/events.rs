//! What comes unasked.

use api::Event;
use tokio::sync::mpsc;

/// The events of a session from now on. They end when the session stops or its owner goes away.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Event>,
}

impl Events {
    pub(crate) fn new(receiver: mpsc::Receiver<Event>) -> Self {
        Self { receiver }
    }

    /// The next event; `None` when there will be no more. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}
