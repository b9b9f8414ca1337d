//! Table `decision`: one row a request, written with its first settlement.
//! Owns the compact form of candidates: names and amounts as variable-length integers. What else was
//! decided follows behind the candidates, where there is any of it: the judged tier (1 to 3, else 0)
//! and the way back in nano-dollars plus one. An older Weir reads the candidates and stops.

use crate::entry::tokens;
use crate::name::Names;
use crate::reader::Reader;
use crate::rows::{DecisionRow, WeighedRow};
use crate::settle::in_range;
use rusqlite::{Connection, OptionalExtension, params};
use weir_core::route::Tier;
use weir_core::{Conversation, Decision, Money, RequestId, Weighed};

/// Candidates kept of a request. A chain has a handful of links; more say nothing more.
const WEIGHED_MAX: usize = 24;

const INSERT: &str = "INSERT OR IGNORE INTO decision (request_id, mode, class, deterministic,
    prompt_tokens, conversation, weighed, shadow) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const SELECT: &str = "SELECT mode, class, deterministic, prompt_tokens, conversation, weighed,
    shadow FROM decision WHERE request_id = ?1";

const HAS: &str = "SELECT 1 FROM decision WHERE request_id = ?1";

/// Writes the decision of a request, unless it is there already: every attempt brings the same.
pub(crate) fn insert(
    conn: &Connection,
    names: &mut Names,
    id: RequestId,
    attempt: u16,
    decision: &Decision,
) -> rusqlite::Result<()> {
    let known =
        |conn: &Connection| conn.prepare_cached(HAS)?.query_row([id.raw()], |_| Ok(())).optional();
    if attempt > 1 && known(conn)?.is_some() {
        return Ok(());
    }
    let kept = &decision.weighed[..decision.weighed.len().min(WEIGHED_MAX)];
    let mut weighed = Vec::with_capacity(1 + 8 * kept.len());
    put(&mut weighed, kept.len() as u64);
    for candidate in kept {
        write(conn, names, candidate, &mut weighed)?;
    }
    Beside::of(decision).write(&mut weighed);
    let shadow = match &decision.shadow {
        Some(candidate) => {
            let mut bytes = Vec::with_capacity(8);
            write(conn, names, candidate, &mut bytes)?;
            Some(bytes)
        }
        None => None,
    };
    conn.prepare_cached(INSERT)?.execute(params![
        id.raw(),
        names.id(conn, decision.mode.as_str())?,
        names.id(conn, decision.class.as_str())?,
        decision.deterministic,
        tokens(decision.prompt_tokens),
        decision.conversation.map(|key| key.0.cast_signed()),
        weighed,
        shadow,
    ])?;
    Ok(())
}

/// The decision of a request; `None` where none was taken, or a kill came before it was written.
pub(crate) fn find(reader: &mut Reader, id: i64) -> rusqlite::Result<Option<DecisionRow>> {
    let found = reader.conn.prepare_cached(SELECT)?.query_row([id], |r| {
        let numbers: (i64, i64, bool, i64) = (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
        let key: Option<i64> = r.get(4)?;
        Ok((numbers, key, r.get::<_, Vec<u8>>(5)?, r.get::<_, Option<Vec<u8>>>(6)?))
    });
    let Some(((mode, class, deterministic, prompt), key, weighed, shadow)) = found.optional()?
    else {
        return Ok(None);
    };
    let named = |reader: &mut Reader, packed: Packed| {
        Ok::<_, rusqlite::Error>(WeighedRow {
            provider: reader.text(packed.provider)?,
            model: reader.text(packed.model)?,
            reason: reader.text(packed.reason)?,
            expected: packed.expected,
        })
    };
    let (packed, beside) = list(&weighed);
    let mut rows = Vec::new();
    for packed in packed {
        rows.push(named(reader, packed)?);
    }
    let shadow = shadow.and_then(|bytes| Packed::take(&mut bytes.as_slice()));
    Ok(Some(DecisionRow {
        mode: reader.text(mode)?,
        class: reader.text(class)?,
        deterministic,
        prompt_tokens: u64::try_from(prompt).unwrap_or(0),
        conversation: key.map(|key| Conversation(key.cast_unsigned())),
        weighed: rows,
        shadow: shadow.map(|packed| named(reader, packed)).transpose()?,
        judged_tier: beside.judged_tier,
        way_back: beside.way_back,
    }))
}

/// The numbers of all names a row's candidates refer to, for a salvage.
pub(crate) fn names_in(weighed: &[u8], shadow: Option<&[u8]>) -> Vec<i64> {
    let shadow = shadow.and_then(|mut bytes| Packed::take(&mut bytes));
    let all = list(weighed).0.into_iter().chain(shadow);
    all.flat_map(|packed| [packed.provider, packed.model, packed.reason]).collect()
}

// === bytes ===

/// A candidate in numbers.
struct Packed {
    provider: i64,
    model: i64,
    reason: i64,
    expected: Option<Money>,
}

impl Packed {
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut number = || i64::try_from(take(bytes)?).ok();
        let (provider, model, reason, expected) = (number()?, number()?, number()?, number()?);
        let expected = (expected > 0).then(|| Money::from_nano(expected - 1));
        Some(Self { provider, model, reason, expected })
    }
}

