//! Sums by day and by one dimension, of one moment: what a chart of days is drawn from.
//! Owns their order: by day, within it by name; what carries no name comes first.

use crate::Ledger;
use crate::part;
use crate::problem::ReadProblem;
use crate::reader::Reader;
use crate::rollup::Key;
use crate::rows::{DayGroup, DayRange, Dimension};
use std::collections::HashMap;
use weir_core::period::LocalDay;

impl Ledger {
    /// What finished on each day of a range, by a dimension and by whether it was local. Sessions
    /// and days have no such sums: for them the answer is empty.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn daily(&self, range: DayRange, by: Dimension) -> Result<Vec<DayGroup>, ReadProblem> {
        self.ask(|reader, _| daily(reader, range, by))
    }
}

fn daily(reader: &mut Reader, range: DayRange, by: Dimension) -> rusqlite::Result<Vec<DayGroup>> {
    let mut found = Vec::new();
    part::scan(&reader.conn, by, range.from.0, range.to.0, |part| {
        let local = if part.local { part.sums.requests } else { 0 };
        found.push((part.day, part.member, part.local, part.sums.totals(local)));
    })?;
    let mut names: HashMap<i64, Option<String>> = HashMap::new();
    let mut groups = Vec::with_capacity(found.len());
    for (day, member, local, totals) in found {
        let key = match names.get(&member) {
            Some(key) => key.clone(),
            None => {
                let text = match member {
                    Key::NONE => None,
                    id => Some(reader.texts.text(&reader.conn, id)?.to_string()),
                };
                names.insert(member, text.clone());
                text
            }
        };
        groups.push(DayGroup { day: LocalDay(day), local, key, totals });
    }
    groups.sort_by(|a, b| (a.day, &a.key, a.local).cmp(&(b.day, &b.key, b.local)));
    Ok(groups)
}
