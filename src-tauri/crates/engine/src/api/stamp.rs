//! A moment, as the API writes it: RFC 3339 in UTC with milliseconds, so text sorts as time does.
//! Owns the form people read: relative under an hour, clock time today, the date before.
//! Pure; `now` and the zone are arguments.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The time zone a moment is shown in.
pub type Zone = TimeZone;

/// A moment in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Stamp(i64);

/// Text that names no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an age such as 7d, 24h, 30m or 2w, a day such as 2026-11-01, or RFC 3339")]
pub struct BadMoment;

/// Text that is not a moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time: expected RFC 3339, such as 2026-11-22T09:14:03Z")]
pub struct BadStamp;

impl Stamp {
    /// The moment of a Unix time in milliseconds.
    pub const fn from_ms(unix_ms: i64) -> Self {
        Self(unix_ms)
    }

    /// Unix milliseconds.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// For people: `4 s ago`, `12 min ago`, `09:14`, `20 Nov 09:14`, `20 Nov 2025`.
    pub fn shown(self, now: Self, zone: &Zone) -> String {
        let seconds = now.0.saturating_sub(self.0).max(0) / 1000;
        match seconds {
            0..=59 => return format!("{seconds} s ago"),
            60..=3599 => return format!("{} min ago", seconds / 60),
            _ => {}
        }
        let (there, here) = (self.in_zone(zone), now.in_zone(zone));
        let pattern = if there.date() == here.date() {
            "%H:%M"
        } else if there.year() == here.year() {
            "%-d %b %H:%M"
        } else {
            "%-d %b %Y"
        };
        there.strftime(pattern).to_string()
    }

    /// The same in at most eight columns: `4s ago`, `12m ago`, `09:14`, `20 Nov`, `Nov 2025`.
    pub fn brief(self, now: Self, zone: &Zone) -> String {
        let seconds = now.0.saturating_sub(self.0).max(0) / 1000;
        match seconds {
            0..=59 => return format!("{seconds}s ago"),
            60..=3599 => return format!("{}m ago", seconds / 60),
            _ => {}
        }
        let (there, here) = (self.in_zone(zone), now.in_zone(zone));
        let pattern = if there.date() == here.date() {
            "%H:%M"
        } else if there.year() == here.year() {
            "%-d %b"
        } else {
            "%b %Y"
        };
        there.strftime(pattern).to_string()
    }

    /// A moment to come: `18:00` today, `Mon 00:00` within a week, `1 Dec` after it.
    pub fn ahead(self, now: Self, zone: &Zone) -> String {
        const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;
        let (there, here) = (self.in_zone(zone), now.in_zone(zone));
        let pattern = if there.date() == here.date() {
            "%H:%M"
        } else if self.0.saturating_sub(now.0) <= WEEK_MS {
            "%a %H:%M"
        } else {
            "%-d %b"
        };
        there.strftime(pattern).to_string()
    }

    /// What a person names a moment by: `30m`, `24h`, `7d`, `2w` before `now`, a local day such
    /// as `2026-11-01`, or RFC 3339.
    ///
    /// # Errors
    /// Any other text.
    pub fn named(text: &str, now: Self, zone: &Zone) -> Result<Self, BadMoment> {
        if let Ok(stamp) = text.parse() {
            return Ok(stamp);
        }
        if let Ok(date) = text.parse::<jiff::civil::Date>() {
            let start = zone.to_zoned(date.at(0, 0, 0, 0)).map_err(|_| BadMoment)?;
            return Ok(Self(start.timestamp().as_millisecond()));
        }
        let unit = text.chars().last().ok_or(BadMoment)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        let seconds = match unit {
            'm' => 60,
            'h' => 3600,
            'd' => 24 * 3600,
            'w' => 7 * 24 * 3600,
            _ => return Err(BadMoment),
        };
        let count: u32 = digits.parse().map_err(|_| BadMoment)?;
        Ok(Self(now.0.saturating_sub(i64::from(count) * seconds * 1000)))
    }

    /// The whole moment in a zone: `2026-11-22 09:14:03.123 +01:00`.
    pub fn full(self, zone: &Zone) -> String {
        self.in_zone(zone).strftime("%Y-%m-%d %H:%M:%S%.3f %:z").to_string()
    }

