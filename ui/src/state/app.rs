use std::rc::Rc;

use api::{Call, Event, Reply, Status};
use model::{SpanId, TraceId};
use reactive_graph::owner::expect_context;

use super::{Action, Route, Theme, keys::Scope};
use crate::{
    reactive::{RwSignal, StoredValue, on_cleanup},
    transport,
};

/// Who asked to see something, in the order in which they came.
type Registered<F> = StoredValue<Vec<(usize, Rc<F>)>>;

/// What every screen can see and do. A handful of handles: copy it.
#[derive(Clone, Copy)]
pub struct AppState {
    route: RwSignal<Route>,
    past: StoredValue<Vec<Route>>,
    /// How the service is doing; `None` until it has said so.
    pub status: RwSignal<Option<Status>>,
    /// A sentence about something that failed; shown until it is closed.
    pub failure: RwSignal<Option<String>>,
    /// Whether the key sheet is open.
    pub are_keys_shown: RwSignal<bool>,
    /// The theme.
    pub theme: RwSignal<Theme>,
    /// A search that the list of traces is to show, in the search language.
    pub asked_search: RwSignal<Option<String>>,
    on_event: Registered<dyn Fn(&Event)>,
    on_action: Registered<dyn Fn(Action) -> bool>,
    next_id: StoredValue<usize>,
}

/// The application's state.
///
/// # Panics
/// Outside of [`crate::app::App`], which provides it.
#[must_use]
pub fn use_app() -> AppState {
    expect_context()
}

impl AppState {
    /// The state of a window that has just opened. Belongs to the reactive owner it is made in.
    #[must_use]
    pub fn new() -> Self {
        Self {
            route: RwSignal::new(Route::default()),
            past: StoredValue::new(Vec::new()),
            status: RwSignal::new(None),
            failure: RwSignal::new(None),
            are_keys_shown: RwSignal::new(false),
            theme: RwSignal::new(Theme::remembered()),
            asked_search: RwSignal::new(None),
            on_event: StoredValue::new(Vec::new()),
            on_action: StoredValue::new(Vec::new()),
            next_id: StoredValue::new(0),
        }
    }

    /// The screen that is shown, followed.
    #[must_use]
    pub fn route(self) -> Route {
        self.route.get()
    }

    /// Shows a screen; [`Self::back`] returns from it.
    pub fn go(self, route: Route) {
        let from = self.route.get_untracked();
        if from != route {
            self.past.update_value(|past| past.push(from));
            self.route.set(route);
        }
    }

    /// Shows the list of traces, with nothing to go back to.
    pub fn go_home(self) {
        self.past.update_value(Vec::clear);
        self.route.set(Route::Traces);
    }

    /// Shows a trace.
    pub fn open_trace(self, trace_id: TraceId, span: Option<SpanId>) {
        self.go(Route::Trace { trace_id, span });
    }

    /// Shows the screen from which this one was opened.
    pub fn back(self) {
        if let Some(route) = self.past.try_update_value(Vec::pop).flatten() {
            self.route.set(route);
        }
    }

    /// Shows the list of traces, of those that this search finds.
    pub fn search_for(self, query: String) {
        self.asked_search.set(Some(query));
        self.go(Route::Traces);
    }

    /// Shows the sentence of something that failed.
    pub fn fail(self, sentence: impl Into<String>) {
        self.failure.set(Some(sentence.into()));
    }

    /// Asks the service how it is doing.
    pub async fn refresh_status(self) {
        match transport::call(Call::Status).await {
            Ok(Reply::Status(status)) => self.status.set(Some(*status)),
            Ok(_) => {}
            Err(error) => self.fail(error.sentence),
        }
    }

    /// Has `handle` see every event until the calling component is gone.
    pub fn on_event(self, handle: impl Fn(&Event) + 'static) {
        self.register_event(Rc::new(handle));
    }

    fn register_event(self, handle: Rc<dyn Fn(&Event)>) {
        let id = self.take_id();
        self.on_event.update_value(|handlers| handlers.push((id, handle)));
        on_cleanup(move || {
            self.on_event.try_update_value(|handlers| handlers.retain(|(other, _)| *other != id));
        });
    }

    /// Has `handle` asked about every action of the keyboard until the calling component is gone;
    /// it returns whether it took it. The component that came last is asked first.
    pub fn on_action(self, handle: impl Fn(Action) -> bool + 'static) {
        self.register_action(Rc::new(handle));
    }

    fn register_action(self, handle: Rc<dyn Fn(Action) -> bool>) {
        let id = self.take_id();
        self.on_action.update_value(|handlers| handlers.push((id, handle)));
        on_cleanup(move || {
            self.on_action.try_update_value(|handlers| handlers.retain(|(other, _)| *other != id));
        });
    }

    /// Does what a key or a button means, and says whether anything did.
    pub fn act(self, action: Action) -> bool {
        if self.are_keys_shown.get_untracked() {
            let closes = matches!(action, Action::Back | Action::ShowKeys);
            if closes {
                self.are_keys_shown.set(false);
            }
            return closes;
        }
        let handlers: Vec<_> =
            self.on_action.with_value(|handlers| handlers.iter().rev().map(|(_, handle)| Rc::clone(handle)).collect());
        if handlers.iter().any(|handle| handle(action)) {
            return true;
        }
        match action {
            Action::ShowKeys => self.are_keys_shown.set(true),
            Action::Back => self.back(),
            Action::ShowSettings => self.go(Route::Settings),
            Action::NextTheme => self.theme.update(|theme| {
                let at = Theme::ALL.iter().position(|other| other == theme).unwrap_or_default();
                *theme = Theme::ALL[(at + 1) % Theme::ALL.len()];
            }),
            _ => return false,
        }
        true
    }

    /// Lets everyone who asked see an event.
    pub fn tell(self, event: &Event) {
        match event {
            Event::Status(status) => self.status.set(Some((**status).clone())),
            Event::Show { trace_id } => self.open_trace(*trace_id, None),
            Event::Failed { sentence } => self.fail(sentence.clone()),
            Event::Arrived { .. } | Event::Focus | Event::Settings(_) | Event::Search { .. } | Event::Pinned { .. } => {
            }
        }
        let handlers: Vec<_> =
            self.on_event.with_value(|handlers| handlers.iter().map(|(_, handle)| Rc::clone(handle)).collect());
        for handle in handlers {
            handle(event);
        }
    }

    /// Which keys mean something on the screen that is shown.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self.route.get_untracked() {
            Route::Traces => Scope::Traces,
            Route::Settings => Scope::Anywhere,
            Route::Trace { .. } => Scope::Trace,
        }
    }

    fn take_id(self) -> usize {
        self.next_id
            .try_update_value(|id| {
                *id += 1;
                *id
            })
            .unwrap_or_default()
    }
}

impl Default for AppState {
    fn default() -> Self {
        Self::new()
    }
}
