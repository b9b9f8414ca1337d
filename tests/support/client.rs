//! A raw HTTP/1.1 client: sends exactly the bytes it is given, reads exactly what comes, and
//! refuses any response header it was not told to expect, so that none leaks unnoticed.

use crate::answers::Kind;
use crate::http1::{Framing, Head, Reader};
use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long one read may wait.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// Response headers Weir may add or set itself.
const OWN: &[&str] = &[
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "retry-after",
    "transfer-encoding",
    "upgrade",
    "x-content-type-options",
    "x-frame-options",
    "x-should-retry",
    "x-weir-attempts",
    "x-weir-cache",
    "x-weir-cost-usd",
    "x-weir-reason",
    "x-weir-request-id",
    "x-weir-route",
    "x-weir-task",
    "x-weir-tier",
    "x-weir-tried",
];

/// A client of one server.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    token: String,
    allowed: Vec<String>,
}

/// A whole response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The head.
    pub head: Head,
    /// The body without its transfer coding, as far as it came.
    pub body: Vec<u8>,
    /// Whether the body ended as its framing says.
    pub complete: bool,
    /// Whether the server closed the connection afterwards or said it would.
    pub closing: bool,
}

impl Response {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
    }

    /// A header of the response, which must be there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.head.header(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.head))
    }
}

impl Client {
    /// A client of the server on `port`, with a tool's token.
    pub fn new(port: u16, token: &str) -> Self {
        let address = (Ipv4Addr::LOCALHOST, port).into();
        Self { address, token: token.into(), allowed: Vec::new() }
    }

    /// Also expects these response headers.
    #[must_use]
    pub fn expecting(mut self, names: &[&str]) -> Self {
        self.allowed.extend(names.iter().map(|name| name.to_ascii_lowercase()));
        self
    }

    /// The token it sends.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// `Host` as it should be.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The head of a request of ours: right host, right token, and `more` lines.
    pub fn head(&self, method: &str, target: &str, more: &[(&str, &str)]) -> String {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n", self.host());
        if !more.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-weir-token")) {
            head.push_str(&format!("x-weir-token: {}\r\n", self.token));
        }
        for (name, value) in more {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head
    }

    /// A `POST` of JSON, whole, ready to send.
    pub fn post(&self, target: &str, more: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut head = self.head("POST", target, more);
        if !more.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            head.push_str("content-type: application/json\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }

    /// An ordinary call of `kind`, marked so that the truth log and the ledger can be compared.
    pub fn call(&self, kind: Kind, stream: bool, marker: &str) -> Vec<u8> {
        self.call_model(kind, kind.model(), stream, marker)
    }

    /// The same with another model.
    pub fn call_model(&self, kind: Kind, model: &str, stream: bool, marker: &str) -> Vec<u8> {
        let agent = format!("tests marker/{marker}");
        let headers = [("user-agent", agent.as_str()), ("x-weir-session", marker)];
        let body = kind.ask(model, stream, "How does water find its level?");
        self.post(&kind.path(model, stream), &headers, body.to_string().as_bytes())
    }

    /// Sends a request and reads the whole response.
    ///
    /// # Panics
    /// When no response comes.
    #[track_caller]
    pub fn send(&self, request: &[u8]) -> Response {
        self.open(request).response().expect("a response")
    }

    /// Sends an ordinary call and reads the whole response.
    #[track_caller]
    pub fn ask(&self, kind: Kind, stream: bool, marker: &str) -> Response {
        self.send(&self.call(kind, stream, marker))
    }

    /// Opens a connection and sends bytes on it.
    ///
    /// # Panics
    /// When the server does not accept.
    #[track_caller]
    pub fn open(&self, bytes: &[u8]) -> Exchange {
        self.try_open(bytes).expect("the server accepts")
    }

    /// The same, where the server may be going away.
    ///
    /// # Errors
    /// The socket's own.
    pub fn try_open(&self, bytes: &[u8]) -> io::Result<Exchange> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_LIMIT))?;
        stream.set_write_timeout(Some(READ_LIMIT))?;
        let reader = Reader::new(stream.try_clone()?);
        // A server that refuses early closes its side; what it said can still be read.
        let _ = (&stream).write_all(bytes);
        Ok(Exchange { stream, reader, allowed: self.allowed.clone() })
    }
}

/// One connection.
#[derive(Debug)]
pub struct Exchange {
    stream: TcpStream,
    reader: Reader,
    allowed: Vec<String>,
}

impl Exchange {
    /// Sends more bytes.
    ///
    /// # Errors
    /// The socket's own.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&self.stream).write_all(bytes)
    }

    /// Reads the head of the next response.
    ///
    /// # Errors
    /// The socket's own, or the end of the connection.
    ///
    /// # Panics
    /// On a header nobody expects.
    pub fn head(&mut self) -> io::Result<Head> {
        let head = self.reader.head()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        for (name, _) in &head.headers {
            let name = name.to_ascii_lowercase();
            let known = OWN.contains(&name.as_str()) || self.allowed.contains(&name);
            assert!(known, "a response header nobody expects: {name} in {head:?}");
        }
        Ok(head)
    }

    /// Reads the next response whole.
    ///
    /// # Errors
    /// The socket's own, or the end of the connection before a head.
    pub fn response(&mut self) -> io::Result<Response> {
        let head = self.head()?;
        let status = status(&head);
        let framing = match status {
            100..=199 | 204 | 304 => Framing::Length(0),
            _ => head.framing(),
        };
        let mut body = Vec::new();
        let complete = match framing {
            Framing::Chunked => loop {
                match self.reader.chunk(&mut body) {
                    Ok(true) => {}
                    Ok(false) => break true,
                    Err(_) => break false,
                }
            },
            framing => self.reader.body(framing).map(|whole| body = whole).is_ok(),
        };
        let closing = head.header("connection").is_some_and(|c| c.eq_ignore_ascii_case("close"))
            || framing == Framing::Close;
        Ok(Response { status, head, body, complete, closing })
    }

    /// Reads until `count` bytes have come, the end or a break; returns them raw.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < count {
            match self.reader.some(&mut all) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        all
    }

    /// Whether the server ends the connection, having sent nothing more.
    pub fn ends(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.reader.some(&mut rest) {
            Ok(count) => count == 0,
            Err(error) => {
                !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
            }
        }
    }

    /// Says that nothing more will be sent.
    pub fn finish_sending(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

/// The status of a response's head.
pub fn status(head: &Head) -> u16 {
    head.first.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}