/// What stands behind the candidates.
#[derive(Debug, Default, PartialEq, Eq)]
struct Beside {
    judged_tier: Option<Tier>,
    way_back: Option<Money>,
}

/// The tiers in the order of their numbers, which begin at 1.
const TIERS: [Tier; 3] = [Tier::Low, Tier::Medium, Tier::High];

impl Beside {
    fn of(decision: &Decision) -> Self {
        Self { judged_tier: decision.judged_tier, way_back: decision.way_back }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        if *self == Self::default() {
            return;
        }
        let tier = self.judged_tier.and_then(|tier| TIERS.iter().position(|of| *of == tier));
        put(bytes, tier.map_or(0, |at| at as u64 + 1));
        put(bytes, amount(self.way_back));
    }

    fn take(bytes: &mut &[u8]) -> Self {
        let tier = take(bytes).unwrap_or(0);
        let tier = usize::try_from(tier).ok().and_then(|number| number.checked_sub(1));
        let way_back = take(bytes).and_then(|nano| i64::try_from(nano).ok()).filter(|n| *n > 0);
        Self {
            judged_tier: tier.and_then(|at| TIERS.get(at).copied()),
            way_back: way_back.map(|nano| Money::from_nano(nano - 1)),
        }
    }
}

/// Every candidate that can be read, and what stands behind them; only a damaged file holds others.
fn list(mut bytes: &[u8]) -> (Vec<Packed>, Beside) {
    let count = take(&mut bytes).unwrap_or(0).min(WEIGHED_MAX as u64);
    let all: Vec<Packed> = (0..count).map_while(|_| Packed::take(&mut bytes)).collect();
    let beside = match all.len() as u64 == count {
        true => Beside::take(&mut bytes),
        false => Beside::default(),
    };
    (all, beside)
}

/// An amount plus one, 0 where there is none.
fn amount(money: Option<Money>) -> u64 {
    let nano = money.map(|money| in_range(money).cast_unsigned());
    nano.map_or(0, |nano| nano.saturating_add(1))
}

fn write(
    conn: &Connection,
    names: &mut Names,
    candidate: &Weighed,
    bytes: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    let route = &candidate.route;
    for text in [route.provider.as_str(), &route.model, candidate.reason.as_str()] {
        put(bytes, names.id(conn, text)?.cast_unsigned());
    }
    put(bytes, amount(candidate.expected));
    Ok(())
}

/// Seven bits a byte, the low ones first; the last byte has its high bit clear.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..9 {
        let byte = *bytes.get(at)?;
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            *bytes = &bytes[at + 1..];
            return Some(number);
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
        fn a_number_reads_back_and_any_bytes_are_read_without_a_panic(
            number in 0..=i64::MAX.cast_unsigned(),
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut written = Vec::new();
            put(&mut written, number);
            let mut rest = written.as_slice();
            prop_assert_eq!(take(&mut rest), Some(number));
            prop_assert!(rest.is_empty());
            prop_assert!(list(&bytes).0.len() <= WEIGHED_MAX);
            prop_assert!(names_in(&bytes, Some(&bytes)).len() <= 3 * (WEIGHED_MAX + 1));
        }
    }
}
