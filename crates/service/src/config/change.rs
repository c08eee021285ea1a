//! Changes of the file's text: what a change is not about stays as it was written, comments too.

use api::sampling::{parse_environments, parse_flows, parse_ratio};
use api::{CriticalFlow, SettingsChange};
use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, Value, table, value};

use super::file::parse;

/// The text with the change in it.
///
/// # Errors
/// Why the change makes no sense, without a place: it is not in the file.
pub(super) fn changed(text: &str, change: &SettingsChange) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|err: toml_edit::TomlError| err.message().to_owned())?;
    let is_bare = document.is_empty();
    match change {
        SettingsChange::Ordinary(age) => set(part(&mut document, "retention")?, "ordinary", age.into()),
        SettingsChange::Errors(age) => set(part(&mut document, "retention")?, "errors", age.into()),
        SettingsChange::Cap(size) => set(part(&mut document, "retention")?, "cap", size.into()),
        SettingsChange::Containers(is_on) => set(document.as_table_mut(), "containers", (*is_on).into()),
        SettingsChange::AllowedHosts(hosts) => set_list(document.as_table_mut(), "allowed_hosts", hosts),
        SettingsChange::AllowedOrigins(origins) => set_list(document.as_table_mut(), "allowed_origins", origins),
        SettingsChange::ApiKeyHash(hash) => {
            set_or_remove(part(&mut document, "receive")?, "api_key_hash", hash.as_deref())
        }
        SettingsChange::RequestSize(size) => set(part(&mut document, "receive")?, "largest_request", size.into()),
        SettingsChange::Memory(size) => set(part(&mut document, "receive")?, "memory", size.into()),
        SettingsChange::SamplingOn(is_on) => set(part(&mut document, "sampling")?, "on", (*is_on).into()),
        SettingsChange::Environments(text) => {
            set(part(&mut document, "sampling")?, "environments", environments(text)?.into());
        }
        SettingsChange::HighVolumeRatio(text) => {
            set(part(&mut document, "sampling")?, "high_volume_ratio", parse_ratio(text)?.into());
        }
        SettingsChange::HighVolumeOver(text) => {
            set(part(&mut document, "sampling")?, "high_volume_over", number(text)?.into());
        }
        SettingsChange::LowVolumeUnder(text) => {
            set(part(&mut document, "sampling")?, "low_volume_under", number(text)?.into());
        }
        SettingsChange::CriticalFlows(text) => {
            set(part(&mut document, "sampling")?, "critical_flows", flows(text).into());
        }
        SettingsChange::TeamFile(path) => {
            let path = Some(path.as_str()).filter(|path| !path.is_empty());
            set_or_remove(part(&mut document, "sampling")?, "team_file", path);
        }
    }
    let text = if is_bare {
        // Comments alone are the end of a document, and are to stay its head.
        document.set_trailing("");
        let gap = if text.is_empty() || text.ends_with("\n\n") {
            ""
        } else if text.ends_with('\n') {
            "\n"
        } else {
            "\n\n"
        };
        format!("{text}{gap}{document}")
    } else {
        document.to_string()
    };
    parse(&text).map_err(|fault| fault.why)?;
    Ok(text)
}

/// A table of the file, made where there is none.
fn part<'a>(document: &'a mut DocumentMut, name: &str) -> Result<&'a mut dyn TableLike, String> {
    let part = document.entry(name).or_insert_with(table);
    part.as_table_like_mut().ok_or_else(|| format!("{name} is not a table"))
}

fn environments(text: &str) -> Result<InlineTable, String> {
    Ok(parse_environments(text)?.into_iter().map(|(name, ratio)| (name, Value::from(ratio))).collect())
}

fn flows(text: &str) -> Array {
    let one = |flow: CriticalFlow| {
        let parts = [("service", flow.service), ("operation", flow.operation)];
        let parts = parts.into_iter().filter_map(|(name, pattern)| Some((name, Value::from(pattern?))));
        Value::from(parts.collect::<InlineTable>())
    };
    parse_flows(text).into_iter().map(one).collect()
}

/// Traces an hour.
fn number(text: &str) -> Result<i64, String> {
    let number = text.trim().parse::<u32>().map(i64::from);
    number.map_err(|_| format!("“{text}” is no number of traces an hour: write for example 1000"))
}

fn set_or_remove(table: &mut dyn TableLike, key: &str, text: Option<&str>) {
    match text {
        Some(text) => set(table, key, text.into()),
        None => drop(table.remove(key)),
    }
}

/// Sets a value; a comment behind it stays.
fn set(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => {
            table.insert(key, value(new));
        }
    }
}

/// Sets a list; what was in it before stays where it stands.
fn set_list(table: &mut dyn TableLike, key: &str, wanted: &[String]) {
    if table.get(key).is_none() {
        table.insert(key, value(Array::new()));
    }
    let Some(list) = table.get_mut(key).and_then(Item::as_array_mut) else { return };
    list.retain(|old| old.as_str().is_some_and(|old| wanted.iter().any(|new| new == old)));
    for new in wanted {
        if !list.iter().any(|old| old.as_str() == Some(new)) {
            list.push(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_a_change_is_not_about_stays() {
        let mut text =
            "# Mine.\ncontainers = true # for the cluster\nallowed_hosts = [\n  # the old one\n  \"a.example\",\n  \
                        \"b.example\",\n]\n\n[retention]\n# long\nordinary = \"14d\"   # two weeks\n"
                .to_owned();
        for change in [
            SettingsChange::Containers(false),
            SettingsChange::Ordinary("7d".to_owned()),
            SettingsChange::Cap("10GB".to_owned()),
            SettingsChange::AllowedHosts(vec!["a.example".to_owned(), "c.example".to_owned()]),
            SettingsChange::AllowedOrigins(vec!["https://app.example.com".to_owned()]),
            SettingsChange::Memory("256 MiB".to_owned()),
            SettingsChange::Environments("production 10 %, live 5 %".to_owned()),
            SettingsChange::HighVolumeOver("500".to_owned()),
            SettingsChange::CriticalFlows("checkout > POST /pay*; billing".to_owned()),
            SettingsChange::TeamFile("team.toml".to_owned()),
            SettingsChange::TeamFile(String::new()),
        ] {
            text = changed(&text, &change).expect("a good change");
        }
        expect![[r##"
            # Mine.
            containers = false # for the cluster
            allowed_hosts = [
              # the old one
              "a.example", "c.example",
            ]
            allowed_origins = ["https://app.example.com"]

            [retention]
            # long
            ordinary = "7d"   # two weeks
            cap = "10GB"

            [receive]
            memory = "256 MiB"

            [sampling]
            environments = { production = 0.1, live = 0.05 }
            high_volume_over = 500
            critical_flows = [{ service = "checkout", operation = "POST /pay*" }, { service = "billing" }]
        "##]]
        .assert_eq(&text);
    }

    #[test]
    fn an_empty_file_gets_what_is_set_and_no_more() {
        let text = changed("", &SettingsChange::Errors("60d".to_owned())).expect("a good change");
        assert_eq!(text, "[retention]\nerrors = \"60d\"\n");
        let text = changed("# Mine.", &SettingsChange::Containers(true)).expect("a good change");
        assert_eq!(text, "# Mine.\n\ncontainers = true\n");
        assert!(changed("", &SettingsChange::Cap("5".to_owned())).is_err_and(|why| why.contains("5GB")));
        assert!(changed("", &SettingsChange::AllowedHosts(vec!["http://x".to_owned()])).is_err());
    }
}
