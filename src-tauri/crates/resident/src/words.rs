//! What the resident process and the window's process say to each other: JSON, a line each, on the
//! window's stdin and stdout. The end of either is the other one's end; a line of anybody else's is not.
//! Knows no process; both sides use it.

use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read, Write};
use weir_engine::api::{ApiProblem, WindowView};

/// The longest line, in bytes: a view with long names fits many times.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How a window ends that cannot read what the resident says: they are of two versions.
pub const OTHER_VERSION: u8 = 4;

/// From the resident to the window.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// What the window shows from now on. A new `wanted` also brings the window to the front.
    View(Box<WindowView>),
    /// What came of something asked.
    Done {
        /// Of which.
        id: u64,
        /// Why it was not done.
        problem: Option<ApiProblem>,
    },
}

/// From the window to the resident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Comes back with what came of it.
    pub id: u64,
    /// What.
    pub ask: Ask,
}

/// What only the resident can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// A fresh view, told before this is done.
    View,
    /// Another try to start or reach an engine.
    Retry,
    /// The same, at another port, which is written into the configuration.
    Port(u16),
    /// Something of the menu's may be stale.
    Touch,
    /// A text on the clipboard, which lives in the process that offers it.
    Copy(String),
    /// The proxy's address on the clipboard.
    CopyAddress,
    /// Weir starts at login, or no longer.
    Login(bool),
    /// Icon and window go; the engine goes on.
    Hide,
    /// Every tool put back, then the end.
    RestoreAndQuit,
    /// The end.
    Quit,
    /// Nothing: the window was brought to the front for that turn of what is wanted.
    Raised(u32),
    /// Nothing: this is the window's last word, and its process ends now.
    Leaving(Leaving),
}

/// Why a window ends that can still say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// Somebody closed it. However its process ends after this word, that is no failure.
    Closed,
    /// The process that draws its page ended, which nobody asked for.
    PageDied,
}

/// What came of waiting for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<T> {
    /// One of the other side's.
    Line(T),
    /// One that is none of those: a library's word on a shared stdout, or another version's.
    Foreign,
    /// The other side is gone.
    End,
}

/// Writes one as a line.
///
/// # Errors
/// The other side is gone.
pub fn say<T: Serialize>(mut to: impl Write, what: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// Waits for the next line. One that was cut off by the end is the end.
pub fn hear<T: for<'a> Deserialize<'a>>(from: &mut impl BufRead) -> Heard<T> {
    let mut line = Vec::new();
    let read = from.take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
    let whole = line.ends_with(b"\n") || line.len() as u64 == LINE_BYTES_MAX;
    match read {
        Ok(_) if whole => serde_json::from_slice(&line).map_or(Heard::Foreign, Heard::Line),
        _ => Heard::End,
    }
}

/// Waits for the next line of the other side's, whatever else is said between; `None` at the end.
pub fn next<T: for<'a> Deserialize<'a>>(from: &mut impl BufRead) -> Option<T> {
    loop {
        match hear(from) {
            Heard::Line(line) => return Some(line),
            Heard::Foreign => {}
            Heard::End => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_engine::api::Code;

    #[test]
    fn whatever_is_said_is_heard_and_the_end_is_heard_as_an_end() {
        let mut pipe = Vec::new();
        let copied = Ask::Copy("two\nlines".into());
        for (id, ask) in [(1, Ask::View), (2, copied), (3, Ask::Quit)] {
            say(&mut pipe, &Asked { id, ask }).unwrap();
        }
        let mut read = pipe.as_slice();
        let heard: Vec<Asked> = std::iter::from_fn(|| next(&mut read)).collect();
        assert_eq!(heard.iter().map(|asked| asked.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(heard[1].ask, Ask::Copy("two\nlines".into()));
    }

    #[test]
    fn a_view_and_a_refusal_come_over_whole() {
        let mut pipe = Vec::new();
        let view = WindowView { notes: vec!["a".into()], tray: true, ..WindowView::default() };
        say(&mut pipe, &Told::View(Box::new(view.clone()))).unwrap();
        let problem = Some(ApiProblem::new(Code::Unavailable, "no clipboard"));
        say(&mut pipe, &Told::Done { id: 7, problem: problem.clone() }).unwrap();
        let mut read = pipe.as_slice();
        assert!(matches!(hear(&mut read), Heard::Line(Told::View(heard)) if *heard == view));
        let done = next(&mut read);
        assert!(matches!(done, Some(Told::Done { id: 7, problem: heard }) if heard == problem));
    }

    #[test]
    fn half_a_line_is_an_end() {
        assert_eq!(hear::<Asked>(&mut &b"{\"id\":1,\"ask\":\"qu"[..]), Heard::End);
        assert_eq!(hear::<Asked>(&mut &b""[..]), Heard::End);
    }

    #[test]
    fn a_line_of_a_library_or_of_another_version_is_passed_over_and_ends_nothing() {
        let mut pipe = b"(weir-tray:7): Gtk-WARNING **: cannot open display\n\n".to_vec();
        pipe.extend(b"{\"id\":1,\"ask\":\"fly\"}\n\xff\n");
        say(&mut pipe, &Asked { id: 2, ask: Ask::Quit }).unwrap();
        assert_eq!(hear::<Asked>(&mut pipe.as_slice()), Heard::Foreign);
        let mut read = pipe.as_slice();
        assert_eq!(next(&mut read), Some(Asked { id: 2, ask: Ask::Quit }));
        assert_eq!(next::<Asked>(&mut read), None);
    }
}
