//! The line before one local server: as many jobs of a model as it answers side by side go together;
//! where it swaps models in and out of memory, a job for another model waits its turn and never for ever.
//! Pure: `now` is an argument, and a job is only the name of its model and how many go together.

use std::collections::{BTreeMap, VecDeque};

/// What a line holds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Jobs that may wait.
    pub waiting_max: usize,
    /// A job that has waited so long, in milliseconds, is next: no job of another model is begun
    /// before it.
    pub patience_ms: u64,
}

/// A job that asks to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job<'a> {
    /// The model it is for.
    pub model: &'a str,
    /// Whether that is in memory, so that it swaps nothing: beside other such models it may begin at
    /// once.
    pub resident: bool,
    /// Jobs of that model that go together.
    pub parallel: usize,
}

/// A waiting job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What became of a job that asked to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It may begin.
    Begins,
    /// It waits.
    Waits(Ticket),
    /// The line is as long as it may be.
    Full,
}

/// A job in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its ticket.
    pub ticket: Ticket,
    /// The model it is for.
    pub model: String,
    /// When it came, in milliseconds of the caller's clock.
    pub since_ms: u64,
    /// Whether its model was in memory when it came.
    resident: bool,
    parallel: usize,
}

impl Waiting {
    fn job(&self) -> Job<'_> {
        Job { model: &self.model, resident: self.resident, parallel: self.parallel }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    jobs: usize,
    resident: bool,
}

/// The line before one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    running: BTreeMap<String, Running>,
    /// The model whose jobs ran last.
    warm: Option<String>,
    waiting: VecDeque<Waiting>,
    tickets: u64,
}

