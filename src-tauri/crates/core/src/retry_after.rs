//! When a provider says it may be asked again: seconds, with a fraction or as a date, or
//! milliseconds. Owns what of it is believed. Pure: `now` is an argument.

use std::time::Duration;

/// A longer wait is no wait but a mistake: it is taken as not said.
pub const BELIEVED_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait of a `retry-after-ms` header, or of `retry-after`. `now_ms` is Unix time, for dates.
/// Zero, a time that is past, and more than a day are not believed.
pub fn asked_wait(millis: Option<&str>, seconds: Option<&str>, now_ms: i64) -> Option<Duration> {
    let millis = millis.and_then(|text| number(text, 1_000_000));
    let wait = millis.or_else(|| seconds.and_then(|text| of_seconds(text, now_ms)))?;
    (!wait.is_zero() && wait <= BELIEVED_MAX).then_some(wait)
}

fn of_seconds(text: &str, now_ms: i64) -> Option<Duration> {
    number(text, 1_000_000_000).or_else(|| {
        let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
        let wait_ms = date.timestamp().as_millisecond().checked_sub(now_ms)?;
        u64::try_from(wait_ms).ok().map(Duration::from_millis)
    })
}

/// A decimal number of units of `unit_ns` nanoseconds; digits below a nanosecond are left out.
fn number(text: &str, unit_ns: u64) -> Option<Duration> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let mut ns = whole.checked_mul(unit_ns)?;
    let mut unit = unit_ns;
    for digit in fraction.bytes() {
        unit /= 10;
        ns = ns.checked_add(unit * u64::from(digit - b'0'))?;
    }
    Some(Duration::from_nanos(ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-22 12:00:00 UTC.
    const NOON: i64 = 1_795_348_800_000;

    fn ms(seconds: &str) -> Option<u128> {
        asked_wait(None, Some(seconds), NOON).map(|wait| wait.as_millis())
    }

    #[test]
    fn seconds_fractions_dates_and_milliseconds_are_understood() {
        assert_eq!(ms("2"), Some(2_000));
        assert_eq!(ms(" 0.25 "), Some(250));
        assert_eq!(ms("34.07"), Some(34_070));
        assert_eq!(ms("Sun, 22 Nov 2026 12:00:30 GMT"), Some(30_000));
        assert_eq!(asked_wait(Some("1500"), Some("9"), NOON), Some(Duration::from_millis(1_500)));
        assert_eq!(asked_wait(Some("soon"), Some("9"), NOON), Some(Duration::from_secs(9)));
    }

    #[test]
    fn what_makes_no_sense_is_not_believed() {
        for text in [
            "0",
            "0.0",
            "-1",
            "",
            ".",
            "soon",
            "1e9",
            "NaN",
            "inf",
            "86401",
            "1 s",
            "٣",
            "99999999999999999999",
            "Sun, 22 Nov 2026 11:59:59 GMT",
            "Sun, 22 Nov 2043 12:00:00 GMT",
        ] {
            assert_eq!(ms(text), None, "{text:?}");
        }
        assert_eq!(ms("86400"), Some(86_400_000));
    }

    proptest! {
        #[test]
        fn no_header_breaks_it_and_no_wait_is_longer_than_a_day(
            text in ".{0,40}", now in any::<i64>(),
        ) {
            let wait = asked_wait(Some(&text), Some(&text), now);
            prop_assert!(wait.is_none_or(|w| !w.is_zero() && w <= BELIEVED_MAX));
        }
    }
}
