//! What is kept beside the rows of attempts: what was told, what is lifted, what was imported.
//! Owns the ledger's functions for them; the tables are `told`, `lift` and `imported`.

use crate::imported::{self, ImportRow, Imported, ImportedCost};
use crate::ledger::Ledger;
use crate::lift;
use crate::problem::{ReadProblem, WriteProblem};
use crate::told;
use weir_core::budget::{Lift, Told};
use weir_core::period::{LocalDay, Period};

/// Rows of an import a transaction: it bounds how long the writer's lock is held.
const IMPORT_ROWS_A_BATCH: usize = 256;

impl Ledger {
    /// Notes that something was told of a budget in the window that begins on `day`. True when
    /// that was news.
    ///
    /// # Errors
    /// See `WriteProblem`.
    pub fn note_told(
        &self,
        budget: &str,
        period: Period,
        day: LocalDay,
        what: Told,
        at_ms: i64,
    ) -> Result<bool, WriteProblem> {
        self.write(|w| told::note(&w.conn, budget, period, day, what, at_ms))
    }

    /// What was told of a budget in the window that begins on `day`.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn told(
        &self,
        budget: &str,
        period: Period,
        day: LocalDay,
    ) -> Result<Vec<Told>, ReadProblem> {
        self.ask(|reader, _| told::list(&reader.conn, budget, period, day))
    }

    /// Raises a limit, or closes a budget to paid models, for a time.
    ///
    /// # Errors
    /// See `WriteProblem`.
    pub fn add_lift(&self, lift: &Lift) -> Result<(), WriteProblem> {
        self.write(|w| lift::add(&w.conn, lift))
    }

    /// Ends everything of the kind of one budget now. False when there was nothing.
    ///
    /// # Errors
    /// See `WriteProblem`.
    pub fn end_lifts(&self, budget: &str, at_ms: i64) -> Result<bool, WriteProblem> {
        self.write(|w| lift::end(&w.conn, budget, at_ms))
    }

    /// Those that have not ended.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn lifts(&self, at_ms: i64) -> Result<Vec<Lift>, ReadProblem> {
        self.ask(|reader, _| lift::list(&reader.conn, at_ms))
    }

    /// What imported requests of a provider cost that arrived in `from_ms..to_ms`.
    ///
    /// # Errors
    /// See `ReadProblem`.
    pub fn imported_costs(
        &self,
        provider: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<ImportedCost>, ReadProblem> {
        self.ask(|reader, _| imported::costs(&reader.conn, provider, from_ms, to_ms))
    }

    /// Takes over what a tool's own session logs tell. What is there already is not taken twice,
    /// and what Weir carried itself is in no sum. Interrupted, the next run takes the rest.
    ///
    /// # Errors
    /// See `WriteProblem`.
    pub fn import(&self, source: &str, rows: &[ImportRow]) -> Result<Imported, WriteProblem> {
        // What Weir carried must be in the tables to be found there.
        self.flush()?;
        let (zone, name) = self.zone()?;
        let mut all = Imported::default();
        for batch in rows.chunks(IMPORT_ROWS_A_BATCH) {
            let done = self.write(|w| w.import(source, (&zone, &name), batch))?;
            all.added += done.added;
            all.known += done.known;
            all.carried += done.carried;
            all.unpriced += done.unpriced;
            all.cost = all.cost.saturating_add(done.cost);
        }
        Ok(all)
    }
}
