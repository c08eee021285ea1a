//! Where the receivers hand over what arrives.

use std::sync::Arc;

use api::Problem;
use receive::{Hint, Refusal, Request, Sink, TurnedAway};
use store::{Append, AppendError, Example, Source, Store};

use crate::notices::{HINT_NANOS, Notices, WRITE_FAILURE_NANOS};

/// Keeps requests in the store, and remembers what the user should know.
#[derive(Debug, Clone)]
pub(crate) struct Inlet {
    pub(crate) store: Arc<Store>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) now: fn() -> u64,
}

impl Sink for Inlet {
    async fn append(&self, request: Request) -> Result<(), Refusal> {
        let bytes = request.body.len() as u64;
        let append = Append {
            signal: request.signal,
            encoding: request.encoding,
            compression: request.compression,
            body: request.body,
            walked: request.walked,
            received_at_unix_nano: request.received_at_unix_nano,
            source: Source::Live,
            sender: Some(request.sender),
        };
        let Err(err) = self.store.append(append).await else { return Ok(()) };
        let (reason, refusal) = match &err {
            AppendError::Full => ("disk_full", Refusal::Full),
            AppendError::Busy | AppendError::Behind => ("overloaded", Refusal::Busy),
            AppendError::Closed => ("stopping", Refusal::Failed(err.to_string())),
            AppendError::Other(_) => ("store_failed", Refusal::Failed(err.to_string())),
        };
        self.turned_away(TurnedAway { reason, sentence: err.to_string(), bytes, sender: request.sender });
        if let Some(problem) = write_problem(&err) {
            self.notices.report(problem, (self.now)().saturating_add(WRITE_FAILURE_NANOS));
        }
        Err(refusal)
    }

    fn turned_away(&self, TurnedAway { reason, sentence, bytes, sender }: TurnedAway) {
        let (at_unix_nano, sender) = ((self.now)(), Some(sender.to_string()));
        let example = Example { at_unix_nano, sender, sentence, ..Example::default() };
        self.store.turned_away(reason, store::TurnedAway { requests: 1, bytes }, example);
    }

    fn hint(&self, hint: Hint) {
        let problem = Problem { name: hint.name.to_owned(), sentence: hint.sentence, remedy: hint.remedy };
        self.notices.report(problem, (self.now)().saturating_add(HINT_NANOS));
    }
}

/// What to say of a request that could not be kept; being busy or stopping passes by itself.
fn write_problem(err: &AppendError) -> Option<Problem> {
    let (name, remedy) = match err {
        AppendError::Full => ("disk_full", "free some space: what is sent meanwhile is asked for again"),
        AppendError::Other(_) => ("store_failed", "look at the disk: what is sent meanwhile is asked for again"),
        AppendError::Behind => ("behind", "send less for a while; if it stays so, start Spanscope anew"),
        AppendError::Busy | AppendError::Closed => return None,
    };
    Some(Problem { name: name.to_owned(), sentence: err.to_string(), remedy: remedy.to_owned() })
}
