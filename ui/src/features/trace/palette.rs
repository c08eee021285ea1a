//! The colours of the canvas, read from the tokens of the style sheet.

use web_sys::window;

use super::bars::Ink;

/// There are so many service colours; more services share them in turn.
const SERVICES: u32 = 16;

/// The value of a token as the style sheet has it.
pub(crate) fn token(name: &str) -> Option<String> {
    let window = window()?;
    let root = window.document()?.document_element()?;
    window.get_computed_style(&root).ok()??.get_property_value(name).ok()
}

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
        let text = |name: &str| token(name).map(|value| value.trim().to_owned()).unwrap_or_default();
        let ground = text("--surface-1");
        let share = text("--svc-tint").trim_end_matches('%').parse::<f64>().unwrap_or(42.0) / 100.0;
        let services: Vec<String> = (1..=SERVICES).map(|number| text(&format!("--svc-{number}"))).collect();
        let tints = services.iter().map(|service| mixed(service, share, &ground)).collect();
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

/// `color-mix(in oklab, a share, b)` of two `#rrggbb`; `a` where one of them is written otherwise.
fn mixed(a: &str, share: f64, b: &str) -> String {
    match (hex(a), hex(b)) {
        (Some(first), Some(second)) => {
            let (first, second) = (to_oklab(first), to_oklab(second));
            let mix = |at: usize| first[at] * share + second[at] * (1.0 - share);
            let [red, green, blue] = from_oklab([mix(0), mix(1), mix(2)]);
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        _ => a.to_owned(),
    }
}

fn hex(colour: &str) -> Option<[u8; 3]> {
    let digits = colour.trim().strip_prefix('#')?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        6 => Some([(number >> 16) as u8, (number >> 8) as u8, number as u8]),
        3 => Some([(number >> 8 & 15) as u8 * 17, (number >> 4 & 15) as u8 * 17, (number & 15) as u8 * 17]),
        _ => None,
    }
}

/// sRGB to Oklab (CSS Color Module Level 4, section 10.9 and its sample code).
fn to_oklab(colour: [u8; 3]) -> [f64; 3] {
    let [red, green, blue] = colour.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    let long = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
    let medium = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
    let short = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
    [
        0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short,
        1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short,
        0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short,
    ]
}

fn from_oklab([lightness, a, b]: [f64; 3]) -> [u8; 3] {
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
    .map(|channel| {
        let channel = if channel <= 0.003_130_8 { channel * 12.92 } else { 1.055 * channel.powf(1.0 / 2.4) - 0.055 };
        (channel.clamp(0.0, 1.0) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_mixed_as_the_style_sheet_would() {
        assert_eq!(mixed("#5ba4fd", 1.0, "#ffffff"), "#5ba4fd");
        assert_eq!(mixed("#5ba4fd", 0.0, "#fff"), "#ffffff");
        // color-mix(in oklab, #1461b4 42%, #14181c) in a browser
        assert_eq!(mixed("#1461b4", 0.42, "#14181c"), "#17365a");
        assert_eq!(mixed("red", 0.42, "#14181c"), "red");
    }
}
