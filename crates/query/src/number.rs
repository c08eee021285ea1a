//! Numbers as people compare them: 500, 500.0 and the text "500" are one number.

use std::{cmp::Ordering, ops::Add};

use crate::{
    Operator,
    literal::{BYTES, TIMES, with_unit},
};

/// A number. Whole ones are exact.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Whole(i128),
    Real(f64),
}

/// In what a number is written, and with that which units a text may have that is compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    None,
    /// Nanoseconds.
    Time,
    /// Bytes.
    Size,
}

/// Beyond it no double is compared as a whole number: 2^126.
const MOST_WHOLE: f64 = 85_070_591_730_234_615_865_843_651_857_942_052_864.0;

impl Number {
    /// What a text says in decimal digits; whatever says something else, infinity included, is no number.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        text.parse::<f64>().ok().filter(|real| is_number && real.is_finite()).map(Self::Real)
    }

    /// What a text says in digits, or with a unit of this kind.
    pub(crate) fn of_text_in(text: &str, unit: Unit) -> Option<Self> {
        let nanos_or_bytes = match unit {
            Unit::None => None,
            Unit::Time => with_unit(text, &TIMES),
            Unit::Size => with_unit(text, &BYTES),
        };
        nanos_or_bytes.map(|value| Self::Whole(value.into())).or_else(|| Self::of_text(text))
    }

    /// NaN is no number.
    pub(crate) fn of_double(double: f64) -> Option<Self> {
        (!double.is_nan()).then_some(Self::Real(double))
    }

    /// Whether this number stands so to the other.
    pub(crate) fn is(self, operator: Operator, other: Self) -> bool {
        let Some(order) = self.partial_cmp(&other) else { return false };
        match operator {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
        }
    }

    /// As it stands in the panel of a span.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Whole(whole) => whole.to_string(),
            Self::Real(real) if real.is_infinite() => if real > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
            // `3.0` keeps its fraction: it is a double.
            Self::Real(real) => format!("{real:?}"),
        }
    }

    /// As a double, rounded where it has more digits.
    pub(crate) fn to_double(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (*self, *other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(&b)),
            (Self::Real(a), Self::Real(b)) => a.partial_cmp(&b),
            (Self::Whole(whole), Self::Real(real)) => compare(whole, real),
            (Self::Real(real), Self::Whole(whole)) => compare(whole, real).map(Ordering::reverse),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

/// Without rounding: a double cannot hold every 64-bit integer.
fn compare(whole: i128, real: f64) -> Option<Ordering> {
    if real.is_nan() || real.abs() >= MOST_WHOLE {
        return 0.0.partial_cmp(&real);
    }
    let below = real.trunc();
    Some(whole.cmp(&(below as i128)).then(0.0.partial_cmp(&(real - below))?))
}

impl Add for Number {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) if a.checked_add(b).is_some() => Self::Whole(a + b),
            _ => Self::Real(self.to_double() + other.to_double()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_without_rounding() {
        let number = |text| Number::of_text(text).expect("a number");
        for (a, b) in [("1", "1.5"), ("-1.5", "-1"), ("9007199254740993", "9007199254740994.0"), ("5", "1e300")] {
            assert!(number(a).is(Operator::Less, number(b)), "{a} < {b}");
            assert!(number(b).is(Operator::Greater, number(a)), "{b} > {a}");
        }
        assert!(number("500").is(Operator::Equal, number("500.0")));
        assert!(number("12345678901234567890").is(Operator::NotEqual, number("12345678901234567891")));
        for not in ["", "inf", "NaN", "0x10", "1 ", "five", "-"] {
            assert_eq!(Number::of_text(not), None, "{not}");
        }
    }
}
