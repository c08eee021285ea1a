//! The configuration file in use.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use api::{ApiError, ErrorCode, Problem, SettingsChange};

use super::{
    Settings,
    change::changed,
    file::{ConfigFile, parse_file, read, usual_path},
};
use crate::Options;

/// What is set, and the file that says so, which may change at any time.
#[derive(Debug)]
pub(crate) struct Configuration {
    options: Options,
    path: Option<PathBuf>,
    /// With what was listened for first: other addresses take effect at the next start.
    first: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What the file said when it was last taken; `None`: there was none.
    text: Option<String>,
    /// What it says otherwise since.
    new_text: Option<Option<String>>,
    /// What applies: of the file when it was last good.
    settings: Settings,
    /// Why the file as it is does not apply.
    fault: Option<ApiError>,
}

impl Configuration {
    /// Reads the configuration file and puts the options over it.
    ///
    /// # Errors
    /// What is wrong in the file or the options.
    pub(crate) fn read(options: &Options) -> Result<Self, ApiError> {
        let path = options.config.clone().or_else(usual_path);
        let text = path.as_deref().map(read).transpose()?.flatten();
        if let (Some(path), None) = (&options.config, &text) {
            return Err(ApiError::new(
                ErrorCode::File,
                format!("there is no configuration file at {}", path.display()),
            ));
        }
        let settings = resolve(options, path.as_deref(), text.as_deref())?;
        Ok(Self::new(options, path, text, settings, None))
    }

    /// The same for a command that does not listen: what is wrong keeps it from nothing, and `None`
    /// is set.
    ///
    /// # Errors
    /// What is wrong in the options.
    pub(crate) fn read_what_is_good(options: &Options) -> Result<Self, ApiError> {
        match Self::read(options) {
            Ok(configuration) => Ok(configuration),
            Err(fault) => {
                let settings = Settings::resolve(options, ConfigFile::default())?;
                let path = options.config.clone().or_else(usual_path);
                Ok(Self::new(options, path, None, settings, Some(fault)))
            }
        }
    }

    fn new(
        options: &Options,
        path: Option<PathBuf>,
        text: Option<String>,
        settings: Settings,
        fault: Option<ApiError>,
    ) -> Self {
        let state = Mutex::new(State { text, new_text: None, settings: settings.clone(), fault });
        Self { options: options.clone(), path, first: settings, state }
    }

    /// What applies.
    pub(crate) fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Whether the file as it is applies.
    pub(crate) fn is_good(&self) -> bool {
        self.state().fault.is_none()
    }

    /// In the words of the API.
    pub(crate) fn in_words(&self, data_dir: &Path) -> api::Settings {
        api::Settings {
            data_dir: data_dir.display().to_string(),
            config_path: self.path.as_ref().map(|path| path.display().to_string()),
            ..self.state().settings.in_words(&self.options)
        }
    }

    /// What needs attention.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let state = self.state();
        let fault = state.fault.as_ref().map(|fault| Problem {
            name: "configuration".to_owned(),
            sentence: fault.sentence.clone(),
            remedy: "mend the file: until then the last good settings apply".to_owned(),
        });
        let Settings { grpc, http, .. } = &state.settings;
        let restart = (*grpc != self.first.grpc || *http != self.first.http).then(|| Problem {
            name: "restart_needed".to_owned(),
            sentence: "the configuration file names other addresses than those listened on".to_owned(),
            remedy: "start Spanscope anew to listen there".to_owned(),
        });
        fault.into_iter().chain(restart).collect()
    }

    /// Looks whether the file has changed; the settings if others apply from now on. A change is taken
    /// when it is seen twice, so that a file that is just being written is not.
    pub(crate) fn look(&self) -> Option<Settings> {
        let path = self.path.as_deref()?;
        let mut state = self.state();
        let text = match read(path) {
            Ok(None) if state.text.is_some() => {
                Err(ApiError::new(ErrorCode::File, format!("the configuration file {} is gone", path.display())))
            }
            read => read,
        };
        let read = match text {
            Ok(text) if text == state.text && state.fault.is_none() => {
                state.new_text = None;
                return None;
            }
            Ok(text) if state.new_text.as_ref() == Some(&text) => {
                state.new_text = None;
                resolve(&self.options, Some(path), text.as_deref()).map(|settings| (text, settings))
            }
            Ok(text) => {
                state.new_text = Some(text);
                return None;
            }
            Err(fault) => Err(fault),
        };
        match read {
            Ok((text, settings)) => {
                state.text = text;
                state.fault = None;
                let differs = state.settings != settings;
                state.settings = settings;
                differs.then(|| state.settings.clone())
            }
            Err(fault) => {
                state.fault = Some(fault);
                None
            }
        }
    }

    /// Writes a change into the file; the settings that apply from now on.
    ///
    /// # Errors
    /// [`ErrorCode::Malformed`] where the change makes no sense, [`ErrorCode::File`] where the file
    /// cannot be read, understood or written.
    pub(crate) fn change(&self, change: &SettingsChange) -> Result<Settings, ApiError> {
        if self.options.containers && *change == SettingsChange::Containers(false) {
            return Err(ApiError::new(
                ErrorCode::Malformed,
                "containers are received from because of --containers on the command line",
            ));
        }
        let path = self.path.as_deref().ok_or_else(|| {
            ApiError::new(
                ErrorCode::File,
                "this platform has no place for a configuration file: name one with --config",
            )
        })?;
        let mut state = self.state();
        let text = read(path)?.unwrap_or_default();
        parse_file(path, &text).map_err(|fault| ApiError::new(ErrorCode::File, format!("{fault}: mend that first")))?;
        let text = changed(&text, change).map_err(|why| ApiError::new(ErrorCode::Malformed, why))?;
        let settings = resolve(&self.options, Some(path), Some(&text))?;
        write(path, &text)
            .map_err(|err| ApiError::new(ErrorCode::File, format!("cannot write {}: {err}", path.display())))?;
        *state = State { text: Some(text), new_text: None, settings, fault: None };
        Ok(state.settings.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn resolve(options: &Options, path: Option<&Path>, text: Option<&str>) -> Result<Settings, ApiError> {
    let file = match (path, text) {
        (Some(path), Some(text)) => parse_file(path, text)?,
        _ => ConfigFile::default(),
    };
    Settings::resolve(options, file)
}

/// Writes the file so that its name never stands for half of it; a symbolic link stays one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let written = (|| {
        let mut file = fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(&path) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&new, &path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}
