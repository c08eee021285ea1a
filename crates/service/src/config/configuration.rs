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
    team::{TeamFile, parse_team_file, team_path},
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
    /// What the files said when they were last taken.
    texts: Texts,
    /// What they say otherwise since.
    new_texts: Option<Texts>,
    /// What applies: of the files when they were last good.
    settings: Settings,
    /// Why the files as they are do not apply.
    fault: Option<ApiError>,
    /// Whether things may be let go by `settings`: not while the user's own file may say that they stay longer, nor
    /// before a team file was good once.
    lets_go: bool,
}

/// What the files say; `None`: there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Texts {
    own: Option<String>,
    team: Option<String>,
}

impl Texts {
    fn read(path: &Path) -> Result<Self, ApiError> {
        let own = read(path)?;
        let team = Self::read_team(path, own.as_deref())?;
        Ok(Self { own, team })
    }

    /// Of the team file that the user's own names. What is wrong in that is said once it is resolved.
    fn read_team(path: &Path, own: Option<&str>) -> Result<Option<String>, ApiError> {
        let file = own.and_then(|text| parse_file(path, text).ok());
        let team = file.and_then(|file| team_path(path, &file));
        Ok(team.as_deref().map(read).transpose()?.flatten())
    }
}

impl Configuration {
    /// Reads the configuration file and puts the options over it.
    ///
    /// # Errors
    /// What is wrong in the file or the options.
    pub(crate) fn read(options: &Options) -> Result<Self, ApiError> {
        let path = options.config.clone().or_else(usual_path);
        let texts = path.as_deref().map(Texts::read).transpose()?.unwrap_or_default();
        if let (Some(path), None) = (&options.config, &texts.own) {
            return Err(ApiError::new(
                ErrorCode::File,
                format!("there is no configuration file at {}", path.display()),
            ));
        }
        match resolve(options, path.as_deref(), &texts) {
            Ok(settings) => Ok(Self::new(options, path, texts, settings, None)),
            Err(fault) => {
                // What a colleague committed keeps nobody from starting: without it, the user's own file is good.
                let file = parse_own(path.as_deref(), texts.own.as_deref())?;
                if file.sampling.team_file.is_none() {
                    return Err(fault);
                }
                let settings = Settings::resolve(options, file, TeamFile::default())?;
                Ok(Self::new(options, path, texts, settings, Some(fault)))
            }
        }
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
                let settings = Settings::resolve(options, ConfigFile::default(), TeamFile::default())?;
                let path = options.config.clone().or_else(usual_path);
                Ok(Self::new(options, path, Texts::default(), settings, Some(fault)))
            }
        }
    }

    fn new(
        options: &Options,
        path: Option<PathBuf>,
        texts: Texts,
        settings: Settings,
        fault: Option<ApiError>,
    ) -> Self {
        let state =
            Mutex::new(State { texts, new_texts: None, settings: settings.clone(), lets_go: fault.is_none(), fault });
        Self { options: options.clone(), path, first: settings, state }
    }

    /// What applies.
    pub(crate) fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Whether things may be let go by what applies.
    pub(crate) fn lets_go(&self) -> bool {
        self.state().lets_go
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

    /// Looks whether a file has changed; the settings if others apply from now on. A change is taken
    /// when it is seen twice, so that a file that is just being written is not.
    pub(crate) fn look(&self) -> Option<Settings> {
        let path = self.path.as_deref()?;
        let mut state = self.state();
        let texts = match Texts::read(path) {
            Ok(Texts { own: None, .. }) if state.texts.own.is_some() => {
                Err(ApiError::new(ErrorCode::File, format!("the configuration file {} is gone", path.display())))
            }
            read => read,
        };
        let taken = match texts {
            Ok(texts) if texts == state.texts && state.fault.is_none() => {
                state.new_texts = None;
                return None;
            }
            Ok(texts) if state.new_texts.as_ref() == Some(&texts) => {
                state.new_texts = None;
                resolve(&self.options, Some(path), &texts).map(|settings| (texts, settings))
            }
            Ok(texts) => {
                state.new_texts = Some(texts);
                return None;
            }
            Err(fault) => Err(fault),
        };
        match taken {
            Ok((texts, settings)) => {
                state.texts = texts;
                // What was held back while a file was bad is due even if nothing else has changed.
                state.lets_go = true;
                let differs = state.fault.take().is_some() || state.settings != settings;
                state.settings = settings;
                differs.then(|| state.settings.clone())
            }
            Err(fault) => {
                let own = read(path).ok().flatten();
                state.lets_go &= own.is_some_and(|text| parse_file(path, &text).is_ok());
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
        let texts = Texts { team: Texts::read_team(path, Some(&text))?, own: Some(text.clone()) };
        let settings = resolve(&self.options, Some(path), &texts)?;
        write(path, &text)
            .map_err(|err| ApiError::new(ErrorCode::File, format!("cannot write {}: {err}", path.display())))?;
        *state = State { texts, new_texts: None, settings, fault: None, lets_go: true };
        Ok(state.settings.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn resolve(options: &Options, path: Option<&Path>, texts: &Texts) -> Result<Settings, ApiError> {
    let file = parse_own(path, texts.own.as_deref())?;
    let team = match path.and_then(|path| team_path(path, &file)) {
        Some(path) => parse_team_file(&path, texts.team.as_deref())?,
        None => TeamFile::default(),
    };
    Settings::resolve(options, file, team)
}

fn parse_own(path: Option<&Path>, text: Option<&str>) -> Result<ConfigFile, ApiError> {
    match (path, text) {
        (Some(path), Some(text)) => parse_file(path, text),
        _ => Ok(ConfigFile::default()),
    }
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
