//! A provider's own usage report beside the ledger, by UTC day and model.
//! Owns how the reports of three providers are asked for and read; `reports/` holds one answer of
//! each as it was recorded. Amounts are read as decimals, never as floats.

use crate::api::{Gap, GapDay, Reconciled};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use weir_core::Money;
use weir_core::mask::Mask;

/// Pages of a report at most: a month has 31 days, and a page 7 or more.
pub const PAGES_MAX: usize = 40;

/// Most of a provider's refusal that is told, in characters.
const REFUSAL_CHARS_MAX: usize = 200;

/// Days that OpenRouter reports, the last of which has ended.
const OPENROUTER_DAYS: i64 = 30;

/// Whose report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// `GET /v1/organizations/cost_report`
    Anthropic,
    /// `GET /v1/organization/costs`
    OpenAi,
    /// `GET /api/v1/activity`, the last 30 days that have ended.
    OpenRouter,
}

/// A month or a part of it, as its first day and the day after its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    /// The first.
    pub from: Date,
    /// The day after the last.
    pub to: Date,
}

/// What one model cost on one UTC day; the model is empty where it is not said.
pub type Sums = BTreeMap<(String, String), Money>;

/// One page of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its sums.
    pub sums: Sums,
    /// What the next page is asked by; `None` on the last.
    pub next: Option<String>,
}

impl Month {
    /// The month of a text such as `2026-11`, or the one that holds a moment, in UTC.
    ///
    /// # Errors
    /// A text that is no month.
    pub fn of(text: Option<&str>, now_ms: i64) -> Result<Self, String> {
        let first = match text {
            Some(text) => format!("{text}-01")
                .parse::<Date>()
                .map_err(|_| format!("{text} is no month. Write it as 2026-11"))?,
            None => utc_date(now_ms).first_of_month(),
        };
        let to = first.last_of_month().tomorrow().map_err(|e| e.to_string())?;
        Ok(Self { from: first, to })
    }

    /// Its name, as `2026-11`.
    pub fn name(&self) -> String {
        format!("{:04}-{:02}", self.from.year(), self.from.month())
    }

    /// Its last day.
    fn last(&self) -> Date {
        self.to.yesterday().unwrap_or(self.from)
    }

    /// Whether no day of it is left out.
    fn is_whole(&self) -> bool {
        let first = self.from.first_of_month();
        self.from == first && self.last() == first.last_of_month()
    }

    /// Its bounds in Unix milliseconds.
    pub fn bounds_ms(&self) -> (i64, i64) {
        let ms = |date: Date| {
            let midnight = TimeZone::UTC.to_zoned(date.at(0, 0, 0, 0));
            midnight.map_or(0, |z| z.timestamp().as_millisecond())
        };
        (ms(self.from), ms(self.to))
    }
}

impl Report {
    /// The report of a provider.
    pub fn of(provider: &str) -> Option<Self> {
        match provider {
            "anthropic" => Some(Self::Anthropic),
            "openai" => Some(Self::OpenAi),
            "openrouter" => Some(Self::OpenRouter),
            _ => None,
        }
    }

    /// The part of a month that the report tells of. What it leaves out is not held against it.
    ///
    /// # Errors
    /// When it tells of no day of the month.
    pub fn covered(self, month: Month, now_ms: i64) -> Result<Month, String> {
        if self != Self::OpenRouter {
            return Ok(month);
        }
        let today = utc_date(now_ms);
        let oldest = today.checked_sub(OPENROUTER_DAYS.days()).unwrap_or(today);
        let part = Month { from: month.from.max(oldest), to: month.to.min(today) };
        match part.from < part.to {
            true => Ok(part),
            false => Err(format!(
                "openrouter reports the last {OPENROUTER_DAYS} whole days alone, which are {oldest} \
                 to {}. Ask for one of their months: --month {}",
                today.yesterday().unwrap_or(today),
                &oldest.to_string()[..7]
            )),
        }
    }

