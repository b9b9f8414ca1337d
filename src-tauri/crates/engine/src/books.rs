//! The books behind the proxy: every attempt is held to the budgets, written before it leaves and
//! settled once. Owns the order of things; amounts are `prices`, standings are `balances`, rows
//! are the ledger's.

mod account;
mod allowances;
mod balances;
mod hold;
mod index;
mod ladder;
mod settlement;

pub use allowances::{Allowances, Reached};
pub use balances::{Balances, Crossed, Denied, Past, Place, Seen, Spend};

use crate::alerts::Inbox;
use crate::clock;
use crate::prices::{Call, Prices};
use crate::routing::Routing;
use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use weir_core::budget::{
    Ask, Asks, Budget, Ladder, Lift, Pace, Power, Scope, Shares, Told, full, unpriced,
};
use weir_core::period::Window;
use weir_core::{Money, Outcome, RequestId, Usage};
use weir_ledger::{Ledger, Reserve, Settle, WriteProblem};
use weir_proxy::ports::{
    Books as BooksPort, Closing, Estimate, LadderAsk, Opening, Refusal, Reservation, Settled,
    Waiting,
};
use weir_triage::likely_of;

/// How often the machine's zone is looked at, in milliseconds.
const ZONE_LOOK_MS: i64 = 60_000;
const ZONE_STAYS: i64 = i64::MIN;

/// The answer that a budget which steps down counts on, in tokens, where the request allows a longer one:
/// a coding tool allows itself up to 128,000 with every request and seldom uses a tenth of this.
const ANSWER_LIKELY_MAX: u64 = 8_192;

/// What an estimate is likely to stay under: the tokens that a prompt of its length usually has, and
/// answers of 8,192 tokens where longer ones are allowed.
fn likely(of: Estimate) -> Estimate {
    let usual = ANSWER_LIKELY_MAX.saturating_mul(of.choices.max(1));
    Estimate {
        input_tokens: likely_of(of.input_tokens).min(of.input_tokens),
        output_tokens: of.output_tokens.min(usual),
        ..of
    }
}

/// What money is held to: the part of a configuration that the books act on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Every budget in force, shares and caps included.
    pub budgets: Vec<Budget>,
    /// How requests without a category are counted.
    pub shares: Option<Shares>,
    /// What local work costs.
    pub power: Option<Power>,
    /// Whether small work goes local early, so that a subscription's window lasts.
    pub pace: bool,
}

/// The books of one engine.
pub struct Books {
    ledger: Arc<Ledger>,
    prices: Arc<Prices>,
    routing: Arc<Routing>,
    terms: ArcSwap<Terms>,
    balances: Mutex<Balances>,
    zone: ArcSwap<TimeZone>,
    /// When the machine's zone was looked at last, in Unix milliseconds; `ZONE_STAYS` where it is
    /// not followed.
    zone_looked_ms: AtomicI64,
    inbox: OnceLock<Arc<Inbox>>,
    allowances: Allowances,
}

/// What was spent before an engine started is in its ledger.
pub struct FromLedger<'a>(pub &'a Ledger);

impl Past for FromLedger<'_> {
    fn spent(&self, scope: &Scope, window: Window) -> Result<Spend, String> {
        let spent = self.0.settled(scope, window.into()).map_err(|problem| problem.to_string())?;
        Ok(Spend { cost: spent.settled, tokens: spent.tokens })
    }

    fn told(&self, budget: &Budget, window: Window) -> Vec<Told> {
        self.0.told(&budget.name, budget.period, window.from).unwrap_or_default()
    }
}

impl Books {
    /// Books over a ledger, with the terms of the configuration in force.
    pub fn new(
        ledger: Arc<Ledger>,
        prices: Arc<Prices>,
        routing: Arc<Routing>,
        zone: TimeZone,
        terms: Terms,
    ) -> Self {
        let mut balances = Balances::new(zone.clone(), &terms.budgets);
        match ledger.lifts(clock::unix_ms()) {
            Ok(lifts) => balances.set_lifts(lifts),
            Err(problem) => tracing::warn!(%problem, "no raised limit is in force: unreadable"),
        }
        Self {
            ledger,
            prices,
            routing,
            terms: ArcSwap::from_pointee(terms),
            balances: Mutex::new(balances),
            zone: ArcSwap::from_pointee(zone),
            zone_looked_ms: AtomicI64::new(ZONE_STAYS),
            inbox: OnceLock::new(),
            allowances: Allowances::default(),
        }
    }

    /// Puts other terms in force. What was spent is read anew when it is next needed.
    pub fn replace(&self, terms: Terms) {
        self.balances.lock().replace(&terms.budgets);
        self.terms.store(Arc::new(terms));
    }

    /// The terms in force.
    pub fn terms(&self) -> Arc<Terms> {
        self.terms.load_full()
    }

    /// The zone days are reckoned in.
    pub fn zone(&self) -> TimeZone {
        TimeZone::clone(&self.zone.load())
    }

