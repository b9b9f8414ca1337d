//! Money: an integer of nano-dollars. No float ever holds an amount.
//! Owns the decimal string of the JSON contract and the short form people read.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An amount in nano-dollars (10^-9 USD).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct Money(i64);

const NANO_PER_USD: i64 = 1_000_000_000;

impl Money {
    /// Nothing. Only ever a known amount: an unknown one is `None`.
    pub const ZERO: Self = Self(0);
    /// The largest amount, about 9.2 billion dollars.
    pub const MAX: Self = Self(i64::MAX);

    /// An amount of nano-dollars.
    pub const fn from_nano(nano: i64) -> Self {
        Self(nano)
    }

    /// The amount in nano-dollars.
    pub const fn nano(self) -> i64 {
        self.0
    }

    /// The sum, held at the ends of the range.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, held at the ends of the range.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// What part of `limit` this is, in whole percent rounded down; 0 for a limit of zero or less.
    pub fn percent_of(self, limit: Self) -> u64 {
        if limit.0 <= 0 || self.0 <= 0 {
            return 0;
        }
        u64::try_from(i128::from(self.0) * 100 / i128::from(limit.0)).unwrap_or(u64::MAX)
    }

    /// The form people read: two decimals from $1 up, four significant digits below,
    /// `<$0.0001` for less, never scientific.
    pub fn short(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nano = self.0.unsigned_abs();
        if nano == 0 {
            return "$0".into();
        }
        if nano < 100_000 {
            return format!("{sign}<$0.0001");
        }
        // From here on four digits would round to 1.0000, and a dollar has two decimals.
        if nano >= 999_950_000 {
            let cents = nano.saturating_add(5_000_000) / 10_000_000;
            return format!("{sign}${}.{:02}", group(cents / 100), cents % 100);
        }
        let places = match nano {
            100_000_000.. => 4,
            10_000_000.. => 5,
            1_000_000.. => 6,
            _ => 7,
        };
        let unit = 10u64.pow(9 - places);
        let digits = (nano + unit / 2) / unit;
        let text = format!("{:0width$}", digits, width = places as usize);
        let trimmed = text.trim_end_matches('0');
        let shown = if trimmed.len() < 2 { &text[..2] } else { trimmed };
        format!("{sign}$0.{shown}")
    }
}

/// Digits in groups of three.
pub(crate) fn group(whole: u64) -> String {
    let digits = whole.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

impl fmt::Display for Money {
    /// The contract's decimal string, always nine decimals: `1.234567890`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nano = self.0.unsigned_abs();
        let unit = NANO_PER_USD.unsigned_abs();
        write!(f, "{sign}{}.{:09}", nano / unit, nano % unit)
    }
}

/// Text that is not an amount of dollars.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an amount in dollars: expected digits with at most nine decimals, such as 5.00")]
pub struct BadMoney;

impl FromStr for Money {
    type Err = BadMoney;
    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > 9 {
            return Err(BadMoney);
        }
        let whole: u64 = whole.parse().map_err(|_| BadMoney)?;
        let fraction: u64 = format!("{fraction:0<9}").parse().map_err(|_| BadMoney)?;
        // Wider than the amount, so that the most negative one reads back too.
        let nano = i128::from(whole) * i128::from(NANO_PER_USD) + i128::from(fraction);
        i64::try_from(if negative { -nano } else { nano }).map(Self).map_err(|_| BadMoney)
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

impl TryFrom<String> for Money {
    type Error = BadMoney;
    fn try_from(text: String) -> Result<Self, BadMoney> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decimal_string_reads_back_to_the_same_nano_dollar() {
        for nano in [0, 1, -1, 1_234_567_890, i64::MAX, i64::MIN, -999_999_999] {
            let money = Money::from_nano(nano);
            assert_eq!(money.to_string().parse(), Ok(money));
        }
        assert_eq!(Money::from_nano(1_234_567_890).to_string(), "1.234567890");
        for bad in ["", ".5", "1e3", "1.0000000001", "five", "+1", "--1", "9223372036.854775808"] {
            assert_eq!(bad.parse::<Money>(), Err(BadMoney), "{bad}");
        }
    }

    #[test]
    fn people_read_two_decimals_from_a_dollar_and_four_significant_digits_below() {
        let short = |nano| Money::from_nano(nano).short();
        assert_eq!(short(0), "$0");
        assert_eq!(short(1), "<$0.0001");
        assert_eq!(short(99_999), "<$0.0001");
        assert_eq!(short(100_000), "$0.0001");
        assert_eq!(short(123_456), "$0.0001235");
        assert_eq!(short(999_999), "$0.001");
        assert_eq!(short(4_200_000), "$0.0042");
        assert_eq!(short(4_217_650), "$0.004218");
        assert_eq!(short(31_000_000), "$0.031");
        assert_eq!(short(31_237_500), "$0.03124");
        assert_eq!(short(500_000_000), "$0.50");
        assert_eq!(short(995_100_000), "$0.9951");
        assert_eq!(short(999_949_999), "$0.9999");
        assert_eq!(short(999_950_000), "$1.00");
        assert_eq!(short(1_239_000_000), "$1.24");
        assert_eq!(short(1_234_567_890_000), "$1,234.57");
        assert_eq!(short(-4_200_000), "-$0.0042");
        assert_eq!(short(i64::MAX), "$9,223,372,036.85");
        assert_eq!(short(i64::MIN), "-$9,223,372,036.85");
    }

    #[test]
    fn a_percentage_is_rounded_down_and_never_wraps() {
        let percent = |part, whole| Money::from_nano(part).percent_of(Money::from_nano(whole));
        assert_eq!(percent(699_999_999, 1_000_000_000), 69);
        assert_eq!(percent(700_000_000, 1_000_000_000), 70);
        assert_eq!(percent(3, 2), 150);
        assert_eq!(percent(5, 0), 0);
        assert_eq!(percent(-5, 10), 0);
        assert_eq!(percent(i64::MAX, 1), u64::MAX);
    }

    proptest! {
        #[test]
        fn no_amount_loses_a_unit_on_its_way_through_text(nano: i64) {
            let money = Money::from_nano(nano);
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
        }

        #[test]
        fn no_sum_loses_a_unit(parts in prop::collection::vec(0i64..=1_000_000_000_000, 0..200)) {
            let sum = parts.iter().fold(Money::ZERO, |s, n| s.saturating_add(Money::from_nano(*n)));
            prop_assert_eq!(sum.nano(), parts.iter().sum::<i64>());
            let back = parts.iter().fold(sum, |s, n| s.saturating_sub(Money::from_nano(*n)));
            prop_assert_eq!(back, Money::ZERO);
        }

        #[test]
        fn a_percentage_is_the_exact_quotient(part in 1i64.., whole in 1i64..) {
            let exact = i128::from(part) * 100 / i128::from(whole);
            let shown = Money::from_nano(part).percent_of(Money::from_nano(whole));
            prop_assert_eq!(u128::from(shown), exact.unsigned_abs().min(u128::from(u64::MAX)));
        }

        #[test]
        fn the_short_form_is_within_half_a_unit_of_its_fourth_digit(nano in 100_000i64..999_950_000) {
            let text = Money::from_nano(nano).short();
            let shown: Money = text.trim_start_matches('$').parse().expect("a plain decimal");
            let unit = 10i64.pow(nano.ilog10().saturating_sub(3));
            prop_assert!((shown.nano() - nano).abs() * 2 <= unit, "{} for {}", text, nano);
            prop_assert!(text.len() <= "$0.0001235".len());
        }
    }
}
