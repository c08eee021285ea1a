use api::{ApiError, Call, Event, Reply, Settings, SettingsChange};

use crate::{
    reactive::RwSignal,
    spawn,
    state::{AppState, use_app},
    transport,
};

/// What is set. Copy it.
#[derive(Clone, Copy)]
pub(super) struct SettingsState {
    pub(super) app: AppState,
    /// `None` until the service has said so.
    pub(super) settings: RwSignal<Option<Settings>>,
    /// The section that has the keyboard, by its id.
    pub(super) current: RwSignal<&'static str>,
}

impl SettingsState {
    /// Asks for the settings, and follows them. Belongs to the reactive owner it is made in.
    pub(super) fn new() -> Self {
        let state = Self { app: use_app(), settings: RwSignal::new(None), current: RwSignal::new("retention") };
        state.app.on_event(move |event| {
            if let Event::Settings(settings) = event {
                state.settings.set(Some((**settings).clone()));
            }
        });
        spawn(async move {
            if let Err(error) = state.ask(Call::Settings).await {
                state.app.fail(error.sentence);
            }
        });
        state
    }

    /// Writes a change and has it apply.
    pub(super) async fn change(self, change: SettingsChange) -> Result<(), ApiError> {
        self.ask(Call::ChangeSettings(change)).await
    }

    async fn ask(self, call: Call) -> Result<(), ApiError> {
        if let Reply::Settings(settings) = transport::call(call).await? {
            self.settings.try_set(Some(*settings));
        }
        Ok(())
    }

    /// Something that is set, once it is known; followed.
    pub(super) fn read<T: Default>(self, read: impl FnOnce(&Settings) -> T) -> T {
        self.settings.with(|settings| settings.as_ref().map(read).unwrap_or_default())
    }
}
