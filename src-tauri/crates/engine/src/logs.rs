//! The log: `logs/weir.log` in the home folder, turned over by size, and warnings on stderr.
//! Owns the sink every line passes, and takes out there whatever looks like a key: no caller can
//! forget to. Bodies and header values are never handed to it in the first place.

mod rotation;

pub use weir_core::mask::redacted;

use crate::clock::unix_ms;
use crate::home::Home;
use jiff::Timestamp;
use parking_lot::Mutex;
use rotation::Rotation;
use std::io::{self, Write};
use std::sync::Arc;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// The variable that sets how much is logged: error, warn, info, debug or trace.
pub const LEVEL_VARIABLE: &str = "WEIR_LOG";

/// Where log lines go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logs {
    /// Nowhere: for engines inside a test, which must not set up the process's only log.
    #[default]
    Off,
    /// To the file.
    File,
    /// To the file, and warnings to stderr too.
    FileAndStderr,
}

/// Sets the process's log up. The first one wins; a panic is logged by its place alone, for its
/// message may hold what a request held.
pub fn install(home: &Home, logs: Logs) {
    if logs == Logs::Off {
        return;
    }
    let sink = Sink {
        file: Arc::new(Mutex::new(Rotation::open(home.logs().join("weir.log")))),
        stderr: logs == Logs::FileAndStderr,
    };
    let level = std::env::var(LEVEL_VARIABLE).ok().and_then(|l| l.parse().ok());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level.unwrap_or(Level::INFO))
        .with_ansi(false)
        .with_timer(Utc)
        .with_writer(sink)
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map_or_else(String::new, ToString::to_string);
            tracing::error!(place, "Weir failed inside; the request it happened in was ended");
        }));
    }
}

struct Utc;

impl FormatTime for Utc {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        match Timestamp::from_millisecond(unix_ms()) {
            Ok(now) => write!(w, "{now:.3}"),
            Err(_) => w.write_str("?"),
        }
    }
}

#[derive(Clone)]
struct Sink {
    file: Arc<Mutex<Rotation>>,
    stderr: bool,
}

/// One line. Given on, with keys taken out, when it is whole.
struct Line {
    sink: Sink,
    to_stderr: bool,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { sink: self.clone(), to_stderr: false, text: Vec::new() }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line {
        // What a library warns of is for the file; on a terminal Weir speaks for itself.
        let to_stderr =
            self.stderr && *about.level() <= Level::WARN && about.target().starts_with("weir");
        Line { sink: self.clone(), to_stderr, text: Vec::new() }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = redacted(&String::from_utf8_lossy(&self.text));
        self.sink.file.lock().write(text.as_bytes());
        if self.to_stderr {
            // A closed stderr is no reason to stop.
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reaches_the_file_with_its_keys_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        home.prepare().unwrap();
        let path = home.logs().join("weir.log");
        let file = Arc::new(Mutex::new(Rotation::open(path.clone())));
        let sink = Sink { file, stderr: false };
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_timer(Utc).with_writer(sink).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(error = "401 for sk-ant-api03-canarycanary", "a provider refused");
        });
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("a provider refused"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}
