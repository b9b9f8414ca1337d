//! A newer price table on disk: read, checked whole, put in place in one step.
//! Owns what makes a file good enough to replace the table in force.

use super::derive::PICO_MAX;
use super::table::Table;
use super::{PriceFileProblem, Prices};
use crate::api::{PriceTable, PriceUpdate};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a price file; the present table has 0.8 MB.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// Fewer providers or models than this, and the file is a fragment of a table. The present one
/// has 47 and 2,267.
const PROVIDERS_MIN: usize = 10;
const MODELS_MIN: usize = 300;
/// Providers without which no table is one, with the models each must at least have.
const EXPECTED: [(&str, usize); 3] = [("anthropic", 5), ("openai", 20), ("google", 10)];

/// Reads a table without decoding its prices; for a file that was checked when it was put there.
pub(super) fn read(path: &Path) -> Result<Table, PriceFileProblem> {
    let failed = |source| PriceFileProblem::Read { path: path.into(), source };
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.len() > FILE_BYTES_MAX {
        let reason = format!("it is larger than {} MB", FILE_BYTES_MAX >> 20);
        return Err(PriceFileProblem::Table { path: path.into(), reason });
    }
    let text = std::fs::read(path).map_err(failed)?;
    // The table names no date of its own; the day it was loaded is what is known.
    let loaded = about.modified().ok().and_then(|at| jiff::Timestamp::try_from(at).ok());
    let day = loaded.map_or("on an unknown day".into(), |at| at.strftime("%Y-%m-%d").to_string());
    Table::read(Cow::Owned(text), format!("price update, loaded {day}"))
        .map_err(|reason| PriceFileProblem::Table { path: path.into(), reason })
}

/// Reads a table and checks every row of it.
fn read_whole(path: &Path) -> Result<Table, PriceFileProblem> {
    let table = read(path)?;
    check(&table).map_err(|reason| PriceFileProblem::Table { path: path.into(), reason })?;
    Ok(table)
}

fn check(table: &Table) -> Result<(), String> {
    let providers = table.providers().count();
    if providers < PROVIDERS_MIN || table.models() < MODELS_MIN {
        let models = table.models();
        return Err(format!(
            "it has {models} models of {providers} providers, and a whole table has at least \
             {MODELS_MIN} of {PROVIDERS_MIN}"
        ));
    }
    for (id, least) in EXPECTED {
        let provider = table.index(id).ok_or_else(|| format!("it has no provider {id}"))?;
        let models = models(table, provider)?.len();
        if models < least {
            return Err(format!("it has {models} models of {id}, fewer than {least}"));
        }
    }
    for (provider, id) in table.providers().enumerate() {
        // One provider at a time: decoding the whole table at once would take 19 MB.
        table.check(provider).map_err(|reason| format!("provider {id}: {reason}"))?;
        sane(&table.json(provider)?).map_err(|reason| format!("provider {id}: {reason}"))?;
    }
    Ok(())
}

/// What the crate accepts and Weir's own arithmetic would not get right.
fn sane(value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(sane),
        Value::Object(fields) => {
            for key in ["start_time", "end_time"] {
                let time = fields.get(key).and_then(Value::as_str).unwrap_or("00:00:00Z");
                if time.get(5..8) != Some(":00") || time.contains('.') {
                    return Err(format!("{key} {time} is not a whole minute"));
                }
            }
            for (key, price) in fields.iter().filter(|(key, _)| key.ends_with("_mtok")) {
                dear(key, price)?;
            }
            fields.values().try_for_each(sane)
        }
        _ => Ok(()),
    }
}

fn dear(key: &str, price: &Value) -> Result<(), String> {
    const USD_PER_MTOK_MAX: f64 = PICO_MAX / 1e6;
    match price {
        Value::Number(n) if n.as_f64().is_some_and(|usd| usd > USD_PER_MTOK_MAX) => {
            Err(format!("{key} of {n} dollars is absurd"))
        }
        Value::Object(band) => {
            band.get("base").map_or(Ok(()), |base| dear(key, base))?;
            let tiers = band.get("tiers").and_then(Value::as_array).into_iter().flatten();
            tiers.filter_map(|tier| tier.get("price")).try_for_each(|price| dear(key, price))
        }
        _ => Ok(()),
    }
}

/// What a provider's models cost, as the table writes it.
fn models(table: &Table, provider: usize) -> Result<BTreeMap<String, [Value; 2]>, String> {
    let json = table.json(provider)?;
    let rows = json.get("models").and_then(Value::as_array).cloned().unwrap_or_default();
    let part = |row: &Value, key: &str| row.get(key).cloned().unwrap_or_default();
    Ok(rows
        .iter()
        .filter_map(|row| {
            let id = row.get("id")?.as_str()?.to_owned();
            Some((id, [part(row, "prices"), part(row, "price_variants")]))
        })
        .collect())
}

impl Prices {
    /// Takes over a newer price table: the file format of `genai-prices`. It is checked whole,
    /// then replaces the one before in one step; a bad file changes nothing.
    ///
    /// # Errors
    /// What is wrong with the file, or why it cannot be put in place.
    pub fn update(&self, file: &Path) -> Result<PriceUpdate, PriceFileProblem> {
        let table = read_whole(file)?;
        let before = self.table();
        let (added, changed, removed) = difference(&before, &table)
            .map_err(|reason| PriceFileProblem::Table { path: file.into(), reason })?;
        let table = match self.newer.as_deref() {
            Some(place) => {
                replace(place, table.text())
                    .map_err(|source| PriceFileProblem::Write { path: place.into(), source })?;
                read(place)?
            }
            None => table,
        };
        let models = table.models() as u64;
        let about = PriceTable { source: table.source().to_owned(), models };
        *self.table.lock() = Some(Arc::new(table));
        self.cache.lock().clear();
        Ok(PriceUpdate { table: about, added, changed, removed })
    }
}

/// Models that are new, priced differently, and gone.
fn difference(old: &Table, new: &Table) -> Result<(u64, u64, u64), String> {
    let (mut added, mut changed, mut removed) = (0, 0, 0);
    for (at, id) in new.providers().enumerate() {
        let now = models(new, at)?;
        let then = old.index(id).map(|at| models(old, at)).transpose()?.unwrap_or_default();
        added += now.keys().filter(|id| !then.contains_key(*id)).count() as u64;
        removed += then.keys().filter(|id| !now.contains_key(*id)).count() as u64;
        changed +=
            now.iter().filter(|(id, row)| then.get(*id).is_some_and(|o| o != *row)).count() as u64;
    }
    for (at, _) in old.providers().enumerate().filter(|(_, id)| new.index(id).is_none()) {
        removed += models(old, at)?.len() as u64;
    }
    Ok((added, changed, removed))
}

/// Writes beside, syncs, renames: a crash leaves the old file or the new one.
fn replace(place: &Path, text: &[u8]) -> std::io::Result<()> {
    let beside = place.with_extension("json.new");
    let written = (|| {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::rename(&beside, place)
    })();
    if written.is_err() {
        // Nothing is lost by leaving it: the next update writes over it.
        let _ = std::fs::remove_file(&beside);
        return written;
    }
    // The name itself is durable once its folder is; where folders cannot be synced, it is not.
    if let Some(folder) = place.parent().and_then(|folder| std::fs::File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}
