//! `weir cost summary` and `weir cost breakdown` as text.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words;
use weir_engine::api::{CostBreakdown, CostSummary, DaySpend, Money, Span, Sums};

const NONE: &str = "No requests yet; the demonstration's are not counted. Give a tool a token:\n\
    weir client add NAME\n";

/// The summary.
pub fn summary(cost: &CostSummary, paint: Paint) -> String {
    let mut out = heading(cost.period, cost.from.as_deref(), cost.to.as_deref());
    let sums = &cost.sums;
    if sums.requests == 0 {
        out.push_str(NONE);
        return out;
    }
    out.push('\n');
    let mut money = Table::new(&[("", Fit::Left), ("", Fit::Point), ("", Fit::Left)]);
    money.row(["Spent   ".into(), sums.spent_usd.short().into(), unknowns(sums)]);
    money.row(["Saved".into(), sums.saved_usd.short().into()]);
    out.push_str(&money.render(paint));
    out.push_str(&format!("Requests  {}, {}\n", words::grouped(sums.requests), local(sums)));
    out.push_str("\nTokens\n");
    out.push_str(&tokens(sums).render(paint));
    if let Some(days) = days(&cost.days) {
        out.push('\n');
        out.push_str(&days);
    }
    out
}

/// The breakdown.
pub fn breakdown(cost: &CostBreakdown, paint: Paint) -> String {
    let heading = heading(cost.period, cost.from.as_deref(), cost.to.as_deref());
    if cost.groups.is_empty() {
        return format!("{heading}{NONE}");
    }
    let mut table = Table::new(&[
        (cost.by.as_str(), Fit::Cut(12)),
        ("requests", Fit::Right),
        ("in", Fit::Right),
        ("cached", Fit::Right),
        ("out", Fit::Right),
        ("spent", Fit::Point),
        ("saved", Fit::Point),
        ("unpriced", Fit::Right),
    ]);
    let mut about = false;
    let any_saved = cost.groups.iter().any(|g| g.sums.saved_usd != Money::ZERO);
    for group in &cost.groups {
        let sums = &group.sums;
        about |= sums.estimated_requests > 0;
        let key = match group.key.as_str() {
            "" => Cell::new("(none)", Tone::Quiet),
            key => key.into(),
        };
        let unpriced = match sums.unpriced_requests {
            0 => Cell::from(""),
            n => Cell::new(words::grouped(n), Tone::Warn),
        };
        let written = sums.tokens.cache_write_5m.saturating_add(sums.tokens.cache_write_1h);
        table.row([
            key,
            words::grouped(sums.requests).into(),
            words::tokens(sums.tokens.input.saturating_add(written)).into(),
            words::tokens(sums.tokens.cache_read).into(),
            words::tokens(sums.tokens.output).into(),
            spent(sums),
            if any_saved { sums.saved_usd.short().into() } else { "".into() },
            unpriced,
        ]);
    }
    let note = if about { "\n~ about: some usage was estimated\n" } else { "" };
    format!("{heading}\n{}{note}", table.render(paint))
}

fn spent(sums: &Sums) -> Cell {
    let about = if sums.estimated_requests > 0 { "~" } else { "" };
    match sums.requests {
        n if n > 0 && n == sums.unpriced_requests => Cell::new("unpriced", Tone::Warn),
        _ => format!("{about}{}", sums.spent_usd.short()).into(),
    }
}

fn heading(period: Span, from: Option<&str>, to: Option<&str>) -> String {
    let name = match period {
        Span::Day => "Today",
        Span::Week => "This week",
        Span::Month => "This month",
        Span::All => "All time",
    };
    match (from, to) {
        (Some(from), Some(to)) if from == to => format!("{name}, {from}\n"),
        (Some(from), Some(to)) => format!("{name}, {from} to {to}\n"),
        _ => format!("{name}\n"),
    }
}

fn unknowns(sums: &Sums) -> Cell {
    let about = (sums.estimated_requests > 0).then(|| {
        let n = words::count(sums.estimated_requests, "request", "requests");
        format!("about: usage of {n} was estimated")
    });
    let unpriced = (sums.unpriced_requests > 0)
        .then(|| format!("+ {} unpriced", words::grouped(sums.unpriced_requests)));
    let said: Vec<String> = [about, unpriced].into_iter().flatten().collect();
    let tone = if sums.unpriced_requests > 0 { Tone::Warn } else { Tone::Plain };
    Cell::new(said.join(", "), tone)
}

