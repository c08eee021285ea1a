//! Rules of sampling, and the texts in which people write them.

use crate::Wire;

/// By what settled traces are kept or thinned.
#[derive(Debug, Clone, PartialEq, Default, Wire)]
pub struct Sampling {
    /// Whether anything is thinned.
    pub is_on: bool,
    /// The environments whose traces are thinned, by name, each with the share that is kept, from 0 to 1.
    pub environments: Vec<(String, f64)>,
    /// The most that is kept of a root operation with high volume, from 0 to 1.
    pub high_volume_ratio: f64,
    /// Traces an hour of one root operation over which its volume is high.
    pub high_volume_over: u64,
    /// Traces an hour of one root operation below which all are kept.
    pub low_volume_under: u64,
    /// What is always kept.
    pub critical_flows: Vec<CriticalFlow>,
}

/// Traces that are always kept; `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct CriticalFlow {
    /// A service that takes part.
    pub service: Option<String>,
    /// The name of the root span.
    pub operation: Option<String>,
}

/// What rules would have kept of what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct SamplingPreview {
    /// Traces that were looked at.
    pub traces: u64,
    /// Of these, kept.
    pub kept: u64,
    /// Kept traces by the reason, for example `error`.
    pub kept_by_reason: Vec<(String, u64)>,
}

/// A share as people write it, to a hundredth of a percent: `10 %`.
#[must_use]
pub fn ratio_text(ratio: f64) -> String {
    let hundredths = (ratio * 10_000.0 + 0.5) as u64;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match rest {
        0 => format!("{whole} %"),
        rest if rest.is_multiple_of(10) => format!("{whole}.{} %", rest / 10),
        rest => format!("{whole}.{rest:02} %"),
    }
}

/// The share in a text such as `10 %` or `0.5%`.
///
/// # Errors
/// A sentence that says how it is written.
pub fn parse_ratio(text: &str) -> Result<f64, String> {
    let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    match percent {
        // Rounded, so that 16.6 % is 0.166.
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok((percent * 1e8).round() / 1e10),
        _ => Err(format!("“{text}” is no share: write it from 0 % to 100 %, for example 10 %")),
    }
}

/// Environments with their shares: `prod 10 %, production 10 %`.
#[must_use]
pub fn environments_text(environments: &[(String, f64)]) -> String {
    let one = |(name, ratio): &(String, f64)| format!("{name} {}", ratio_text(*ratio));
    environments.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The environments in such a text.
///
/// # Errors
/// A sentence that says how it is written.
pub fn parse_environments(text: &str) -> Result<Vec<(String, f64)>, String> {
    let one = |part: &str| {
        let unlike = || format!("“{part}” names no environment and its share: write for example production 10 %");
        let number = part.trim_end_matches('%').trim_end();
        let (name, _) = number.rsplit_once(' ').ok_or_else(unlike)?;
        let ratio = part.get(name.len()..).ok_or_else(unlike)?;
        Ok((name.trim().to_owned(), parse_ratio(ratio.trim())?))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
}

/// Critical flows: `checkout > POST /pay*; billing; > GET /health`.
#[must_use]
pub fn flows_text(flows: &[CriticalFlow]) -> String {
    let one = |CriticalFlow { service, operation }: &CriticalFlow| match (service, operation) {
        (service, None) => service.clone().unwrap_or_default(),
        (None, Some(operation)) => format!("> {operation}"),
        (Some(service), Some(operation)) => format!("{service} > {operation}"),
    };
    flows.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The critical flows in such a text: before `>` stands the service, behind it the root operation.
#[must_use]
pub fn parse_flows(text: &str) -> Vec<CriticalFlow> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let one = |part: &str| {
        let (service, operation) = part.split_once('>').unwrap_or((part, ""));
        CriticalFlow { service: some(service), operation: some(operation) }
    };
    text.split(';').map(one).filter(|flow| *flow != CriticalFlow::default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_in_percent_and_come_back() {
        for (text, ratio) in [("10 %", 0.1), ("1%", 0.01), ("16.6 %", 0.166), ("0.05 %", 0.0005), ("100 %", 1.0)] {
            assert_eq!(parse_ratio(text), Ok(ratio), "{text}");
            assert_eq!(parse_ratio(&ratio_text(ratio)), Ok(ratio), "{text}");
        }
        for bad in ["", "10", "-1 %", "101 %", "ten %", "NaN %", "%"] {
            assert!(parse_ratio(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn environments_and_flows_come_back() {
        let environments = parse_environments("production 10 %,my prod 0.5%, ").expect("two");
        assert_eq!(environments, [("production".to_owned(), 0.1), ("my prod".to_owned(), 0.005)]);
        assert_eq!(environments_text(&environments), "production 10 %, my prod 0.5 %");
        for bad in ["production", "production 10", "10 %", "production lots %"] {
            assert!(parse_environments(bad).is_err(), "{bad}");
        }
        let text = "checkout > POST /pay*; billing; > GET /health";
        assert_eq!(flows_text(&parse_flows(text)), text);
        assert_eq!(parse_flows(" ; > ;"), []);
    }
}
