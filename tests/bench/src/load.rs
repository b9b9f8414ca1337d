//! The load: prepared bytes over kept connections, answers read to their end, every time kept.
//! One connection uses blocking sockets (nothing between the clock and the wire); more use
//! one-threaded tasks. Any status but 200 or a short answer fails the run.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

/// Most requests each connection makes before any is counted.
pub const WARM_UP: usize = 50;
const READ_BYTES: usize = 64 * 1024;
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What to send.
pub struct Load {
    /// Port on the loopback.
    pub port: u16,
    /// Whether a stream is asked for; only the check of the answer's length differs.
    pub stream: bool,
    /// Requests each connection makes before any is counted.
    pub warm_up: usize,
    /// The whole request.
    pub request: Vec<u8>,
    /// Kept connections, all busy all the time.
    pub connections: usize,
    /// Requests in all, warm-up apart.
    pub requests: usize,
}

/// What came of it; times in nanoseconds.
#[derive(Default)]
pub struct Seen {
    totals: Vec<u64>,
    firsts: Vec<u64>,
    elapsed: Duration,
}

impl Seen {
    /// One line: microseconds with one decimal, and requests a second.
    pub fn json(mut self) -> String {
        let count = self.totals.len();
        self.totals.sort_unstable();
        self.firsts.sort_unstable();
        format!(
            r#"{{"requests":{count},"p50_us":{:.1},"p99_us":{:.1},"min_us":{:.1},"first_p50_us":{:.1},"first_p99_us":{:.1},"rps":{:.0}}}"#,
            quantile(&self.totals, 500),
            quantile(&self.totals, 990),
            quantile(&self.totals, 0),
            quantile(&self.firsts, 500),
            quantile(&self.firsts, 990),
            count as f64 / self.elapsed.as_secs_f64(),
        )
    }
}

fn quantile(sorted: &[u64], per_mille: usize) -> f64 {
    let at = (sorted.len() * per_mille / 1000).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |ns| *ns as f64 / 1000.0)
}

/// Runs a load to its end.
pub fn run(runtime: &Runtime, load: &Load) -> Result<Seen> {
    if load.connections == 1 { one(load) } else { runtime.block_on(many(load)) }
}

fn one(load: &Load) -> Result<Seen> {
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", load.port))?;
    socket.set_nodelay(true)?;
    let (mut seen, mut buffer) = (Seen::default(), vec![0; READ_BYTES]);
    let mut began = Instant::now();
    for turn in 0..load.warm_up + load.requests {
        if turn == load.warm_up {
            seen = Seen::default();
            began = Instant::now();
        }
        let sent = Instant::now();
        socket.write_all(&load.request)?;
        let mut answer = Answer::default();
        while !answer.done {
            let got = socket.read(&mut buffer)?;
            answer.feed(&buffer[..got], sent)?;
        }
        seen.note(&answer, sent, load.stream)?;
    }
    seen.elapsed = began.elapsed();
    Ok(seen)
}

async fn many(load: &Load) -> Result<Seen> {
    let local = tokio::task::LocalSet::new();
    let share = load.requests.div_ceil(load.connections);
    let barrier = std::rc::Rc::new(tokio::sync::Barrier::new(load.connections));
    let request = std::rc::Rc::new(load.request.clone());
    let (port, stream, warm_up) = (load.port, load.stream, load.warm_up);
    let tasks: Vec<_> = (0..load.connections)
        .map(|_| {
            let (barrier, request) = (barrier.clone(), request.clone());
            local.spawn_local(async move {
                let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
                socket.set_nodelay(true)?;
                let (mut seen, mut buffer) = (Seen::default(), vec![0; READ_BYTES]);
                let mut began = Instant::now();
                for turn in 0..warm_up + share {
                    if turn == warm_up {
                        barrier.wait().await;
                        seen = Seen::default();
                        began = Instant::now();
                    }
                    let sent = Instant::now();
                    socket.write_all(&request).await?;
                    let mut answer = Answer::default();
                    while !answer.done {
                        let got = socket.read(&mut buffer).await?;
                        answer.feed(&buffer[..got], sent)?;
                    }
                    seen.note(&answer, sent, stream)?;
                }
                seen.elapsed = began.elapsed();
                Ok::<_, Error>(seen)
            })
        })
        .collect();
    local
        .run_until(async move {
            let mut all = Seen::default();
            for task in tasks {
                let seen = task.await.map_err(Error::other)??;
                all.totals.extend(seen.totals);
                all.firsts.extend(seen.firsts);
                all.elapsed = all.elapsed.max(seen.elapsed);
            }
            Ok(all)
        })
        .await
}

impl Seen {
    fn note(&mut self, answer: &Answer, sent: Instant, stream: bool) -> Result<()> {
        let least = if stream { 4000 } else { 400 };
        if answer.bytes < least {
            return Err(Error::new(ErrorKind::InvalidData, "the answer is not the provider's"));
        }
        self.totals.push(nanos(sent.elapsed()));
        self.firsts.push(answer.first.map_or(0, nanos));
        Ok(())
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One answer as it arrives: enough of HTTP/1.1 to know where it ends.
#[derive(Default)]
struct Answer {
    head: Vec<u8>,
    body: bool,
    chunked: bool,
    left: usize,
    line: Vec<u8>,
    last: bool,
    bytes: usize,
    first: Option<Duration>,
    done: bool,
}

impl Answer {
    fn feed(&mut self, mut data: &[u8], sent: Instant) -> Result<()> {
        if data.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if !self.body {
            let before = self.head.len();
            self.head.extend_from_slice(data);
            let Some(end) = self.head.windows(4).position(|w| w == b"\r\n\r\n") else {
                return if self.head.len() > HEAD_BYTES_MAX {
                    Err(ErrorKind::InvalidData.into())
                } else {
                    Ok(())
                };
            };
            data = &data[end + 4 - before..];
            self.head.truncate(end);
            self.begin()?;
        }
        if !data.is_empty() && self.first.is_none() {
            self.first = Some(sent.elapsed());
        }
        if self.chunked { self.chunks(data) } else { self.plain(data) }
    }

    fn begin(&mut self) -> Result<()> {
        let head = String::from_utf8_lossy(&self.head).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(Error::new(ErrorKind::InvalidData, head));
        }
        let field = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        self.chunked = field("transfer-encoding").is_some_and(|v| v.contains("chunked"));
        self.left = field("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
        self.body = true;
        Ok(())
    }

    fn plain(&mut self, data: &[u8]) -> Result<()> {
        self.bytes += data.len();
        self.left = self.left.checked_sub(data.len()).ok_or(ErrorKind::InvalidData)?;
        self.done = self.left == 0;
        Ok(())
    }

    /// `left` counts a chunk's remaining bytes with its CRLF; 0 means a size line comes next.
    fn chunks(&mut self, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            if self.left > 0 {
                let taken = self.left.min(data.len());
                self.left -= taken;
                self.bytes += taken;
                data = &data[taken..];
                continue;
            }
            let Some(end) = data.iter().position(|b| *b == b'\n') else {
                self.line.extend_from_slice(data);
                return Ok(());
            };
            self.line.extend_from_slice(&data[..end]);
            data = &data[end + 1..];
            let line = std::mem::take(&mut self.line);
            let text = String::from_utf8_lossy(&line);
            if self.last {
                self.done = text.trim().is_empty();
                continue;
            }
            let size = usize::from_str_radix(text.trim(), 16).map_err(Error::other)?;
            self.last = size == 0;
            self.left = if size == 0 { 0 } else { size + 2 };
        }
        Ok(())
    }
}
