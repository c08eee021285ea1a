//! The colours of the canvas, read from the tokens of the style sheet.

use super::bars::Ink;
use crate::dom::token;

/// There are so many service colours; more services share them in turn.
const SERVICES: u32 = 16;

/// What the inks are in the theme that is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Palette {
    services: Vec<String>,
    tints: Vec<String>,
    on_bar: String,
    beside: String,
    mark: String,
    quiet: String,
    ground: String,
    /// Lines of the grid.
    pub(crate) grid: String,
    critical: String,
    missing: String,
    error: String,
    warning_fill: String,
    warning: String,
    /// The font of labels, without size and weight.
    pub(crate) font: String,
}

impl Palette {
    /// Reads the tokens.
    pub(crate) fn read() -> Self {
        let text = |name: &str| token(name).unwrap_or_default();
        let ground = text("--surface-1");
        let share = text("--svc-tint");
        let services: Vec<String> = (1..=SERVICES).map(|number| text(&format!("--svc-{number}"))).collect();
        let tints = services
            .iter()
            // A canvas takes every colour that a style sheet takes.
            .map(|service| format!("color-mix(in oklab, {service} {share}, {ground})"))
            .collect();
        Self {
            services,
            tints,
            on_bar: text("--svc-ink"),
            beside: text("--text-2"),
            mark: text("--text"),
            quiet: text("--text-2"),
            ground,
            grid: text("--border-subtle"),
            critical: text("--critical"),
            missing: text("--svc-missing"),
            error: text("--error"),
            warning_fill: text("--warning-fill"),
            warning: text("--warning"),
            font: text("--font"),
        }
    }

    /// The colour of an ink.
    pub(crate) fn colour(&self, ink: Ink) -> &str {
        match ink {
            Ink::Service(index) => self.services.get((index % SERVICES) as usize).map_or("", String::as_str),
            Ink::Tint(index) => self.tints.get((index % SERVICES) as usize).map_or("", String::as_str),
            Ink::OnBar => &self.on_bar,
            Ink::Beside => &self.beside,
            Ink::Mark => &self.mark,
            Ink::Quiet => &self.quiet,
            Ink::Ground => &self.ground,
            Ink::Critical => &self.critical,
            Ink::Missing => &self.missing,
            Ink::Error => &self.error,
            Ink::WarningFill => &self.warning_fill,
            Ink::Warning => &self.warning,
        }
    }
}
