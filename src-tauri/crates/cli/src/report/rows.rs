//! What the page says in words and tables, the same in HTML and in the picture.
//! Pure over the report.

use crate::words::{count, grouped, percent, plain, tokens};
use weir_engine::api::{By, CostGroup, Report, ReportBudget, ReportPart, Sums};

/// `November 2026`.
pub fn month_name(month: &str) -> String {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, number) = month.split_once('-').unwrap_or((month, ""));
    let name = number.parse::<usize>().ok().and_then(|n| NAMES.get(n.checked_sub(1)?));
    name.map_or_else(|| month.to_owned(), |name| format!("{name} {year}"))
}

/// One figure at the top: its name, its value, and what belongs to it.
pub struct Figure {
    pub name: &'static str,
    pub value: String,
    pub beside: String,
}

/// The figures of a month.
pub fn figures(report: &Report) -> Vec<Figure> {
    let sums = &report.sums;
    let t = &sums.tokens;
    let prompt = [t.input, t.cache_read, t.cache_write_5m, t.cache_write_1h]
        .into_iter()
        .fold(0, u64::saturating_add);
    vec![
        spent(sums),
        Figure {
            name: "Saved",
            value: sums.saved_usd.short(),
            beside: "against what was asked for".into(),
        },
        Figure {
            name: "On this machine",
            value: share_of(sums.local_requests, sums.requests),
            beside: format!("{} of the requests", grouped(sums.local_requests)),
        },
        Figure {
            name: "Requests",
            value: grouped(sums.requests),
            beside: format!("{} tokens in, {} out", tokens(prompt), tokens(t.output)),
        },
    ]
}

/// What was spent, and beside it what that leaves open.
fn spent(sums: &Sums) -> Figure {
    let estimated = count(sums.estimated_requests, "request", "requests");
    let unpriced = count(sums.unpriced_requests, "request", "requests");
    let beside = match (sums.estimated_requests, sums.unpriced_requests) {
        (0, 0) => "every request priced".into(),
        (_, 0) => format!("the usage of {estimated} was estimated"),
        (0, _) => format!("+ {unpriced} without a known price"),
        (..) => {
            format!("+ {unpriced} without a known price; the usage of {estimated} was estimated")
        }
    };
    let known = Sums { unpriced_requests: 0, ..*sums };
    let nothing_known = sums.unpriced_requests > 0 && sums.requests <= sums.unpriced_requests;
    let value = if nothing_known { sums.shown() } else { known.shown() };
    Figure { name: "Spent", value, beside }
}

/// A part of a whole in whole percent; a dash where there is no whole.
fn share_of(part: u64, whole: u64) -> String {
    percent(part, whole).map_or("–".into(), |percent| format!("{percent} %"))
}

/// `1 to 22 November 2026, so far`.
pub fn covered(report: &Report) -> String {
    let day = |date: &str| {
        date.rsplit('-').next().and_then(|day| day.parse::<u8>().ok()).unwrap_or_default()
    };
    let month = month_name(&report.month);
    let so_far = if report.over { "" } else { ", so far" };
    format!("{} to {} {month}{so_far}", day(&report.from), day(&report.to))
}

/// A table: heading, columns (whether each is of numbers), rows.
pub struct Table {
    pub title: &'static str,
    pub columns: Vec<(&'static str, bool)>,
    pub rows: Vec<Vec<String>>,
}

/// By provider, model, task and tool.
pub fn tables(report: &Report) -> Vec<Table> {
    report.parts.iter().map(|part| table(part, &report.sums)).collect()
}

fn table(part: &ReportPart, all: &Sums) -> Table {
    let (title, first) = match part.by {
        By::Provider => ("By provider", "Provider"),
        By::Model => ("By model", "Model"),
        By::Task => ("By task", "Task"),
        By::Client => ("By tool", "Tool"),
        _ => ("By what it was", "Name"),
    };
    let name = |group: &CostGroup| match (group.key.as_str(), part.by) {
        ("", By::Task) => "not judged".to_owned(),
        ("", _) => "not said".to_owned(),
        (key, By::Task) => plain(key).replace('_', " "),
        (key, _) => plain(key),
    };
    let row = |group: &CostGroup| {
        let sums = &group.sums;
        vec![
            name(group),
            grouped(sums.requests),
            share_of(sums.local_requests, sums.requests),
            sums.shown(),
            share_of(
                u64::try_from(sums.spent_usd.nano()).unwrap_or(0),
                u64::try_from(all.spent_usd.nano()).unwrap_or(0),
            ),
        ]
    };
    Table {
        title,
        columns: vec![
            (first, false),
            ("Requests", true),
            ("Local", true),
            ("Spent", true),
            ("Share", true),
        ],
        rows: part.groups.iter().map(row).collect(),
    }
}

/// The budgets, one row a window.
pub fn budgets(report: &Report) -> Option<Table> {
    let rows: Vec<Vec<String>> = report.budgets.iter().flat_map(windows).collect();
    (!rows.is_empty()).then(|| Table {
        title: "Budgets, against their limits of today",
        columns: vec![
            ("Budget", false),
            ("Window", false),
            ("Spent", true),
            ("Limit", true),
            ("Used", true),
        ],
        rows,
    })
}

fn windows(budget: &ReportBudget) -> Vec<Vec<String>> {
    let scope = match budget.scope.len() {
        0 => String::new(),
        _ => format!(" ({})", plain(&budget.scope.join(", "))),
    };
    let name = format!("{}{scope}", plain(&budget.name));
    let row = |from: &str, to: &str, sums: &Sums| {
        let t = &sums.tokens;
        let all = [t.input, t.cache_read, t.cache_write_5m, t.cache_write_1h, t.output]
            .into_iter()
            .fold(0, u64::saturating_add);
        let (spent, limit, used) = match (budget.limit_usd, budget.limit_tokens) {
            (Some(limit), _) => {
                (sums.shown(), limit.short(), sums.spent_usd.percent_of(limit).to_string())
            }
            (None, Some(limit)) => {
                let used = percent(all, limit).unwrap_or(0).to_string();
                (count(all, "token", "tokens"), count(limit, "token", "tokens"), used)
            }
            (None, None) => (sums.shown(), "–".into(), "–".into()),
        };
        let window = if from == to { from.to_owned() } else { format!("{from} to {to}") };
        vec![name.clone(), window, spent, limit, format!("{used} %")]
    };
    budget.windows.iter().map(|window| row(&window.from, &window.to, &window.sums)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_called_by_its_name_and_says_how_far_it_goes() {
        assert_eq!(month_name("2026-11"), "November 2026");
        assert_eq!(month_name("2026-13"), "2026-13");
        let mut report = crate::views::samples::report();
        assert_eq!(covered(&report), "1 to 22 November 2026, so far");
        (report.over, report.to) = (true, "2026-11-30".into());
        assert_eq!(covered(&report), "1 to 30 November 2026");
    }

    #[test]
    fn figures_and_tables_hide_neither_estimates_nor_what_has_no_price() {
        let report = crate::views::samples::report();
        let figures = figures(&report);
        assert_eq!(figures[0].value, "about $3.80");
        let beside = "+ 3 requests without a known price; the usage of 2 requests was estimated";
        assert_eq!(figures[0].beside, beside);
        let tables = tables(&report);
        assert_eq!(tables[0].rows[1], ["groq", "3", "0 %", "3 unpriced", "0 %"]);
        let budgets = budgets(&report).expect("budgets");
        assert_eq!(budgets.rows[0][2..], ["about $3.80 + 3 unpriced", "$10.00", "38 %"]);
    }
}
