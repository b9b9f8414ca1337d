//! Content encodings of bodies: decoders that are bounded in size, in ratio and in memory.
//! Used on a copy of what passes; a body that cannot be decoded still passes as it came.

use std::io::{self, Write};

/// How a body is encoded, as its `Content-Encoding` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// `gzip` or `x-gzip`.
    Gzip,
    /// `deflate`: zlib by the standard, raw deflate from some servers; both are read.
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// Anything else, several encodings in a row included.
    Unknown,
}

impl Encoding {
    /// The encoding a `Content-Encoding` header names.
    pub fn parse(header: Option<&str>) -> Self {
        let Some(name) = header.map(str::trim) else { return Self::Identity };
        let named = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if name.is_empty() || named("identity") {
            Self::Identity
        } else if named("gzip") || named("x-gzip") {
            Self::Gzip
        } else if named("deflate") {
            Self::Deflate
        } else if named("br") {
            Self::Brotli
        } else if named("zstd") {
            Self::Zstd
        } else {
            Self::Unknown
        }
    }
}

/// Why a body was not decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeProblem {
    /// The encoding is not one Weir reads.
    #[error(
        "The Content-Encoding of the request body is not supported. Send it plain, or as gzip, deflate, br or zstd."
    )]
    Unknown,
    /// It is larger than allowed once decoded.
    #[error("The request body is larger than {max_bytes} bytes once decoded. Send a smaller one.")]
    TooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// It grows out of proportion.
    #[error(
        "The request body grows more than {RATIO_MAX} times when decoded, as only hostile data does. Send it plain."
    )]
    Bomb,
    /// The data does not fit its label, or is damaged or cut off.
    #[error(
        "The request body cannot be decoded as its Content-Encoding says: it is damaged, cut off or wrongly labelled. Send it again, or send it plain."
    )]
    Damaged,
}

/// Bytes that may come out for each byte that went in, once `RATIO_FREE_BYTES` are passed.
pub const RATIO_MAX: u64 = 250;
/// Bytes that may come out whatever the ratio.
pub const RATIO_FREE_BYTES: u64 = 8 << 20;
/// Largest zstd window, as a power of two: 8 MiB, what RFC 9659 allows on the web.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// The brotli decoder's output buffer, in bytes.
const BROTLI_BUFFER_BYTES: usize = 16 << 10;

/// Decodes a whole body, of at most `max_bytes` once decoded.
///
/// # Errors
/// See [`DecodeProblem`]; nothing is returned in part.
pub fn decode_body(
    encoding: Encoding,
    body: &[u8],
    max_bytes: usize,
) -> Result<Vec<u8>, DecodeProblem> {
    if encoding == Encoding::Identity {
        return if body.len() > max_bytes {
            Err(DecodeProblem::TooLarge { max_bytes })
        } else {
            Ok(body.to_vec())
        };
    }
    let mut decoder = Decoder::new(encoding, max_bytes, Vec::new());
    decoder.feed(body);
    decoder.end();
    match decoder.problem.take() {
        Some(problem) => Err(problem),
        None => Ok(std::mem::take(decoder.sink_mut())),
    }
}

/// Decodes the beginning of a body, of at most `max_bytes` once decoded: as much of it as can be
/// read. What cannot is left out.
pub fn decode_start(encoding: Encoding, start: &[u8], max_bytes: usize) -> Vec<u8> {
    let mut decoder = Decoder::new(encoding, max_bytes, Vec::new());
    decoder.feed(start);
    std::mem::take(decoder.sink_mut())
}

