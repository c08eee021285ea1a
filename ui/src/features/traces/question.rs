use std::time::Duration;

use super::search::SearchState;
use api::{Call, ErrorCode, Reply, SearchProgress};

use crate::{
    dom::{Timeout, after},
    reactive::{RwSignal, StoredValue, effect},
    spawn,
    state::AppState,
    transport,
    widgets::time::now_unix_nano,
};

/// What follows newer traces does so once a second at most, and rests so many times as long as it took.
const LIVE_NANOS: u64 = 1_000_000_000;
const REST: u64 = 5;

/// Something that is asked again until all was searched. A newer question abandons the older one.
#[derive(Clone, Copy)]
pub(super) struct Question {
    app: AppState,
    /// Set to true, it is not asked on.
    is_stopped: RwSignal<bool>,
    /// Whether an answer is awaited.
    pub(super) is_open: RwSignal<bool>,
    generation: StoredValue<u64>,
    asked_unix_nano: StoredValue<u64>,
    took_nanos: StoredValue<u64>,
    later: StoredValue<Option<Timeout>>,
    /// Asks on where it was stopped.
    stopped: StoredValue<Option<Box<dyn FnOnce()>>>,
}

impl Question {
    /// Nothing is asked yet. Belongs to the reactive owner it is made in.
    pub(super) fn new(app: AppState, search: SearchState) -> Self {
        let question = Self {
            app,
            is_stopped: search.is_stopped,
            is_open: RwSignal::new(false),
            generation: StoredValue::new(0),
            asked_unix_nano: StoredValue::new(0),
            took_nanos: StoredValue::new(0),
            later: StoredValue::new(None),
            stopped: StoredValue::new(None),
        };
        effect(move || {
            search.resumed.track();
            if let Some(ask_on) = question.stopped.try_update_value(Option::take).flatten() {
                ask_on();
            }
        });
        question
    }

    /// Asks; `take` is shown each answer and says how far it has come, or `None` where there is no more to come.
    pub(super) fn ask(self, call: Call, take: impl Fn(Reply) -> Option<SearchProgress> + 'static) {
        self.ask_on(call, Box::new(take));
    }

    /// Whether it is time to ask the same of a newer moment: when it was answered, and it takes a small part of the
    /// time only. If it is not, `again` runs when it may be.
    pub(super) fn is_due(self, again: impl FnOnce() + 'static) -> bool {
        let past = now_unix_nano().saturating_sub(self.asked_unix_nano.get_value());
        let least = LIVE_NANOS.max(self.took_nanos.get_value().saturating_mul(REST));
        let is_open = self.is_open.get_untracked();
        let is_due = !is_open && past >= least;
        if !is_due {
            let wait = if is_open { LIVE_NANOS } else { least - past };
            self.later.set_value(Some(after(Duration::from_nanos(wait), again)));
        }
        is_due
    }

    fn ask_on(self, call: Call, take: Box<dyn Fn(Reply) -> Option<SearchProgress>>) {
        self.abandon();
        let generation = self.generation.try_get_value();
        let asked = now_unix_nano();
        self.later.set_value(None);
        self.asked_unix_nano.set_value(asked);
        self.is_open.set(true);
        spawn(async move {
            loop {
                let answer = transport::call(call.clone()).await;
                if generation.is_none() || generation != self.generation.try_get_value() {
                    return;
                }
                match answer {
                    Ok(reply) => {
                        let goes_on = take(reply).is_some_and(|progress| !progress.is_over && !progress.is_full);
                        if generation != self.generation.try_get_value() {
                            // Seeing the answer, somebody asked something else.
                            return;
                        }
                        if goes_on && self.is_stopped.get_untracked() {
                            let ask_on = Box::new(move || self.ask_on(call, take));
                            self.stopped.try_update_value(|stopped| *stopped = Some(ask_on));
                            break;
                        }
                        if !goes_on {
                            break;
                        }
                    }
                    Err(error) => {
                        // What is wrong with the search the list says.
                        if error.code != ErrorCode::Malformed {
                            self.app.fail(error.sentence);
                        }
                        break;
                    }
                }
            }
            self.took_nanos.set_value(now_unix_nano().saturating_sub(asked));
            self.is_open.set(false);
        });
    }

    /// Wants no answer any more.
    pub(super) fn abandon(self) {
        self.generation.update_value(|generation| *generation += 1);
        self.stopped.update_value(|stopped| *stopped = None);
        self.is_open.set(false);
    }
}