    /// A zone so many whole hours ahead of UTC.
    pub fn fixed_zone(hours: i8) -> Zone {
        TimeZone::fixed(jiff::tz::offset(hours))
    }

    fn in_zone(self, zone: &Zone) -> jiff::Zoned {
        self.timestamp().to_zoned(zone.clone())
    }

    fn timestamp(self) -> Timestamp {
        let edge = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(self.0).unwrap_or(edge)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl FromStr for Stamp {
    type Err = BadStamp;
    fn from_str(text: &str) -> Result<Self, BadStamp> {
        text.parse::<Timestamp>().map(|t| Self(t.as_millisecond())).map_err(|_| BadStamp)
    }
}

impl From<Stamp> for String {
    fn from(stamp: Stamp) -> Self {
        stamp.to_string()
    }
}

impl TryFrom<String> for Stamp {
    type Error = BadStamp;
    fn try_from(text: String) -> Result<Self, BadStamp> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(text: &str) -> Stamp {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_moment_reads_back_and_is_always_utc_with_milliseconds() {
        assert_eq!(stamp("2026-11-22T09:14:03+01:00").to_string(), "2026-11-22T08:14:03.000Z");
        let odd = Stamp::from_ms(1_795_334_400_007);
        assert_eq!(odd.to_string().parse(), Ok(odd));
        assert_eq!("yesterday".parse::<Stamp>(), Err(BadStamp));
    }

    #[test]
    fn people_read_ages_under_an_hour_then_clock_time_then_the_date() {
        let zone = Stamp::fixed_zone(1);
        let now = stamp("2026-11-22T09:14:03Z");
        let shown = |text: &str| stamp(text).shown(now, &zone);
        assert_eq!(shown("2026-11-22T09:13:59Z"), "4 s ago");
        assert_eq!(shown("2026-11-22T09:02:03Z"), "12 min ago");
        assert_eq!(shown("2026-11-22T06:30:00Z"), "07:30");
        assert_eq!(shown("2026-11-20T06:30:00Z"), "20 Nov 07:30");
        assert_eq!(shown("2025-11-20T06:30:00Z"), "20 Nov 2025");
        assert_eq!(stamp("2026-11-22T09:14:03.120Z").full(&zone), "2026-11-22 10:14:03.120 +01:00");
    }

    #[test]
    fn a_moment_can_be_named_by_its_age_its_day_or_exactly() {
        let (now, zone) = (stamp("2026-11-22T09:14:03Z"), Stamp::fixed_zone(1));
        let named = |text: &str| Stamp::named(text, now, &zone).map(|s| s.to_string());
        assert_eq!(named("7d"), Ok("2026-11-15T09:14:03.000Z".into()));
        assert_eq!(named("90m"), Ok("2026-11-22T07:44:03.000Z".into()));
        assert_eq!(named("2026-11-01"), Ok("2026-10-31T23:00:00.000Z".into()));
        assert_eq!(named("2026-11-01T10:00:00Z"), Ok("2026-11-01T10:00:00.000Z".into()));
        for bad in ["", "d", "7", "-7d", "7y", "7é", "week", "2026-13-01"] {
            assert_eq!(named(bad), Err(BadMoment), "{bad}");
        }
    }

    #[test]
    fn short_forms_for_lists_and_for_what_is_to_come() {
        let (now, zone) = (stamp("2026-11-22T09:14:03Z"), Stamp::fixed_zone(1));
        let brief = |text: &str| stamp(text).brief(now, &zone);
        assert_eq!(brief("2026-11-22T09:14:30Z"), "0s ago");
        assert_eq!(brief("2026-11-22T09:02:03Z"), "12m ago");
        assert_eq!(brief("2026-11-22T06:30:00Z"), "07:30");
        assert_eq!(brief("2026-11-20T06:30:00Z"), "20 Nov");
        assert_eq!(brief("2025-11-20T06:30:00Z"), "Nov 2025");
        let ahead = |text: &str| stamp(text).ahead(now, &zone);
        assert_eq!(ahead("2026-11-22T17:00:00Z"), "18:00");
        assert_eq!(ahead("2026-11-22T23:00:00Z"), "Mon 00:00");
        assert_eq!(ahead("2026-11-30T23:00:00Z"), "1 Dec");
    }
}