/// Counts what passes into the sink and stops it at the limits.
struct Bounded<W> {
    sink: W,
    taken: u64,
    given: u64,
    max_bytes: usize,
    over: Option<DecodeProblem>,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.given += bytes.len() as u64;
        if self.given > self.max_bytes as u64 {
            self.over = Some(DecodeProblem::TooLarge { max_bytes: self.max_bytes });
        } else if self.given > RATIO_FREE_BYTES.max(self.taken.saturating_mul(RATIO_MAX)) {
            self.over = Some(DecodeProblem::Bomb);
        }
        if self.over.is_some() {
            return Err(io::Error::other("over the limit"));
        }
        self.sink.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Engine<W: Write> {
    Plain(Bounded<W>),
    Gzip(Box<flate2::write::MultiGzDecoder<Bounded<W>>>),
    /// A deflate body before its first two bytes have told which kind it is.
    Undecided(Option<Bounded<W>>, Vec<u8>),
    Zlib(Box<flate2::write::ZlibDecoder<Bounded<W>>>),
    Raw(Box<flate2::write::DeflateDecoder<Bounded<W>>>),
    Brotli(Box<brotli::DecompressorWriter<Bounded<W>>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Bounded<W>>>),
}

/// A streaming decoder that writes into a sink. After a problem it swallows what comes.
pub(crate) struct Decoder<W: Write> {
    engine: Engine<W>,
    pub problem: Option<DecodeProblem>,
}

impl<W: Write> Decoder<W> {
    pub fn new(encoding: Encoding, max_bytes: usize, sink: W) -> Self {
        let sink = Bounded { sink, taken: 0, given: 0, max_bytes, over: None };
        let mut problem = None;
        let engine = match encoding {
            Encoding::Identity => Engine::Plain(sink),
            Encoding::Gzip => Engine::Gzip(Box::new(flate2::write::MultiGzDecoder::new(sink))),
            Encoding::Deflate => Engine::Undecided(Some(sink), Vec::new()),
            Encoding::Brotli => {
                Engine::Brotli(Box::new(brotli::DecompressorWriter::new(sink, BROTLI_BUFFER_BYTES)))
            }
            Encoding::Zstd => match zstd_engine() {
                Some(raw) => {
                    Engine::Zstd(Box::new(zstd::stream::write::Decoder::with_decoder(sink, raw)))
                }
                None => {
                    problem = Some(DecodeProblem::Unknown);
                    Engine::Plain(sink)
                }
            },
            Encoding::Unknown => {
                problem = Some(DecodeProblem::Unknown);
                Engine::Plain(sink)
            }
        };
        Self { engine, problem }
    }

    /// Decodes what came and hands it on at once.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.problem.is_some() || bytes.is_empty() {
            return;
        }
        if let Engine::Undecided(sink, held) = &mut self.engine {
            held.extend_from_slice(bytes);
            if held.len() < 2 {
                return;
            }
            let held = std::mem::take(held);
            if let Some(sink) = sink.take() {
                self.engine = deflate_engine(&held, sink);
            }
            return self.decode(&held);
        }
        self.decode(bytes);
    }

    fn decode(&mut self, bytes: &[u8]) {
        if let Some(bounded) = self.bounded_mut() {
            bounded.taken += bytes.len() as u64;
        }
        let result = match &mut self.engine {
            Engine::Plain(w) => w.write_all(bytes),
            Engine::Gzip(w) => w.write_all(bytes).and_then(|()| w.flush()),
            Engine::Zlib(w) => w.write_all(bytes).and_then(|()| w.flush()),
            Engine::Raw(w) => w.write_all(bytes).and_then(|()| w.flush()),
            Engine::Brotli(w) => w.write_all(bytes).and_then(|()| w.flush()),
            Engine::Zstd(w) => w.write_all(bytes).and_then(|()| w.flush()),
            Engine::Undecided(..) => Ok(()),
        };
        self.judge(result);
    }

    /// Says that nothing more comes: what is incomplete is a problem.
    pub fn end(&mut self) {
        if self.problem.is_some() {
            return;
        }
        let result = match &mut self.engine {
            Engine::Plain(_) => Ok(()),
            Engine::Gzip(w) => w.try_finish(),
            Engine::Zlib(w) => w.try_finish(),
            Engine::Raw(w) => w.try_finish(),
            Engine::Brotli(w) => w.close(),
            Engine::Zstd(w) => w.do_finish(),
            Engine::Undecided(_, held) if held.is_empty() => Ok(()),
            Engine::Undecided(..) => Err(io::Error::other("one byte of deflate")),
        };
        self.judge(result);
    }

    fn judge(&mut self, result: io::Result<()>) {
        if result.is_err() {
            let over = self.bounded_mut().and_then(|b| b.over.take());
            self.problem = Some(over.unwrap_or(DecodeProblem::Damaged));
        }
    }

    fn bounded_mut(&mut self) -> Option<&mut Bounded<W>> {
        Some(match &mut self.engine {
            Engine::Plain(w) => w,
            Engine::Gzip(w) => w.get_mut(),
            Engine::Zlib(w) => w.get_mut(),
            Engine::Raw(w) => w.get_mut(),
            Engine::Brotli(w) => w.get_mut(),
            Engine::Zstd(w) => w.get_mut(),
            Engine::Undecided(w, _) => return w.as_mut(),
        })
    }

    pub fn sink(&self) -> &W {
        let bounded = match &self.engine {
            Engine::Plain(w) => w,
            Engine::Gzip(w) => w.get_ref(),
            Engine::Zlib(w) => w.get_ref(),
            Engine::Raw(w) => w.get_ref(),
            Engine::Brotli(w) => w.get_ref(),
            Engine::Zstd(w) => w.get_ref(),
            Engine::Undecided(w, _) => w.as_ref().expect(SINK_KEPT),
        };
        &bounded.sink
    }

    pub fn sink_mut(&mut self) -> &mut W {
        &mut self.bounded_mut().expect(SINK_KEPT).sink
    }
}

