//! Rows read straight from database pages, with no tree above them: what a salvage lives on when
//! the tree is broken. Owns the little of SQLite's file format that takes; pure.
//! The format is described at sqlite.org/fileformat2.html, sections 1.6 and 2.1.

use rusqlite::types::Value;

/// Every ledger is made with pages of this size.
pub(crate) const PAGE_BYTES: usize = 4096;

/// The kinds of page that hold rows. In a table without rowids the pages above the leaves do too.
const INDEX_INTERIOR: u8 = 2;
const INDEX_LEAF: u8 = 10;
const TABLE_LEAF: u8 = 13;

/// No row of a ledger is longer, so none goes on in an overflow page.
const ROW_BYTES_MAX: u64 = 1000;

/// A row as it lies in a page.
pub(crate) struct Found {
    /// Its rowid, in a table that has them.
    pub rowid: Option<i64>,
    /// Its columns.
    pub values: Vec<Value>,
}

/// Every row of a page that can be made out. A page of anything else gives none.
pub(crate) fn rows(page: &[u8]) -> Vec<Found> {
    let pointers = match page.first() {
        Some(&INDEX_INTERIOR) => 12,
        Some(&INDEX_LEAF | &TABLE_LEAF) => 8,
        _ => return Vec::new(),
    };
    let count = usize::from(u16::from_be_bytes([page[3], page[4]]));
    (0..count)
        .map_while(|n| page.get(pointers + 2 * n..pointers + 2 * n + 2))
        .filter_map(|at| row(page[0], page.get(usize::from(u16::from_be_bytes([at[0], at[1]]))..)?))
        .collect()
}

fn row(kind: u8, cell: &[u8]) -> Option<Found> {
    let mut cell = if kind == INDEX_INTERIOR { cell.get(4..)? } else { cell };
    let length = varint(&mut cell)?;
    let rowid = match kind {
        TABLE_LEAF => Some(varint(&mut cell)?.cast_signed()),
        _ => None,
    };
    if length > ROW_BYTES_MAX {
        return None;
    }
    let record = cell.get(..usize::try_from(length).ok()?)?;
    Some(Found { rowid, values: record_values(record)? })
}

fn record_values(record: &[u8]) -> Option<Vec<Value>> {
    let mut rest = record;
    let header = usize::try_from(varint(&mut rest)?).ok()?;
    let mut types = record.get(record.len() - rest.len()..header)?;
    let mut body = record.get(header..)?;
    let mut values = Vec::with_capacity(24);
    while !types.is_empty() {
        values.push(value(varint(&mut types)?, &mut body)?);
    }
    body.is_empty().then_some(values)
}

/// A value of a serial type. Ledgers hold no floats.
fn value(kind: u64, body: &mut &[u8]) -> Option<Value> {
    let bytes = match kind {
        0 => return Some(Value::Null),
        8 => return Some(Value::Integer(0)),
        9 => return Some(Value::Integer(1)),
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 => 8,
        12.. => usize::try_from((kind - 12) / 2).ok()?,
        _ => return None,
    };
    let (now, later) = body.split_at_checked(bytes)?;
    *body = later;
    Some(match kind {
        12.. if kind.is_multiple_of(2) => Value::Blob(now.to_vec()),
        12.. => Value::Text(String::from_utf8(now.to_vec()).ok()?),
        _ => Value::Integer(signed(now)),
    })
}

/// Big-endian, two's complement, one to eight bytes.
fn signed(bytes: &[u8]) -> i64 {
    let start = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
    bytes.iter().fold(start, |n, byte| (n << 8) | i64::from(*byte))
}

/// SQLite's variable-length integer: seven bits a byte, the ninth byte whole.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut n: u64 = 0;
    for at in 0..9 {
        let byte = *bytes.get(at)?;
        if at == 8 {
            n = (n << 8) | u64::from(byte);
        } else {
            n = (n << 7) | u64::from(byte & 0x7f);
        }
        if at == 8 || byte & 0x80 == 0 {
            *bytes = &bytes[at + 1..];
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_page_of_bytes_is_read_without_a_panic(
            mut page in proptest::collection::vec(any::<u8>(), PAGE_BYTES),
            kind in prop_oneof![Just(2u8), Just(10), Just(13)],
        ) {
            page[0] = kind;
            prop_assert!(rows(&page).len() <= PAGE_BYTES);
            prop_assert!(rows(&page[..1000]).len() <= 1000);
        }
    }

    #[test]
    fn pages_that_sqlite_wrote_give_back_every_row() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("rows.db");
        let conn = rusqlite::Connection::open(&path).expect("opens");
        conn.execute_batch(
            "CREATE TABLE t (a INTEGER, b INTEGER, c TEXT, d BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID;
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
             INSERT INTO t SELECT i * 1000003 - 2500000000, i % 300 - 150, 'text ' || i,
             zeroblob(i % 5) FROM n;",
        )
        .expect("filled");
        drop(conn);
        let file = std::fs::read(&path).expect("read");
        let mut found: Vec<Vec<Value>> =
            file.chunks(PAGE_BYTES).skip(1).flat_map(rows).map(|f| f.values).collect();
        found.sort_by_key(|v| match v[0] {
            Value::Integer(n) => n,
            _ => i64::MAX,
        });
        assert_eq!(found.len(), 5_000);
        for (i, values) in (0i64..).zip(found) {
            let blob = vec![0; (i % 5) as usize];
            let expected = [
                Value::Integer(i * 1_000_003 - 2_500_000_000),
                Value::Integer(i % 300 - 150),
                Value::Text(format!("text {i}")),
                Value::Blob(blob),
            ];
            assert_eq!(values, expected);
        }
    }
}
