//! Changes of the file's text: what a change is not about stays as it was written, comments too.

use api::SettingsChange;
use toml_edit::{Array, DocumentMut, Item, TableLike, Value, table, value};

use super::file::parse;

/// The text with the change in it.
///
/// # Errors
/// Why the change makes no sense, without a place: it is not in the file.
pub(super) fn changed(text: &str, change: &SettingsChange) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|err: toml_edit::TomlError| err.message().to_owned())?;
    let is_bare = document.is_empty();
    match change {
        SettingsChange::Ordinary(age) => set(retention(&mut document)?, "ordinary", age.into()),
        SettingsChange::Errors(age) => set(retention(&mut document)?, "errors", age.into()),
        SettingsChange::Cap(size) => set(retention(&mut document)?, "cap", size.into()),
        SettingsChange::Containers(is_on) => set(document.as_table_mut(), "containers", (*is_on).into()),
        SettingsChange::AllowedHosts(hosts) => set_list(document.as_table_mut(), "allowed_hosts", hosts),
        SettingsChange::AllowedOrigins(origins) => set_list(document.as_table_mut(), "allowed_origins", origins),
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

fn retention(document: &mut DocumentMut) -> Result<&mut dyn TableLike, String> {
    let retention = document.entry("retention").or_insert_with(table);
    retention.as_table_like_mut().ok_or_else(|| "retention is not a table".to_owned())
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
