//! What the window is started with besides options: files, and at most one link.

use std::path::{Path, PathBuf};

use api::link;

/// What is to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Opening {
    /// Files to open, absolute paths.
    pub(crate) files: Vec<PathBuf>,
    /// A text for the search box.
    pub(crate) search: Option<String>,
}

impl Opening {
    /// Tells links from the names of files. Fails with a sentence where one is no link that can be followed, where there
    /// are several, or where `absolute` refuses a file.
    pub(crate) fn read<E: From<String>>(
        arguments: &[PathBuf],
        absolute: impl Fn(&Path) -> Result<PathBuf, E>,
    ) -> Result<Self, E> {
        let mut opening = Self::default();
        for argument in arguments {
            match argument.to_str().filter(|text| link::is_link(text)) {
                Some(text) => {
                    let text = link::search_of(text).map_err(|err| err.to_string())?;
                    if opening.search.replace(text).is_some() {
                        return Err("there is one search box: give one link".to_owned().into());
                    }
                }
                None => opening.files.push(absolute(argument)?),
            }
        }
        Ok(opening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stand_beside_files() {
        let read = |arguments: &[&str]| {
            let arguments: Vec<PathBuf> = arguments.iter().map(PathBuf::from).collect();
            Opening::read(&arguments, |file| Ok::<_, String>(Path::new("/here").join(file)))
        };
        let (files, search) = (vec!["/here/a.json".into(), "/here/b".into()], Some("a = 1".to_owned()));
        assert_eq!(read(&["a.json", "spanscope://search?q=a%20%3D%201", "b"]), Ok(Opening { files, search }));
        let files = vec!["/here/./spanscope:x".into()];
        assert_eq!(read(&["./spanscope:x"]), Ok(Opening { files, search: None }), "a path is a path");
        assert!(read(&["spanscope://search?q=%"]).is_err_and(|sentence| sentence.contains("character 22")));
        assert!(read(&["spanscope://search?q=a", "spanscope://search?q=b"]).is_err());
    }
}
