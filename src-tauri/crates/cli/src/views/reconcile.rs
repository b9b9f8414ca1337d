//! `weir reconcile` as text: which of the two has more, day by day, and what to do about it.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words;
use weir_engine::api::{Money, Reconciled, Stamp, Zone};

/// Half a cent: what is less is no gap that anybody bills.
const NO_GAP_NANO: u64 = 5_000_000;

/// A provider's report beside the ledger. `zone` is the reader's.
pub fn reconciled(found: &Reconciled, zone: &Zone, paint: Paint) -> String {
    let mut out = String::new();
    let mut add =
        |line: String| out.push_str(&words::wrap(&words::plain(&line), words::WIDTH, "  "));
    add(said(found));
    if !found.whole_month {
        let (from, to) = (&found.from, &found.to);
        add(format!("Compared: {from} to {to}, the whole days that {} reports.", found.provider));
    }
    if found.unpriced_requests > 0 {
        let n = words::count(found.unpriced_requests, "request", "requests");
        add(format!("In no sum: {n} without a known price (weir price show MODEL)"));
    }
    if found.days.is_empty() {
        return out;
    }
    if let Some(begins) = begins(&found.days[0].day, zone) {
        add(format!("Days are UTC days, as {} counts them; here each {begins}.", found.provider));
    }
    out.push('\n');
    out.push_str(&table(found).render(paint));
    let advice = advice(found);
    if !advice.is_empty() {
        out.push('\n');
        advice.iter().for_each(|line| out.push_str(&words::wrap(line, words::WIDTH, "  ")));
    }
    out
}

/// The sums in one sentence.
fn said(found: &Reconciled) -> String {
    let Reconciled { provider, month, gap, .. } = found;
    if found.days.is_empty() {
        return format!("{provider} reports nothing for {month}, and the ledger has nothing.");
    }
    let verdict = match gap.gap_usd {
        same if !counts(same) => "they agree".into(),
        more if more > Money::ZERO => format!("{} more", more.short()),
        less => format!("{} less", Money::ZERO.saturating_sub(less).short()),
    };
    let (theirs, ours) = (gap.reported_usd.short(), gap.ledger_usd.short());
    format!("{provider} reports {theirs} for {month}, the ledger has {ours}: {verdict}.")
}

/// When a UTC day begins on the reader's clock; `None` where that is midnight.
fn begins(day: &str, zone: &Zone) -> Option<String> {
    let midnight: Stamp = format!("{day}T00:00:00Z").parse().ok()?;
    let there = midnight.full(zone);
    let (date, clock) = (there.get(..10)?, there.get(11..16)?);
    let before = if date == day { "" } else { " the day before" };
    (clock != "00:00").then(|| format!("begins at {clock}{before}"))
}

fn table(found: &Reconciled) -> Table {
    let mut table = Table::new(&[
        ("UTC day", Fit::Left),
        ("model", Fit::Cut(12)),
        ("ledger", Fit::Point),
        ("reported", Fit::Point),
        ("gap", Fit::Point),
    ]);
    for day in &found.days {
        let model = match day.model.as_str() {
            "" => Cell::new("(no model)", Tone::Quiet),
            model => model.into(),
        };
        table.row([
            day.day.as_str().into(),
            model,
            day.ledger_usd.short().into(),
            day.reported_usd.short().into(),
            signed(day.gap_usd),
        ]);
    }
    if found.days.len() > 1 {
        let gap = &found.gap;
        table.row([
            "together".into(),
            "".into(),
            gap.ledger_usd.short().into(),
            gap.reported_usd.short().into(),
            signed(gap.gap_usd),
        ]);
    }
    table
}

fn signed(gap: Money) -> Cell {
    let tone = if counts(gap) { Tone::Warn } else { Tone::Plain };
    let shown = gap.short();
    let plus = if gap > Money::ZERO && shown.starts_with('$') { "+" } else { "" };
    Cell::new(plus.to_owned() + &shown, tone)
}

fn counts(gap: Money) -> bool {
    gap.nano().unsigned_abs() >= NO_GAP_NANO
}

