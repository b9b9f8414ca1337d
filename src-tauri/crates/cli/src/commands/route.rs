//! `weir route test`: bodies in, judgements and plans out.

use super::failed;
use crate::args::Route;
use crate::out::{Done, Out, Stop};
use crate::views;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use weir_engine::api::{Desk, Dialect, RouteTested};

/// A body is shorter than this; as much as a request may have.
const BODY_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// Lines of bodies asked about at once, in bytes: a running engine is asked once for all of them.
const BATCH_BYTES: usize = 1024 * 1024;
/// Most lines asked about at once.
const BATCH_LINES: usize = 1_000;

/// `weir route`
pub fn route(desk: &dyn Desk, args: Route) -> Done {
    let Route::Test { file, dialect, jsonl, json } = args;
    let dialect = dialect.map(Dialect::from);
    let mut from = BufReader::with_capacity(BATCH_BYTES, open(file.as_deref())?);
    if jsonl {
        return each_line(desk, from, dialect);
    }
    let mut body = String::new();
    from.by_ref().take(BODY_BYTES_MAX).read_to_string(&mut body).map_err(failed)?;
    let test = desk.route_test(&body, dialect)?;
    Out::stdout(json.json).answer(&test, |paint| views::models::route(&test, paint))
}

fn open(file: Option<&Path>) -> Result<Box<dyn Read>, Stop> {
    let Some(path) = file.filter(|path| *path != Path::new("-")) else {
        return Ok(Box::new(io::stdin().lock()));
    };
    let opened =
        File::open(path).map_err(|e| failed(format!("cannot read {}: {e}", path.display())))?;
    Ok(Box::new(opened))
}

/// One result a line, in the same order; a body that cannot be read is a result too, and makes the
/// whole fail at the end. What has come is answered before more is waited for.
fn each_line(
    desk: &dyn Desk,
    mut from: BufReader<Box<dyn Read>>,
    dialect: Option<Dialect>,
) -> Done {
    let out = Out::stdout(true);
    let mut bad = false;
    loop {
        let bodies = batch(&mut from)?;
        if bodies.is_empty() {
            return if bad { Err(Stop::Said) } else { Ok(()) };
        }
        let mut lines = String::new();
        for tested in desk.route_tests(&bodies, dialect)? {
            bad |= matches!(tested, RouteTested::Problem { .. });
            lines += &serde_json::to_string(&tested).map_err(failed)?;
            lines.push('\n');
        }
        out.text(&lines)?;
    }
}

/// The next lines that hold something: at least one unless all is read, then as many as are there.
fn batch(from: &mut BufReader<Box<dyn Read>>) -> Result<Vec<String>, Stop> {
    let mut bodies = Vec::new();
    let mut bytes = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(bodies);
        }
        // What is no text is no JSON either; its line says so in its place.
        let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
        if !text.is_empty() {
            bytes += text.len();
            bodies.push(text);
        }
        let more = from.buffer().contains(&b'\n');
        if !bodies.is_empty() && (!more || bytes >= BATCH_BYTES || bodies.len() >= BATCH_LINES) {
            return Ok(bodies);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_come_is_one_batch_without_its_blank_lines() {
        let text: &[u8] = b"a\n\n b \n\xff\nlast";
        let mut from = BufReader::with_capacity(64, Box::new(text) as Box<dyn Read>);
        assert_eq!(batch(&mut from).expect("read"), ["a", "b", "\u{fffd}"]);
        assert_eq!(batch(&mut from).expect("read"), ["last"]);
        assert!(batch(&mut from).expect("read").is_empty());
    }
}
