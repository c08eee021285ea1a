use web_sys::window;

use super::remembered;

/// Where it is remembered.
const NAME: &str = "theme";

/// Which colours: those of the system, or one of the two sets always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The theme that was chosen last on this machine.
    #[must_use]
    pub fn remembered() -> Self {
        let stored = remembered::read(NAME);
        Self::ALL.into_iter().find(|theme| stored.as_deref() == Some(theme.name())).unwrap_or_default()
    }

    /// Puts it on the page and remembers it.
    pub fn apply(self) {
        if let Some(root) = window().and_then(|window| window.document()).and_then(|page| page.document_element()) {
            // Only a page that is gone refuses an attribute.
            let _ = match self {
                Self::System => root.remove_attribute("data-theme"),
                Self::Light => root.set_attribute("data-theme", "light"),
                Self::Dark => root.set_attribute("data-theme", "dark"),
            };
        }
        remembered::write(NAME, self.name());
    }
}
