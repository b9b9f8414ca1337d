//! Identifiers that cross crates.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Crockford's alphabet: no I, L, O, U, so an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const PREFIX: &str = "wr_";
const DIGITS: usize = 13;

/// A request's id: Unix milliseconds in the upper 43 bits, a sequence in the lower 20.
/// Ids grow with time, so ledger rows are appended and a period is a range of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RequestId(i64);

impl RequestId {
    /// Bits that hold the sequence within a millisecond.
    pub const SEQUENCE_BITS: u32 = 20;

    /// The id of the `sequence`-th request of a millisecond; `sequence` is taken modulo 2^20.
    /// Instants past the year 2248 are held at it: there the bits end.
    pub fn new(unix_ms: i64, sequence: u32) -> Self {
        let unix_ms = unix_ms.clamp(0, i64::MAX >> Self::SEQUENCE_BITS);
        Self(
            (unix_ms << Self::SEQUENCE_BITS)
                | i64::from(sequence & ((1 << Self::SEQUENCE_BITS) - 1)),
        )
    }

    /// The smallest id of a millisecond: the bound of a range scan.
    pub fn floor(unix_ms: i64) -> Self {
        Self::new(unix_ms, 0)
    }

    /// The integer kept in the ledger.
    pub fn raw(self) -> i64 {
        self.0
    }

    /// An id read back from the ledger.
    pub fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// When the request arrived, in Unix milliseconds.
    pub fn unix_ms(self) -> i64 {
        self.0 >> Self::SEQUENCE_BITS
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0u8; DIGITS];
        let mut rest = self.0 as u64;
        for slot in digits.iter_mut().rev() {
            *slot = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        f.write_str(PREFIX)?;
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

/// Text that is not a request id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a request id: expected wr_ and 13 characters, as x-weir-request-id shows it")]
pub struct BadRequestId;

impl FromStr for RequestId {
    type Err = BadRequestId;
    fn from_str(text: &str) -> Result<Self, BadRequestId> {
        let digits = text.strip_prefix(PREFIX).ok_or(BadRequestId)?;
        if digits.len() != DIGITS {
            return Err(BadRequestId);
        }
        let mut raw: u64 = 0;
        for byte in digits.bytes() {
            let value = ALPHABET.iter().position(|a| *a == byte).ok_or(BadRequestId)?;
            raw = raw.checked_mul(32).ok_or(BadRequestId)? | value as u64;
        }
        i64::try_from(raw).map(Self).map_err(|_| BadRequestId)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for RequestId {
    type Error = BadRequestId;
    fn try_from(text: String) -> Result<Self, BadRequestId> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written_and_grows_with_time() {
        let id = RequestId::new(1_795_334_400_000, 77);
        assert_eq!(id.to_string().parse::<RequestId>(), Ok(id));
        assert_eq!(id.unix_ms(), 1_795_334_400_000);
        assert!(RequestId::new(1_795_334_400_001, 0) > id);
        assert!(RequestId::floor(32_472_144_000_000) > id, "the year 2999 is later");
        assert_eq!("wr_nope".parse::<RequestId>(), Err(BadRequestId));
    }
}
