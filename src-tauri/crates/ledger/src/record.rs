//! A reservation as bytes: what one write appends to the journal. Pure.
//! Numbers are little-endian. A record is: `WRsv`, the CRC-32 of all that follows it, its whole
//! length (u16), the version (u16); request (i64), attempt (u16), flags (u16), at_ms (i64), day
//! (i32), confidence (u16), reserved nano-dollars (i64), input tokens (i64), output tokens (i64);
//! then twelve texts, each a length byte (255: there is none) and its bytes: zone, client, project,
//! session, category, endpoint, asked model, provider, model, task, tier, reason.
//! The first four fields never change their place, so that any version can tell any other.

use crate::entry::Entry;

/// The version written, and the only one read.
pub(crate) const VERSION: u16 = 1;

const MAGIC: [u8; 4] = *b"WRsv";

/// Magic, checksum, length, version.
const HEAD_BYTES: usize = 12;

/// Where the checksum begins to count.
const CHECKED_FROM: usize = 8;

const TEXTS: usize = 12;

/// The length byte of a text that is not there; real ones end at `TEXT_BYTES_MAX`.
const NO_TEXT: u8 = u8::MAX;

const LOCAL: u16 = 1;
const UNCOUNTED: u16 = 2;
const PRICED: u16 = 4;
const CONFIDENT: u16 = 8;

/// Puts the record of an entry into `out`, which is emptied first.
pub(crate) fn encode(entry: &Entry<'_>, out: &mut Vec<u8>) {
    out.clear();
    out.extend(MAGIC);
    out.extend([0; HEAD_BYTES - MAGIC.len()]);
    out.extend(entry.id.to_le_bytes());
    out.extend(entry.attempt.to_le_bytes());
    let flag = |on: bool, bit: u16| if on { bit } else { 0 };
    let flags = flag(entry.local, LOCAL)
        | flag(entry.uncounted, UNCOUNTED)
        | flag(entry.reserved.is_some(), PRICED)
        | flag(entry.confidence.is_some(), CONFIDENT);
    out.extend(flags.to_le_bytes());
    out.extend(entry.at_ms.to_le_bytes());
    out.extend(entry.day.to_le_bytes());
    out.extend(entry.confidence.unwrap_or(0).to_le_bytes());
    for amount in [entry.reserved.unwrap_or(0), entry.input_tokens, entry.output_tokens] {
        out.extend(amount.to_le_bytes());
    }
    for text in texts(entry) {
        match text.map(|t| (t, u8::try_from(t.len()))) {
            Some((text, Ok(length))) => {
                out.push(length);
                out.extend(text.as_bytes());
            }
            _ => out.push(NO_TEXT),
        }
    }
    let length = u16::try_from(out.len()).expect("twelve texts of at most 255 bytes");
    out[8..10].copy_from_slice(&length.to_le_bytes());
    out[10..12].copy_from_slice(&VERSION.to_le_bytes());
    let sum = crc32fast::hash(&out[CHECKED_FROM..]);
    out[4..CHECKED_FROM].copy_from_slice(&sum.to_le_bytes());
}

fn texts<'a>(entry: &Entry<'a>) -> [Option<&'a str>; TEXTS] {
    [
        Some(entry.zone),
        Some(entry.client),
        entry.project,
        entry.session,
        entry.category,
        Some(entry.endpoint),
        Some(entry.asked_model),
        Some(entry.provider),
        Some(entry.model),
        entry.task,
        entry.tier,
        Some(entry.reason),
    ]
}

/// The records that a file's bytes begin with, up to the first that is not whole. Whatever lies
/// behind that was being written when its writer ended.
pub(crate) fn whole(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 8)?);
        let record = bytes.get(..length).filter(|r| r.len() >= HEAD_BYTES)?;
        let sum = u32::from_le_bytes(record[4..CHECKED_FROM].try_into().ok()?);
        if record[..4] != MAGIC || sum != crc32fast::hash(&record[CHECKED_FROM..]) {
            return None;
        }
        bytes = &bytes[length..];
        Some(record)
    })
}

