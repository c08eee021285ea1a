//! Lengths as the style sheet writes them, in whole numbers: crisp, and without the weight of
//! printing fractions; and the tokens.

/// So many CSS pixels.
pub(crate) fn px(pixels: f64) -> String {
    format!("{}px", pixels.round() as i64)
}

/// So many CSS pixels, to a hundredth.
pub(crate) fn fine_px(pixels: f64) -> String {
    let hundredths = (pixels * 100.0).round() as i64;
    format!("{}.{:02}px", hundredths / 100, hundredths % 100)
}

/// A share of the whole, 0 to 1, to a hundredth of a percent.
pub(crate) fn percent(share: f64) -> String {
    let hundredths = (share * 10_000.0).round() as i64;
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// The value of a token as the style sheet has it.
pub(crate) fn token(name: &str) -> Option<String> {
    let window = web_sys::window()?;
    let root = window.document()?.document_element()?;
    let value = window.get_computed_style(&root).ok()??.get_property_value(name).ok()?;
    Some(value.trim().to_owned())
}
