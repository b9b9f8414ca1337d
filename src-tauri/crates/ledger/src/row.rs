//! How a row of `reserve` and its `settle` is read, wherever it is read: the columns that say
//! where its sums go, and the columns that are summed, each named and taken in one place.

use crate::rollup::{Key, Sums};
use crate::settle::{USAGE_KINDS, pricing_of};
use rusqlite::Row;
use rusqlite::types::FromSql;
use weir_core::Pricing;

/// The columns of `key`, of a table called `r`.
macro_rules! key_columns {
    () => {
        "r.day, r.local, r.provider, r.model, r.task, r.tier, r.category, r.client, r.project"
    };
}

/// The columns of `amounts`, of a table called `s`.
macro_rules! amount_columns {
    () => {
        "s.pricing, s.cost_nano, s.saved_nano, s.input, s.cache_read, s.cache_write_5m,
        s.cache_write_1h, s.output, s.reasoning, s.web_searches"
    };
}

pub(crate) use {amount_columns, key_columns};

/// Takes a row's columns one after another.
pub(crate) struct Columns<'a, 'b> {
    row: &'a Row<'b>,
    next: usize,
}

impl<'a, 'b> Columns<'a, 'b> {
    pub fn of(row: &'a Row<'b>) -> Self {
        Self { row, next: 0 }
    }

    pub fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    /// `key_columns!`
    pub fn key(&mut self) -> rusqlite::Result<Key> {
        let or_none = |id: Option<i64>| id.unwrap_or(Key::NONE);
        Ok(Key {
            day: self.take()?,
            local: self.take()?,
            provider: self.take()?,
            model: self.take()?,
            task: or_none(self.take()?),
            tier: or_none(self.take()?),
            category: or_none(self.take()?),
            client: self.take()?,
            project: or_none(self.take()?),
        })
    }

    /// `amount_columns!`; `None` where there is no settlement.
    pub fn amounts(&mut self) -> rusqlite::Result<Option<Amounts>> {
        let Some(pricing) = self.take()? else { return Ok(None) };
        Ok(Some(Amounts {
            pricing: pricing_of(pricing),
            cost: self.take()?,
            saved: self.take()?,
            usage: self.usage()?,
        }))
    }

    /// Usage is all there or not at all.
    fn usage(&mut self) -> rusqlite::Result<Option<[i64; USAGE_KINDS]>> {
        let mut kinds = Some([0; USAGE_KINDS]);
        for n in 0..USAGE_KINDS {
            match (self.take::<Option<i64>>()?, &mut kinds) {
                (Some(count), Some(kinds)) => kinds[n] = count,
                _ => kinds = None,
            }
        }
        Ok(kinds)
    }
}

/// What an attempt came to.
pub(crate) struct Amounts {
    pub pricing: Pricing,
    /// Nano-dollars; `None` when unpriced.
    pub cost: Option<i64>,
    pub saved: i64,
    pub usage: Option<[i64; USAGE_KINDS]>,
}

impl Amounts {
    /// What the attempt adds to the sums; whether its request counts there is not its to say.
    pub fn sums(&self) -> Sums {
        Sums {
            attempts: 1,
            cost: self.cost.unwrap_or(0),
            saved: self.saved,
            usage: self.usage.unwrap_or_default(),
            ..Sums::default()
        }
    }
}
