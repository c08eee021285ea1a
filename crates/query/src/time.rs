//! Points in time as they are written (RFC 3339, a date alone, or without seconds), in UTC where no offset is.

const DAY_SECONDS: i64 = 86_400;

/// Nanoseconds since the Unix epoch; `None` where it is no such time, or one before 1970 or after 2261.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't']).unwrap_or((text, "00:00"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, offset) = time.split_at_checked(at)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = match time.len() {
        5 => numbers(time, ':', [2, 2]).map(|[hour, minute]| [hour, minute, 0])?,
        _ => numbers(time, ':', [2, 2, 2])?,
    };
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let nanos = digits(fraction)? * 10_i64.pow(9 - fraction.len() as u32);
    let offset = match offset {
        "" | "Z" | "z" => 0,
        _ => {
            let [hours, minutes] = numbers(offset.get(1..)?, ':', [2, 2])?;
            let seconds = (hours * 60 + minutes) * 60;
            if hours > 23 || minutes > 59 {
                return None;
            }
            if offset.starts_with('-') { -seconds } else { seconds }
        }
    };
    let seconds = days_before(year, month, day) * DAY_SECONDS + (hour * 60 + minute) * 60 + second - offset;
    u64::try_from(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?).ok()
}

/// As [`parse`] reads it.
pub(crate) fn print(unix_nano: u64) -> String {
    let (seconds, nanos) = (unix_nano / 1_000_000_000, unix_nano % 1_000_000_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970 + days as i64 / 366;
    while days_before(year + 1, 1, 1) <= days as i64 {
        year += 1;
    }
    let mut day = days as i64 - days_before(year, 1, 1);
    let mut month = 1;
    while day >= days_of(year, month) {
        day -= days_of(year, month);
        month += 1;
    }
    let fraction = match nanos {
        0 => String::new(),
        nanos => format!(".{nanos:09}"),
    };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z", day + 1)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Numbers of so many digits each, with this between them.
fn numbers<const N: usize>(text: &str, between: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        *number = digits(parts.next().filter(|part| part.len() == length)?)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to this date in the Gregorian calendar.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    years + (1..month).map(|month| days_of(year, month)).sum::<i64>() + day - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times() {
        assert_eq!(parse("1970-01-01"), Some(0));
        assert_eq!(parse("2026-11-25T10:00:00Z"), Some(1_795_600_800_000_000_000));
        assert_eq!(parse("2026-11-25T11:00+01:00"), parse("2026-11-25T10:00:00Z"));
        assert_eq!(parse("2024-02-29T23:59:59.5Z"), Some(1_709_251_199_500_000_000));
        for wrong in ["", "2026", "2026-13-01", "2023-02-29", "2026-1-1", "1969-12-31", "2026-11-25T24:00", "a-b-c"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(nanos in 0..9_000_000_000_000_000_000_u64) {
            prop_assert_eq!(parse(&print(nanos)), Some(nanos));
        }
    }
}
