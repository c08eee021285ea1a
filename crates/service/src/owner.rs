//! The process that owns a data directory.

use std::{
    fs,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use api::{Answer, ApiError, Call, ErrorCode, Event, Problem, Reply, SamplingPreview, SettingsChange, Status};
use model::TraceId;
use receive::KeyHash;
use store::{AppendError, DataDir, DirLock, Store};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::{
    Events, Options,
    answers::{Answers, blocking},
    config::{Configuration, Settings, retention_in_words},
    control::{self, Answering, ControlServer},
    deletion::{Announced, GRACE},
    error,
    events::EventSource,
    import,
    inlet::Inlet,
    key,
    listeners::{self, Listeners},
    notices::Notices,
    sample, sampling_words, selection,
    status::{self, Rate},
};

/// Shortest time between two [`Event::Arrived`].
const ARRIVED_INTERVAL: Duration = Duration::from_millis(100);

/// Time between two [`Event::Status`].
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Time between two looks at the configuration file.
const CONFIGURATION_INTERVAL: Duration = Duration::from_millis(500);

/// Time between two looks for what is too old or over the cap.
const LETTING_GO_INTERVAL: Duration = Duration::from_secs(30);

/// How long a clock that jumped is named after the last look, nanoseconds.
const CLOCK_NANOS: u64 = 60 * 1_000_000_000;

/// Most traces in an [`Event::Arrived`].
const MAX_ARRIVED: usize = 100;

/// Whether a process receives telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listens {
    /// It does.
    Yes,
    /// It is a command that is soon done.
    No,
}

/// The store, the receivers and the control socket of a directory, and who answers for them.
#[derive(Debug)]
pub(crate) struct Owner {
    version: String,
    now: fn() -> u64,
    dir: DataDir,
    store: Arc<Store>,
    answers: Answers,
    configuration: Arc<Configuration>,
    notices: Arc<Notices>,
    announced: Announced,
    events: EventSource,
    rate: Mutex<Rate>,
    has_window: AtomicBool,
    /// `None` for a command that listens for nothing.
    listeners: Option<Listeners>,
    /// Set once, right after the owner is made.
    control: Mutex<Option<ControlServer>>,
    tasks: TaskTracker,
}

impl Owner {
    /// Opens the store of a directory that is locked, and everything around it.
    pub(crate) async fn start(
        options: &Options,
        lock: DirLock,
        configuration: Configuration,
        listens: Listens,
    ) -> Result<Arc<Self>, ApiError> {
        let dir = lock.dir().clone();
        let store = Arc::new(Store::open(&dir, lock).await.map_err(|err| error::of_open(&err))?);
        let socket = dir.control_socket_path();
        let listener = control::bind(&socket).map_err(|err| {
            ApiError::new(ErrorCode::DataDirectory, format!("cannot listen at {}: {err}", socket.display()))
        })?;
        let notices = Arc::new(Notices::default());
        let settings = configuration.settings();
        let listeners = match listens {
            Listens::Yes => {
                let inlet = Inlet { store: Arc::clone(&store), notices: Arc::clone(&notices), now: options.now };
                Some(Listeners::start(&settings, inlet).await)
            }
            Listens::No => None,
        };
        let owner = Arc::new(Self {
            version: options.version.clone(),
            now: options.now,
            answers: Answers::new(store.reader(), (options.now)(), options.now),
            configuration: Arc::new(configuration),
            dir,
            store,
            notices,
            announced: Announced::default(),
            events: EventSource::new(),
            rate: Mutex::default(),
            has_window: AtomicBool::new(false),
            listeners,
            control: Mutex::new(None),
            tasks: TaskTracker::new(),
        });
        if owner.configuration.lets_go() {
            // Else nothing is let go: what is kept for longer than by default would be.
            owner.keep_as_set(&settings).await;
        }
        owner.tasks.spawn(until_stopped(Arc::clone(&owner), Self::salvage));
        owner.tasks.spawn(until_stopped(Arc::clone(&owner), Self::follow_configuration));
        owner.tasks.spawn(until_stopped(Arc::clone(&owner), Self::let_go_of_the_old));
        owner.tasks.spawn(until_stopped(Arc::clone(&owner), Self::announce_arrivals));
        owner.tasks.spawn(until_stopped(Arc::clone(&owner), Self::announce_status));
        let server = ControlServer::start(listener, Arc::clone(&owner));
        *owner.control.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(owner)
    }

    pub(crate) fn dir(&self) -> &DataDir {
        &self.dir
    }

    pub(crate) fn set_presents(&self, presents: bool) {
        self.has_window.store(presents, Ordering::Relaxed);
    }

