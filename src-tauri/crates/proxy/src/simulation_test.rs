//! Conversations, breakers and budgets together, under random failures and a clock that is moved by
//! hand: what a request may never meet, whatever the order of things. No I/O: the decisions are those
//! of `weir_core` and `health`, and only the outcomes are dice.
//! `WEIR_SIM_SEEDS` says how many seeds; a failing one is named, with its step.

mod world;

use crate::health::How;
use weir_core::Money;
use weir_core::budget::{Full, Place, Rung, Step, ladder};
use weir_core::route::{Ask, By, Candidate, Reason, Route, Standing, compare, expected, plan};
use weir_core::verdict::{self, Fault, Verdict, passes, verdict};
use world::World;

/// Seeds when nothing is said.
const SEEDS: u64 = 150;
/// Requests of one seed.
const STEPS: usize = 250;

/// What a request came to.
#[derive(Debug)]
struct Outcome {
    candidates: Vec<Candidate>,
    /// Whether a budget had a say in it.
    held: bool,
    answered: Option<(Route, Reason)>,
    /// Faults by their route, in order.
    failed: Vec<(Route, Fault)>,
    attempts: u16,
}

/// What happened over all seeds: a run in which nothing happened would prove nothing.
#[derive(Debug, Default)]
struct Met {
    answered: u64,
    failed_over: u64,
    rested: u64,
    went_back: u64,
    stood_in: u64,
    held: u64,
    refused: u64,
}