    /// What providers said of subscriptions.
    pub fn allowances(&self) -> &Allowances {
        &self.allowances
    }

    /// Tells `inbox` what is passed and spent from now on. Once only.
    pub fn tell(&self, inbox: Arc<Inbox>) {
        let _ = self.inbox.set(inbox);
        self.look_for_news(clock::unix_ms());
    }

    /// Looks at every budget for marks that were passed and not told: at the start, after an
    /// import, after the terms changed.
    pub fn look_for_news(&self, now_ms: i64) {
        let Some(inbox) = self.inbox.get() else { return };
        let news = self.balances.lock().cross(now_ms, &FromLedger(&self.ledger));
        inbox.crossed(news);
    }

    /// Every budget in its current window, in the order of the configuration.
    ///
    /// # Errors
    /// When the ledger cannot tell what was spent, why.
    pub fn standings(&self, now_ms: i64) -> Result<Vec<Seen>, String> {
        self.balances.lock().standings(now_ms, &FromLedger(&self.ledger))
    }

    /// Raises a limit, or closes a budget to paid models, for a time; kept over restarts.
    ///
    /// # Errors
    /// When the ledger cannot be written; nothing is changed then.
    pub fn lift(&self, lift: &Lift) -> Result<(), WriteProblem> {
        self.ledger.add_lift(lift)?;
        self.read_lifts(lift.from_ms);
        Ok(())
    }

    /// Ends what was changed for a time. False when nothing was.
    ///
    /// # Errors
    /// When the ledger cannot be written; nothing is changed then.
    pub fn end_lifts(&self, budget: &str, now_ms: i64) -> Result<bool, WriteProblem> {
        let ended = self.ledger.end_lifts(budget, now_ms)?;
        self.read_lifts(now_ms);
        // What was little of the raised limit may be much of the old one.
        self.look_for_news(now_ms);
        Ok(ended)
    }

    fn read_lifts(&self, now_ms: i64) {
        match self.ledger.lifts(now_ms) {
            Ok(lifts) => self.balances.lock().set_lifts(lifts),
            Err(problem) => tracing::error!(%problem, "raised limits could not be read"),
        }
    }

    /// What the ledger holds may have changed by other means than requests: read it anew.
    pub fn forget(&self, now_ms: i64) {
        self.balances.lock().forget();
        self.look_for_news(now_ms);
    }

    /// Attempts that are open now.
    pub fn open(&self) -> usize {
        self.balances.lock().open()
    }

    /// From now on days are reckoned in the zone the machine is in, wherever it travels.
    pub fn follow_the_machine(&self, now_ms: i64) {
        self.zone_looked_ms.store(now_ms, Ordering::Relaxed);
    }

    fn follow_zone(&self, now_ms: i64) {
        let looked = self.zone_looked_ms.load(Ordering::Relaxed);
        if looked == ZONE_STAYS || now_ms.saturating_sub(looked).saturating_abs() < ZONE_LOOK_MS {
            return;
        }
        self.zone_looked_ms.store(now_ms, Ordering::Relaxed);
        self.set_zone(clock::zone());
    }

    /// Reckons days in another zone from now on.
    pub fn set_zone(&self, zone: TimeZone) {
        if clock::zone_name(&zone) == clock::zone_name(&self.zone.load()) {
            return;
        }
        // Under the lock, so that a row and its hold are of one day.
        let mut balances = self.balances.lock();
        self.ledger.set_zone(zone.clone());
        balances.set_zone(zone.clone());
        self.zone.store(Arc::new(zone));
    }

    fn asks_of(&self, opening: &Opening) -> Asks {
        if opening.demo || !opening.endpoint.metered() {
            return Ask { cost: Some(Money::ZERO), tokens: 0 }.into();
        }
        let base_url = self.routing.base_url(&opening.provider);
        let tier = opening.service_tier.as_deref();
        self.asks(&call(opening, &base_url), opening.estimate, tier)
    }

    /// What budgets weigh a call by.
    fn asks(&self, call: &Call<'_>, estimate: Estimate, tier: Option<&str>) -> Asks {
        let ask = |estimate: Estimate| Ask {
            cost: self.prices.upper(call, &estimate, tier),
            tokens: estimate.input_tokens.saturating_add(estimate.output_tokens),
        };
        Asks { most: ask(estimate), likely: ask(likely(estimate)) }
    }

    /// Tells, once a window, that a budget turned something away.
    fn turned_away(&self, budget: &str, at_ms: i64, asks: Asks) {
        let news = self.balances.lock().turn_away(budget, at_ms, asks);
        if let (Some(news), Some(inbox)) = (news, self.inbox.get()) {
            inbox.crossed(vec![news]);
        }
    }