    /// Finishes what is in flight, commits everything, and removes the socket.
    pub(crate) async fn stop(&self) {
        if let Some(listeners) = &self.listeners {
            listeners.stop().await;
        }
        self.events.stop();
        self.tasks.close();
        self.tasks.wait().await;
        let server = self.control.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(server) = server else { return };
        server.stop().await;
        if let Some(selection) = self.announced.take() {
            self.carry_out(selection).await;
        }
        // Before the lock is given back: the next owner's socket is not ours to remove.
        if let Err(err) = fs::remove_file(self.dir.control_socket_path()) {
            tracing::warn!(%err, "the control socket cannot be removed");
        }
        if let Err(err) = self.store.close().await {
            tracing::error!(%err, "the store cannot be closed cleanly");
        }
    }

    fn status(&self) -> Status {
        let listeners = self.listeners.as_ref().map(Listeners::list).unwrap_or_default();
        let mut problems = listeners::problems(&listeners);
        problems.extend(self.listeners.as_ref().and_then(Listeners::reached));
        problems.extend(self.configuration.problems());
        problems.extend(self.notices.current((self.now)()));
        problems.extend(self.store.checkpoint_failure().map(|why| status::checkpoint_failed(&why)));
        problems.extend(status::unreadable(&self.answers.reader().unreadable()));
        let settings = self.configuration.settings();
        Status {
            version: self.version.clone(),
            pid: std::process::id(),
            data_dir: self.dir.path().display().to_string(),
            listeners,
            spans_per_second: self.rate.lock().unwrap_or_else(PoisonError::into_inner).per_second(),
            traces: self.answers.reader().trace_count(),
            sequence: self.answers.reader().sequence(),
            ledger: status::ledger(self.store.ledger(), self.store.ledger_since_start()),
            bytes_on_disk: status::bytes_on_disk(self.store.bytes_on_disk()),
            sizes: status::sizes(self.answers.reader().sizes()),
            retention: retention_in_words(settings.retention),
            sampling: sampling_words::in_words(&settings.rules),
            deletion: self.announced.in_words(Instant::now()),
            problems,
        }
    }

    async fn listen(&self, protocol: api::Protocol, address: &str) -> Answer {
        let Some(listeners) = &self.listeners else {
            return Err(ApiError::new(ErrorCode::Address, "this process listens for no telemetry"));
        };
        listeners.listen(protocol, address, &self.configuration.settings()).await?;
        let status = self.status();
        self.events.send(Event::Status(Box::new(status.clone())));
        Ok(Reply::Status(Box::new(status)))
    }

    /// Brings the window to the front at once, fills its search box, and opens the files in it as they are read.
    fn present(self: &Arc<Self>, paths: Vec<String>, search: Option<String>) -> Answer {
        if !self.has_window.load(Ordering::Relaxed) {
            return Err(ApiError::new(ErrorCode::NotFound, "the process that owns the data directory has no window"));
        }
        self.events.send(Event::Focus);
        if let Some(text) = search {
            self.events.send(Event::Search { text });
        }
        if !paths.is_empty() {
            let owner = Arc::clone(self);
            self.tasks.spawn(async move {
                let stopped = owner.events.stopped().clone();
                stopped.run_until_cancelled(owner.open_files(paths)).await;
            });
        }
        Ok(Reply::Done)
    }

    async fn open_files(&self, paths: Vec<String>) {
        let mut is_shown = false;
        for path in paths {
            match import::path(&self.store, self.now, &path).await {
                Ok(summary) => {
                    if let (Some(&trace_id), false) = (summary.trace_ids.first(), is_shown) {
                        is_shown = true;
                        self.events.send(Event::Show { trace_id });
                    }
                }
                Err(err) => self.events.send(Event::Failed { sentence: err.sentence }),
            }
        }
    }

    async fn keep_as_set(&self, settings: &Settings) {
        if let Err(err) = self.store.set_retention(settings.retention).await {
            tracing::warn!(%err, "how long things are kept cannot be set");
        }
        if let Err(err) = self.store.set_sampling(settings.rules.clone()).await {
            tracing::warn!(%err, "what is thinned cannot be set");
        }
    }

    async fn apply(&self, settings: &Settings) {
        self.keep_as_set(settings).await;
        if let Some(listeners) = &self.listeners {
            listeners.apply(settings);
        }
        self.events.send(Event::Settings(Box::new(self.configuration.in_words(self.dir.path()))));
        self.tell_status();
    }

