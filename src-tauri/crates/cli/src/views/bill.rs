//! A bill whose lines visibly add up: exact amounts, all with the same number of decimals.

use crate::out::{Paint, Tone};
use crate::table::{Cell, Fit, Table};
use crate::words;
use weir_engine::api::Money;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was billed.
    pub kind: String,
    /// Units, where there are any.
    pub units: Option<u64>,
    /// What they cost.
    pub cost: Money,
}

/// The lines and their total. Where the lines fall short of the total, or pass it, the difference
/// is a line of its own, named by `rest`.
pub fn bill(lines: &[Line], total: Money, rest: &str, paint: Paint) -> String {
    let sum = lines.iter().fold(Money::ZERO, |sum, line| sum.saturating_add(line.cost));
    let difference = total.saturating_sub(sum);
    let amounts = lines.iter().map(|l| l.cost).chain([difference, total]);
    let places = amounts.map(decimals).max().unwrap_or(0).max(4);
    let mut table =
        Table::new(&[("", Fit::Left), ("units", Fit::Right), ("cost", Fit::Point)]).indented(2);
    for line in lines {
        table.row([
            words::kind(&line.kind).into(),
            line.units.map(words::grouped).unwrap_or_default().into(),
            exact(line.cost, places).into(),
        ]);
    }
    if difference != Money::ZERO {
        table.row([rest.into(), "".into(), exact(difference, places).into()]);
    }
    table.row([Cell::new("total", Tone::Plain), "".into(), exact(total, places).into()]);
    table.render(paint)
}

/// Decimals needed to write an amount exactly.
fn decimals(money: Money) -> usize {
    let text = money.to_string();
    text.split_once('.').map_or(0, |(_, part)| part.trim_end_matches('0').len())
}

fn exact(money: Money, places: usize) -> String {
    let text = money.to_string();
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), words::grouped);
    format!("{sign}${whole}.{}", part.get(..places).unwrap_or(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, units: u64, nano: i64) -> Line {
        Line { kind: kind.into(), units: Some(units), cost: Money::from_nano(nano) }
    }

    #[test]
    fn the_lines_add_up_to_the_total_in_sight() {
        let lines = [line("input", 1_234, 6_170_000), line("cache_read", 82_000, 41_000_000)];
        let expected = "
               units      cost
  input        1,234  $0.00617
  cache read  82,000  $0.04100
  total               $0.04717
";
        let total = Money::from_nano(47_170_000);
        let shown = bill(&lines, total, "billed beside it", Paint::OFF);
        assert_eq!(format!("\n{shown}"), expected);
    }

    #[test]
    fn a_difference_is_a_line_of_its_own() {
        let lines = [line("output", 10, 1_000)];
        let text = bill(&lines, Money::from_nano(1_500_001_000), "billed beside it", Paint::OFF);
        assert!(text.contains("billed beside it         $1.500000\n"), "{text}");
        assert!(text.contains("total                    $1.500001\n"), "{text}");
    }
}
