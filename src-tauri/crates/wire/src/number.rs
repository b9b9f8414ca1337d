//! JSON number texts to whole counts and to nano-dollars, without a float in between.
//! Anything negative, huge or not a number is unknown (`None`), never zero and never a panic.

use weir_core::Money;

/// The largest count believed, in units. A model's whole context is seven orders below.
pub(crate) const COUNT_MAX: u128 = 1_000_000_000_000;

/// Decimal digits kept of a mantissa; 10^38 is the last power of ten that fits `u128`.
const DIGITS_MAX: u32 = 38;

/// `mantissa * 10^exponent`.
struct Decimal {
    negative: bool,
    mantissa: u128,
    exponent: i32,
}

/// A whole, non-negative number: `12`, `12.0` and `1.2e1` are all twelve.
pub(crate) fn count(text: &[u8]) -> Option<u64> {
    let Decimal { negative, mut mantissa, mut exponent } = decimal(text)?;
    if mantissa == 0 {
        return Some(0);
    }
    if negative {
        return None;
    }
    while exponent < 0 {
        if !mantissa.is_multiple_of(10) {
            return None;
        }
        mantissa /= 10;
        exponent += 1;
    }
    while exponent > 0 {
        if mantissa > COUNT_MAX {
            return None;
        }
        mantissa *= 10;
        exponent -= 1;
    }
    if mantissa > COUNT_MAX {
        return None;
    }
    u64::try_from(mantissa).ok()
}

/// A non-negative amount of dollars, rounded half up to the nano-dollar.
pub(crate) fn dollars(text: &[u8]) -> Option<Money> {
    let Decimal { negative, mantissa, exponent } = decimal(text)?;
    if negative && mantissa != 0 {
        return None;
    }
    let nano = scaled(mantissa, exponent.saturating_add(9))?;
    i64::try_from(nano).ok().map(Money::from_nano)
}

/// `mantissa * 10^exponent` as a whole number, rounded half up.
fn scaled(mantissa: u128, exponent: i32) -> Option<u128> {
    if mantissa == 0 {
        return Some(0);
    }
    let steps = exponent.unsigned_abs();
    if exponent >= 0 {
        return 10u128.checked_pow(steps).and_then(|scale| mantissa.checked_mul(scale));
    }
    let Some(scale) = 10u128.checked_pow(steps) else {
        return Some(0);
    };
    Some(mantissa / scale + u128::from(mantissa % scale >= scale / 2))
}

/// Reads JSON's number grammar; digits past the 38th are dropped from a fraction.
fn decimal(text: &[u8]) -> Option<Decimal> {
    let (negative, mut rest) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    let (mut mantissa, mut exponent, mut kept) = (0u128, 0i32, 0u32);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return None;
    }
    let mut push = |digit: u8, fraction: bool, exponent: &mut i32| {
        if kept < DIGITS_MAX {
            mantissa = mantissa * 10 + u128::from(digit - b'0');
            kept += u32::from(mantissa != 0);
            *exponent = exponent.saturating_sub(i32::from(fraction));
        } else {
            *exponent = exponent.saturating_add(i32::from(!fraction));
        }
    };
    rest[..whole].iter().for_each(|d| push(*d, false, &mut exponent));
    rest = &rest[whole..];
    if let Some((b'.', tail)) = rest.split_first() {
        let fraction = digits(tail);
        if fraction == 0 {
            return None;
        }
        tail[..fraction].iter().for_each(|d| push(*d, true, &mut exponent));
        rest = &tail[fraction..];
    }
    if let Some((b'e' | b'E', tail)) = rest.split_first() {
        let (down, tail) = match tail.split_first()? {
            (b'-', tail) => (true, tail),
            (b'+', tail) => (false, tail),
            _ => (false, tail),
        };
        if tail.is_empty() || digits(tail) != tail.len() {
            return None;
        }
        let size = tail
            .iter()
            .fold(0i32, |n, d| n.saturating_mul(10).saturating_add(i32::from(*d - b'0')));
        exponent = exponent.saturating_add(if down { -size } else { size });
        rest = &[];
    }
    rest.is_empty().then_some(Decimal { negative, mantissa, exponent })
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Whether a text is a JSON number.
pub(crate) fn is_number(text: &[u8]) -> bool {
    decimal(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_numbers_are_counted_in_any_spelling() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("0.0", 0),
            ("0e999999999999", 0),
            ("12", 12),
            ("12.0", 12),
            ("1.2e1", 12),
            ("120e-1", 12),
            ("1e3", 1000),
            ("1000000000000", 1_000_000_000_000),
        ] {
            assert_eq!(count(text.as_bytes()), Some(value), "{text}");
        }
    }

    #[test]
    fn negative_huge_fractional_and_broken_numbers_are_unknown() {
        for text in [
            "-1",
            "1.5",
            "1e999",
            "1e-1",
            "18446744073709551616",
            "1000000000001",
            "NaN",
            "",
            "-",
            "01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "0x10",
            "1 ",
            "Infinity",
            "1e99999999999999999999",
        ] {
            assert_eq!(count(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn dollars_come_from_the_decimal_text_to_the_nano() {
        for (text, nano) in [
            ("0", 0),
            ("0.000123", 123_000),
            ("1e-05", 10_000),
            ("1E-5", 10_000),
            ("1.5e-9", 2),
            ("0.0000000004", 0),
            ("0.0000000005", 1),
            ("0.00014595", 145_950),
            ("12.345678901", 12_345_678_901),
            ("0.1000000000000000055511151231257827", 100_000_000),
            ("0.30000000000000004440892098500626161694526672363281250", 300_000_000),
            ("1e-400", 0),
        ] {
            assert_eq!(dollars(text.as_bytes()), Some(Money::from_nano(nano)), "{text}");
        }
        for text in ["-0.1", "1e300", "\"0.1\"", "null", "9223372037"] {
            assert_eq!(dollars(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[-+0-9.eE]{0,60}") {
            let _ = (count(text.as_bytes()), dollars(text.as_bytes()));
        }

        #[test]
        fn whole_numbers_read_as_written(value in 0u64..=1_000_000_000_000) {
            prop_assert_eq!(count(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn the_grammar_is_json_s_own(text in "-?[0-9]{0,4}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,2})?") {
            let json = serde_json::from_str::<serde_json::Number>(&text).is_ok();
            prop_assert_eq!(is_number(text.as_bytes()), json);
        }
    }
}
