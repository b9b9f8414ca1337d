//! HTTP/1.1 as bytes: a reader of heads and bodies used by both ends, and the framings a body
//! can be written in. Deliberately small and strict; it accepts nothing it was not asked to.

use std::io::{self, Read};
use std::net::TcpStream;

/// The largest head either end reads, in bytes.
const HEAD_BYTES_MAX: usize = 256 * 1024;
/// The largest body either end reads, in bytes: above the product's own limit of 100 MiB.
const BODY_BYTES_MAX: usize = 110 * 1024 * 1024;

/// A request's or response's first line and headers, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The request line or status line.
    pub first: String,
    /// Names as written and values without surrounding blanks, in order.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// Parses a head that ends with an empty line.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Self { first, headers }
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Every header of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, v)| v.as_str()).collect()
    }

    /// How long the body is.
    pub fn framing(&self) -> Framing {
        match (self.header("transfer-encoding"), self.header("content-length")) {
            (Some(te), _) if te.eq_ignore_ascii_case("chunked") => Framing::Chunked,
            (_, Some(length)) => length.parse().map_or(Framing::Close, Framing::Length),
            _ => Framing::Close,
        }
    }
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes.
    Length(usize),
    /// At the last chunk.
    Chunked,
    /// Where the connection ends.
    Close,
}

/// A connection being read.
#[derive(Debug)]
pub struct Reader {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Reader {
    /// Reads from `stream`, which keeps its own timeouts.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, held: Vec::new() }
    }

    /// Bytes that came but were not asked for yet.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// One head, or `None` where the connection ended before its first byte.
    ///
    /// # Errors
    /// The socket's own, an end in the middle of a head, or a head that is too long.
    pub fn head(&mut self) -> io::Result<Option<Head>> {
        let mut searched = 0;
        loop {
            let from = searched.min(self.held.len());
            if let Some(at) = find(&self.held[from..], b"\r\n\r\n") {
                let rest = self.held.split_off(from + at + 4);
                let head = std::mem::replace(&mut self.held, rest);
                return Ok(Some(Head::parse(&head)));
            }
            searched = self.held.len().saturating_sub(3);
            if self.held.len() > HEAD_BYTES_MAX {
                return Err(io::Error::other("the head is too long"));
            }
            if self.more()? == 0 {
                let clean = self.held.is_empty();
                return if clean { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// A whole body, its transfer coding taken off.
    ///
    /// # Errors
    /// The socket's own, or an end before the framing's.
    pub fn body(&mut self, framing: Framing) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        match framing {
            Framing::Length(length) => body = self.exactly(length)?,
            Framing::Chunked => while self.chunk(&mut body)? {},
            Framing::Close => while self.some(&mut body)? > 0 {},
        }
        Ok(body)
    }

    /// Appends the next chunk to `body`; false after the last one.
    ///
    /// # Errors
    /// The socket's own, a bad chunk size, or an end in the middle of a chunk.
    pub fn chunk(&mut self, body: &mut Vec<u8>) -> io::Result<bool> {
        let line = self.line()?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16)
            .map_err(|_| io::Error::other(format!("not a chunk size: {line:?}")))?;
        if size == 0 {
            while !self.line()?.is_empty() {}
            return Ok(false);
        }
        let data = self.exactly(size)?;
        body.extend_from_slice(&data);
        if !self.line()?.is_empty() {
            return Err(io::Error::other("a chunk is longer than its size"));
        }
        Ok(true)
    }

    /// Appends whatever comes next to `body`; 0 at the end of the connection.
    ///
    /// # Errors
    /// The socket's own, or too long a body.
    pub fn some(&mut self, body: &mut Vec<u8>) -> io::Result<usize> {
        if self.held.is_empty() {
            self.more()?;
        }
        let count = self.held.len();
        body.append(&mut self.held);
        if body.len() > BODY_BYTES_MAX {
            return Err(io::Error::other("the body is too long"));
        }
        Ok(count)
    }

    fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        if count > BODY_BYTES_MAX {
            return Err(io::Error::other("the body is too long"));
        }
        while self.held.len() < count {
            if self.more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.held.split_off(count);
        Ok(std::mem::replace(&mut self.held, rest))
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = find(&self.held, b"\r\n") {
                let rest = self.held.split_off(at + 2);
                let line = std::mem::replace(&mut self.held, rest);
                return Ok(String::from_utf8_lossy(&line[..at]).into_owned());
            }
            if self.held.len() > HEAD_BYTES_MAX || self.more()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut chunk = [0u8; 64 * 1024];
        let count = self.stream.read(&mut chunk)?;
        self.held.extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}

/// `bytes` as one chunk of a chunked body.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut out = format!("{:x}\r\n", bytes.len()).into_bytes();
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
    out
}

/// The end of a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Where `needle` first occurs.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}
