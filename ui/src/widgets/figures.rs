use crate::dom::{View, view};

/// Parts figures and groups of digits without letting the line break.
const NARROW_SPACE: char = '\u{202f}';

/// A number in the unit people read, the unit apart because it is drawn fainter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Digits, three of them significant.
    pub number: String,
    /// The unit.
    pub unit: &'static str,
}

impl Figure {
    /// Number and unit in one text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{NARROW_SPACE}{}", self.number, self.unit)
    }
}

/// Units of time in nanoseconds, and from how many of each the next one reads better.
const DURATION_UNITS: [(u64, u64, &str); 7] = [
    (1, 1_000, "ns"),
    (1_000, 1_000, "µs"),
    (1_000_000, 1_000, "ms"),
    (1_000_000_000, 600, "s"),
    (60_000_000_000, 120, "min"),
    (3_600_000_000_000, 72, "h"),
    (86_400_000_000_000, u64::MAX, "d"),
];

/// Units of bytes, decimal as file managers count them.
const BYTE_UNITS: [(u64, u64, &str); 5] = [
    (1, 1_000, "B"),
    (1_000, 1_000, "KB"),
    (1_000_000, 1_000, "MB"),
    (1_000_000_000, 1_000, "GB"),
    (1_000_000_000_000, u64::MAX, "TB"),
];

/// A duration in nanoseconds.
#[must_use]
pub fn duration(nanos: u64) -> Figure {
    figure(nanos, &DURATION_UNITS)
}

/// A number of bytes.
#[must_use]
pub fn bytes(bytes: u64) -> Figure {
    figure(bytes, &BYTE_UNITS)
}

fn figure(amount: u64, units: &[(u64, u64, &'static str)]) -> Figure {
    // Apart, so that nothing leaves 64 bits.
    let rounded = |unit: u64, steps: u64| amount / unit * steps + (amount % unit * steps + unit / 2) / unit;
    let (unit, _, name) = units
        .iter()
        .find(|(unit, limit, _)| rounded(*unit, 1) < *limit)
        .or(units.last())
        .copied()
        .unwrap_or((1, 0, ""));
    let number = if unit == 1 {
        amount.to_string()
    } else if rounded(unit, 100) < 1_000 {
        let hundredths = rounded(unit, 100);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    } else if rounded(unit, 10) < 1_000 {
        let tenths = rounded(unit, 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        count(rounded(unit, 1))
    };
    Figure { number, unit: name }
}

/// How many thousandths of the whole a part is; all of it where there is no whole.
#[must_use]
pub fn permille(part: u64, whole: u64) -> u64 {
    (part as f64 / whole.max(1) as f64 * 1_000.0) as u64
}

/// So many thousandths as a percentage.
#[must_use]
pub fn percentage(permille: u64) -> String {
    match permille {
        0 => format!("0{NARROW_SPACE}%"),
        1..10 => format!("<{NARROW_SPACE}1{NARROW_SPACE}%"),
        _ => format!("{}{NARROW_SPACE}%", permille / 10),
    }
}

/// A number with its thousands apart.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 * NARROW_SPACE.len_utf8());
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(NARROW_SPACE);
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration with its unit fainter.
pub fn duration_figure(nanos: u64) -> View {
    let Figure { number, unit } = duration(nanos);
    view! { <span class="num">{number}{NARROW_SPACE}<u>{unit}</u></span> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_in_the_unit_people_read() {
        let shown = |nanos| duration(nanos).text().replace(NARROW_SPACE, " ");
        for (nanos, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (620_400, "620 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (9_995_000, "10.0 ms"),
            (131_000_000, "131 ms"),
            (1_284_000_000, "1.28 s"),
            (59_950_000_000, "60.0 s"),
            (599_000_000_000, "599 s"),
            (600_000_000_000, "10.0 min"),
            (7_200_000_000_000, "2.00 h"),
            (u64::MAX, "213 504 d"),
        ] {
            assert_eq!(shown(nanos), text, "{nanos}");
        }
    }

    #[test]
    fn bytes_and_counts_are_grouped() {
        let shown = |number| bytes(number).text().replace(NARROW_SPACE, " ");
        assert_eq!([shown(0), shown(1_536), shown(1_840_000_000)], ["0 B", "1.54 KB", "1.84 GB"]);
        assert_eq!(count(1_284_003).replace(NARROW_SPACE, " "), "1 284 003");
        assert_eq!([count(0), count(999)], ["0", "999"]);
    }
}
