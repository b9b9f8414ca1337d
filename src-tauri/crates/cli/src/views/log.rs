//! `weir log` as text: one request a line.

use crate::out::{Paint, Tone};
use crate::table::{self, Cell, Fit, Table};
use crate::words;
use weir_engine::api::{LogRow, Stamp, Zone};

/// The list, in the order it came; it is not empty.
pub fn log(rows: &[LogRow], now: Stamp, zone: &Zone, paint: Paint) -> String {
    let mut table = Table::new(&[
        ("", Fit::Left),
        ("request", Fit::Left),
        ("when", Fit::Left),
        ("client", Fit::Cut(6)),
        ("went to", Fit::Route(10)),
        ("tokens", Fit::Right),
        ("cost", Fit::Point),
    ]);
    for row in rows {
        table.row(cells(row, now, zone));
    }
    table.render(paint) + &legend(rows)
}

/// One request without titles, for a list that grows: every line has the same columns.
pub fn line(row: &LogRow, now: Stamp, zone: &Zone, paint: Paint) -> String {
    let [mark, id, when, _, _, tokens, cost] = cells(row, now, zone);
    let mut table = Table::new(&[("", Fit::Left); 7]);
    table.row([
        mark.sized(1, false),
        id,
        when.sized(8, false),
        Cell::from(table::cut(&row.client, 11)).sized(11, false),
        Cell::from(table::route(&row.route, 19)).sized(19, false),
        tokens.sized(6, true),
        cost.sized(8, true),
    ]);
    table.render(paint)
}

fn cells(row: &LogRow, now: Stamp, zone: &Zone) -> [Cell; 7] {
    let used = row.usage.map(|u| {
        let read = u.input.saturating_add(u.cache_read).saturating_add(u.cache_write_5m);
        read.saturating_add(u.cache_write_1h).saturating_add(u.output)
    });
    [
        mark(row),
        row.id.to_string().into(),
        row.at.brief(now, zone).into(),
        row.client.as_str().into(),
        row.route.as_str().into(),
        used.map(words::tokens).unwrap_or_default().into(),
        cost(row),
    ]
}

fn mark(row: &LogRow) -> Cell {
    match row.outcome.as_deref() {
        None => "●".into(),
        Some("ok") => "".into(),
        Some("client_gone") => Cell::new("×", Tone::Quiet),
        Some(_) => Cell::new("!", Tone::Bad),
    }
}

fn cost(row: &LogRow) -> Cell {
    if row.demo {
        return Cell::new("demo", Tone::Quiet);
    }
    match (row.cost_usd, row.pricing.as_deref()) {
        (Some(cost), Some("estimated")) => format!("~{}", cost.short()).into(),
        (Some(cost), _) => cost.short().into(),
        (None, Some("unpriced")) => Cell::new("unpriced", Tone::Warn),
        (None, _) => "".into(),
    }
}

/// What the marks mean, for those that occur.
fn legend(rows: &[LogRow]) -> String {
    let any = |f: fn(&LogRow) -> bool| rows.iter().any(f);
    let marks = [
        (any(|r| r.outcome.is_none()), "● under way"),
        (any(|r| r.outcome.as_deref() == Some("client_gone")), "× the client left"),
        (
            any(|r| r.outcome.as_deref().is_some_and(|o| o != "ok" && o != "client_gone")),
            "! failed",
        ),
        (any(|r| r.pricing.as_deref() == Some("estimated")), "~ about"),
    ];
    let said: Vec<&str> = marks.into_iter().filter(|(there, _)| *there).map(|(_, m)| m).collect();
    if said.is_empty() { String::new() } else { format!("\n{}\n", said.join("   ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples;

    #[test]
    fn one_request_a_line_within_eighty_columns() {
        let mut open = samples::row();
        open.outcome = None;
        open.pricing = None;
        open.usage = None;
        open.cost_usd = None;
        let mut broken = samples::row();
        broken.outcome = Some("truncated".into());
        broken.pricing = Some("estimated".into());
        let mut unpriced = samples::row();
        unpriced.route = "vllm/mistral".into();
        unpriced.cost_usd = None;
        unpriced.pricing = Some("unpriced".into());
        let mut demo = samples::row();
        demo.demo = true;
        let rows = [open, samples::row(), broken, unpriced, demo];
        let expected = "
   request           when     client       went to              tokens      cost
●  wr_1m816n35r0007  32m ago  claude-code  claude-opus-5-5
   wr_1m816n35r0007  32m ago  claude-code  claude-opus-5-5       84.4K   $0.0453
!  wr_1m816n35r0007  32m ago  claude-code  claude-opus-5-5       84.4K  ~$0.0453
   wr_1m816n35r0007  32m ago  claude-code  vllm/mistral          84.4K  unpriced
   wr_1m816n35r0007  32m ago  claude-code  claude-opus-5-5       84.4K      demo

● under way   ! failed   ~ about
";
        let shown = log(&rows, samples::now(), &samples::zone(), Paint::OFF);
        assert_eq!(format!("\n{shown}"), expected);
        assert!(shown.lines().all(|line| line.chars().count() <= words::WIDTH));
    }

    #[test]
    fn a_list_that_grows_keeps_its_columns() {
        let mut other = samples::row();
        other.client = "x".into();
        other.route = "vllm/mistral".into();
        other.outcome = Some("timeout".into());
        other.cost_usd = None;
        other.pricing = Some("unpriced".into());
        let lines = [samples::row(), other]
            .map(|row| line(&row, samples::now(), &samples::zone(), Paint::OFF));
        let expected = "
   wr_1m816n35r0007  32m ago   claude-code  claude-opus-5-5       84.4K   $0.0453
!  wr_1m816n35r0007  32m ago   x            vllm/mistral          84.4K  unpriced
";
        assert_eq!(format!("\n{}", lines.concat()), expected);
    }
}
