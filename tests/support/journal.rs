//! The ledger's journal as an auditor reads it, by its published form: records one after another
//! in two files, each with its length, its version and a checksum. No code of the product.

use crate::ledger::Row;
use std::path::{Path, PathBuf};

/// Magic, checksum, length, version.
const HEAD: usize = 12;
/// Numbers between the head and the texts.
const NUMBERS: usize = 50;

/// The reservations in both files, as open rows. Some may have a row in the database as well.
///
/// # Panics
/// When a record that is whole has another form.
pub fn rows(ledger: &Path) -> Vec<Row> {
    let mut found = Vec::new();
    for suffix in [".journal-1", ".journal-2"] {
        let mut name = ledger.as_os_str().to_owned();
        name.push(suffix);
        let bytes = std::fs::read(PathBuf::from(name)).unwrap_or_default();
        let mut rest = bytes.as_slice();
        while let Some(record) = whole(rest) {
            found.push(row(record));
            rest = &rest[record.len()..];
        }
    }
    found
}

/// The record that bytes begin with, if it is whole.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let length = usize::from(u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?));
    let record = bytes.get(..length).filter(|r| r.len() > HEAD + NUMBERS)?;
    let sum = u32::from_le_bytes(record[4..8].try_into().ok()?);
    (&record[..4] == b"WRsv" && sum == crc32(&record[8..])).then_some(record)
}

/// CRC-32, a bit at a time.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |s, _| (s >> 1) ^ (0xedb8_8320 * (s & 1)))
    })
}

fn row(record: &[u8]) -> Row {
    assert_eq!(record[10..HEAD], [1, 0], "the version an auditor knows");
    let number =
        |at: usize| i64::from_le_bytes(record[at..at + 8].try_into().expect("eight bytes"));
    let short = |at: usize| u16::from_le_bytes([record[at], record[at + 1]]);
    let day = i32::from_le_bytes(record[32..36].try_into().expect("four bytes"));
    let flags = short(22);
    let mut texts = texts(&record[HEAD + NUMBERS..]).into_iter();
    let mut text = || texts.next().expect("twelve texts");
    let (zone, client, project, session, category) = (text(), text(), text(), text(), text());
    let (endpoint, asked_model, provider, model) = (text(), text(), text(), text());
    Row {
        request: number(12),
        attempt: i64::from(short(20)),
        at_ms: number(24),
        day: i64::from(day),
        zone,
        client,
        project,
        session,
        category,
        endpoint,
        asked_model,
        provider,
        model,
        local: flags & 1 != 0,
        uncounted: flags & 2 != 0,
        reserved: (flags & 4 != 0).then(|| number(38)),
        end: None,
    }
}

/// Texts with a length byte each; 255 stands for none, which is empty here.
fn texts(mut bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let length = if *length == 255 { 0 } else { usize::from(*length) };
        let (text, rest) = rest.split_at(length);
        found.push(String::from_utf8(text.to_vec()).expect("a text"));
        bytes = rest;
    }
    found
}
