//! A calendar month by its name, in the zone days are reckoned in.

use super::problem::bad;
use crate::api::ApiProblem;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use weir_core::period::LocalDay;
use weir_ledger::DayRange;

/// A month that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// `2026-11`.
    pub name: String,
    /// Its days.
    pub range: DayRange,
    /// Its last day, or today while it runs.
    pub last: LocalDay,
    /// Whether it is over.
    pub over: bool,
}

impl Month {
    /// The month of a text such as `2026-11`, or the one that runs.
    pub fn of(text: Option<&str>, now_ms: i64, zone: &TimeZone) -> Result<Self, ApiProblem> {
        let today = LocalDay::of(now_ms, zone);
        let this = today.date().first_of_month();
        let first = match text {
            None => this,
            Some(text) => first_of(text).ok_or_else(|| {
                bad(format!("{text} is no month. Write year and month, as {}", named(this)))
            })?,
        };
        if first > this {
            let (month, this) = (named(first), named(this));
            return Err(bad(format!("{month} has not begun. Ask for a month up to {this}")));
        }
        let from = LocalDay::from_date(first);
        let end = LocalDay::from_date(first.last_of_month());
        let range = DayRange { from, to: LocalDay(end.0 + 1) };
        Ok(Self { name: named(first), range, last: end.min(today), over: end < today })
    }
}

fn first_of(text: &str) -> Option<Date> {
    let (year, month) = text.split_once('-')?;
    let digits =
        |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

fn named(first: Date) -> String {
    format!("{:04}-{:02}", first.year(), first.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_334_400_000; // Sunday, 22 November 2026, 08:00 UTC

    #[test]
    fn a_month_is_named_by_year_and_month_and_ends_today_while_it_runs() {
        let month = |text| Month::of(text, NOW, &TimeZone::UTC);
        let this = month(None).expect("this month");
        assert_eq!(Ok(&this), month(Some("2026-11")).as_ref());
        assert_eq!((this.name.as_str(), this.over), ("2026-11", false));
        assert_eq!(this.last.date().to_string(), "2026-11-22");
        assert_eq!(this.range.to.date().to_string(), "2026-12-01");
        let february = month(Some("2024-02")).expect("a month");
        assert_eq!((february.last.date().day(), february.over), (29, true));
    }

    #[test]
    fn what_is_no_month_or_has_not_begun_is_told_with_the_fix() {
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "26-11",
            "2026-1",
            "november",
            "2026-11-01",
            "+026-11",
        ] {
            let problem = Month::of(Some(text), NOW, &TimeZone::UTC).expect_err(text);
            assert!(problem.message.contains("Write year and month, as 2026-11"), "{problem:?}");
        }
        let problem = Month::of(Some("2026-12"), NOW, &TimeZone::UTC).expect_err("to come");
        assert_eq!(problem.message, "2026-12 has not begun. Ask for a month up to 2026-11");
    }

    #[test]
    fn a_month_begins_where_the_day_begins_in_the_zone() {
        let last_of_october = 1_793_489_400_000; // 2026-10-31 23:30 UTC
        let month = |zone: &TimeZone| Month::of(None, last_of_october, zone).expect("a month").name;
        assert_eq!(month(&TimeZone::UTC), "2026-10");
        assert_eq!(month(&TimeZone::fixed(jiff::tz::offset(1))), "2026-11");
    }
}