    async fn change_settings(&self, change: SettingsChange) -> Answer {
        let configuration = Arc::clone(&self.configuration);
        let settings = blocking(move || configuration.change(&change)).await?;
        self.apply(&settings).await;
        Ok(Reply::Settings(Box::new(self.configuration.in_words(self.dir.path()))))
    }

    async fn follow_configuration(self: Arc<Self>) {
        loop {
            tokio::time::sleep(CONFIGURATION_INTERVAL).await;
            let configuration = Arc::clone(&self.configuration);
            if let Ok(Some(settings)) = blocking(move || Ok(configuration.look())).await {
                self.apply(&settings).await;
            }
        }
    }

    /// Reads what can be read of databases that were set aside, and says how far it is.
    async fn salvage(self: Arc<Self>) {
        for path in self.store.to_salvage() {
            let (begun, mut last) = (Instant::now(), None);
            let progress = |salvaged| {
                if last.is_none_or(|last: Instant| last.elapsed() >= STATUS_INTERVAL) {
                    last = Some(Instant::now());
                    self.notices.set_salvage(&path, status::salvage(&path, salvaged, None));
                }
            };
            let salvaged = self.store.salvage(&path, progress).await;
            tracing::info!(elapsed = ?begun.elapsed(), ?salvaged, path = %path.display(), "salvaged");
            let problem = match salvaged {
                Ok(salvaged) => status::salvage(&path, salvaged, Some(Ok(()))),
                Err(err) => status::salvage(&path, store::Salvaged::default(), Some(Err(err.to_string()))),
            };
            self.notices.set_salvage(&path, problem);
        }
    }

    async fn let_go_of_the_old(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LETTING_GO_INTERVAL).await;
            // A configuration that cannot be read may say that things are kept longer, and what is being read of a
            // damaged database gets its pins last.
            if self.configuration.lets_go()
                && self.store.to_salvage().is_empty()
                && let Err(err) = self.let_go(false).await
            {
                tracing::warn!(%err, "what is too old could not be let go");
            }
        }
    }

    async fn let_go(&self, trusts_clock: bool) -> Result<(), AppendError> {
        let now = (self.now)();
        if self.store.let_go(now, trusts_clock).await?.is_none() {
            let problem = Problem {
                name: "clock".to_owned(),
                sentence: "the clock has jumped: nothing is let go by its age".to_owned(),
                remedy: "set the clock, or if it is right run `spanscope compact --trust-clock`".to_owned(),
            };
            self.notices.report(problem, now.saturating_add(CLOCK_NANOS));
        }
        Ok(())
    }

    async fn delete(&self, selection: api::Selection) -> Answer {
        let deleted = self.store.delete(selection::of_api(selection)).await.map_err(|err| error::of_append(&err))?;
        Ok(Reply::Selected(selection::selected(deleted)))
    }

    /// Announces a deletion and has it carried out when its grace is over.
    async fn delete_soon(self: Arc<Self>, selection: api::Selection) -> Answer {
        let selection = selection::of_api(selection);
        let selected = self.store.select(selection.clone()).await.map_err(|err| error::of_append(&err))?;
        let selected = selection::selected(selected);
        if selected.is_empty() {
            return Ok(Reply::Selected(selected));
        }
        if let Some(before) = self.announced.announce(selection, selected, Instant::now()) {
            self.carry_out(before).await;
        }
        self.tell_status();
        let owner = Arc::clone(&self);
        // Only the wait ends with a stop: a deletion that has begun is carried out.
        self.tasks.spawn(async move {
            let has_waited =
                owner.events.stopped().clone().run_until_cancelled(tokio::time::sleep(GRACE)).await.is_some();
            if has_waited && let Some(selection) = owner.announced.take_due(Instant::now()) {
                owner.carry_out(selection).await;
                owner.tell_status();
            }
        });
        Ok(Reply::Selected(selected))
    }

    async fn carry_out(&self, selection: store::Selection) {
        if let Err(err) = self.store.delete(selection).await {
            tracing::error!(%err, "what was to be deleted is still there");
            self.events.send(Event::Failed { sentence: format!("what was to be deleted is still there: {err}") });
        }
    }

    fn undo_delete(&self) -> Answer {
        if self.announced.take().is_none() {
            return Err(ApiError::new(ErrorCode::NotFound, "nothing is about to be deleted: it is too late to undo"));
        }
        self.tell_status();
        Ok(Reply::Done)
    }

    async fn preview_sampling(&self, sampling: api::Sampling, since_unix_nano: u64) -> Answer {
        let rules = sampling_words::of_api(sampling);
        rules.check().map_err(|err| ApiError::new(ErrorCode::Malformed, err.to_string()))?;
        let preview = self.store.preview_sampling(&rules, since_unix_nano).await;
        let store::Preview { traces, kept, kept_by_reason } = preview.map_err(|err| error::of_append(&err))?;
        let kept_by_reason = kept_by_reason.into_iter().map(|(reason, number)| (reason.to_owned(), number)).collect();
        Ok(Reply::SamplingPreview(SamplingPreview { traces, kept, kept_by_reason }))
    }

    fn tell_status(&self) {
        self.events.send(Event::Status(Box::new(self.status())));
    }

    async fn new_api_key(&self) -> Answer {
        let key = key::random()?;
        let hash = KeyHash::of(key.as_bytes()).to_string();
        self.change_settings(SettingsChange::ApiKeyHash(Some(hash))).await?;
        Ok(Reply::ApiKey(key))
    }

    async fn pin(&self, trace_id: TraceId, is_pinned: bool) -> Answer {
        match self.store.pin(trace_id, is_pinned).await {
            Ok(true) => {
                self.events.send(Event::Pinned { trace_id, is_pinned });
                Ok(Reply::Done)
            }
            Ok(false) => Err(error::no_trace(trace_id)),
            Err(err) => Err(error::of_append(&err)),
        }
    }

    async fn announce_arrivals(self: Arc<Self>) {
        let reader = self.answers.reader();
        let mut changes = reader.changes();
        let mut announced = reader.sequence();
        while changes.changed().await.is_ok() {
            let sequence = reader.sequence();
            if sequence > announced {
                let traces = reader.changed_since(announced, MAX_ARRIVED);
                self.events.send(Event::Arrived { sequence, traces });
                announced = sequence;
            }
            tokio::time::sleep(ARRIVED_INTERVAL).await;
        }
    }

    async fn announce_status(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(STATUS_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let received = self.store.spans_received();
            self.rate.lock().unwrap_or_else(PoisonError::into_inner).sample(Instant::now(), received);
            if self.events.has_listeners() {
                self.events.send(Event::Status(Box::new(self.status())));
            }
        }
    }
}

