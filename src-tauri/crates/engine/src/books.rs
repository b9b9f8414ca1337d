//! The books behind the proxy: every attempt is held to the budgets, written before it leaves and
//! settled once. Owns the order of things; amounts are `prices`, standings are `balances`, rows
//! are the ledger's.

mod balances;
mod settlement;

pub use balances::{Balances, Denied, Past, Place, Seen};

use crate::prices::{Call, Prices};
use crate::routing::Routing;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use std::sync::Arc;
use weir_core::budget::{Budget, Scope};
use weir_core::period::Window;
use weir_core::{Money, Outcome};
use weir_ledger::{Ledger, Reserve, Settle};
use weir_proxy::ports::{Books as BooksPort, Closing, Opening, Refusal, Reservation, Settled};

/// The books of one engine.
pub struct Books {
    ledger: Arc<Ledger>,
    prices: Arc<Prices>,
    routing: Arc<Routing>,
    zone: TimeZone,
    balances: Mutex<Balances>,
}

/// What was spent before an engine started is in its ledger.
struct FromLedger<'a>(&'a Ledger);

impl Past for FromLedger<'_> {
    fn spent(&self, scope: &Scope, window: Window) -> Result<Money, String> {
        self.0.settled(scope, window.into()).map_err(|problem| problem.to_string())
    }
}

impl Books {
    /// Books over a ledger, with the budgets of the configuration in force.
    pub fn new(
        ledger: Arc<Ledger>,
        prices: Arc<Prices>,
        routing: Arc<Routing>,
        zone: TimeZone,
        budgets: &[Budget],
    ) -> Self {
        let balances = Mutex::new(Balances::new(zone.clone(), budgets));
        Self { ledger, prices, routing, zone, balances }
    }

    /// Puts other budgets in force. What was spent is read anew when it is next needed.
    pub fn replace_budgets(&self, budgets: &[Budget]) {
        self.balances.lock().replace(budgets);
    }

    /// Every budget in its current window, in the order of the configuration.
    ///
    /// # Errors
    /// When the ledger cannot tell what was spent, why.
    pub fn standings(&self, now_ms: i64) -> Result<Vec<Seen>, String> {
        self.balances.lock().standings(now_ms, &FromLedger(&self.ledger))
    }

    /// Attempts that are open now.
    pub fn open(&self) -> usize {
        self.balances.lock().open()
    }

    fn ask(&self, opening: &Opening) -> Option<Money> {
        if opening.demo || !opening.endpoint.metered() {
            return Some(Money::ZERO);
        }
        let base_url = self.routing.base_url(&opening.provider);
        let tier = opening.service_tier.as_deref();
        self.prices.upper(&call(opening, &base_url), &opening.estimate, tier)
    }

    fn refusal(&self, denied: Denied, opening: &Opening, ask: Option<Money>) -> Refusal {
        match denied {
            Denied::Unknown(reason) => Refusal::Ledger { reason },
            Denied::Full(seen) => Refusal::Budget {
                message: settlement::full(&seen, ask.unwrap_or(Money::ZERO), &self.zone),
                resets_at: seen.window.end_ms.div_euclid(1000),
            },
            Denied::Unpriced(seen) => Refusal::Budget {
                message: settlement::unpriced(&seen, &opening.provider, &opening.model),
                resets_at: seen.window.end_ms.div_euclid(1000),
            },
        }
    }
}

impl BooksPort for Books {
    fn reserve(&self, opening: Opening) -> Result<Reservation, Refusal> {
        let ask = self.ask(&opening);
        // The demonstration is in no sum and so in no budget.
        if !opening.demo {
            let admitted = self.balances.lock().admit(&opening, ask, &FromLedger(&self.ledger));
            admitted.map_err(|denied| self.refusal(denied, &opening, ask))?;
        }
        if let Err(problem) = self.ledger.reserve(&row(&opening, ask)) {
            self.balances.lock().close((opening.id, opening.attempt), Some(Money::ZERO));
            return Err(Refusal::Ledger { reason: problem.to_string() });
        }
        Ok(Reservation { opening, reserved: ask })
    }

    fn settle(&self, reservation: Reservation, closing: Closing) -> Settled {
        let opening = &reservation.opening;
        let base_url = self.routing.base_url(&opening.provider);
        let bill = settlement::bill(&self.prices, &call(opening, &base_url), opening, &closing);
        let saved = settlement::saved(&self.prices, &self.routing, opening, &closing, &bill);
        let settled = Settled { cost: bill.cost, pricing: bill.pricing };
        let row = settle_row(opening, closing, &bill, saved);
        // Both under one lock: whoever reads the ledger for a budget sees what memory forgot.
        let mut balances = self.balances.lock();
        balances.close((opening.id, opening.attempt), bill.cost);
        self.ledger.settle(row);
        settled
    }
}

fn call<'a>(opening: &'a Opening, base_url: &'a str) -> Call<'a> {
    Call {
        provider: &opening.provider,
        base_url,
        local: opening.local,
        model: &opening.model,
        at_ms: opening.at_ms,
    }
}

fn row(opening: &Opening, ask: Option<Money>) -> Reserve<'_> {
    Reserve {
        id: opening.id,
        attempt: opening.attempt,
        at_ms: opening.at_ms,
        client: &opening.client,
        project: opening.project.as_deref(),
        session: opening.session.as_deref(),
        category: opening.category.as_deref(),
        endpoint: opening.endpoint,
        asked_model: &opening.asked_model,
        provider: &opening.provider,
        model: &opening.model,
        task: opening.task.as_deref(),
        tier: opening.tier,
        reason: opening.reason,
        confidence: opening.confidence,
        local: opening.local,
        uncounted: opening.demo || !opening.endpoint.metered(),
        reserved: ask,
        input_tokens: opening.estimate.input_tokens,
        output_tokens: opening.estimate.output_tokens,
    }
}

fn settle_row(
    opening: &Opening,
    closing: Closing,
    bill: &settlement::Booked,
    saved: Money,
) -> Settle {
    Settle {
        status: closing.status,
        sent: closing.sent || closing.outcome == Outcome::Ok,
        pricing: bill.pricing,
        cost: bill.cost,
        saved,
        usage: bill.usage,
        first_byte_ms: closing.first_byte_ms,
        total_ms: closing.total_ms,
        // Anthropic says `standard` as the tier of a `fast` answer; the dearer word decides.
        service: closing.metered.speed.filter(|s| s != "standard").or(closing.metered.service_tier),
        note: closing.metered.error,
        dropped: closing.dropped,
        decision: opening.decision.clone(),
        ..Settle::new(opening.id, opening.attempt, closing.at_ms, closing.outcome)
    }
}

#[cfg(test)]
mod tests;