/// `Undecided` gives its sink away only in the statement that replaces it.
const SINK_KEPT: &str = "an undecided decoder keeps its sink until it is replaced";

fn zstd_engine() -> Option<zstd::stream::raw::Decoder<'static>> {
    let mut raw = zstd::stream::raw::Decoder::new().ok()?;
    raw.set_parameter(zstd::stream::raw::DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX)).ok()?;
    Some(raw)
}

/// zlib's two-byte header is a multiple of 31 that names method 8; raw deflate's rarely is.
fn deflate_engine<W: Write>(head: &[u8], sink: Bounded<W>) -> Engine<W> {
    let [first, second] = [head[0], head[1]];
    let zlib = first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31);
    if zlib {
        Engine::Zlib(Box::new(flate2::write::ZlibDecoder::new(sink)))
    } else {
        Engine::Raw(Box::new(flate2::write::DeflateDecoder::new(sink)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const ALL: [Encoding; 4] =
        [Encoding::Gzip, Encoding::Deflate, Encoding::Brotli, Encoding::Zstd];

    pub(crate) fn encoded(encoding: Encoding, body: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        let mut out = Vec::new();
        match encoding {
            Encoding::Gzip => {
                let mut w = flate2::write::GzEncoder::new(&mut out, level);
                w.write_all(body).and_then(|()| w.try_finish()).expect("a Vec takes all");
            }
            Encoding::Deflate => {
                let mut w = flate2::write::ZlibEncoder::new(&mut out, level);
                w.write_all(body).and_then(|()| w.try_finish()).expect("a Vec takes all");
            }
            Encoding::Brotli => {
                let mut w = brotli::CompressorWriter::new(&mut out, 4096, 5, 20);
                w.write_all(body).expect("a Vec takes all");
            }
            Encoding::Zstd => out = zstd::stream::encode_all(body, 3).expect("a Vec takes all"),
            Encoding::Identity | Encoding::Unknown => out = body.to_vec(),
        }
        out
    }

    #[test]
    fn the_beginning_of_a_body_is_read_as_far_as_it_came() {
        let text = "event: error\ndata: {}\n\n".repeat(400);
        for encoding in ALL {
            let whole = encoded(encoding, text.as_bytes());
            assert_eq!(decode_start(encoding, &whole, 1 << 20), text.as_bytes(), "{encoding:?}");
            let part = decode_start(encoding, &whole[..whole.len() - 1], 1 << 20);
            assert!(text.as_bytes().starts_with(&part), "{encoding:?}");
            assert!(decode_start(encoding, &whole, 100).len() <= 100, "{encoding:?}");
        }
        assert!(decode_start(Encoding::Unknown, b"abc", 100).is_empty());
    }

    #[test]
    fn headers_are_read_in_any_case_and_lists_are_unknown() {
        for (header, encoding) in [
            (None, Encoding::Identity),
            (Some(""), Encoding::Identity),
            (Some("identity"), Encoding::Identity),
            (Some(" GZip "), Encoding::Gzip),
            (Some("x-gzip"), Encoding::Gzip),
            (Some("deflate"), Encoding::Deflate),
            (Some("br"), Encoding::Brotli),
            (Some("zstd"), Encoding::Zstd),
            (Some("gzip, br"), Encoding::Unknown),
            (Some("lzma"), Encoding::Unknown),
        ] {
            assert_eq!(Encoding::parse(header), encoding, "{header:?}");
        }
    }

    #[test]
    fn raw_deflate_is_read_as_well_as_zlib() {
        let mut out = Vec::new();
        let mut w = flate2::write::DeflateEncoder::new(&mut out, flate2::Compression::default());
        w.write_all(b"{\"model\":\"m\"}").and_then(|()| w.try_finish()).expect("a Vec takes all");
        drop(w);
        assert_eq!(
            decode_body(Encoding::Deflate, &out, 100).as_deref(),
            Ok(&b"{\"model\":\"m\"}"[..])
        );
    }

    #[test]
    fn a_body_is_refused_when_cut_off_mislabelled_or_unknown() {
        let body = b"some text that is long enough to be cut in the middle of its data";
        for encoding in ALL {
            let sound = encoded(encoding, body);
            assert_eq!(decode_body(encoding, &sound, 1000).as_deref(), Ok(&body[..]));
            let cut = &sound[..sound.len() / 2];
            assert_eq!(
                decode_body(encoding, cut, 1000),
                Err(DecodeProblem::Damaged),
                "{encoding:?} cut"
            );
            assert!(decode_body(encoding, body, 1000).is_err(), "{encoding:?} mislabelled");
        }
        assert_eq!(decode_body(Encoding::Unknown, body, 1000), Err(DecodeProblem::Unknown));
    }

    #[test]
    fn a_body_over_the_limit_is_refused_at_the_limit() {
        let body = vec![b'x'; 1001];
        for encoding in [
            Encoding::Identity,
            Encoding::Gzip,
            Encoding::Deflate,
            Encoding::Brotli,
            Encoding::Zstd,
        ] {
            let packed = encoded(encoding, &body);
            let too_large = Err(DecodeProblem::TooLarge { max_bytes: 1000 });
            assert_eq!(decode_body(encoding, &packed, 1000), too_large, "{encoding:?}");
            assert_eq!(decode_body(encoding, &packed, 1001).map(|b| b.len()), Ok(1001));
        }
    }

    #[test]
    fn a_bomb_is_stopped_long_before_it_has_grown() {
        let body = vec![0u8; 64 << 20];
        for encoding in ALL {
            let packed = encoded(encoding, &body);
            assert!(
                (packed.len() as u64) * RATIO_MAX < body.len() as u64,
                "{encoding:?} packs well"
            );
            assert_eq!(
                decode_body(encoding, &packed, usize::MAX),
                Err(DecodeProblem::Bomb),
                "{encoding:?}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn chunks_of_any_size_decode_to_the_whole(
            body in prop::collection::vec(any::<u8>(), 0..2000), cuts in prop::collection::vec(1usize..300, 1..30), which in 0usize..4,
        ) {
            let packed = encoded(ALL[which], &body);
            let mut decoder = Decoder::new(ALL[which], usize::MAX, Vec::new());
            let (mut rest, mut cut) = (&packed[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(*cut.next().expect("a cycle")));
                decoder.feed(now);
                rest = later;
            }
            decoder.end();
            prop_assert_eq!(&decoder.problem, &None);
            prop_assert_eq!(decoder.sink(), &body);
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..400), which in 0usize..4) {
            let _ = decode_body(ALL[which], &body, 1 << 16);
        }
    }
}