    /// Where a page is asked for.
    pub fn url(self, base_url: &str, month: &Month, page: Option<&str>) -> String {
        let base = base_url.trim_end_matches('/');
        let (from_ms, to_ms) = month.bounds_ms();
        let page = page.map(|page| format!("&page={}", escaped(page))).unwrap_or_default();
        match self {
            Self::Anthropic => format!(
                "{base}/v1/organizations/cost_report?starting_at={}T00:00:00Z&ending_at={}T00:00:00Z\
                 &bucket_width=1d&group_by[]=description&limit=31{page}",
                month.from, month.to
            ),
            Self::OpenAi => format!(
                "{base}/organization/costs?start_time={}&end_time={}&bucket_width=1d\
                 &group_by=line_item&limit=31{page}",
                from_ms / 1_000,
                to_ms / 1_000
            ),
            Self::OpenRouter => format!("{base}/activity"),
        }
    }

    /// Reads a page.
    ///
    /// # Errors
    /// What is not as it should be.
    pub fn read(self, body: &[u8], month: &Month) -> Result<Page, String> {
        match self {
            Self::Anthropic => anthropic(body),
            Self::OpenAi => openai(body),
            Self::OpenRouter => openrouter(body, month),
        }
    }
}

fn utc_date(at_ms: i64) -> Date {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).date()
}

/// A page token as a part of a query.
fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let each = text.bytes().map(|b| match plain(b) {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    });
    each.collect()
}

// === the three forms ===

#[derive(serde::Deserialize)]
struct Buckets<'a> {
    #[serde(borrow)]
    data: Vec<Bucket<'a>>,
    #[serde(default)]
    has_more: bool,
    next_page: Option<String>,
}

#[derive(serde::Deserialize)]
struct Bucket<'a> {
    starting_at: Option<String>,
    start_time: Option<i64>,
    #[serde(borrow)]
    results: Vec<Line<'a>>,
}

#[derive(serde::Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    model: Option<String>,
    line_item: Option<String>,
}

#[derive(serde::Deserialize)]
struct Valued<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
}

fn buckets(body: &[u8]) -> Result<Buckets<'_>, String> {
    serde_json::from_slice(body).map_err(|e| format!("the report cannot be read: {e}"))
}

fn no_amount(raw: &RawValue) -> String {
    format!("{} is no amount", raw.get().chars().take(40).collect::<String>())
}

/// Anthropic tells cents, as a decimal in a text.
fn anthropic(body: &[u8]) -> Result<Page, String> {
    let report = buckets(body)?;
    let mut page = Page { next: report.next_page.filter(|_| report.has_more), ..Page::default() };
    for bucket in &report.data {
        let day = bucket.starting_at.as_deref().and_then(|at| at.get(..10));
        let day = day.ok_or("a day of the report has no date")?;
        for line in &bucket.results {
            let cents = nano(line.amount, 7).ok_or_else(|| no_amount(line.amount))?;
            let model = line.model.clone().unwrap_or_default();
            add(&mut page.sums, day, &model, cents);
        }
    }
    Ok(page)
}

/// OpenAI tells dollars, and the model as the first part of a line's name.
fn openai(body: &[u8]) -> Result<Page, String> {
    let report = buckets(body)?;
    let mut page = Page { next: report.next_page.filter(|_| report.has_more), ..Page::default() };
    for bucket in &report.data {
        let seconds = bucket.start_time.ok_or("a day of the report has no date")?;
        let at = Timestamp::from_second(seconds).map_err(|e| e.to_string())?;
        let day = at.to_zoned(TimeZone::UTC).date().to_string();
        for line in &bucket.results {
            let valued: Valued<'_> =
                serde_json::from_str(line.amount.get()).map_err(|_| no_amount(line.amount))?;
            let dollars = nano(valued.value, 9).ok_or_else(|| no_amount(valued.value))?;
            let item = line.line_item.as_deref().unwrap_or_default();
            let model = item.split(',').next().unwrap_or_default().trim();
            add(&mut page.sums, &day, model, dollars);
        }
    }
    Ok(page)
}

#[derive(serde::Deserialize)]
struct Activity<'a> {
    #[serde(borrow)]
    data: Vec<Used<'a>>,
}

#[derive(serde::Deserialize)]
struct Used<'a> {
    date: String,
    model: String,
    #[serde(borrow)]
    usage: &'a RawValue,
}

