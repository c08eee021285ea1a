//! Numbers in the unit that people read.

use jiff::{Timestamp, tz::TimeZone};

/// A duration with three significant digits up to seconds, then minutes and hours.
pub(crate) fn duration(nanos: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
    if nanos < 1_000 {
        return format!("{nanos} ns");
    }
    for (unit, name) in UNITS {
        // In tenths and hundredths of the unit, rounded: 999.6 µs is 1.00 ms.
        let rounded = |parts: u64| (u128::from(nanos) * u128::from(parts) + u128::from(unit) / 2) / u128::from(unit);
        if rounded(100) < 1_000 {
            return format!("{}.{:02} {name}", rounded(100) / 100, rounded(100) % 100);
        }
        if rounded(10) < 1_000 {
            return format!("{}.{} {name}", rounded(10) / 10, rounded(10) % 10);
        }
        if rounded(1) < if name == "s" { 60 } else { 1_000 } {
            return format!("{} {name}", rounded(1));
        }
    }
    let seconds = nanos.saturating_add(500_000_000) / 1_000_000_000;
    match seconds {
        ..3_600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", group(seconds / 3_600), seconds / 60 % 60),
    }
}

/// Digits in groups of three.
pub(crate) fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes in decimal units.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS.get(unit).copied().unwrap_or_default())
}

/// So many of a thing: `1 span`, `2 spans`.
pub(crate) fn count(number: u64, singular: &str) -> String {
    format!("{} {singular}{}", group(number), if number == 1 { "" } else { "s" })
}

/// A moment in this time zone to the millisecond, or the bare number where it is no moment.
pub(crate) fn moment(unix_nano: u64, zone: &TimeZone) -> String {
    match Timestamp::from_nanosecond(i128::from(unix_nano)) {
        Ok(moment) => moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => unix_nano.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn durations_have_three_digits_and_their_unit() {
        let durations = [
            0,
            1,
            999,
            1_000,
            1_234,
            12_345,
            123_456,
            999_499,
            999_500,
            1_240_000,
            820_000_000,
            9_994_999_999,
            9_995_000_000,
            59_499_999_999,
            59_500_000_000,
            125_000_000_000,
            3_600_000_000_000,
            90_061_000_000_000,
            u64::MAX,
        ];
        expect![[r#"
            0 ns
            1 ns
            999 ns
            1.00 µs
            1.23 µs
            12.3 µs
            123 µs
            999 µs
            1.00 ms
            1.24 ms
            820 ms
            9.99 s
            10.0 s
            59.5 s
            59.5 s
            2 m 05 s
            1 h 00 m
            25 h 01 m
            5 124 095 h 34 m"#]]
        .assert_eq(&durations.map(duration).join("\n"));
    }

    #[test]
    fn bytes_and_counts() {
        expect!["0 B, 999 B, 1.0 kB, 999.9 kB, 1.0 MB, 5.0 GB, 18446744.0 TB"]
            .assert_eq(&[0, 999, 1_000, 999_999, 1_000_000, 5_000_000_000, u64::MAX].map(bytes).join(", "));
        assert_eq!(
            [count(0, "span"), count(1, "span"), count(1_234_567, "span")].join(", "),
            "0 spans, 1 span, 1 234 567 spans"
        );
    }

    #[test]
    fn moments_are_in_the_zone_and_never_fail() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let moments = [0, 1_769_860_800_123_456_789, u64::MAX].map(|unix_nano| moment(unix_nano, &zone));
        expect![[r#"
            1970-01-01 02:00:00.000
            2026-01-31 14:00:00.123
            2554-07-22 01:34:33.709"#]]
        .assert_eq(&moments.join("\n"));
    }
}
