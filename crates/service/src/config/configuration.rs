//! The configuration file in use.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use api::{
    ApiError, ErrorCode, Problem, Sampling, SettingsChange,
    sampling::{environments_text, flows_text, parse_environments, parse_flows},
};

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
    /// What applies: of the user's own file when it was last good.
    applies: Resolved,
    /// Why the user's own file as it is does not apply.
    fault: Option<ApiError>,
}

/// What the files say.
#[derive(Debug, Clone, PartialEq)]
struct Texts {
    /// `None`: there is none.
    own: Option<String>,
    /// Of the team file that the user's own names, if it does and that can be read.
    team: Result<Option<String>, ApiError>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { own: None, team: Ok(None) }
    }
}

impl Texts {
    fn read(path: &Path) -> Result<Self, ApiError> {
        let own = read(path)?;
        let team = Self::read_team(path, own.as_deref());
        Ok(Self { own, team })
    }

    /// Of the team file that the user's own names. What is wrong in that is said once it is resolved.
    fn read_team(path: &Path, own: Option<&str>) -> Result<Option<String>, ApiError> {
        let file = own.and_then(|text| parse_file(path, text).ok());
        let team = file.and_then(|file| team_path(path, &file));
        Ok(team.as_deref().map(read).transpose()?.flatten())
    }
}

/// What the files say together.
#[derive(Debug)]
struct Resolved {
    settings: Settings,
    /// The team file when it was last good; `None`: it never was.
    team: Option<TeamFile>,
    /// Why the team file as it is does not apply: the last good one does.
    team_fault: Option<ApiError>,
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
        // What a colleague committed keeps nobody from starting: without it, the user's own file is good.
        let applies = resolve(options, path.as_deref(), &texts, None)?;
        Ok(Self::new(options, path, texts, applies, None))
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
                let applies = Resolved { settings, team: None, team_fault: None };
                Ok(Self::new(options, path, Texts::default(), applies, Some(fault)))
            }
        }
    }

    fn new(options: &Options, path: Option<PathBuf>, texts: Texts, applies: Resolved, fault: Option<ApiError>) -> Self {
        let first = applies.settings.clone();
        let state = Mutex::new(State { texts, new_texts: None, applies, fault });
        Self { options: options.clone(), path, first, state }
    }

    /// What applies.
    pub(crate) fn settings(&self) -> Settings {
        self.state().applies.settings.clone()
    }

    /// Whether things may be let go by what applies: not while the user's own file may say that they stay longer, nor
    /// before a team file was good once.
    pub(crate) fn lets_go(&self) -> bool {
        let state = self.state();
        state.fault.is_none() && state.applies.team.is_some()
    }

    /// In the words of the API.
    pub(crate) fn in_words(&self, data_dir: &Path) -> api::Settings {
        api::Settings {
            data_dir: data_dir.display().to_string(),
            config_path: self.path.as_ref().map(|path| path.display().to_string()),
            ..self.state().applies.settings.in_words(&self.options)
        }
    }

    /// What needs attention.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let state = self.state();
        let fault = state.fault.as_ref().or(state.applies.team_fault.as_ref()).map(|fault| Problem {
            name: "configuration".to_owned(),
            sentence: fault.sentence.clone(),
            remedy: "mend the file: until then the last good settings apply".to_owned(),
        });
        let Settings { grpc, http, .. } = &state.applies.settings;
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
        // Before the lock: whoever asks what applies does not wait for a disk.
        let texts = Texts::read(path);
        let mut state = self.state();
        let texts = match texts {
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
                let applies = resolve(&self.options, Some(path), &texts, state.applies.team.as_ref());
                applies.map(|applies| (texts, applies))
            }
            Ok(texts) => {
                state.new_texts = Some(texts);
                return None;
            }
            Err(fault) => Err(fault),
        };
        match taken {
            Ok((texts, applies)) => {
                state.texts = texts;
                // What was held back while a file was bad is due even if nothing else has changed.
                let differs = state.fault.take().is_some()
                    || state.applies.settings != applies.settings
                    || state.applies.team_fault != applies.team_fault;
                state.applies = applies;
                differs.then(|| state.applies.settings.clone())
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
        // A file that names an address for which there is no key yet is mended by the key.
        if !matches!(change, SettingsChange::ApiKeyHash(Some(_))) {
            let mend = |fault| ApiError::new(ErrorCode::File, format!("{fault}: mend that first"));
            parse_file(path, &text).map_err(mend)?;
        }
        if loses(change, &state.applies.settings.in_words(&self.options).sampling) {
            let sentence =
                "what stands in the configuration file cannot be written in this way without loss: change it there";
            return Err(ApiError::new(ErrorCode::Malformed, sentence));
        }
        let text = changed(&text, change).map_err(|why| ApiError::new(ErrorCode::Malformed, why))?;
        let texts = Texts { team: Texts::read_team(path, Some(&text)), own: Some(text.clone()) };
        let applies = resolve(&self.options, Some(path), &texts, state.applies.team.as_ref())?;
        if let (SettingsChange::TeamFile(_), Some(fault)) = (change, &applies.team_fault) {
            return Err(fault.clone());
        }
        write(path, &text)
            .map_err(|err| ApiError::new(ErrorCode::File, format!("cannot write {}: {err}", path.display())))?;
        *state = State { texts, new_texts: None, applies, fault: None };
        Ok(state.applies.settings.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a list that is changed as a text holds what that text cannot say: names with its punctuation, shares finer
/// than it shows.
fn loses(change: &SettingsChange, Sampling { environments, critical_flows, .. }: &Sampling) -> bool {
    match change {
        SettingsChange::Environments(_) => {
            parse_environments(&environments_text(environments)).as_ref() != Ok(environments)
        }
        SettingsChange::CriticalFlows(_) => parse_flows(&flows_text(critical_flows)) != *critical_flows,
        _ => false,
    }
}

/// What the user's own file says, over the team file that it names, or over the last good one where that is bad.
fn resolve(
    options: &Options,
    path: Option<&Path>,
    texts: &Texts,
    last_good: Option<&TeamFile>,
) -> Result<Resolved, ApiError> {
    let file = parse_own(path, texts.own.as_deref())?;
    let (team, team_fault) = match path.and_then(|path| team_path(path, &file)) {
        None => (Some(TeamFile::default()), None),
        Some(path) => match texts.team.clone().and_then(|text| parse_team_file(&path, text.as_deref())) {
            Ok(team) => (Some(team), None),
            Err(fault) => (last_good.cloned(), Some(fault)),
        },
    };
    let settings = Settings::resolve(options, file, team.clone().unwrap_or_default())?;
    Ok(Resolved { settings, team, team_fault })
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
