//! What a call costs: the user's own `prices.toml` first, then the price table.
//! Owns every rule by which a usage becomes money (docs/prices.md lists them). Integer arithmetic
//! only: the one float is read and checked in `derive`. No network, no clock: the time of a call
//! is an argument. Nothing is decoded before the first price is asked for.

mod bill;
mod cache;
mod context;
mod derive;
mod doubt;
mod fees;
mod file;
mod names;
mod overrides;
mod own;
mod problem;
mod quoted;
mod rows;
mod show;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use bill::reported;
pub use bill::{Bill, Call};
pub use context::PriceContext;
pub use doubt::Doubt;
pub use overrides::Row as OverrideRow;
pub use problem::{PriceFileProblem, RowProblem, Unpriced};
pub use quoted::Quoted;

use cache::{Cache, Entry, Key};
use derive::Quote;
use overrides::Overrides;
use own::Own;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use table::Table;
use weir_core::price::Rates;

/// The prices in force. Shared behind an `Arc`; every method may be called from any thread.
/// A price that was asked for before comes from memory in well under a microsecond; the first of
/// a provider takes a few milliseconds.
pub struct Prices {
    own: Own,
    newer: Option<PathBuf>,
    table: Mutex<Option<Arc<Table>>>,
    cache: Mutex<Cache>,
}

impl Prices {
    /// Reads the user's own rows. Either path may name a file that does not exist yet; the table
    /// itself is not read before the first price is asked for.
    ///
    /// # Errors
    /// Every mistake of the override file at once, with its line.
    pub fn open(
        override_file: Option<&Path>,
        newer_table: Option<&Path>,
    ) -> Result<Self, PriceFileProblem> {
        Ok(Self::with(Own::open(override_file)?, newer_table))
    }

    /// The same for an engine, which starts also where the user's own rows have mistakes: with the
    /// table alone, and [`Prices::problem`] says so.
    pub fn start(override_file: &Path, newer_table: &Path) -> Self {
        let prices = Self::with(Own::start(Some(override_file)), Some(newer_table));
        if let Some(problem) = prices.problem() {
            tracing::warn!(problem, "prices.toml is not in force");
        }
        prices
    }

    fn with(own: Own, newer_table: Option<&Path>) -> Self {
        Self {
            own,
            newer: newer_table.map(Path::to_path_buf),
            table: Mutex::new(None),
            cache: Mutex::new(Cache::default()),
        }
    }

    /// Why the user's own rows are not in force as their file has them, while they are not.
    pub fn problem(&self) -> Option<String> {
        self.own.problem()
    }

    /// Takes the user's own rows over where their file was edited; whether it was. One with a
    /// mistake changes nothing.
    pub fn look(&self) -> bool {
        match self.own.look() {
            Ok(false) => false,
            Ok(true) => {
                self.cache.lock().clear();
                tracing::info!("the edited prices.toml is in force");
                true
            }
            Err(problem) => {
                tracing::warn!(%problem, "the edited prices.toml was not taken over");
                false
            }
        }
    }

    /// The user's own rows in force.
    pub fn own_rows_count(&self) -> usize {
        self.own.rows().count()
    }

    /// What each kind of usage costs in the band of a prompt of `prompt_tokens`, cached tokens
    /// included, for a request made at `at_ms`.
    ///
    /// # Errors
    /// Why no price is known.
    pub fn rates(
        &self,
        provider: &str,
        base_url: &str,
        model: &str,
        at_ms: i64,
        prompt_tokens: u64,
        context: &PriceContext,
    ) -> Result<Rates, Unpriced> {
        let asked = Asked { provider, base_url, model, at_ms, context };
        self.quote(&asked, prompt_tokens).map(|quote| quote.rates)
    }

    fn quote(&self, asked: &Asked, prompt_tokens: u64) -> Result<Quote, Unpriced> {
        let key = Key::of(asked);
        let minute = asked.at_ms.div_euclid(MS_PER_MINUTE);
        if let Some(known) = self.cache.lock().get(&key, minute, prompt_tokens) {
            return known;
        }
        let own = self.own.rows();
        let (starts, found) = self.derive(&own, asked, prompt_tokens);
        let mut cache = self.cache.lock();
        // What was derived of rows that were replaced meanwhile is not to be found again.
        if self.own.holds(&own) {
            cache.put(key, Entry::new(minute, starts), prompt_tokens, found.clone());
        }
        found
    }

    /// The price from its source, and the prompt sizes at which that source changes it.
    fn derive(
        &self,
        own: &Overrides,
        asked: &Asked,
        prompt_tokens: u64,
    ) -> (Arc<[u64]>, Result<Quote, Unpriced>) {
        if let Some(row) = own.find(asked) {
            return (row.starts(), Ok(row.quote(prompt_tokens)));
        }
        let table = self.table();
        let Some(provider) = table.provider_of(asked.provider, asked.base_url) else {
            let unknown = Unpriced::UnknownProvider { provider: asked.provider.into() };
            return (Arc::default(), Err(unknown));
        };
        match table.shelf(provider) {
            Err(reason) => (Arc::default(), Err(Unpriced::Table { reason })),
            Ok(shelf) => {
                let quote = derive::quote(&shelf, asked, prompt_tokens);
                (shelf.starts(), quote)
            }
        }
    }

    /// The table in force: the newer one where there is a good one, or the built-in one.
    fn table(&self) -> Arc<Table> {
        let mut table = self.table.lock();
        Arc::clone(table.get_or_insert_with(|| Arc::new(self.read_table())))
    }

    fn read_table(&self) -> Table {
        let Some(path) = self.newer.as_deref().filter(|path| path.exists()) else {
            return Table::bundled();
        };
        file::read(path).unwrap_or_else(|problem| {
            tracing::warn!(%problem, "the newer price table cannot be used; the built-in one is");
            Table::bundled()
        })
    }
}

const MS_PER_MINUTE: i64 = 60_000;

/// Whose price is asked for, and when the call was made.
#[derive(Clone, Copy)]
struct Asked<'a> {
    provider: &'a str,
    base_url: &'a str,
    model: &'a str,
    at_ms: i64,
    context: &'a PriceContext,
}
