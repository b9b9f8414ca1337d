//! `weir route test`: bodies in, plans out.

use super::failed;
use crate::args::Route;
use crate::out::{Done, Out};
use crate::views;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use weir_engine::api::{Desk, Dialect};

/// A body is shorter than this; as much as a request may have.
const BODY_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// `weir route`
pub fn route(desk: &dyn Desk, args: Route) -> Done {
    let Route::Test { file, dialect, jsonl, json } = args;
    let dialect = dialect.map(Dialect::from);
    let mut from = open(file.as_deref())?;
    if jsonl {
        return each_line(desk, from, dialect);
    }
    let mut body = String::new();
    from.by_ref().take(BODY_BYTES_MAX).read_to_string(&mut body).map_err(failed)?;
    let test = desk.route_test(&body, dialect)?;
    Out::stdout(json.json).answer(&test, |paint| views::models::route(&test, paint))
}

fn open(file: Option<&Path>) -> Result<Box<dyn BufRead>, crate::out::Stop> {
    let Some(path) = file.filter(|path| *path != Path::new("-")) else {
        return Ok(Box::new(io::stdin().lock()));
    };
    let opened =
        File::open(path).map_err(|e| failed(format!("cannot read {}: {e}", path.display())))?;
    Ok(Box::new(BufReader::new(opened)))
}

/// One result a line, in the same order; a body that cannot be read is a result too.
fn each_line(desk: &dyn Desk, from: Box<dyn BufRead>, dialect: Option<Dialect>) -> Done {
    let out = Out::stdout(true);
    for line in from.lines() {
        let line = line.map_err(failed)?;
        if line.trim().is_empty() {
            continue;
        }
        match desk.route_test(&line, dialect) {
            Ok(test) => out.json_line(&test)?,
            Err(error) => out.json_line(&serde_json::json!({ "error": error }))?,
        }
    }
    Ok(())
}
