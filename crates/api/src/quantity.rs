//! Ages and sizes as people write them in settings: a number and its unit, read and written exactly.

/// Seconds of each unit, the largest first; the first name is the one that is written.
const AGES: [(&[&str], u64); 5] = [
    (&["w", "week", "weeks"], 604_800),
    (&["d", "day", "days"], 86_400),
    (&["h", "hour", "hours"], 3_600),
    (&["m", "min", "minute", "minutes"], 60),
    (&["s", "sec", "second", "seconds"], 1),
];

/// Bytes of each unit, the largest first.
const SIZES: [(&[&str], u64); 9] = [
    (&["tb"], 1_000_000_000_000),
    (&["tib"], 1 << 40),
    (&["gb"], 1_000_000_000),
    (&["gib"], 1 << 30),
    (&["mb"], 1_000_000),
    (&["mib"], 1 << 20),
    (&["kb"], 1_000),
    (&["kib"], 1 << 10),
    (&["b", "byte", "bytes"], 1),
];

/// The seconds in a text such as `7d`, `12 hours` or `1.5h`.
///
/// # Errors
/// A sentence that says how it is written.
pub fn parse_age_seconds(text: &str) -> Result<u64, String> {
    parse(text, &AGES).ok_or_else(|| format!("“{text}” is no age: give a number with its unit, for example 12h or 7d"))
}

/// The bytes in a text such as `5GB`, `500 MB` or `2 GiB`.
///
/// # Errors
/// A sentence that says how it is written.
pub fn parse_size_bytes(text: &str) -> Result<u64, String> {
    parse(text, &SIZES)
        .ok_or_else(|| format!("“{text}” is no size: give a number with its unit, for example 500MB or 5GB"))
}

/// An age in the largest unit of which it is a whole number: `7 days`.
#[must_use]
pub fn age_text(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (number, unit) = whole(seconds, &units);
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A size in the largest unit of which it is a whole number, or a half one: `5 GB`, `1.5 GB`, `64 MiB`.
#[must_use]
pub fn size_text(bytes: u64) -> String {
    const POWERS: [(u64, &str); 2] = [(1 << 30, "GiB"), (1 << 20, "MiB")];
    if bytes > 0 && bytes.is_multiple_of(1 << 20) && !bytes.is_multiple_of(1_000_000) {
        let (number, unit) = whole(bytes, &POWERS);
        return format!("{number} {unit}");
    }
    const UNITS: [(u64, &str); 5] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB"), (1, "B")];
    let (halves, unit) = whole(bytes, &UNITS.map(|(unit, name)| (unit / 2, name)));
    if halves % 2 == 1 && unit != "B" {
        return format!("{}.5 {unit}", halves / 2);
    }
    let (number, unit) = whole(bytes, &UNITS);
    format!("{number} {unit}")
}

/// How many of the largest unit that fits without a rest.
fn whole(amount: u64, units: &[(u64, &'static str)]) -> (u64, &'static str) {
    let fits = |unit: u64| unit > 0 && amount >= unit && amount.is_multiple_of(unit);
    let (unit, name) = units.iter().find(|(unit, _)| fits(*unit)).or(units.last()).copied().unwrap_or((1, ""));
    (amount / unit.max(1), name)
}

/// `None` for what is not a number above zero with a unit, or is more than 64 bits hold.
fn parse(text: &str, units: &[(&[&str], u64)]) -> Option<u64> {
    let text = text.trim();
    let (number, name) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.')?);
    let name = name.trim_start().to_ascii_lowercase();
    let (_, unit) = units.iter().find(|(names, _)| names.contains(&name.as_str()))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut amount = whole.parse::<u64>().ok()?.checked_mul(*unit)?;
    if number.contains('.') {
        // In whole units of the smallest kind: 1.5h is 5400 s.
        let digits = u32::try_from(fraction.len()).ok().filter(|digits| (1..=6).contains(digits))?;
        amount = amount.checked_add(fraction.parse::<u64>().ok()?.checked_mul(*unit)? / 10_u64.pow(digits))?;
    }
    (amount > 0).then_some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_unit_and_come_back() {
        for (text, seconds) in
            [("7d", 604_800), ("30 days", 2_592_000), (" 1 Week ", 604_800), ("1.5h", 5_400), ("90m", 5_400), ("1s", 1)]
        {
            assert_eq!(parse_age_seconds(text), Ok(seconds), "{text}");
            assert_eq!(parse_age_seconds(&age_text(seconds)), Ok(seconds), "{text}");
        }
        assert_eq!([age_text(604_800), age_text(5_400), age_text(0)].join(" "), "7 days 90 minutes 0 seconds");
        for bad in ["", "7", "0d", "d", "-1d", "7 fortnights", "1.d", "99999999999999999999d", "7d 2h"] {
            assert!(parse_age_seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_have_a_unit_and_come_back() {
        for (text, bytes) in [
            ("5GB", 5_000_000_000),
            ("1.5 gb", 1_500_000_000),
            ("500MB", 500_000_000),
            ("2GiB", 2_147_483_648),
            ("1B", 1),
            ("18446744073709551615B", u64::MAX),
        ] {
            assert_eq!(parse_size_bytes(text), Ok(bytes), "{text}");
            assert_eq!(parse_size_bytes(&size_text(bytes)), Ok(bytes), "{text}");
        }
        let shown = [5_000_000_000, 1_500_000_000, 2_147_483_648, 1_234_000, 0].map(size_text).join(" ");
        assert_eq!(shown, "5 GB 1.5 GB 2 GiB 1234 KB 0 B");
        for bad in ["", "5", "0GB", "GB", "5 elephants", "1.2.3GB", "99999999TB"] {
            assert!(parse_size_bytes(bad).is_err(), "{bad}");
        }
    }
}
