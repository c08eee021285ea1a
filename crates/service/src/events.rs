//! What comes unasked.

use api::Event;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

/// The events of a session from now on. They end when the session stops or its owner goes away.
///
/// Who does not listen for long loses the oldest; the next [`Event::Status`] and the sequence
/// number in [`Event::Arrived`] say all that matters.
#[derive(Debug)]
pub struct Events(Source);

#[derive(Debug)]
enum Source {
    /// Of this process.
    Own { events: broadcast::Receiver<Event>, stopped: CancellationToken },
    /// Of the owner, by way of a task that ends when this is dropped.
    Owners(mpsc::Receiver<Event>),
}

impl Events {
    /// The next event; `None` when there will be no more. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        match &mut self.0 {
            Source::Owners(events) => events.recv().await,
            Source::Own { events, stopped } => loop {
                match stopped.run_until_cancelled(events.recv()).await? {
                    Ok(event) => return Some(event),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            },
        }
    }

    pub(crate) fn from_owner(events: mpsc::Receiver<Event>) -> Self {
        Self(Source::Owners(events))
    }
}

/// Where the owner's events come from.
#[derive(Debug, Clone)]
pub(crate) struct EventSource {
    events: broadcast::Sender<Event>,
    stopped: CancellationToken,
}

impl EventSource {
    pub(crate) fn new() -> Self {
        Self { events: broadcast::Sender::new(256), stopped: CancellationToken::new() }
    }

    /// Tells all who listen.
    pub(crate) fn send(&self, event: Event) {
        // Nobody listens: nobody wants to know.
        let _ = self.events.send(event);
    }

    pub(crate) fn subscribe(&self) -> Events {
        Events(Source::Own { events: self.events.subscribe(), stopped: self.stopped.clone() })
    }

    /// Whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        self.events.receiver_count() > 0
    }

    /// Ends all subscriptions.
    pub(crate) fn stop(&self) {
        self.stopped.cancel();
    }

    pub(crate) fn stopped(&self) -> &CancellationToken {
        &self.stopped
    }
}
