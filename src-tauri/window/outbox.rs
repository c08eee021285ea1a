//! Events on their way to the page.

use std::sync::{Mutex, MutexGuard, PoisonError};

use api::Event;
use tauri::ipc::{Channel, InvokeResponseBody};

/// Most events kept for a page that does not listen yet.
const MOST_WAITING: usize = 100;

/// Hands events to the page that asked last, and keeps what it must not miss until one asks.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<State>);

#[derive(Default)]
struct State {
    channel: Option<Channel<InvokeResponseBody>>,
    waiting: Vec<Event>,
}

impl Outbox {
    /// From now on events go to this channel.
    pub(crate) fn connect(&self, channel: Channel<InvokeResponseBody>) {
        let mut state = self.state();
        for event in std::mem::take(&mut state.waiting) {
            deliver(&channel, &event);
        }
        state.channel = Some(channel);
    }

    /// Sends an event. Without a page, only what would not come again is kept.
    pub(crate) fn send(&self, event: Event) {
        let mut state = self.state();
        if let Some(channel) = &state.channel {
            deliver(channel, &event);
        } else if state.waiting.len() < MOST_WAITING
            && matches!(event, Event::Show { .. } | Event::Search { .. } | Event::Failed { .. })
        {
            state.waiting.push(event);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page that is gone does not matter: it asks again when it is back.
fn deliver(channel: &Channel<InvokeResponseBody>, event: &Event) {
    if let Err(err) = channel.send(InvokeResponseBody::Raw(api::encode(event))) {
        tracing::debug!("an event did not reach the page: {err}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_page_that_comes_late_is_shown_what_was_handed_over() {
        let received = Arc::new(Mutex::new(Vec::new()));
        let channel = Channel::new({
            let received = received.clone();
            move |body| {
                let InvokeResponseBody::Raw(bytes) = body else { panic!("events are bytes") };
                received.lock().expect("the list").push(api::decode::<Event>(&bytes).expect("an event"));
                Ok(())
            }
        });
        let failed = |sentence: &str| Event::Failed { sentence: sentence.to_owned() };
        let outbox = Outbox::default();
        outbox.send(Event::Focus);
        outbox.send(failed("early"));
        outbox.send(Event::Search { text: "error".to_owned() });
        outbox.connect(channel);
        outbox.send(Event::Focus);
        assert_eq!(
            *received.lock().expect("the list"),
            [failed("early"), Event::Search { text: "error".to_owned() }, Event::Focus]
        );
    }
}
