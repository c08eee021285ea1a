//! Moments as people read them, in the time zone of this machine. Nanoseconds stay integers; only
//! whole milliseconds go to JavaScript, to ask for the zone's offset and for now.

use js_sys::Date;
use wasm_bindgen::JsValue;

const NANOS_PER_SEC: u64 = 1_000_000_000;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Now, nanoseconds since the Unix epoch, exact to the millisecond.
#[must_use]
pub fn now_unix_nano() -> u64 {
    Date::now() as u64 * 1_000_000
}

/// `14:32:07.418`, local.
#[must_use]
pub fn clock(unix_nano: u64) -> String {
    clock_at(unix_nano, offset_secs(unix_nano))
}

/// `Sun 22 Nov`, local.
#[must_use]
pub fn day(unix_nano: u64) -> String {
    day_at(unix_nano, offset_secs(unix_nano))
}

/// `2026-11-22 14:32:07.418000123`, local, every digit.
#[must_use]
pub fn exact(unix_nano: u64) -> String {
    exact_at(unix_nano, offset_secs(unix_nano))
}

/// `22 Nov 14:32`, local; of today the time alone.
#[must_use]
pub fn to_the_minute(unix_nano: u64) -> String {
    let clock = clock(unix_nano);
    let minute = clock.get(..5).unwrap_or_default();
    if is_same_day(unix_nano, now_unix_nano()) {
        return minute.to_owned();
    }
    let day = day(unix_nano);
    format!("{} {minute}", day.split_once(' ').map_or(day.as_str(), |(_, day)| day))
}

/// A moment as [`read`] reads it, to the second: `2026-11-22 14:32:07`, local.
#[must_use]
pub fn written(unix_nano: u64) -> String {
    exact(unix_nano).get(..19).unwrap_or_default().to_owned()
}

/// The moment in a text like `2026-11-22 14:32`, local, or with an offset as RFC 3339 has it.
#[must_use]
pub fn read(text: &str) -> Option<u64> {
    let text = text.trim().replacen(' ', "T", 1);
    // A date alone would be read as one of UTC.
    let text = if text.contains('T') { text } else { format!("{text}T00:00") };
    let millis = Date::parse(&text);
    (millis >= 0.0).then(|| (millis as u64).saturating_mul(1_000_000))
}

/// A moment as RFC 3339 has it, in UTC, with as many digits as it needs.
#[must_use]
pub fn rfc_3339(unix_nano: u64) -> String {
    let text = exact_at(unix_nano, 0).replacen(' ', "T", 1);
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Whether both moments are on the same day, local.
#[must_use]
pub fn is_same_day(a_unix_nano: u64, b_unix_nano: u64) -> bool {
    let day = |nano| local_secs(nano, offset_secs(nano)).div_euclid(86_400);
    day(a_unix_nano) == day(b_unix_nano)
}

/// `38 s`, `4 min`, `3 h`, `12 d`: how long ago something was, in whole units.
#[must_use]
pub fn age(nanos: u64) -> String {
    let secs = nanos / NANOS_PER_SEC;
    match secs {
        0..60 => format!("{secs}\u{202f}s"),
        60..3_600 => format!("{}\u{202f}min", secs / 60),
        3_600..172_800 => format!("{}\u{202f}h", secs / 3_600),
        _ => format!("{}\u{202f}d", secs / 86_400),
    }
}

/// Seconds that local time is ahead of UTC at a moment.
#[must_use]
pub fn offset_secs(unix_nano: u64) -> i64 {
    let millis = (unix_nano / 1_000_000) as f64;
    let behind_mins = Date::new(&JsValue::from_f64(millis)).get_timezone_offset();
    // Beyond the range of JavaScript's dates the offset is not a number; `as` makes it 0.
    -(behind_mins as i64) * 60
}

fn local_secs(unix_nano: u64, offset_secs: i64) -> i64 {
    i64::try_from(unix_nano / NANOS_PER_SEC).unwrap_or(i64::MAX).saturating_add(offset_secs)
}

fn clock_at(unix_nano: u64, offset_secs: i64) -> String {
    let secs = local_secs(unix_nano, offset_secs).rem_euclid(86_400);
    let millis = unix_nano % NANOS_PER_SEC / 1_000_000;
    format!("{:02}:{:02}:{:02}.{millis:03}", secs / 3_600, secs / 60 % 60, secs % 60)
}

fn day_at(unix_nano: u64, offset_secs: i64) -> String {
    let days = local_secs(unix_nano, offset_secs).div_euclid(86_400);
    let (_, month, day) = civil(days);
    let weekday = WEEKDAYS[usize::try_from(days.rem_euclid(7)).unwrap_or_default()];
    format!("{weekday} {day} {}", MONTHS[month - 1])
}

fn exact_at(unix_nano: u64, offset_secs: i64) -> String {
    let secs = local_secs(unix_nano, offset_secs);
    let (year, month, day) = civil(secs.div_euclid(86_400));
    let secs = secs.rem_euclid(86_400);
    let nanos = unix_nano % NANOS_PER_SEC;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{nanos:09}", secs / 3_600, secs / 60 % 60, secs % 60)
}

/// Year, month (1 to 12) and day of the Gregorian calendar, by days since 1 January 1970. Counts
/// years from March, so that the leap day is the last.
fn civil(days: i64) -> (i64, usize, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_a_clock_and_a_calendar_show_them() {
        for (unix_nano, offset_secs, exact, day) in [
            (0, 0, "1970-01-01 00:00:00.000000000", "Thu 1 Jan"),
            (1_700_000_000_123_456_789, 0, "2023-11-14 22:13:20.123456789", "Tue 14 Nov"),
            (1_700_000_000_123_456_789, 7_200, "2023-11-15 00:13:20.123456789", "Wed 15 Nov"),
            (1_709_164_800_000_000_000, -3_600, "2024-02-28 23:00:00.000000000", "Wed 28 Feb"),
            (1_709_164_800_000_000_000, 0, "2024-02-29 00:00:00.000000000", "Thu 29 Feb"),
            (0, -3_600, "1969-12-31 23:00:00.000000000", "Wed 31 Dec"),
            (u64::MAX, 0, "2554-07-21 23:34:33.709551615", "Sun 21 Jul"),
        ] {
            assert_eq!(exact_at(unix_nano, offset_secs), exact);
            assert_eq!(day_at(unix_nano, offset_secs), day);
        }
        assert_eq!(clock_at(1_700_000_000_009_456_789, 0), "22:13:20.009");
    }

    #[test]
    fn moments_in_a_search_have_no_more_digits_than_they_need() {
        for (unix_nano, text) in [
            (1_700_000_000_000_000_000, "2023-11-14T22:13:20Z"),
            (1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z"),
            (1_700_000_000_000_000_001, "2023-11-14T22:13:20.000000001Z"),
        ] {
            assert_eq!(rfc_3339(unix_nano), text);
        }
    }
}
