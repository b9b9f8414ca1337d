//! The sections whose engine comes later: cache, experiments, quality. They are
//! read and checked like any other, and noted as having no effect yet.

use super::check::Judge;
use super::raw::{RawExact, RawExperiment, RawQuality, RawSemantic};
use super::{Cache, Experiment, Quality};
use weir_core::route::Provider;

const DAY_SECS: u64 = 24 * 3600;
const CACHE_TTL_SECS_MAX: u64 = 365 * DAY_SECS;
const SEMANTIC_THRESHOLD: u16 = 950;
const QUALITY_FLOOR: u16 = 850;

impl Judge {
    pub(super) fn cache(
        &mut self,
        exact: Option<RawExact>,
        semantic: Option<RawSemantic>,
    ) -> Cache {
        let mut cache = Cache {
            exact: false,
            ttl_secs: DAY_SECS,
            semantic: false,
            threshold: SEMANTIC_THRESHOLD,
            by_task: Vec::new(),
        };
        if let Some(raw) = exact {
            cache.exact = raw.enabled.is_some_and(|e| e.value);
            if let Some(at) = raw.ttl {
                match seconds(&at.value).filter(|s| (1..=CACHE_TTL_SECS_MAX).contains(s)) {
                    Some(secs) => cache.ttl_secs = secs,
                    None => self.wrong(
                        &at,
                        format!("{:?} is not a time from a second to a year", at.value),
                        "Write a number and s, m, h or d, such as 24h",
                    ),
                }
            }
        }
        if let Some(raw) = semantic {
            cache.semantic = raw.enabled.is_some_and(|e| e.value);
            cache.threshold = raw.threshold.map_or(SEMANTIC_THRESHOLD, |t| t.value);
            cache.by_task = raw.by_task.into_iter().map(|(task, at)| (task, at.value)).collect();
        }
        for (on, key) in [(cache.exact, "cache.exact"), (cache.semantic, "cache.semantic")] {
            if on {
                self.notes.push(format!("{key} has no effect yet: every request is sent"));
            }
        }
        cache
    }

    pub(super) fn experiments(
        &mut self,
        raw: Vec<RawExperiment>,
        providers: &[Provider],
    ) -> Vec<Experiment> {
        if !raw.is_empty() {
            self.notes.push("experiments are read and have no effect yet: none is run".into());
        }
        raw.into_iter().filter_map(|e| self.experiment(e, providers)).collect()
    }

    fn experiment(&mut self, raw: RawExperiment, providers: &[Provider]) -> Option<Experiment> {
        let when = self.when(raw.when);
        if raw.name.is_none() {
            self.wrong(&raw.here, "name is missing", "Write name = \"…\"");
        }
        if raw.arms.len() < 2 {
            let fix = "Write arms = [{ use = \"provider/model\", weight = 50 }, …]";
            self.wrong(&raw.here, "fewer than two arms", fix);
        }
        let mut arms = Vec::new();
        for arm in raw.arms {
            let weight = arm.weight.as_ref().map_or(Some(1), |w| {
                u32::try_from(w.value).ok().filter(|w| (1..=10_000).contains(w))
            });
            if weight.is_none() {
                self.wrong(
                    &arm.here,
                    "a weight outside 1 to 10000",
                    "Write for example weight = 50",
                );
            }
            match arm.use_ {
                Some(at) => arms.extend(self.route(&at, providers).zip(weight)),
                None => self.wrong(&arm.here, "use is missing", "Write use = \"provider/model\""),
            }
        }
        Some(Experiment { name: raw.name?.value, when, arms })
    }

    pub(super) fn quality(&mut self, raw: RawQuality, providers: &[Provider]) -> Option<Quality> {
        self.notes.push("quality is read and has no effect yet: no answer is judged".into());
        let sample = raw.sample.as_ref().map(|at| (at, share_of(&at.value)));
        if let Some((at, None)) = sample {
            let reason = format!("{:?} is not a sample", at.value);
            self.wrong(at, reason, "Write \"50/1000\": so many of so many answers");
        }
        if raw.judge.is_none() {
            self.wrong(&raw.here, "judge is missing", "Write judge = \"provider/model\"");
        }
        let sample = sample.map_or(Some((50, 1000)), |(_, s)| s);
        let judge = self.route(&raw.judge?, providers);
        let floor = raw.floor.map_or(QUALITY_FLOOR, |f| f.value);
        Some(Quality { sample: sample?, judge: judge?, floor })
    }
}

fn seconds(text: &str) -> Option<u64> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', DAY_SECS)];
    let (number, unit) =
        units.iter().find_map(|(u, secs)| Some((text.strip_suffix(*u)?, *secs)))?;
    number.parse::<u64>().ok()?.checked_mul(unit)
}

fn share_of(text: &str) -> Option<(u32, u32)> {
    let (some, all) = text.split_once('/')?;
    let (some, all): (u32, u32) = (some.trim().parse().ok()?, all.trim().parse().ok()?);
    (some <= all && all > 0).then_some((some, all))
}
