//! `weir log` and `weir explain`.

use super::{desk, moment, named};
use crate::args::{Explain, Log, Which};
use crate::out::{Done, Out, Stop};
use crate::views;
use weir_engine::api::{Desk, LiveEvent, LogQuery, LogRow, RequestId, Stamp};
use weir_engine::control;
use weir_engine::home::Home;

/// `weir log`
pub fn log(home: &Home, args: &Log) -> Done {
    let since = named("--since", args.since.as_deref())?;
    let out = Out::stdout(args.json.json);
    let desk = desk(home)?;
    let mut rows = list(&*desk, args.limit, since)?;
    if !args.follow {
        let (now, zone) = moment();
        return out.answer(&rows, |paint| match (rows.is_empty(), since) {
            (true, None) => "No requests yet.\n".into(),
            (true, Some(_)) => "No requests since then.\n".into(),
            _ => views::log::log(&rows, now, &zone, paint),
        });
    }
    rows.reverse();
    for row in &rows {
        print(row, out)?;
    }
    follow(home, &*desk, out)
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

fn follow(home: &Home, desk: &dyn Desk, out: Out) -> Done {
    let mut ended = Ok(());
    control::watch(home.root(), |event| {
        let LiveEvent::Closed { id, last: true, .. } = event else { return true };
        ended = one(desk, id).and_then(|row| print(&row, out));
        ended.is_ok()
    })?;
    ended
}

fn one(desk: &dyn Desk, id: RequestId) -> Result<LogRow, Stop> {
    Ok(desk.explain(id)?.row)
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
