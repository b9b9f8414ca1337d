//! Local calendar days, Monday-started weeks and months, in a zone that is passed in.
//! Owns where a window begins and ends; knows no clock.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// A budget's or a report's period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A local calendar day.
    Day,
    /// Monday to Sunday.
    Week,
    /// A local calendar month.
    Month,
}

/// A local calendar day, as days since 1970-01-01 of the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalDay(pub i32);

/// One window of a period: days `from..to`, and the instants at its ends in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First day.
    pub from: LocalDay,
    /// The day after the last.
    pub to: LocalDay,
    /// The first instant.
    pub start_ms: i64,
    /// The first instant of the next window.
    pub end_ms: i64,
}

const EPOCH: Date = Date::constant(1970, 1, 1);

impl LocalDay {
    /// The day an instant falls on. Instants outside the calendar are held at its ends.
    pub fn of(unix_ms: i64, zone: &TimeZone) -> Self {
        Self::from_date(date_of(unix_ms, zone))
    }

    /// The day of a date.
    pub fn from_date(date: Date) -> Self {
        let days = (date - EPOCH).get_days();
        Self(days)
    }

    /// The date of the day.
    pub fn date(self) -> Date {
        EPOCH.checked_add(i64::from(self.0).days()).unwrap_or(EPOCH)
    }
}

impl Period {
    /// The window that holds an instant.
    pub fn window(self, unix_ms: i64, zone: &TimeZone) -> Window {
        let today = date_of(unix_ms, zone);
        let (from, to) = match self {
            Self::Day => (today, next(today, 1)),
            Self::Week => {
                let back = i32::from(today.weekday().since(Weekday::Monday));
                let monday = next(today, -back);
                (monday, next(monday, 7))
            }
            Self::Month => {
                let first = today.first_of_month();
                (first, next(today.last_of_month(), 1))
            }
        };
        Window {
            from: LocalDay::from_date(from),
            to: LocalDay::from_date(to),
            start_ms: start_of(from, zone),
            end_ms: start_of(to, zone),
        }
    }

    /// The name used in configuration and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

fn date_of(unix_ms: i64, zone: &TimeZone) -> Date {
    let instant = Timestamp::from_millisecond(unix_ms).unwrap_or(if unix_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    zone.to_datetime(instant).date()
}

fn next(date: Date, days: i32) -> Date {
    date.checked_add(i64::from(days).days()).unwrap_or(date)
}

/// The first instant of a local day; where midnight does not exist, the first that does.
fn start_of(date: Date, zone: &TimeZone) -> i64 {
    zone.to_zoned(date.at(0, 0, 0, 0)).map_or(i64::MAX, |z| z.timestamp().as_millisecond())
}
