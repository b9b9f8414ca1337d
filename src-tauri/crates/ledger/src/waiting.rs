//! Reservations that only the journal has, as part of an answer: an attempt is shown as open from
//! the moment it is reserved, whether or not its row is in the tables yet.
//! Owns what scopes and groups say of them, in texts, because they have no numbers yet.

use crate::entry::{Entry, Place};
use crate::journal::Left;
use crate::name::cut;
use crate::record;
use crate::reserve;
use crate::rows::{AttemptRow, AttemptState, DayRange, Dimension, RequestRow, Totals};
use rusqlite::Connection;
use std::collections::HashSet;
use std::sync::Arc;
use weir_core::Money;
use weir_core::budget::Scope;
use weir_core::period::LocalDay;
use weir_core::route::Tier;

/// Records of reservations.
#[derive(Default)]
pub(crate) struct Waiting(Vec<Arc<[u8]>>);

impl Waiting {
    /// The records a journal remembers: what the tables do not have.
    pub fn of(records: Vec<Arc<[u8]>>) -> Self {
        Self(records)
    }

    /// Those of files, with what the tables may have as well.
    pub fn all(left: &Left) -> Self {
        Self(left.records().map(Arc::from).collect())
    }

    /// Those of files that another process writes or left, without what the tables have.
    /// The files must have been read before the tables.
    pub fn in_files(conn: &Connection, left: &Left) -> rusqlite::Result<Self> {
        let mut places: HashSet<Place> = HashSet::new();
        let mut records = Vec::new();
        for found in left.records() {
            let Some(entry) = record::decode(found) else { continue };
            if places.insert(entry.place()) && !reserve::has(conn, entry.place())? {
                records.push(found.into());
            }
        }
        Ok(Self(records))
    }

    /// The reservations.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.0.iter().filter_map(|r| record::decode(r))
    }
}

/// Whether the attempt is inside a scope.
pub(crate) fn in_scope(entry: &Entry<'_>, scope: &Scope) -> bool {
    let same = |want: &Option<String>, is: Option<&str>| {
        want.as_deref().is_none_or(|want| is == Some(cut(want)))
    };
    same(&scope.provider, Some(entry.provider))
        && same(&scope.model, Some(entry.model))
        && same(&scope.tier, entry.tier)
        && same(&scope.category, entry.category)
        && same(&scope.client, Some(entry.client))
        && same(&scope.project, entry.project)
        && same(&scope.session, entry.session)
        && scope.local.is_none_or(|local| local == entry.local)
}

/// Whether the attempt is in the sums of a range and scope.
pub(crate) fn counts(entry: &Entry<'_>, range: DayRange, scope: &Scope) -> bool {
    !entry.uncounted && range.holds(LocalDay(entry.day)) && in_scope(entry, scope)
}

/// Where the attempt goes in a breakdown.
pub(crate) fn group(entry: &Entry<'_>, by: Dimension) -> Option<String> {
    match by {
        Dimension::Provider => Some(entry.provider.to_owned()),
        Dimension::Model => Some(entry.model.to_owned()),
        Dimension::Task => entry.task.map(str::to_owned),
        Dimension::Tier => entry.tier.map(str::to_owned),
        Dimension::Category => entry.category.map(str::to_owned),
        Dimension::Client => Some(entry.client.to_owned()),
        Dimension::Project => entry.project.map(str::to_owned),
        Dimension::Session => entry.session.map(str::to_owned),
        Dimension::Day => Some(LocalDay(entry.day).date().to_string()),
    }
}

/// Counts an open attempt.
pub(crate) fn add_open(totals: &mut Totals, reserved: Option<Money>) {
    totals.open += 1;
    match reserved {
        Some(money) => totals.reserved = totals.reserved.saturating_add(money),
        None => totals.open_unpriced += 1,
    }
}

/// The request of an attempt, still without it.
pub(crate) fn request(entry: &Entry<'_>) -> RequestRow {
    let maybe = |text: Option<&str>| text.map(str::to_owned);
    RequestRow {
        id: entry.request(),
        client: entry.client.to_owned(),
        project: maybe(entry.project),
        session: maybe(entry.session),
        category: maybe(entry.category),
        endpoint: entry.endpoint.to_owned(),
        asked_model: entry.asked_model.to_owned(),
        task: maybe(entry.task),
        tier: entry.tier.and_then(Tier::parse),
        confidence: entry.confidence,
        decision: None,
        attempts: Vec::new(),
    }
}

/// Adds the attempt to its request, unless the request has it from the tables.
pub(crate) fn add_attempt(row: &mut RequestRow, entry: &Entry<'_>) {
    if row.attempts.iter().any(|a| a.attempt == entry.attempt) {
        return;
    }
    row.attempts.push(attempt(entry));
    row.attempts.sort_by_key(|a| a.attempt);
}

fn attempt(entry: &Entry<'_>) -> AttemptRow {
    let tokens = |count: i64| u64::try_from(count).unwrap_or(0);
    AttemptRow {
        attempt: entry.attempt,
        at_ms: entry.at_ms,
        day: LocalDay(entry.day),
        zone: entry.zone.to_owned(),
        provider: entry.provider.to_owned(),
        model: entry.model.to_owned(),
        reason: entry.reason.to_owned(),
        local: entry.local,
        uncounted: entry.uncounted,
        reserved: entry.ask(),
        input_tokens: tokens(entry.input_tokens),
        output_tokens: tokens(entry.output_tokens),
        state: AttemptState::Open,
        ended_ms: None,
        outcome: None,
        status: 0,
        pricing: None,
        cost: None,
        saved: Money::ZERO,
        usage: None,
        first_byte_ms: None,
        total_ms: None,
        cache: None,
        dropped: None,
        service: None,
        note: None,
    }
}