    fn set_aside(
        &self,
        mut opening: Opening,
        waiting: Option<&Waiting>,
    ) -> Result<Reservation, Refusal> {
        self.follow_zone(opening.at_ms);
        if let Some(shares) = &self.terms.load().shares {
            opening.category = shares.category(opening.category.as_deref()).map(str::to_owned);
        }
        let asks = self.asks_of(&opening);
        // The demonstration is in no sum and so in no budget.
        if !opening.demo {
            let past = FromLedger(&self.ledger);
            let admitted = self.balances.lock().admit_in_line(&opening, asks, waiting, &past);
            if let Err(denied) = admitted {
                if let Denied::Full(seen) = &denied {
                    self.turned_away(&seen.budget.name, opening.at_ms, asks);
                }
                return Err(self.refusal(denied, &opening, asks));
            }
        }
        if let Err(problem) = self.ledger.reserve(&row(&opening, asks.most.cost)) {
            let place = (opening.id, opening.attempt);
            self.balances.lock().close(place, Some(Money::ZERO), 0, None);
            return Err(Refusal::Ledger { reason: problem.to_string() });
        }
        Ok(Reservation { opening, reserved: asks.most.cost })
    }

    fn refusal(&self, denied: Denied, opening: &Opening, asks: Asks) -> Refusal {
        let budget = |seen: &Seen, message: String, may_pass: bool| Refusal::Budget {
            message,
            resets_at: seen.window.end_ms.div_euclid(1000),
            budget: seen.budget.name.clone(),
            at_limit: seen.terms.at_limit,
            may_pass,
        };
        match denied {
            Denied::Unknown(reason) => Refusal::Ledger { reason },
            Denied::Full(seen) => budget(&seen, self.says_full(&seen, asks), false),
            Denied::Soon(seen) => budget(&seen, self.says_full(&seen, asks), true),
            Denied::Unpriced(seen) => {
                let (route, terms) = ((&opening.provider, &opening.model), &seen.terms);
                budget(&seen, unpriced(&seen.budget, terms, route.0, route.1), false)
            }
        }
    }

    fn says_full(&self, seen: &Seen, asks: Asks) -> String {
        let zone = self.zone.load();
        let ask = seen.ask(asks);
        full(&seen.budget, &seen.terms, &seen.standing, seen.window, ask, &zone)
    }
}

impl BooksPort for Books {
    fn reserve(&self, opening: Opening) -> Result<Reservation, Refusal> {
        self.set_aside(opening, None)
    }

    fn reserve_in_line(&self, opening: Opening, at: &Waiting) -> Result<Reservation, Refusal> {
        self.set_aside(opening, Some(at))
    }

    fn leave_line(&self, id: RequestId) {
        self.balances.lock().leave_line(id);
    }

    fn ladder(&self, ask: &LadderAsk<'_>) -> Ladder {
        ladder::ladder(self, ask)
    }

    fn pace(&self, provider: &str, now_ms: i64) -> Pace {
        if !self.terms.load().pace {
            return Pace::Keep;
        }
        self.allowances.pace(provider, now_ms)
    }

    fn heard_allowance(&self, provider: &str, headers: &http::HeaderMap, at_ms: i64) {
        let read = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let heard = weir_wire::allowance::read(read, at_ms);
        if let Some(inbox) = self.inbox.get() {
            inbox.allowances(self.allowances.hear(provider, heard, at_ms));
        }
    }

    fn settle(&self, reservation: Reservation, closing: Closing) -> Settled {
        let opening = &reservation.opening;
        let base_url = self.routing.base_url(&opening.provider);
        let power = self.terms.load().power;
        let bill = settlement::bill(&self.prices, &call(opening, &base_url), opening, &closing);
        let bill = settlement::with_power(bill, power, opening, &closing);
        let bill = settlement::kept(bill, reservation.reserved);
        let saved = settlement::saved(&self.prices, &self.routing, opening, &closing, &bill);
        let settled = Settled { cost: bill.cost, pricing: bill.pricing };
        let at_ms = closing.at_ms;
        let tokens = if opening.endpoint.metered() { tokens(bill.usage) } else { 0 };
        let row = settle_row(opening, closing, &bill, saved);
        // Both under one lock: whoever reads the ledger for a budget sees what memory forgot.
        let mut balances = self.balances.lock();
        let tell = self.inbox.get().map(|_| at_ms);
        let news = balances.close((opening.id, opening.attempt), bill.cost, tokens, tell);
        self.ledger.settle(row);
        drop(balances);
        if let Some(inbox) = self.inbox.get().filter(|_| !opening.demo) {
            inbox.crossed(news);
            inbox.spent(at_ms, bill.cost.unwrap_or(Money::ZERO));
        }
        settled
    }
}

/// Prompt and answer, as budgets of tokens count them.
fn tokens(usage: Option<Usage>) -> u64 {
    usage.map_or(0, |u| u.prompt().saturating_add(u.output))
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
        note: closing.metered.error.or_else(|| bill.doubt.clone()),
        dropped: closing.dropped,
        decision: opening.decision.clone(),
        ..Settle::new(opening.id, opening.attempt, closing.at_ms, closing.outcome)
    }
}

#[cfg(test)]
mod tests;