impl Line {
    /// A job asks to begin.
    pub fn ask(&mut self, job: Job<'_>, now_ms: u64, limits: Limits) -> Entry {
        if self.free_for(job, now_ms, limits) {
            self.begin(job.model.to_owned(), job.resident);
            return Entry::Begins;
        }
        if self.waiting.len() >= limits.waiting_max {
            return Entry::Full;
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let Job { resident, parallel, .. } = job;
        let model = job.model.to_owned();
        self.waiting.push_back(Waiting { ticket, model, since_ms: now_ms, resident, parallel });
        Entry::Waits(ticket)
    }

    /// Whether a job would begin at once.
    pub fn free_for(&self, job: Job<'_>, now_ms: u64, limits: Limits) -> bool {
        let behind_its_own = self.waiting.iter().any(|waiting| waiting.model == job.model);
        !behind_its_own && self.may_begin(job, now_ms, limits)
    }

    /// A job of this model ended; the tickets of those that begin now.
    pub fn done(&mut self, model: &str, now_ms: u64, limits: Limits) -> Vec<Ticket> {
        if let Some(running) = self.running.get_mut(model) {
            running.jobs -= 1;
            if running.jobs == 0 {
                self.running.remove(model);
            }
        }
        self.admit(now_ms, limits)
    }

    /// A waiting job goes away; the tickets of those that begin now. Nothing happens for a job that
    /// does not wait any more.
    pub fn leave(&mut self, ticket: Ticket, now_ms: u64, limits: Limits) -> Vec<Ticket> {
        self.waiting.retain(|job| job.ticket != ticket);
        self.admit(now_ms, limits)
    }

    /// The waiting jobs, the oldest first.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// The running jobs, by model.
    pub fn running(&self) -> impl Iterator<Item = (&str, usize)> {
        self.running.iter().map(|(model, running)| (model.as_str(), running.jobs))
    }

    /// How long the oldest job has waited, in milliseconds.
    pub fn oldest_ms(&self, now_ms: u64) -> u64 {
        self.waiting.front().map_or(0, |job| now_ms.saturating_sub(job.since_ms))
    }

    fn may_begin(&self, job: Job<'_>, now_ms: u64, limits: Limits) -> bool {
        let Job { model, resident, parallel } = job;
        if let Some(oldest) = self.waiting.front()
            && oldest.model != model
            && now_ms.saturating_sub(oldest.since_ms) >= limits.patience_ms
        {
            return false;
        }
        match self.running.get(model) {
            Some(running) => running.jobs < parallel,
            None => {
                self.running.is_empty()
                    || (resident && self.running.values().all(|running| running.resident))
            }
        }
    }

    fn begin(&mut self, model: String, resident: bool) {
        self.warm = Some(model.clone());
        self.running.entry(model).or_insert(Running { jobs: 0, resident }).jobs += 1;
    }

    /// Begins every waiting job that may, in an order that keeps the warm model warm.
    fn admit(&mut self, now_ms: u64, limits: Limits) -> Vec<Ticket> {
        let mut begun = Vec::new();
        while let Some(index) = self.next(now_ms, limits) {
            let Some(job) = self.waiting.remove(index) else { break };
            self.begin(job.model, job.resident);
            begun.push(job.ticket);
        }
        begun
    }

    fn next(&self, now_ms: u64, limits: Limits) -> Option<usize> {
        let may = |job: &Waiting| self.may_begin(job.job(), now_ms, limits);
        let warm = |job: &Waiting| self.warm.as_deref() == Some(job.model.as_str());
        let impatient = self.oldest_ms(now_ms) >= limits.patience_ms;
        if impatient && self.waiting.front().is_some_and(may) {
            return Some(0);
        }
        let of_the_warm = self.waiting.iter().position(|job| warm(job) && may(job));
        of_the_warm.or_else(|| self.waiting.iter().position(may))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { waiting_max: 8, patience_ms: 100 };
    const PARALLEL: usize = 2;

    fn job(model: &str, resident: bool) -> Job<'_> {
        Job { model, resident, parallel: PARALLEL }
    }

    fn waits(entry: Entry) -> Ticket {
        match entry {
            Entry::Waits(ticket) => ticket,
            other => panic!("it should wait: {other:?}"),
        }
    }

    #[test]
    fn jobs_of_the_model_in_memory_go_before_an_older_one_of_another() {
        let mut line = Line::default();
        assert_eq!(line.ask(job("a", false), 0, LIMITS), Entry::Begins);
        let other = waits(line.ask(job("b", false), 1, LIMITS));
        assert_eq!(line.ask(job("a", false), 2, LIMITS), Entry::Begins, "no swap is needed");
        let third = waits(line.ask(job("a", false), 3, LIMITS));
        assert_eq!(line.done("a", 4, LIMITS), [third]);
        assert!(line.done("a", 5, LIMITS).is_empty());
        assert_eq!(line.done("a", 6, LIMITS), [other], "the swap comes when nothing runs");
    }

    #[test]
    fn a_job_that_has_waited_too_long_is_next_whatever_comes() {
        let mut line = Line::default();
        assert_eq!(line.ask(job("a", false), 0, LIMITS), Entry::Begins);
        let old = waits(line.ask(job("b", false), 1, LIMITS));
        let later = waits(line.ask(job("a", false), 200, LIMITS));
        assert!(line.done("a", 201, LIMITS).contains(&old));
        assert!(line.done("b", 202, LIMITS).contains(&later));
    }

    #[test]
    fn models_that_are_both_in_memory_do_not_wait_for_each_other() {
        let mut line = Line::default();
        assert_eq!(line.ask(job("chat", true), 0, LIMITS), Entry::Begins);
        assert_eq!(line.ask(job("embed", true), 1, LIMITS), Entry::Begins);
        waits(line.ask(job("third", false), 2, LIMITS));
    }

    #[test]
    fn a_server_with_one_place_answers_one_job_after_the_other() {
        let one = |model| Job { model, resident: true, parallel: 1 };
        let mut line = Line::default();
        assert_eq!(line.ask(one("a"), 0, LIMITS), Entry::Begins);
        let second = waits(line.ask(one("a"), 1, LIMITS));
        let third = waits(line.ask(one("a"), 2, LIMITS));
        assert_eq!(line.ask(one("b"), 3, LIMITS), Entry::Begins, "another place, if it has one");
        assert_eq!(line.done("a", 4, LIMITS), [second]);
        assert_eq!(line.done("a", 5, LIMITS), [third]);
    }

    #[test]
    fn a_line_is_bounded_and_tells_who_waits_for_how_long() {
        let limits = Limits { waiting_max: 1, ..LIMITS };
        let mut line = Line::default();
        line.ask(job("a", false), 0, limits);
        let ticket = waits(line.ask(job("b", false), 10, limits));
        assert_eq!(line.ask(job("c", false), 11, limits), Entry::Full);
        assert_eq!((line.waiting().len(), line.oldest_ms(60)), (1, 50));
        assert!(line.leave(ticket, 61, limits).is_empty());
        assert_eq!((line.waiting().len(), line.oldest_ms(60)), (0, 0));
        assert_eq!(line.running().collect::<Vec<_>>(), [("a", 1)]);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Ask(u8),
        Done(usize),
        Leave(usize),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0u8..3).prop_map(Step::Ask),
            3 => any::<usize>().prop_map(Step::Done),
            1 => any::<usize>().prop_map(Step::Leave),
            1 => (0u64..150).prop_map(Step::Pass),
        ]
    }

    /// A line beside a plain account of who runs and who waits.
    #[derive(Default)]
    struct Account {
        line: Line,
        running: Vec<String>,
        waiting: Vec<(Ticket, String, u64)>,
        now: u64,
    }

    impl Account {
        fn begun(&mut self, tickets: Vec<Ticket>) {
            for ticket in tickets {
                let place = self.waiting.iter().position(|w| w.0 == ticket).expect("it waited");
                let (_, model, _) = self.waiting.remove(place);
                self.running.push(model);
            }
        }

        fn take(&mut self, step: Step) {
            match step {
                Step::Ask(n) => {
                    let model = format!("m{n}");
                    let impatient = self.waiting.first().is_some_and(|(_, other, since)| {
                        *other != model && self.now - since >= LIMITS.patience_ms
                    });
                    match self.line.ask(job(&model, false), self.now, LIMITS) {
                        Entry::Begins => {
                            assert!(!impatient, "begun before one that waited too long");
                            self.running.push(model);
                        }
                        Entry::Waits(ticket) => self.waiting.push((ticket, model, self.now)),
                        Entry::Full => assert_eq!(self.waiting.len(), LIMITS.waiting_max),
                    }
                }
                Step::Done(n) if !self.running.is_empty() => {
                    let model = self.running.remove(n % self.running.len());
                    let begun = self.line.done(&model, self.now, LIMITS);
                    self.begun(begun);
                }
                Step::Leave(n) if !self.waiting.is_empty() => {
                    let (ticket, ..) = self.waiting.remove(n % self.waiting.len());
                    let begun = self.line.leave(ticket, self.now, LIMITS);
                    self.begun(begun);
                }
                Step::Done(_) | Step::Leave(_) => {}
                Step::Pass(ms) => self.now += ms,
            }
        }

        fn check(&self) {
            let mut models = self.running.clone();
            models.sort();
            models.dedup();
            assert!(models.len() <= 1, "two models at once: {:?}", self.running);
            assert!(self.running.len() <= PARALLEL);
            assert!(self.waiting.len() <= LIMITS.waiting_max);
            assert!(!self.running.is_empty() || self.waiting.is_empty(), "a lost place");
            let told: usize = self.line.running().map(|(_, jobs)| jobs).sum();
            assert_eq!(told, self.running.len(), "no place is lost or made");
            assert_eq!(self.line.waiting().len(), self.waiting.len());
        }
    }

    proptest! {
        #[test]
        fn never_two_models_never_a_lost_place_never_too_long_a_line(
            steps in prop::collection::vec(step(), 1..200)
        ) {
            let mut account = Account::default();
            for step in steps {
                account.take(step);
                account.check();
            }
            // Without newcomers everybody's turn comes, after as many ends as there are jobs.
            let jobs = account.running.len() + account.waiting.len();
            for _ in 0..jobs {
                account.take(Step::Done(0));
                account.check();
            }
            prop_assert!(account.running.is_empty() && account.waiting.is_empty());
        }

        #[test]
        fn an_impatient_job_waits_only_for_those_that_run(
            newcomers in prop::collection::vec(0u8..3, 0..40)
        ) {
            let mut account = Account::default();
            account.take(Step::Ask(0));
            account.take(Step::Ask(1));
            account.take(Step::Pass(LIMITS.patience_ms));
            let ticket = account.waiting[0].0;
            for model in newcomers {
                account.take(Step::Ask(model));
            }
            for _ in 0..PARALLEL {
                account.take(Step::Done(0));
            }
            prop_assert!(account.waiting.iter().all(|(waiting, ..)| *waiting != ticket));
        }
    }
}