/// OpenRouter tells dollars by day and model.
fn openrouter(body: &[u8], month: &Month) -> Result<Page, String> {
    let report: Activity<'_> =
        serde_json::from_slice(body).map_err(|e| format!("the report cannot be read: {e}"))?;
    let mut page = Page::default();
    for line in &report.data {
        let day = line.date.get(..10).ok_or("a line of the report has no date")?;
        let date: Date = day.parse().map_err(|_| format!("{day} is no date"))?;
        if date < month.from || date >= month.to {
            continue;
        }
        let dollars = nano(line.usage, 9).ok_or_else(|| no_amount(line.usage))?;
        add(&mut page.sums, day, &line.model, dollars);
    }
    Ok(page)
}

/// Adds an amount to a day's model.
pub fn add(sums: &mut Sums, day: &str, model: &str, cost: Money) {
    let sum = sums.entry((day.to_owned(), plain(model).to_owned())).or_default();
    *sum = sum.saturating_add(cost);
}

/// A model's name without the date some lists put behind it.
fn plain(model: &str) -> &str {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    for tail in [11, 9] {
        let Some(at) = model.len().checked_sub(tail).filter(|at| model.is_char_boundary(*at))
        else {
            continue;
        };
        let (name, date) = model.split_at(at);
        let is_date = date.starts_with('-') && digits(date) && date[1..].starts_with("20");
        let dashes = date.matches('-').count();
        if is_date && !name.is_empty() && dashes == if tail == 11 { 3 } else { 1 } {
            return name;
        }
    }
    model
}

/// A decimal, as a number or in a text, in nano-dollars: a unit is ten to the `places` of them.
/// Smaller parts are rounded off; exponents are read too, for some lists write 1e-05.
fn nano(raw: &RawValue, places: i32) -> Option<Money> {
    let text = raw.get().trim().trim_matches('"');
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    if all.is_empty() || all.len() > 60 || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let shift = places.checked_add(exponent)?.checked_sub(i32::try_from(part.len()).ok()?)?;
    let all = all.trim_start_matches('0');
    let number: i128 = match shift {
        0.. => {
            let zeros = usize::try_from(shift).ok().filter(|z| all.len() + z < 30)?;
            format!("0{all}{}", "0".repeat(zeros)).parse().ok()?
        }
        _ => {
            let cut = shift.unsigned_abs() as usize;
            let kept = all.len().saturating_sub(cut);
            let up = cut <= all.len() && all.as_bytes().get(kept).is_some_and(|b| *b >= b'5');
            format!("0{}", &all[..kept]).parse::<i128>().ok()? + i128::from(up)
        }
    };
    i64::try_from(number * sign).ok().map(Money::from_nano)
}

/// The two side by side, in order of days and models.
pub fn compare(
    provider: &str,
    month: &Month,
    ledger: &Sums,
    reported: &Sums,
    unpriced_requests: u64,
) -> Reconciled {
    let keys: std::collections::BTreeSet<_> = ledger.keys().chain(reported.keys()).collect();
    let mut gap = Gap::default();
    let mut days = Vec::with_capacity(keys.len());
    for key in keys {
        let own = ledger.get(key).copied().unwrap_or_default();
        let theirs = reported.get(key).copied().unwrap_or_default();
        gap.ledger_usd = gap.ledger_usd.saturating_add(own);
        gap.reported_usd = gap.reported_usd.saturating_add(theirs);
        days.push(GapDay {
            day: key.0.clone(),
            model: key.1.clone(),
            ledger_usd: own,
            reported_usd: theirs,
            gap_usd: theirs.saturating_sub(own),
        });
    }
    gap.gap_usd = gap.reported_usd.saturating_sub(gap.ledger_usd);
    Reconciled {
        provider: provider.to_owned(),
        month: month.name(),
        from: month.from.to_string(),
        to: month.last().to_string(),
        whole_month: month.is_whole(),
        gap,
        days,
        unpriced_requests,
    }
}

/// What a provider says when it refuses a report, under `mask`, cut to one line and behind a colon.
pub fn refusal(body: &[u8], mask: &Mask<'_>) -> String {
    let said: Option<Value> = serde_json::from_slice(body).ok();
    let message = said.as_ref().and_then(|v| v.pointer("/error/message")?.as_str());
    let words: Option<String> =
        message.map(|message| mask.words(message).chars().take(REFUSAL_CHARS_MAX).collect());
    words.map_or_else(String::new, |words| format!(": {words}"))
}

#[cfg(test)]
mod tests;
