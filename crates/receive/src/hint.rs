/// Something that the user should see: a client that is set up wrongly, and how to set it right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Stable name: `wrong_port`, `wrong_path`, `forbidden_host`, `forbidden_origin`.
    pub name: &'static str,
    /// What was seen.
    pub sentence: String,
    /// What to change.
    pub remedy: String,
}