#[test]
fn whatever_fails_a_request_is_answered_where_it_can_be_and_a_conversation_finds_home() {
    let seeds = std::env::var("WEIR_SIM_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(SEEDS);
    let mut met = Met::default();
    for seed in 0..seeds {
        let mut world = World::new(seed);
        for step in 0..STEPS {
            if let Err(wrong) = one(&mut world, &mut met) {
                panic!("seed {seed}, step {step}: {wrong}");
            }
        }
    }
    let Met { answered, failed_over, rested, went_back, stood_in, held, refused } = met;
    let rare = [failed_over, rested, went_back, stood_in, held, refused];
    assert!(answered > seeds * 100 && rare.iter().all(|n| *n > seeds / 2), "{met:?}");
}

/// One request: planned, cut to what the budgets leave, tried, and looked at.
fn one(world: &mut World, met: &mut Met) -> Result<(), String> {
    world.pass_time();
    let turn = world.turn();
    let before = world.standings.get(&turn.conversation).cloned();
    let ask = turn.ask(before.as_ref(), world.now_ms());
    let planned = plan(&world.setup, &ask).map_err(|no| no.to_string())?;
    let outcome = attempt(world, &ask, planned.candidates)?;
    let first = planned.decision.weighed[0].route.clone();
    world.sound()?;
    answerable(world, &outcome)?;
    if let Some(before) = before.as_ref().filter(|_| !outcome.held && turn.is_a_chain()) {
        at_home(world, &ask, before, &outcome)?;
    }
    met.held += u64::from(outcome.held);
    met.rested += u64::from(outcome.failed.iter().any(|(_, fault)| *fault == Fault::Resting));
    let Some((route, reason)) = &outcome.answered else {
        met.refused += 1;
        return Ok(());
    };
    met.answered += 1;
    met.failed_over += u64::from(*route != first);
    let home = before.as_ref().and_then(|b| b.home.as_ref());
    met.went_back += u64::from(home == Some(route));
    met.stood_in += u64::from(home.is_some() && *reason == Reason::Kept);
    if !reason.is_makeshift() {
        let last = outcome.failed.iter().rev().find(|(failed, _)| *failed == first);
        let by = By { route, planned: &first, passing: last.is_some_and(|(_, f)| passes(*f)) };
        let used = world.used(&ask, route);
        let at_ms = world.now_ms();
        let conversation = turn.conversation;
        match world.standings.get_mut(&conversation) {
            Some(standing) => standing.answered(ask.model, by, &used, at_ms),
            None => {
                let begun = Standing::begun(ask.model, by, &used, at_ms);
                world.standings.insert(conversation, begun);
            }
        }
    }
    Ok(())
}

/// What the budget leaves of a plan, best first, and whether it had a say.
fn left(world: &World, ask: &Ask<'_>, planned: &[Candidate]) -> (Vec<Candidate>, bool) {
    let rung = |(at, c): (usize, &Candidate)| {
        let asks = world.at_most(ask, &c.route);
        let fits = world.budget.fits(asks);
        let full = Full {
            budget: 0,
            name: "day".into(),
            at_limit: world.budget.at_limit,
            unpriced: asks.cost.is_none(),
            soon: false,
            says: String::new(),
            resets_ms: 0,
        };
        let full = if fits { Vec::new() } else { vec![full] };
        let local = c.route.provider == "home";
        let (cost, asks) = (asks.cost, asks.into());
        Rung { place: Place::Own(at), local, cost, asks, counts_in: vec![0], full }
    };
    let rungs: Vec<Rung> = planned.iter().enumerate().map(rung).collect();
    let found = ladder(&rungs, &[]);
    if found.refused.is_empty() {
        return (planned.to_vec(), false);
    }
    let picked = found.allowed.iter().filter_map(|pick| {
        let Place::Own(at) = pick.place else { return None };
        let reason = match pick.step {
            Step::Planned => planned[at].reason,
            Step::Cheaper => Reason::BudgetCheaper,
            Step::Other => Reason::BudgetOther,
            Step::TierBelow => Reason::BudgetTier,
            Step::Local => Reason::BudgetLocal,
        };
        Some(Candidate { reason, ..planned[at].clone() })
    });
    (picked.collect(), true)
}

/// Tries the candidates in order, as the attempt does.
fn attempt(world: &mut World, ask: &Ask<'_>, planned: Vec<Candidate>) -> Result<Outcome, String> {
    let (candidates, held) = left(world, ask, &planned);
    let (answered, failed) = (None, Vec::new());
    let mut out = Outcome { candidates: candidates.clone(), held, answered, failed, attempts: 0 };
    let began_ms = world.now_ms();
    let mut longest = 0;
    for (at, candidate) in candidates.iter().enumerate() {
        let route = &candidate.route;
        let mut on_route = 0;
        let reason = match out.failed.last() {
            Some((_, Fault::Resting)) if !candidate.reason.is_makeshift() => Reason::Resting,
            _ => candidate.reason,
        };
        loop {
            let another = candidates[at + 1..].iter().any(|c| world.would(&c.route));
            let how = How { in_chain: candidate.reason.in_chain(), alone: !another };
            let provider = world.provider(route).clone();
            let asks = world.at_most(ask, route);
            let (fault, wait) = match world.health.admit(route, &provider, how) {
                Err(_) => (Fault::Resting, None),
                Ok(_) if !world.budget.fits(asks) => (Fault::Budget, None),
                Ok(pass) => {
                    out.attempts += 1;
                    on_route += 1;
                    world.budget.hold(asks)?;
                    let (took_ms, met) = world.meets(route);
                    world.advance(took_ms);
                    longest = longest.max(took_ms);
                    let cost = match met {
                        None => world.cost(route, &world.used(ask, route)),
                        Some(_) => Some(Money::ZERO),
                    };
                    world.budget.settle(asks, cost);
                    let Some((fault, wait)) = met else {
                        pass.began();
                        pass.settled(weir_core::Outcome::Ok, &world.limits.health);
                        out.answered = Some((route.clone(), reason));
                        return Ok(out);
                    };
                    pass.failed(fault, "as the dice say", wait, &world.limits.health);
                    world.noted(route, fault, wait);
                    (fault, wait)
                }
            };
            out.failed.push((route.clone(), fault));
            let elapsed = (world.now_ms() - began_ms).cast_unsigned().saturating_sub(longest);
            let standing = verdict::Standing {
                attempts: out.attempts,
                on_route,
                elapsed: std::time::Duration::from_millis(elapsed),
                another,
                stands_in: false,
                asked_wait: wait,
                told_to_stop: false,
                logs_in: false,
            };
            match verdict(fault, &standing, &world.limits.tries, world.dice.roll(u64::MAX)) {
                Verdict::Retry { after } => {
                    world.advance(u64::try_from(after.as_millis()).unwrap_or(0));
                }
                // What is passed over unasked never ends a request.
                _ if verdict::unsent(fault) && out.attempts < world.limits.tries.attempts => break,
                Verdict::Next | Verdict::NextLarger => break,
                Verdict::GiveUp => return Ok(out),
            }
        }
    }
    Ok(out)
}

/// Nobody is told that there is no way while one is well, rests for nothing it did, and is paid for.
fn answerable(world: &World, outcome: &Outcome) -> Result<(), String> {
    if outcome.attempts > world.limits.tries.attempts {
        return Err(format!("{} attempts", outcome.attempts));
    }
    if outcome.answered.is_some() || outcome.attempts == world.limits.tries.attempts {
        return Ok(());
    }
    let asked = |c: &&Candidate| outcome.failed.iter().any(|(r, f)| *r == c.route && is_sent(*f));
    let well = |c: &&Candidate| world.is_surely_well(&c.route);
    match outcome.candidates.iter().find(|c| well(c) && !asked(c)) {
        Some(c) => Err(format!("{} was well and not asked: {outcome:?}", c.route)),
        None => Ok(()),
    }
}

fn is_sent(fault: Fault) -> bool {
    !verdict::unsent(fault)
}

/// Where the next turn of a conversation goes, when nothing that is of use to it is ill: to its own
/// model, or where that pays; never on and on to what only stood in.
fn at_home(
    world: &World,
    ask: &Ask<'_>,
    before: &Standing,
    outcome: &Outcome,
) -> Result<(), String> {
    let Some((went, _)) = &outcome.answered else { return Ok(()) };
    let cost = |route: &Route| expected(&world.setup, ask, route);
    let (own, cheaper) = match &before.home {
        Some(home) => {
            let warm = !before.is_cold(ask.now_ms);
            let here = cost(&before.route).filter(|here| warm && *here > Money::ZERO);
            (home, here.zip(cost(home)).is_some_and(|(here, there)| here < there))
        }
        None => (&before.route, false),
    };
    let pays = |from: &Route| {
        compare(&world.setup, ask, from, went).is_some_and(weir_core::route::Compared::pays)
    };
    let well = world.is_surely_well(own) && (!cheaper || world.is_surely_well(&before.route));
    if !well || went == own || cheaper && *went == before.route || pays(&before.route) || pays(own)
    {
        return Ok(());
    }
    Err(format!("it belongs to {own}, which is well, and went to {went}: {before:?} {outcome:?}"))
}