fn local(sums: &Sums) -> String {
    let percent = words::percent(sums.local_requests, sums.requests).unwrap_or(0);
    format!("{} local ({percent} %)", words::grouped(sums.local_requests))
}

fn tokens(sums: &Sums) -> Table {
    let t = &sums.tokens;
    let mut table = Table::new(&[("", Fit::Left), ("", Fit::Right), ("", Fit::Left)]).indented(2);
    let mut row = |name: &str, n: u64, note: &str| {
        table.row([name.into(), words::tokens(n).into(), Cell::new(note, Tone::Quiet)]);
    };
    row("input", t.input, "");
    row("cache read", t.cache_read, "");
    if t.cache_write_5m > 0 {
        row("cache write, 5 min", t.cache_write_5m, "");
    }
    if t.cache_write_1h > 0 {
        row("cache write, 1 h", t.cache_write_1h, "");
    }
    let reasoning = match t.reasoning {
        0 => String::new(),
        n => format!("{} of them reasoning", words::tokens(n)),
    };
    row("output", t.output, &reasoning);
    table
}

fn days(days: &[DaySpend]) -> Option<String> {
    let [first, .., last] = days else { return None };
    let most = days.iter().max_by_key(|d| d.spent_usd)?;
    if most.spent_usd <= Money::ZERO {
        return None;
    }
    let line = words::sparkline(&days.iter().map(|d| d.spent_usd).collect::<Vec<_>>());
    let most = format!("most on {}: {}", most.day, most.spent_usd.short());
    Some(format!("Days  {line}\n      {} to {}, {most}\n", first.day, last.day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples;
    use weir_engine::api::{By, CostGroup};

    #[test]
    fn a_week_reads_at_a_glance() {
        let expected = "\
This week, 2026-11-16 to 2026-11-22

Spent     $3.80  about: usage of 2 requests was estimated, + 3 unpriced
Saved     $2.10
Requests  1,212, 558 local (46 %)

Tokens
  input               1.23M
  cache read          12.4M
  cache write, 5 min  88.0K
  output               310K  45.2K of them reasoning

Days  ▁▃▄▃█▂▁
      2026-11-16 to 2026-11-22, most on 2026-11-20: $2.00
";
        assert_eq!(summary(&samples::week(), Paint::OFF), expected);
    }

    #[test]
    fn the_only_colour_of_a_summary_is_the_warning() {
        let text = summary(&samples::week(), Paint::ON);
        assert!(
            text.contains("\x1b[33mabout: usage of 2 requests was estimated, + 3 unpriced\x1b[0m")
        );
        let mut calm = samples::week();
        calm.sums.unpriced_requests = 0;
        assert!(!summary(&calm, Paint::ON).contains("\x1b[33m"));
    }

    #[test]
    fn an_empty_ledger_says_what_to_do() {
        let mut empty = samples::week();
        empty.sums = Sums::default();
        assert_eq!(
            summary(&empty, Paint::OFF),
            format!("This week, 2026-11-16 to 2026-11-22\n{NONE}")
        );
    }

    #[test]
    fn a_breakdown_never_shows_an_unpriced_group_as_free() {
        let mut local = samples::week().sums;
        local.spent_usd = Money::ZERO;
        local.estimated_requests = 0;
        local.unpriced_requests = local.requests;
        let cost = CostBreakdown {
            period: Span::Week,
            from: Some("2026-11-16".into()),
            to: Some("2026-11-22".into()),
            by: By::Model,
            groups: vec![
                CostGroup { key: "anthropic/claude-opus-5-5".into(), sums: samples::week().sums },
                CostGroup { key: String::new(), sums: local },
            ],
        };
        let expected = "\
This week, 2026-11-16 to 2026-11-22

model                   requests     in  cached   out     spent  saved  unpriced
anthropic/claude-opus…     1,212  1.32M   12.4M  310K    ~$3.80  $2.10         3
(none)                     1,212  1.32M   12.4M  310K  unpriced  $2.10     1,212

~ about: some usage was estimated
";
        assert_eq!(breakdown(&cost, Paint::OFF), expected);
        let mut plain = cost;
        plain.groups.truncate(1);
        plain.groups[0].sums.saved_usd = Money::ZERO;
        plain.groups[0].sums.unpriced_requests = 0;
        let shown = breakdown(&plain, Paint::OFF);
        assert!(shown.contains("\nanthropic/claude-opus-5-5     1,212"), "{shown}");
        assert!(!shown.contains("saved") && !shown.contains("unpriced"), "{shown}");
    }
}
