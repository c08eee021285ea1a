//! Searches that were run, and those that were given a name, kept on this machine.

use crate::state::remembered;

const RECENT: &str = "search.recent";
const SAVED: &str = "search.saved";
/// So many searches that were run are kept.
const MOST_RECENT: usize = 50;

/// A search with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    /// Its name.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// Searches that were run, the last one first.
pub(crate) fn recent() -> Vec<String> {
    remembered::read(RECENT).map(|lines| lines.lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// Notes that a search was run; returns all.
pub(crate) fn note(recent: &[String], text: &str) -> Vec<String> {
    let recent = first(recent, text);
    remembered::write(RECENT, &recent.join("\n"));
    recent
}

/// The list with a search at its beginning.
fn first(recent: &[String], text: &str) -> Vec<String> {
    let text = text.trim();
    let others = recent.iter().filter(|other| *other != text).cloned();
    // A search is one line: a field of one line holds no other.
    let new = (!text.is_empty() && !text.contains('\n')).then(|| text.to_owned());
    new.into_iter().chain(others).take(MOST_RECENT).collect()
}

/// Searches with a name, by name.
pub(crate) fn saved() -> Vec<Saved> {
    remembered::read(SAVED).map(|lines| read(&lines)).unwrap_or_default()
}

/// Keeps these.
pub(crate) fn save(saved: &[Saved]) {
    remembered::write(SAVED, &write(saved));
}

/// With a further one, which takes the place of one with the same name.
pub(crate) fn with(saved: &[Saved], name: &str, text: &str) -> Vec<Saved> {
    // What parts names from texts is in neither.
    let name: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let at = saved.iter().position(|other| other.name >= name).unwrap_or(saved.len());
    let mut saved = saved.to_vec();
    saved.insert(at, Saved { name, text: text.trim().to_owned() });
    if saved.get(at + 1).is_some_and(|next| next.name == saved[at].name) {
        saved.remove(at + 1);
    }
    saved
}

fn write(saved: &[Saved]) -> String {
    saved.iter().map(|saved| format!("{}\t{}", saved.name, saved.text)).collect::<Vec<_>>().join("\n")
}

fn read(lines: &str) -> Vec<Saved> {
    let saved = lines.lines().filter_map(|line| line.split_once('\t'));
    saved.map(|(name, text)| Saved { name: name.to_owned(), text: text.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_search_comes_first_and_only_once() {
        let mut recent = Vec::new();
        for text in ["a", " b ", "a", "", "c\nd"] {
            recent = first(&recent, text);
        }
        assert_eq!(recent, ["a", "b"]);
        for number in 0..100 {
            recent = first(&recent, &number.to_string());
        }
        assert_eq!((recent.len(), recent[0].as_str()), (50, "99"));
    }

    #[test]
    fn saved_searches_stand_by_name_and_are_read_again() {
        let mut all = Vec::new();
        for (name, text) in [("slow", "duration > 1s"), ("failed\tones", "error"), ("slow", "duration > 2s")] {
            all = with(&all, name, text);
        }
        assert_eq!(write(&all), "failed ones\terror\nslow\tduration > 2s");
        assert_eq!(read(&write(&all)), all);
    }
}