impl Answering for Owner {
    async fn answer(self: Arc<Self>, call: Call) -> Answer {
        if self.events.stopped().is_cancelled() {
            return Err(ApiError::new(ErrorCode::NotOwner, "the session is stopped"));
        }
        match call {
            Call::Status => Ok(Reply::Status(Box::new(self.status()))),
            Call::Listen { protocol, address } => self.listen(protocol, &address).await,
            Call::ImportPath { path } => import::path(&self.store, self.now, &path).await.map(Reply::Imported),
            Call::ImportBytes { name, bytes } => {
                import::bytes(&self.store, self.now, name, bytes.into()).await.map(Reply::Imported)
            }
            Call::LoadSample => sample::load(&self.store, self.now).await.map(Reply::Imported),
            Call::Present { paths, search } => self.present(paths, search),
            Call::Settings => Ok(Reply::Settings(Box::new(self.configuration.in_words(self.dir.path())))),
            Call::ChangeSettings(change) => self.change_settings(change).await,
            Call::Select(selection) => {
                let selected = self.store.select(selection::of_api(selection)).await;
                selected.map(selection::selected).map(Reply::Selected).map_err(|err| error::of_append(&err))
            }
            Call::Delete(selection) => self.delete(selection).await,
            Call::DeleteSoon(selection) => self.delete_soon(selection).await,
            Call::UndoDelete => self.undo_delete(),
            Call::PreviewSampling { sampling, since_unix_nano } => {
                self.preview_sampling(sampling, since_unix_nano).await
            }
            Call::NewApiKey => self.new_api_key().await,
            Call::TrustClock => self.let_go(true).await.map(|()| Reply::Done).map_err(|err| error::of_append(&err)),
            Call::Compact => self.store.compact().await.map(|()| Reply::Done).map_err(|err| error::of_append(&err)),
            Call::Pin { trace_id, is_pinned } => self.pin(trace_id, is_pinned).await,
            Call::Subscribe => Err(ApiError::new(ErrorCode::Malformed, "events have a connection of their own")),
            call => self.answers.answer(call).await,
        }
    }

    fn events(&self) -> Events {
        self.events.subscribe()
    }
}

/// Runs a task of the owner until the owner stops.
async fn until_stopped<F: Future<Output = ()>>(owner: Arc<Owner>, task: impl FnOnce(Arc<Owner>) -> F) {
    let stopped = owner.events.stopped().clone();
    stopped.run_until_cancelled(task(owner)).await;
}
