//! Who came to the tunnel, for the user's eyes alone. An address is what the tunnel's machinery
//! says, and anybody may say it: it is shown and decides nothing.

use http::{HeaderMap, HeaderValue};

/// Longest address that is kept, in characters: an IPv6 address with its port is shorter.
const SOURCE_CHARS_MAX: usize = 64;
/// Headers in which a tunnel says where a request came from, the most telling first.
const SOURCES: [&str; 4] = ["cf-connecting-ip", "true-client-ip", "x-forwarded-for", "x-real-ip"];

/// Why somebody was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// No such path.
    Path,
    /// A head that could be read in two ways, or is too long.
    Frame,
    /// Another Host than the one said at the start.
    Host,
    /// A web page.
    Page,
    /// No token, or a wrong one.
    Token,
    /// Too many requests in one minute.
    Rate,
    /// Too many at once.
    Busy,
    /// No JSON.
    Type,
    /// A body over the limit.
    Size,
    /// A model that is not on the list.
    Model,
    /// A body that has no place in Chat.
    Shape,
}

impl Turned {
    /// For people, to stand behind "last refused:".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "unknown path",
            Self::Frame => "malformed head",
            Self::Host => "another host",
            Self::Page => "web page",
            Self::Token => "wrong key",
            Self::Rate => "too many a minute",
            Self::Busy => "too many at once",
            Self::Type => "not JSON",
            Self::Size => "too large",
            Self::Model => "model not on the list",
            Self::Shape => "body not understood",
        }
    }
}

/// One of those who came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The address as it was said; `None` when nothing was said.
    pub source: Option<String>,
}

/// All of one opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visits {
    /// Let in.
    pub welcome: u64,
    /// Turned away.
    pub turned: u64,
    /// The last who was let in.
    pub last: Option<Visit>,
    /// The last who was turned away, and why.
    pub last_turned: Option<(Visit, Turned)>,
}

impl Visits {
    pub(super) fn welcome(&mut self, source: Option<String>, at_ms: i64) {
        self.welcome = self.welcome.saturating_add(1);
        self.last = Some(Visit { at_ms, source });
    }

    pub(super) fn turn(&mut self, why: Turned, source: Option<String>, at_ms: i64) {
        self.turned = self.turned.saturating_add(1);
        self.last_turned = Some((Visit { at_ms, source }, why));
    }

    /// The last who was let in is turned away after all.
    pub(super) fn take_back(&mut self, why: Turned) {
        self.welcome = self.welcome.saturating_sub(1);
        if let Some(Visit { at_ms, source }) = self.last.clone() {
            self.turn(why, source, at_ms);
        }
    }
}

/// The address a head speaks of.
pub(super) fn source(headers: &HeaderMap) -> Option<String> {
    let said = SOURCES.iter().find_map(|name| headers.get(*name)).map(HeaderValue::as_bytes)?;
    let first = said.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    let harmless = first.iter().filter(|b| b.is_ascii_alphanumeric() || b".:[]%_-".contains(b));
    let text: String = harmless.map(|b| char::from(*b)).take(SOURCE_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}
