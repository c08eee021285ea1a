//! The team file: rules that are committed beside the code and followed like the user's own file. It may hold
//! sampling and retention, and never what opens this machine or says where things go.

use std::path::{Path, PathBuf};

use api::{ApiError, ErrorCode};
use serde::Deserialize;

use super::file::{ConfigFile, Fault, Retention, Sampling, deserialize, named};

/// What stands in a team file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamFile {
    /// How long things are kept, where the user's own file does not say.
    #[serde(default)]
    pub(super) retention: Retention,
    /// What is thinned, where the user's own file does not say.
    #[serde(default)]
    pub(super) sampling: Sampling,
}

/// Where the team file is that the user's file at `path` names.
pub(super) fn team_path(path: &Path, file: &ConfigFile) -> Option<PathBuf> {
    let named = file.sampling.team_file.as_ref()?;
    Some(path.parent().unwrap_or(Path::new("")).join(named))
}

/// What stands in the team file at `path`; `text` is `None` where there is none.
pub(super) fn parse_team_file(path: &Path, text: Option<&str>) -> Result<TeamFile, ApiError> {
    let text = text.ok_or_else(|| {
        ApiError::new(ErrorCode::File, format!("there is no team file at {}: see sampling.team_file", path.display()))
    })?;
    parse(text).map_err(|fault| named(path, text, &fault))
}

fn parse(text: &str) -> Result<TeamFile, Fault> {
    let file: TeamFile = deserialize(text).map_err(|fault| {
        let remedy = if fault.why.starts_with("unknown field") { ": a team file holds nothing else" } else { "" };
        Fault { why: format!("{}{remedy}", fault.why), ..fault }
    })?;
    if file.sampling.team_file.is_some() {
        let start = text.find("team_file").unwrap_or_default();
        return Err(Fault { start, why: "a team file names no other".to_owned() });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_a_team_may_not_say_is_named_with_its_line() {
        let said: String = [
            "grpc = [\"0.0.0.0:4317\"]",
            "[sampling]\n[receive]\napi_key_hash = \"sha256:00\"",
            "[sampling]\nteam_file = \"other.toml\"",
            "[sampling]\nhigh_volume_ratio = 1.5",
            "[sampling.environments]\nproduction = \"10\"",
            "[retention]\nordinary = 7",
        ]
        .iter()
        .map(|text| parse_team_file(Path::new("t"), Some(text)).expect_err(text).sentence + "\n")
        .collect();
        expect![[r#"
            t: line 1: unknown field `grpc`, expected `retention` or `sampling`: a team file holds nothing else
            t: line 2: unknown field `receive`, expected `retention` or `sampling`: a team file holds nothing else
            t: line 2: a team file names no other
            t: line 2: 1.5 is no share: write a number from 0 (none is kept) to 1 (all are kept)
            t: line 2: invalid type: string "10", expected f64
            t: line 2: invalid type: integer `7`, expected a string
        "#]]
        .assert_eq(&said);
    }
}
