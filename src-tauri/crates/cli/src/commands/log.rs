//! `weir log` and `weir explain`.

use super::{desk, moment, named};
use crate::args::{Explain, Log, Which};
use crate::out::{Done, Out, Stop};
use crate::views;
use weir_engine::api::{Desk, LiveEvent, LogQuery, LogRow, Stamp};
use weir_engine::control::{Remote, Watch};
use weir_engine::home::Home;

/// `weir log`
pub fn log(home: &Home, args: &Log) -> Done {
    let since = named("--since", args.since.as_deref())?;
    let out = Out::stdout(args.json.json);
    if args.follow {
        return follow(home, args.limit, since, out);
    }
    let rows = list(&*desk(home)?, args.limit, since)?;
    let (now, zone) = moment();
    out.answer(&rows, |paint| match (rows.is_empty(), since) {
        (true, None) => "No requests yet.\n".into(),
        (true, Some(_)) => "No requests since then.\n".into(),
        _ => views::log::log(&rows, now, &zone, paint),
    })
}

/// The newest rows, as many pages as it takes.
fn list(desk: &dyn Desk, limit: u32, since: Option<Stamp>) -> Result<Vec<LogRow>, Stop> {
    let mut rows: Vec<LogRow> = Vec::new();
    loop {
        let left = limit.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        if left == 0 {
            return Ok(rows);
        }
        let page = left.min(LogQuery::ROWS_MAX);
        let before = rows.last().map(|row| row.id);
        let got = desk.log(&LogQuery { limit: page, since, before, ..LogQuery::default() })?;
        let more = got.len() >= page as usize;
        rows.extend(got);
        if !more {
            return Ok(rows);
        }
    }
}

/// One row a line, JSON or text, as it happens.
fn print(row: &LogRow, out: Out) -> Done {
    if out.is_json() {
        return out.json_line(row);
    }
    let (now, zone) = moment();
    out.text(&views::log::line(row, now, &zone, out.paint))
}

/// The list, then every request as it ends. Subscribes first, so that none falls in between.
fn follow(home: &Home, limit: u32, since: Option<Stamp>, out: Out) -> Done {
    let mut events = Watch::open(home.root())?;
    let desk = Remote::new(home.root());
    let mut rows = list(&desk, limit, since)?;
    rows.reverse();
    for row in &rows {
        print(row, out)?;
    }
    loop {
        let LiveEvent::Closed { id, last: true, .. } = events.hear()? else { continue };
        let shown = rows.iter().any(|row| row.id == id && row.outcome.is_some());
        if !shown {
            print(&desk.explain(id)?.row, out)?;
        }
    }
}

/// `weir explain`
pub fn explain(desk: &dyn Desk, args: &Explain) -> Done {
    let id = match args.request {
        Which::One(id) => id,
        Which::Last => match desk.log(&LogQuery { limit: 1, ..LogQuery::default() })?.first() {
            Some(row) => row.id,
            None => {
                return Err(Stop::Failed(
                    "no requests yet. Point a tool at Weir: weir client add NAME".into(),
                ));
            }
        },
    };
    let told = desk.explain(id)?;
    let (_, zone) = moment();
    Out::stdout(args.json.json).answer(&told, |paint| views::explain::explain(&told, &zone, paint))
}
