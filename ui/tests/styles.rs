//! The rules of the styles: raw colours stand in `tokens.css` alone, texts can be read, and the
//! colours of services can be told apart, whichever way someone sees colours.

use std::{collections::BTreeMap, fs, path::Path};

type Colours = BTreeMap<String, Colour>;
type Matrix = [[f64; 3]; 3];

/// Red, green and blue in linear light, 0 to 1.
#[derive(Debug, Clone, Copy)]
struct Colour([f64; 3]);

const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// How colours look without one kind of cone (Machado, Oliveira, Fernandes 2009, severity 1).
const SIGHTS: [(&str, Matrix); 4] = [
    ("normal", IDENTITY),
    ("protan", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    ("deutan", [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
    ("tritan", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]),
];

fn product(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(factor, part)| factor * part).sum())
}

impl Colour {
    /// `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
        let part = |at: usize| {
            let coded = f64::from(u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?) / 255.0;
            Some(if coded <= 0.04045 { coded / 12.92 } else { ((coded + 0.055) / 1.055).powf(2.4) })
        };
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0;
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio (WCAG 2.2), 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// OKLab (Ottosson 2020).
    fn oklab(self) -> [f64; 3] {
        let cones = product(
            &[
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ],
            self.0,
        );
        product(
            &[
                [0.2104542553, 0.793617785, -0.0040720468],
                [1.9779984951, -2.428592205, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.808675766],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// Distance in OKLab, times 100, as someone with this sight perceives it.
    fn distance(self, other: Self, sight: &Matrix) -> f64 {
        let seen = |colour: Self| Self(product(sight, colour.0).map(|part| part.clamp(0.0, 1.0))).oklab();
        let (one, two) = (seen(self), seen(other));
        100.0 * one.iter().zip(two).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("styles").join(name);
    fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

/// The style sheet with its comments blanked.
fn without_comments(css: &str) -> String {
    let mut rest = css;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

/// The custom properties in the block that starts with this selector.
fn declarations(css: &str, selector: &str) -> BTreeMap<String, String> {
    let block = css.split_once(&format!("\n{selector} {{")).and_then(|(_, rest)| rest.split_once("\n}"));
    let (block, _) = block.unwrap_or_else(|| panic!("tokens.css has no block {selector}"));
    block
        .split(';')
        .filter_map(|declaration| declaration.trim().strip_prefix("--")?.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

fn themes() -> [(&'static str, Colours); 2] {
    let css = without_comments(&read("tokens.css"));
    [("light", ":root, [data-theme=\"light\"]"), ("dark", "[data-theme=\"dark\"]")].map(|(name, selector)| {
        let colours = declarations(&css, selector);
        (name, colours.into_iter().filter_map(|(name, value)| Some((name, Colour::parse(&value)?))).collect())
    })
}

#[test]
fn texts_can_be_read() {
    const SURFACES: [&str; 5] = ["surface-0", "surface-1", "surface-2", "surface-3", "hover"];
    const TEXTS: [(&str, bool); 11] = [
        ("text", true),
        ("text-2", true),
        ("text-3", true),
        ("error", true),
        ("accent-text", true),
        ("warning", false),
        ("ok", false),
        ("syn-key", false),
        ("syn-op", false),
        ("syn-str", false),
        ("syn-num", false),
    ];
    const PAIRS: [(&str, &str); 8] = [
        ("error", "error-soft"),
        ("warning", "warning-soft"),
        ("ok", "ok-soft"),
        ("accent-text", "accent-soft"),
        ("on-accent", "accent"),
        ("on-error", "error"),
        ("text", "match"),
        ("on-match-current", "match-current"),
    ];
    let mut weak = Vec::new();
    for (theme, colours) in themes() {
        let on_surfaces = TEXTS.into_iter().flat_map(|(text, is_on_selection)| {
            let surfaces = SURFACES.into_iter().chain(is_on_selection.then_some("selection"));
            surfaces.map(move |surface| (text.to_owned(), surface.to_owned()))
        });
        let pairs = PAIRS.into_iter().map(|(text, ground)| (text.to_owned(), ground.to_owned()));
        let labels = (1..=16).map(|index| ("svc-ink".to_owned(), format!("svc-{index}")));
        for (text, ground) in on_surfaces.chain(pairs).chain(labels) {
            let ratio = colours[&text].contrast(colours[&ground]);
            if ratio < 4.5 {
                weak.push(format!("{theme}: {text} on {ground} has {ratio:.2}:1"));
            }
        }
    }
    assert_eq!(weak, [""; 0], "text needs 4.5:1");
}

#[test]
fn services_can_be_told_apart() {
    let mut near = Vec::new();
    for (theme, colours) in themes() {
        let services: Vec<_> = (1..=16).map(|index| colours[&format!("svc-{index}")]).collect();
        for (index, service) in services.iter().enumerate() {
            for reserved in ["error", "warning-fill"] {
                let distance = service.distance(colours[reserved], &IDENTITY);
                if distance < 11.0 {
                    near.push(format!("{theme}: svc-{} is {distance:.1} from {reserved}", index + 1));
                }
            }
            for (sight, matrix) in &SIGHTS {
                for (other, before) in services[..index].iter().enumerate() {
                    let least = if index < 9 { 4.5 } else { 2.5 };
                    let distance = service.distance(*before, matrix);
                    if distance < least {
                        near.push(format!(
                            "{theme}, {sight}: svc-{} is {distance:.1} from svc-{}",
                            index + 1,
                            other + 1
                        ));
                    }
                }
            }
        }
    }
    assert_eq!(near, [""; 0]);
}

#[test]
fn both_ways_into_the_dark_theme_have_the_same_colours() {
    let css = without_comments(&read("tokens.css"));
    let chosen = declarations(&css, "[data-theme=\"dark\"]");
    let by_system =
        declarations(&css.replace("\n  ", "\n").replace("\n}\n}", "\n}"), ":root:not([data-theme=\"light\"])");
    assert_eq!(chosen, by_system);
}

#[test]
fn raw_colours_stand_in_the_tokens_alone() {
    const FUNCTIONS: [&str; 9] = ["rgb(", "rgba(", "hsl(", "hsla(", "hwb(", "lab(", "lch(", "oklab(", "oklch("];
    const WORDS: [&str; 12] =
        ["black", "white", "red", "green", "blue", "gray", "grey", "yellow", "orange", "purple", "silver", "navy"];
    let mut raw = Vec::new();
    let mut sheets = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("styles");
    for file in fs::read_dir(&folder).expect("styles/ is there") {
        let name = file.expect("it can be listed").file_name().to_string_lossy().into_owned();
        sheets += 1;
        if name == "tokens.css" {
            continue;
        }
        let css = without_comments(&read(&name));
        let values = css.split(['{', '}', ';']).filter_map(|declaration| declaration.split_once(':'));
        for (property, value) in values {
            let is_hex = value.split('#').skip(1).any(|after| {
                let digits = after.bytes().take_while(u8::is_ascii_hexdigit).count();
                matches!(digits, 3 | 4 | 6 | 8) && !property.contains("url")
            });
            let mut words = value.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '(');
            let is_word =
                words.any(|word| WORDS.contains(&word) || FUNCTIONS.iter().any(|start| word.starts_with(start)));
            if is_hex || is_word {
                raw.push(format!("{name}: {}:{value}", property.trim()));
            }
        }
    }
    assert!(sheets >= 4, "only {sheets} style sheets were found");
    assert_eq!(raw, [""; 0]);
}
