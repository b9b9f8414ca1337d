//! Content codings a body can travel in, and the text forms a secret can hide in.

use std::io::{Read, Write};

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// gzip.
    Gzip,
    /// zlib, which HTTP calls deflate.
    Deflate,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
}

impl Coding {
    /// Every coding but identity.
    pub const COMPRESSED: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// The name used in `content-encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The coding of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Identity, Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];
        all.into_iter().find(|coding| coding.name() == name)
    }

    /// `bytes` in this coding.
    pub fn encode(self, bytes: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        match self {
            Self::Identity => bytes.to_vec(),
            Self::Gzip => {
                let mut to = flate2::write::GzEncoder::new(Vec::new(), level);
                to.write_all(bytes).and_then(|()| to.finish()).expect("writing to memory")
            }
            Self::Deflate => {
                let mut to = flate2::write::ZlibEncoder::new(Vec::new(), level);
                to.write_all(bytes).and_then(|()| to.finish()).expect("writing to memory")
            }
            Self::Brotli => {
                let mut out = Vec::new();
                let mut from = brotli::CompressorReader::new(bytes, 4096, 5, 22);
                from.read_to_end(&mut out).expect("reading from memory");
                out
            }
            Self::Zstd => zstd::stream::encode_all(bytes, 3).expect("reading from memory"),
        }
    }

    /// What `bytes` were before [`Coding::encode`].
    pub fn decode(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let done = match self {
            Self::Identity => return Some(bytes.to_vec()),
            Self::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out),
            Self::Deflate => flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut out),
            Self::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out),
            Self::Zstd => zstd::stream::copy_decode(bytes, &mut out).map(|()| 0),
        };
        done.ok().map(|_| out)
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Base64 in the standard alphabet, without padding.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let mut word = [0u8; 3];
        word[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for at in 0..=group.len() {
            let index = (bits >> (18 - 6 * at)) & 63;
            out.push(char::from(ALPHABET[index as usize]));
        }
    }
    out
}

/// Every byte as `%XX`.
pub fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coding_reads_back_what_it_wrote() {
        let text = "Water finds its level. ".repeat(99);
        for coding in Coding::COMPRESSED {
            let coded = coding.encode(text.as_bytes());
            assert!(coded.len() < text.len());
            assert_eq!(coding.decode(&coded).as_deref(), Some(text.as_bytes()), "{coding:?}");
            assert_eq!(Coding::parse(coding.name()), Some(coding));
        }
    }

    #[test]
    fn text_forms_are_the_usual_ones() {
        assert_eq!(base64(b"weir!"), "d2VpciE");
        assert_eq!(hex(b"\x00\xff"), "00ff");
        assert_eq!(percent(b"a/"), "%61%2F");
    }
}