/// What explains a gap and what closes it.
fn advice(found: &Reconciled) -> Vec<String> {
    let any =
        |of: fn(&Money) -> bool| found.days.iter().any(|d| counts(d.gap_usd) && of(&d.gap_usd));
    let mut lines = Vec::new();
    if any(|gap| *gap > Money::ZERO) {
        let logs = match found.provider.as_str() {
            "anthropic" => ", or take over its log: weir import claude-code",
            "openai" => ", or take over its log: weir import codex",
            _ => "",
        };
        lines.push(format!(
            "More than the ledger: calls of this account that did not pass through Weir. Connect the \
             tool that made them (weir connect TOOL){logs}"
        ));
    }
    if any(|gap| *gap < Money::ZERO) {
        lines.push(
            "Less than the ledger: answers that are booked at an estimate (weir log), or a report \
             that is not complete yet. Look again tomorrow."
                .into(),
        );
    }
    if found.days.iter().any(|day| day.model.is_empty()) {
        lines.push(
            "No model: charges such as web searches, which the ledger counts with the model's."
                .into(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_engine::api::{Gap, GapDay};

    fn day(day: &str, model: &str, ledger: i64, reported: i64) -> GapDay {
        GapDay {
            day: day.into(),
            model: model.into(),
            ledger_usd: Money::from_nano(ledger),
            reported_usd: Money::from_nano(reported),
            gap_usd: Money::from_nano(reported - ledger),
        }
    }

    fn found(provider: &str, days: Vec<GapDay>) -> Reconciled {
        let sum = |of: fn(&GapDay) -> Money| {
            days.iter().fold(Money::ZERO, |sum, day| sum.saturating_add(of(day)))
        };
        Reconciled {
            provider: provider.into(),
            month: "2026-11".into(),
            from: "2026-11-01".into(),
            to: "2026-11-30".into(),
            whole_month: true,
            gap: Gap {
                ledger_usd: sum(|d| d.ledger_usd),
                reported_usd: sum(|d| d.reported_usd),
                gap_usd: sum(|d| d.gap_usd),
            },
            days,
            unpriced_requests: 0,
        }
    }

    #[test]
    fn a_gap_is_told_with_its_side_its_days_and_what_to_do() {
        let days = vec![
            day("2026-11-20", "", 0, 20_000_000),
            day("2026-11-20", "claude-haiku-4-5", 1_500_000, 1_500_000),
            day("2026-11-20", "claude-sonnet-4-5", 0, 2_000_000_000),
            day("2026-11-21", "claude-sonnet-4-5", 1_234_560_000_000, 1_234_550_000_000),
        ];
        let said = reconciled(&found("anthropic", days), &Stamp::fixed_zone(-5), Paint::OFF);
        let expected = "\
anthropic reports $1,236.57 for 2026-11, the ledger has $1,234.56: $2.01 more.
Days are UTC days, as anthropic counts them; here each begins at 19:00 the day
  before.

UTC day     model                   ledger     reported     gap
2026-11-20  (no model)             $0           $0.02    +$0.02
2026-11-20  claude-haiku-4-5       $0.0015      $0.0015   $0
2026-11-20  claude-sonnet-4-5      $0           $2.00    +$2.00
2026-11-21  claude-sonnet-4-5  $1,234.56    $1,234.55    -$0.01
together                       $1,234.56    $1,236.57    +$2.01

More than the ledger: calls of this account that did not pass through Weir.
  Connect the tool that made them (weir connect TOOL), or take over its log:
  weir import claude-code
Less than the ledger: answers that are booked at an estimate (weir log), or a
  report that is not complete yet. Look again tomorrow.
No model: charges such as web searches, which the ledger counts with the
  model's.
";
        assert_eq!(said, expected);
    }

    #[test]
    fn a_report_that_agrees_asks_for_nothing_and_what_it_leaves_out_is_said() {
        let days = vec![day("2026-11-20", "openai/gpt-4.1", 14_999_000, 15_000_000)];
        let all = Reconciled {
            from: "2026-11-01".into(),
            to: "2026-11-21".into(),
            whole_month: false,
            unpriced_requests: 1,
            ..found("openrouter", days)
        };
        let said = reconciled(&all, &Stamp::fixed_zone(0), Paint::OFF);
        let expected = "\
openrouter reports $0.015 for 2026-11, the ledger has $0.015: they agree.
Compared: 2026-11-01 to 2026-11-21, the whole days that openrouter reports.
In no sum: 1 request without a known price (weir price show MODEL)

UTC day     model           ledger  reported       gap
2026-11-20  openai/gpt-4.1  $0.015    $0.015  <$0.0001
";
        assert_eq!(said, expected);
        let nothing = reconciled(&found("openai", Vec::new()), &Stamp::fixed_zone(0), Paint::OFF);
        assert_eq!(nothing, "openai reports nothing for 2026-11, and the ledger has nothing.\n");
    }
}
