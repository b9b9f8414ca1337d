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
        let seconds = now.0.saturating_sub(self.0) / 1000;
        match seconds {
            0..=59 => return format!("{seconds} s ago"),
            60..=3599 => return format!("{} min ago", seconds / 60),
            _ => {}
        }
        let (there, here) =
            (self.timestamp().to_zoned(zone.clone()), now.timestamp().to_zoned(zone.clone()));
        let pattern = if there.date() == here.date() {
            "%H:%M"
        } else if there.year() == here.year() {
            "%-d %b %H:%M"
        } else {
            "%-d %b %Y"
        };
        there.strftime(pattern).to_string()
    }

    /// The whole moment in a zone: `2026-11-22 09:14:03.123 +01:00`.
    pub fn full(self, zone: &Zone) -> String {
        self.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f %:z").to_string()
    }

    /// The zone of this machine.
    pub fn local_zone() -> Zone {
        TimeZone::system()
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
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let now = stamp("2026-11-22T09:14:03Z");
        let shown = |text: &str| stamp(text).shown(now, &zone);
        assert_eq!(shown("2026-11-22T09:13:59Z"), "4 s ago");
        assert_eq!(shown("2026-11-22T09:02:03Z"), "12 min ago");
        assert_eq!(shown("2026-11-22T06:30:00Z"), "07:30");
        assert_eq!(shown("2026-11-20T06:30:00Z"), "20 Nov 07:30");
        assert_eq!(shown("2025-11-20T06:30:00Z"), "20 Nov 2025");
        assert_eq!(stamp("2026-11-22T09:14:03.120Z").full(&zone), "2026-11-22 10:14:03.120 +01:00");
    }
}
