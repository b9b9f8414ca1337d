//! The only place that prints: answers on stdout, problems and advice on stderr.
//! Owns the choice of colour and the quiet end when the reader has gone (`weir log | head`).

use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// How a command ended when it did not simply succeed.
#[derive(Debug)]
pub enum Stop {
    /// It failed; one line says what, where and how to fix it.
    Failed(String),
    /// It was asked wrongly; one line says how to ask.
    Usage(String),
    /// It failed, and what it printed already says why.
    Said,
    /// A tool that Weir ran ended with that exit code.
    Exit(i32),
    /// Nobody reads any more; not a failure.
    Unread,
}

/// What a command comes to.
pub type Done = Result<(), Stop>;

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Failed(format!("cannot write the answer: {error}")),
        }
    }
}

impl From<weir_engine::api::ApiProblem> for Stop {
    fn from(problem: weir_engine::api::ApiProblem) -> Self {
        Self::Failed(problem.message)
    }
}

/// What a piece of text means; shown as colour where colour is wanted, never by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Secondary.
    Quiet,
    /// As it should be.
    Good,
    /// Needs attention soon.
    Warn,
    /// Failed or used up.
    Bad,
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// No colour at all.
    pub const OFF: Self = Self(false);
    /// Colour, as on a terminal.
    #[cfg(test)]
    pub const ON: Self = Self(true);

    /// Colour on a terminal, unless `NO_COLOR` is set to anything or `TERM` is `dumb`.
    fn of_stdout() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        Self(io::stdout().is_terminal() && !set("NO_COLOR") && !dumb)
    }

    /// The text in its tone.
    pub fn tone(self, text: &str, tone: Tone) -> String {
        let code = match tone {
            _ if !self.0 => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Quiet => "2",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Where a command's answer goes.
#[derive(Clone, Copy, Debug)]
pub struct Out {
    json: bool,
    /// Whether text is coloured.
    pub paint: Paint,
}

impl Out {
    /// To the terminal, or to whatever reads instead of it.
    pub fn stdout(json: bool) -> Self {
        Self { json, paint: if json { Paint::OFF } else { Paint::of_stdout() } }
    }

    /// The answer: as JSON where it was asked for, else as `text` makes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn answer<T: Serialize>(self, value: &T, text: impl FnOnce(Paint) -> String) -> Done {
        if self.json { self.json(value) } else { self.text(&text(self.paint)) }
    }

    /// One JSON document and a line end; spread over lines on a terminal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json<T: Serialize>(self, value: &T) -> Done {
        let written = if io::stdout().is_terminal() {
            serde_json::to_string_pretty(value)
        } else {
            serde_json::to_string(value)
        };
        self.text(&(written.map_err(io::Error::other)? + "\n"))
    }

    /// One JSON document on a single line, for lists that grow.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn json_line<T: Serialize>(self, value: &T) -> Done {
        self.text(&(serde_json::to_string(value).map_err(io::Error::other)? + "\n"))
    }

    /// Text as it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn text(self, text: &str) -> Done {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.flush()?)
    }

    /// Whether JSON was asked for.
    pub fn is_json(self) -> bool {
        self.json
    }
}

/// One line of advice or a problem on stderr. If even that cannot be written, nobody is there.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
