//! `weir export`: the ledger as CSV or JSON, page by page, so that any size fits in memory.

use super::named;
use crate::args::{Export, Format};
use crate::csv;
use crate::out::{Done, Out};
use weir_engine::api::{Desk, LogQuery};

/// `weir export`
pub fn export(desk: &dyn Desk, args: &Export) -> Done {
    let since = named("--since", args.since.as_deref())?;
    let out = Out::stdout(false);
    let json = args.format == Format::Json;
    out.text(if json { "[" } else { csv::HEADER })?;
    let mut query =
        LogQuery { limit: LogQuery::ROWS_MAX, since, oldest_first: true, ..LogQuery::default() };
    let mut first = true;
    loop {
        let rows = desk.log(&query)?;
        let mut page = String::new();
        for row in &rows {
            if json {
                page.push_str(if first { "\n" } else { ",\n" });
                page.push_str(&serde_json::to_string(row).map_err(std::io::Error::other)?);
            } else {
                page.push_str(&csv::row(row));
            }
            first = false;
        }
        out.text(&page)?;
        query.after = rows.last().map(|row| row.id);
        if rows.len() < LogQuery::ROWS_MAX as usize {
            return out.text(if json { "\n]\n" } else { "" });
        }
    }
}
