//! Each mark of each window is told exactly once, whatever restarts, is imported, raised or set back
//! meanwhile: random histories against a ledger in memory.

use super::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use weir_core::budget::{Change, Lift};
use weir_core::period::LocalDay;

const HOUR_MS: i64 = 3_600_000;
const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"];

/// What the ledger keeps: spend by the day it started on, and what was told.
#[derive(Default)]
struct Kept {
    days: RefCell<BTreeMap<LocalDay, i64>>,
    told: RefCell<BTreeSet<(LocalDay, Told)>>,
}

impl Past for Kept {
    fn spent(&self, _: &Scope, window: Window) -> Result<Spend, String> {
        let nano = self.days.borrow().range(window.from..window.to).map(|(_, n)| n).sum();
        Ok(Spend { cost: Money::from_nano(nano), tokens: 0 })
    }
    fn told(&self, _: &Budget, window: Window) -> Vec<Told> {
        let told = self.told.borrow();
        told.iter().filter(|(day, _)| *day == window.from).map(|(_, told)| *told).collect()
    }
}

impl Kept {
    fn add(&self, day: LocalDay, cents: i64) {
        *self.days.borrow_mut().entry(day).or_default() += usd(cents).nano();
    }
}

/// What happens next.
#[derive(Clone, Debug)]
enum Turn {
    Spend(i64),
    Refuse,
    Import(i64),
    Hours(i64),
    Zone(usize),
    Limit(i64),
    Raise(i64, i64),
    EndRaises,
    Restart,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let one = prop_oneof![
        8 => (1i64..40).prop_map(Turn::Spend),
        2 => Just(Turn::Refuse),
        1 => (1i64..60).prop_map(Turn::Import),
        2 => (1i64..30).prop_map(Turn::Hours),
        1 => (-60i64..0).prop_map(Turn::Hours),
        1 => (0usize..ZONES.len()).prop_map(Turn::Zone),
        1 => (20i64..300).prop_map(Turn::Limit),
        1 => (1i64..200, 1i64..50).prop_map(|(cents, hours)| Turn::Raise(cents, hours)),
        1 => Just(Turn::EndRaises),
        2 => Just(Turn::Restart),
    ];
    prop::collection::vec(one, 1..80)
}

/// The books of one budget, and what becomes of them.
struct History {
    balances: Balances,
    past: Kept,
    budget: Budget,
    lifts: Vec<Lift>,
    zone: TimeZone,
    now: i64,
    sequence: u32,
}

impl History {
    /// What the alerts' thread does with news: note it, then tell it. Panics where it was told before.
    fn hear(&self, news: Vec<Crossed>) {
        for Crossed { seen, told } in news {
            let news = self.past.told.borrow_mut().insert((seen.window.from, told));
            assert!(news, "{told:?} of {:?} is told twice", seen.window.from.date());
            if let Told::Percent(mark) = told {
                assert!(seen.standing.percent(seen.terms.limit) >= u64::from(mark));
            }
        }
    }

    fn look(&mut self) {
        let news = self.balances.cross(self.now, &self.past);
        self.hear(news);
    }

    /// Nothing that is reached now is left untold.
    fn is_told(&mut self) {
        let seen = self.balances.standings(self.now, &self.past).unwrap().remove(0);
        let percent = seen.standing.percent(seen.terms.limit);
        for mark in seen.budget.thresholds.iter().filter(|mark| percent >= u64::from(**mark)) {
            let told = (seen.window.from, Told::Percent(*mark));
            assert!(self.past.told.borrow().contains(&told), "{mark} % is not told: {seen:?}");
        }
    }

    fn restart(&mut self) {
        self.balances = Balances::new(self.zone.clone(), std::slice::from_ref(&self.budget));
        self.balances.set_lifts(self.lifts.clone());
        self.look();
    }

    fn go(&mut self, turn: &Turn) {
        match turn {
            Turn::Spend(cents) => {
                self.sequence += 1;
                let one = Opening { at_ms: self.now, ..opening(self.sequence) };
                if self.balances.admit(&one, ask(*cents), &self.past).is_ok() {
                    let day = LocalDay::of(self.now, &self.zone);
                    let place = (one.id, 1);
                    let news = self.balances.close(place, Some(usd(*cents)), 0, Some(self.now));
                    self.past.add(day, *cents);
                    self.hear(news);
                }
            }
            Turn::Refuse => {
                let news = self.balances.turn_away("week", self.now, ask(1).into());
                self.hear(news.into_iter().collect());
            }
            Turn::Import(cents) => {
                self.past.add(LocalDay::of(self.now, &self.zone), *cents);
                self.balances.forget();
                self.look();
            }
            Turn::Hours(hours) => {
                self.now = (self.now + hours * HOUR_MS).max(0);
                self.look();
            }
            Turn::Zone(at) => {
                self.zone = TimeZone::get(ZONES[*at]).unwrap();
                self.balances.set_zone(self.zone.clone());
                self.look();
            }
            Turn::Limit(cents) => {
                self.budget.limit = Limit::Usd(usd(*cents));
                self.balances.replace(std::slice::from_ref(&self.budget));
                self.look();
            }
            Turn::Raise(cents, hours) => {
                self.lifts.push(Lift {
                    budget: "week".into(),
                    from_ms: self.now,
                    until_ms: self.now + hours * HOUR_MS,
                    change: Change::Raise(Limit::Usd(usd(*cents))),
                });
                self.balances.set_lifts(self.lifts.clone());
            }
            Turn::EndRaises => {
                self.lifts.clear();
                self.balances.set_lifts(Vec::new());
                self.look();
            }
            Turn::Restart => self.restart(),
        }
        self.is_told();
    }
}

proptest! {
    #[test]
    fn every_mark_is_told_exactly_once_a_window_whatever_happens(
        turns in turns(),
        period in 0usize..3,
        hard in any::<bool>(),
        thresholds in prop::collection::btree_set(1u8..=100, 1..5),
    ) {
        let budget = Budget {
            period: [Period::Day, Period::Week, Period::Month][period],
            thresholds: thresholds.into_iter().collect(),
            ..budget(usd(100), if hard { AtLimit::Local } else { AtLimit::Notify })
        };
        let mut history = History {
            balances: Balances::new(TimeZone::UTC, std::slice::from_ref(&budget)),
            past: Kept::default(),
            budget,
            lifts: Vec::new(),
            zone: TimeZone::UTC,
            now: NOW,
            sequence: 0,
        };
        for turn in &turns {
            history.go(turn);
        }
        // A start that is followed by another one tells nothing anew.
        history.restart();
        history.restart();
    }
}