/// The version of a whole record.
pub(crate) fn version(record: &[u8]) -> u16 {
    u16_at(record, 10).unwrap_or(0)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The entry of a whole record; `None` for one of another version.
pub(crate) fn decode(record: &[u8]) -> Option<Entry<'_>> {
    if version(record) != VERSION {
        return None;
    }
    let mut rest = record.get(HEAD_BYTES..)?;
    let id = i64::from_le_bytes(take(&mut rest)?);
    let attempt = u16::from_le_bytes(take(&mut rest)?);
    let flags = u16::from_le_bytes(take(&mut rest)?);
    let at_ms = i64::from_le_bytes(take(&mut rest)?);
    let day = i32::from_le_bytes(take(&mut rest)?);
    let confidence = u16::from_le_bytes(take(&mut rest)?);
    let reserved = i64::from_le_bytes(take(&mut rest)?);
    let input_tokens = i64::from_le_bytes(take(&mut rest)?);
    let output_tokens = i64::from_le_bytes(take(&mut rest)?);
    let mut text = || {
        let [length] = take(&mut rest)?;
        if length == NO_TEXT {
            return Some(None);
        }
        let (now, later) = rest.split_at_checked(usize::from(length))?;
        rest = later;
        Some(Some(std::str::from_utf8(now).ok()?))
    };
    Some(Entry {
        id,
        attempt,
        at_ms,
        day,
        zone: text()??,
        client: text()??,
        project: text()?,
        session: text()?,
        category: text()?,
        endpoint: text()??,
        asked_model: text()??,
        provider: text()??,
        model: text()??,
        task: text()?,
        tier: text()?,
        reason: text()??,
        confidence: (flags & CONFIDENT != 0).then_some(confidence),
        local: flags & LOCAL != 0,
        uncounted: flags & UNCOUNTED != 0,
        reserved: (flags & PRICED != 0).then_some(reserved),
        input_tokens,
        output_tokens,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (now, later) = rest.split_first_chunk::<N>()?;
    *rest = later;
    Some(*now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry<'a>(numbers: [i64; 6], text: &'a str, maybe: Option<&'a str>) -> Entry<'a> {
        Entry {
            id: numbers[0],
            attempt: numbers[1] as u16,
            at_ms: numbers[2],
            day: numbers[3] as i32,
            zone: "Europe/Berlin",
            client: text,
            project: maybe,
            session: None,
            category: maybe,
            endpoint: "messages",
            asked_model: text,
            provider: "anthropic",
            model: text,
            task: None,
            tier: maybe,
            reason: "asked",
            confidence: (numbers[4] % 2 == 0).then_some(numbers[4] as u16),
            local: numbers[4] % 3 == 0,
            uncounted: numbers[4] % 5 == 0,
            reserved: (numbers[5] % 2 == 0).then_some(numbers[5]),
            input_tokens: numbers[5],
            output_tokens: numbers[0],
        }
    }

    fn record(entry: &Entry<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(entry, &mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(
            numbers in any::<[i64; 6]>(), text in "\\PC{0,60}", maybe in proptest::option::of("\\PC{1,50}"),
        ) {
            let entry = entry(numbers, &text, maybe.as_deref());
            let bytes = record(&entry);
            prop_assert_eq!(decode(&bytes), Some(entry));
        }

        #[test]
        fn a_file_cut_anywhere_gives_every_whole_record_before_the_cut(cut in 0usize..2_000) {
            let entries: Vec<_> = (1..=8).map(|n| entry([n; 6], "claude-code", Some("weir"))).collect();
            let mut file: Vec<u8> = entries.iter().flat_map(|e| record(e)).collect();
            let one = file.len() / entries.len();
            let kept = cut.min(file.len()) / one;
            file.truncate(cut);
            // What the file was made longer by before anything was written there.
            file.resize(file.len() + 500, 0);
            let found: Vec<_> = whole(&file).map(|r| decode(r).expect("of this version")).collect();
            prop_assert_eq!(found, &entries[..kept]);
        }

        #[test]
        fn a_changed_byte_ends_the_records_and_makes_up_none(at in 0usize..1_000, by in 1u8..) {
            let entries: Vec<_> = (1..=4).map(|n| entry([n; 6], "codex", None)).collect();
            let mut file: Vec<u8> = entries.iter().flat_map(|e| record(e)).collect();
            let at = at % file.len();
            let kept = at / (file.len() / entries.len());
            file[at] = file[at].wrapping_add(by);
            let found: Vec<_> = whole(&file).filter_map(decode).collect();
            prop_assert_eq!(found, &entries[..kept]);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(whole(&bytes).count(), 0);
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_record_of_another_version_is_whole_and_not_read() {
        let mut bytes = record(&entry([7; 6], "codex", None));
        bytes[10..12].copy_from_slice(&9u16.to_le_bytes());
        let sum = crc32fast::hash(&bytes[8..]);
        bytes[4..8].copy_from_slice(&sum.to_le_bytes());
        let found: Vec<_> = whole(&bytes).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((version(found[0]), decode(found[0])), (9, None));
    }
}
