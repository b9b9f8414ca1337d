//! What the resident process and the window's process say to each other: JSON, a line each, on the
//! window's stdin and stdout. The end of either is the other one's end.
//! Knows no process; both sides use it.

use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read, Write};
use weir_engine::api::{ApiProblem, WindowView};

/// The longest line, in bytes: a view with long names fits many times.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

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
    /// Icon and window go; the engine goes on.
    Hide,
    /// Every tool put back, then the end.
    RestoreAndQuit,
    /// The end.
    Quit,
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

/// Reads the next; `None` at the end, and where what comes is not a line of the other side's.
pub fn hear<T: for<'a> Deserialize<'a>>(from: &mut impl BufRead) -> Option<T> {
    let mut line = Vec::new();
    from.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).ok()?;
    serde_json::from_slice(&line).ok()
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
        let heard: Vec<Asked> = std::iter::from_fn(|| hear(&mut read)).collect();
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
        assert!(matches!(hear(&mut read), Some(Told::View(heard)) if *heard == view));
        let done = hear(&mut read);
        assert!(matches!(done, Some(Told::Done { id: 7, problem: heard }) if heard == problem));
    }

    #[test]
    fn half_a_line_is_an_end() {
        assert!(hear::<Asked>(&mut &b"{\"id\":1,\"ask\":\"qu"[..]).is_none());
        assert!(hear::<Asked>(&mut &b""[..]).is_none());
    }
}
