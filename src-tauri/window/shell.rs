//! What lives as long as the window: the session and the way to the page.

use std::{
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use api::{Answer, Call, Event, ImportSummary, Reply};
use service::{Options, Session};
use tauri::WebviewWindow;

use crate::outbox::Outbox;

/// Between attempts to reach a data directory whose owner went away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Shared by the commands, the relay of events and the window's handlers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shell(Arc<Inner>);

struct Inner {
    session: RwLock<Session>,
    options: Options,
    outbox: Outbox,
    is_stopping: AtomicBool,
}

impl Shell {
    /// Around a session; the options are those that it was started with.
    pub(crate) fn new(session: Session, options: Options) -> Self {
        let session = RwLock::new(session);
        Self(Arc::new(Inner { session, options, outbox: Outbox::default(), is_stopping: AtomicBool::new(false) }))
    }

    /// The session as it is now.
    pub(crate) fn session(&self) -> Session {
        self.0.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The way to the page.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    /// Imports files and has the page show the first trace that was in them.
    pub(crate) async fn open_files(&self, files: Vec<PathBuf>) {
        let mut is_shown = false;
        for file in files {
            let name = file.display().to_string();
            let events = match file.into_os_string().into_string() {
                Ok(path) => opened(&name, self.session().call(Call::ImportPath { path }).await),
                Err(_) => vec![Event::Failed { sentence: format!("{name}: its name is not UTF-8") }],
            };
            for event in events {
                let is_trace = matches!(event, Event::Show { .. });
                if !(is_trace && is_shown) {
                    self.outbox().send(event);
                }
                is_shown |= is_trace;
            }
        }
    }

    /// Passes the service's events on, to the page and to the window, until the session stops. A
    /// guest whose owner goes away starts anew, then perhaps as the owner.
    pub(crate) async fn relay(self, window: WebviewWindow) {
        loop {
            if let Ok(mut events) = self.session().events().await {
                while let Some(event) = events.next().await {
                    if event == Event::Focus {
                        to_the_front(&window);
                    }
                    self.outbox().send(event);
                }
            }
            if self.0.is_stopping.load(Ordering::SeqCst) {
                return;
            }
            self.start_anew().await;
        }
    }

    async fn start_anew(&self) {
        let mut has_complained = false;
        loop {
            match Session::start(self.0.options.clone()).await {
                Ok(session) => {
                    session.set_presents(true);
                    *self.0.session.write().unwrap_or_else(PoisonError::into_inner) = session;
                    return;
                }
                Err(err) if !has_complained => {
                    has_complained = true;
                    self.outbox().send(Event::Failed { sentence: err.sentence });
                }
                Err(_) => {}
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Stops the session; everything is committed afterwards.
    pub(crate) async fn stop(&self) {
        self.0.is_stopping.store(true, Ordering::SeqCst);
        self.session().stop().await;
    }
}

fn to_the_front(window: &WebviewWindow) {
    // A window manager may refuse each of these; there is nobody to tell.
    let _ = window.unminimize();
    let _ = window.show();
    let _ = window.set_focus();
}

/// What the page is told of a file that was opened.
fn opened(name: &str, answer: Answer) -> Vec<Event> {
    let failed = |sentence: String| Event::Failed { sentence };
    match answer {
        Ok(Reply::Imported(ImportSummary { trace_ids, logs, metric_points, notes, .. })) => {
            let first = match trace_ids.first() {
                Some(trace_id) => Event::Show { trace_id: *trace_id },
                None => failed(format!(
                    "{name} holds no trace to show; {logs} log records and {metric_points} metric points were in it"
                )),
            };
            let notes = notes.into_iter().map(|note| failed(format!("{name}: {note}")));
            [first].into_iter().chain(notes).collect()
        }
        Ok(_) => vec![failed(format!("{name} was answered with something else: this is a defect of Spanscope"))],
        Err(err) => vec![failed(err.sentence)],
    }
}

#[cfg(test)]
mod tests {
    use api::{ApiError, ErrorCode, model::TraceId};

    use super::*;

    #[test]
    fn an_opened_file_is_shown_or_explained() {
        let imported = |trace_ids, notes: &[&str]| {
            let notes = notes.iter().copied().map(str::to_owned).collect();
            Ok(Reply::Imported(ImportSummary { trace_ids, notes, logs: 3, ..ImportSummary::default() }))
        };
        let failed = |sentence: &str| Event::Failed { sentence: sentence.to_owned() };
        let trace_id = TraceId([1; 16]);
        assert_eq!(
            opened("a.json", imported(vec![trace_id, TraceId([2; 16])], &["it breaks off"])),
            [Event::Show { trace_id }, failed("a.json: it breaks off")]
        );
        assert_eq!(
            opened("a.json", imported(Vec::new(), &[])),
            [failed("a.json holds no trace to show; 3 log records and 0 metric points were in it")]
        );
        let missing = ApiError::new(ErrorCode::File, "there is no a.json");
        assert_eq!(opened("a.json", Err(missing)), [failed("there is no a.json")]);
    }
}
