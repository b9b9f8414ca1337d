//! Sixty kinds of failure, each under a hundred seeds, with good traffic beside them. A seed decides
//! the client, whether it streams, the chain, how often the fault happens and where in the answer.
//! `WEIR_SIM_SEEDS` says how many seeds; `WEIR_SIM_ONLY=kind:seed` runs one again.

mod checker;
mod faults;

use crate::failover::course::{LANES, Lane};
use checker::Sent;
use faults::{Class, FAULTS, Fault, Met, WORDS};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_tests::answers::natural;
use weir_tests::home::bare_providers;
use weir_tests::{Answer, Asked, Client, Home, Kind, Provider, Rig, Seed, Step};

/// Seeds of every kind when nothing is said.
const SEEDS: u64 = 100;
/// Requests under way at once. Most of them wait for something.
const AT_ONCE: usize = 64;
/// No request may take longer, whatever happens to it: the sum of every bound below, and the time
/// a machine under load may lose.
const DEADLINE: Duration = Duration::from_secs(40);
/// A good stream takes its time, so that it is under way while others fail.
const GOOD_PAUSE: Step = Step::Wait(Duration::from_millis(15));

/// How long a provider may say nothing, as the settings say.
const FIRST_CONTENT: Duration = Duration::from_millis(1500);
const SETTINGS: &str = "[failover]\nwait = \"1200ms\"\ntotal = \"20s\"\nfirst_content = \"1500ms\"\n\
    first_thought = \"1500ms\"\nwhole_answer = \"2500ms\"\nstall = \"3s\"\nfailures = 0\n";

/// The lanes of the scenarios, and two translations more.
const ALL: [Lane; 6] = [
    LANES[0],
    LANES[1],
    LANES[2],
    LANES[3],
    Lane { client: Kind::Chat, served: Kind::Messages },
    Lane { client: Kind::Responses, served: Kind::Messages },
];

/// One request, as its kind and seed decide.
#[derive(Clone, Copy, Debug)]
struct Case {
    kind: usize,
    seed: u64,
}

/// What a case comes to.
struct Plan {
    fault: &'static Fault,
    lane: Lane,
    stream: bool,
    hold: bool,
    /// Whether there is a second candidate; without one a silence would be the client's to end.
    chain: bool,
    /// How many attempts at the primary meet the fault.
    times: usize,
    /// Whether the second candidate is down as well.
    down: bool,
    /// Where in the answer, for faults that have a place.
    place: usize,
}

impl Plan {
    fn translated(&self) -> bool {
        self.lane.client != self.lane.served
    }

    /// Words whose events came whole before the fault.
    fn whole_words(&self) -> usize {
        if self.fault.name.starts_with("half an event") { self.place - 1 } else { self.place }
    }
}

impl Case {
    fn of(marker: &str) -> Option<Self> {
        let (kind, seed) = marker.strip_prefix("sim-")?.split_once('-')?;
        Some(Self { kind: kind.parse().ok()?, seed: seed.parse().ok()? })
    }

    fn marker(self) -> String {
        format!("sim-{}-{}", self.kind, self.seed)
    }

    fn plan(self) -> Plan {
        let mut seed = Seed::fixed(self.seed << 16 | self.kind as u64);
        let fault = &FAULTS[self.kind];
        let (stream, hold) = (seed.below(3) > 0, seed.below(4) == 0);
        // Before anything has reached the client, a silence inside an answer is one as well.
        let silent = fault.class == Class::Silent
            || fault.class == Class::Late && fault.chances == faults::NEVER && (hold || !stream);
        Plan {
            fault,
            lane: *seed.pick(&ALL),
            stream,
            hold,
            chain: silent || seed.below(3) > 0,
            times: *seed.pick(&[1, 1, 2, 99]),
            down: !silent && seed.below(5) == 0,
            place: seed.below(WORDS - 2) + 2,
        }
    }
}

/// A name of letters for every attempt, so that two answers mixed into one are seen.
fn name(mut number: usize) -> String {
    let mut name = String::from("q");
    while number > 0 {
        name.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    name
}

/// What was answered to every request, by its marker.
type Truth = Mutex<HashMap<String, Vec<Sent>>>;

fn provider(truth: Arc<Truth>) -> Provider {
    let attempts = AtomicUsize::new(0);
    Provider::answering(move |asked| {
        let marker = asked.marker().unwrap_or_default();
        let Some(case) = Case::of(marker) else { return slowly(natural(asked)) };
        let who = name(attempts.fetch_add(1, Ordering::SeqCst) + 1);
        let mut truth = truth.lock().expect("nobody panics while noting");
        let sent = truth.entry(marker.to_owned()).or_default();
        let (answer, faulty) = answer(&case.plan(), asked, &who, sent.len());
        sent.push(Sent { faulty, who, bytes: answer.bytes() });
        answer
    })
}

/// The answer to the attempt after `before` others, and whether it is the fault.
fn answer(plan: &Plan, asked: &Asked, who: &str, before: usize) -> (Answer, bool) {
    let Plan { lane, stream, place, .. } = *plan;
    let met = Met { lane, stream, who: who.to_owned(), place };
    let primary = asked.path().starts_with("/primary-");
    match (primary, plan.down) {
        (true, _) if before < plan.times => ((plan.fault.answer)(&met), true),
        (false, true) => (lane.error(503, "overloaded_error", "down as well").answer(), false),
        _ => (met.well().answer(), false),
    }
}

fn slowly(answer: Answer) -> Answer {
    let steps = answer.steps.into_iter().flat_map(|step| [step, GOOD_PAUSE]);
    Answer { steps: steps.collect(), told: answer.told }
}

fn configuration(url: &str) -> String {
    let mut text = bare_providers(url) + SETTINGS;
    for (dialect, version) in [("anthropic", ""), ("openai", "/v1")] {
        for role in ["primary", "second"] {
            let key = dialect.to_ascii_uppercase();
            text.push_str(&format!(
                "[providers.{role}-{dialect}]\ndialect = \"{dialect}\"\nlocal = false\n\
                 base_url = \"{url}/{role}-{dialect}{version}\"\nkey = \"env:CANARY_{key}_KEY\"\n"
            ));
        }
    }
    let [claude, gpt] = [LANES[0].models()[1], LANES[1].models()[1]];
    let chain = |dialect: &str, model: &str| {
        format!("[\"primary-{dialect}/{model}\", \"second-{dialect}/{model}\"]")
    };
    let (low, medium) = (chain("anthropic", claude), chain("openai", gpt));
    text + &format!("[tiers]\nlow = {low}\nmedium = {medium}\n")
}

/// What is wrong with how a case went; `None` when nothing is.
fn run(client: &Client, case: Case, truth: &Truth) -> Option<String> {
    let plan = case.plan();
    let kind = plan.lane.client;
    let claude = plan.lane.served == Kind::Messages;
    let model = match (plan.chain, claude) {
        (true, true) => "weir-low".to_owned(),
        (true, false) => "weir-medium".to_owned(),
        (false, true) => format!("primary-anthropic/{}", plan.lane.models()[1]),
        (false, false) => format!("primary-openai/{}", plan.lane.models()[1]),
    };
    let marker = case.marker();
    let agent = format!("tests marker/{marker}");
    let mut headers = vec![("user-agent", agent.as_str()), ("x-weir-session", marker.as_str())];
    if plan.hold {
        headers.push(("x-weir-hold", "on"));
    }
    let body = kind.ask(&model, plan.stream, "go on").to_string();
    let call = client.post(&kind.path(&model, plan.stream), &headers, body.as_bytes());
    let began = Instant::now();
    let response = client.open(&call).response();
    let took = began.elapsed();
    let sent = truth.lock().expect("nobody panics while noting").remove(&marker);
    let wrong = match response {
        Err(error) => Some(format!("no response: {error}")),
        Ok(_) if took > DEADLINE => Some("past its deadline".into()),
        Ok(response) => checker::wrong(&plan, &sent.unwrap_or_default(), &response, took),
    };
    wrong.map(|what| {
        let Plan { lane, stream, hold, chain, times, down, place, fault } = &plan;
        format!(
            "WEIR_SIM_ONLY={}:{} {}: {what} ({lane:?} stream {stream} hold {hold} chain {chain} \
             times {times} down {down} place {place}, {took:?})",
            case.kind, case.seed, fault.name
        )
    })
}

#[test]
fn no_fault_makes_a_request_hang_or_passes_half_an_answer_for_a_whole_one() {
    let truth: Arc<Truth> = Arc::default();
    let provider = provider(Arc::clone(&truth));
    let home = Home::pointing_at(&provider);
    home.configure(&configuration(&provider.url()));
    let mut rig = Rig::in_home(home, provider);
    rig.searched = false;
    let cases = cases();
    let many = AT_ONCE.min(cases.len());
    let queue = Mutex::new(cases);
    let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (wrong, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let steady = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let good: Vec<_> = Kind::TALKING
            .map(|kind| {
                scope.spawn({
                    let (rig, over, steady) = (&rig, &over, Arc::clone(&steady));
                    move || good_traffic(rig, kind, over, &steady)
                })
            })
            .into();
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let client = rig.client().expecting(&["location", "x-request-id"]);
                    loop {
                        let next = queue.lock().expect("nobody panics here").pop();
                        let Some(case) = next else { return };
                        // The lock is not held while it runs: they are to run beside each other.
                        let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        let found = run(&client, case, &truth);
                        under_way.fetch_sub(1, Ordering::SeqCst);
                        wrong.lock().expect("nor here").extend(found);
                    }
                })
            })
            .collect();
        let workers: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        over.store(true, Ordering::SeqCst);
        assert!(workers.iter().all(Result::is_ok), "a worker ends");
        for traffic in good {
            traffic.join().expect("good traffic is unaffected");
        }
    });
    let wrong = wrong.into_inner().expect("nobody holds it");
    assert!(wrong.is_empty(), "{} of the cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(steady.load(Ordering::SeqCst) > 0, "there was good traffic");
    let most = most.load(Ordering::SeqCst);
    assert!(most > many / 2, "no more than {most} requests were under way at once");
}

fn cases() -> Vec<Case> {
    if let Ok(only) = std::env::var("WEIR_SIM_ONLY") {
        let (kind, seed) = only.split_once(':').expect("kind:seed");
        let number = |text: &str| text.parse::<u64>().expect("a number");
        return vec![Case { kind: number(kind) as usize, seed: number(seed) }];
    }
    let seeds = std::env::var("WEIR_SIM_SEEDS").ok().and_then(|text| text.parse().ok());
    let seeds: u64 = seeds.unwrap_or(SEEDS);
    let of_seed = |seed| (0..FAULTS.len()).map(move |kind| Case { kind, seed });
    (0..seeds).flat_map(of_seed).collect()
}

/// Requests to providers that are well, as long as the others go on: each whole and unharmed.
fn good_traffic(rig: &Rig, kind: Kind, over: &AtomicBool, steady: &AtomicUsize) {
    let client = rig.client();
    let mut number = 0;
    while !over.load(Ordering::SeqCst) {
        number += 1;
        let began = Instant::now();
        let response = client.ask(kind, number % 3 > 0, &format!("good-{kind:?}-{number}"));
        assert_eq!((response.status, response.complete), (200, true), "{}", response.text());
        assert!(response.text().contains("level."), "{}", response.text());
        assert!(began.elapsed() < DEADLINE, "good traffic waited {:?}", began.elapsed());
        steady.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn there_are_sixty_kinds_of_faults_and_no_two_are_the_same() {
    let mut names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 60 && names.len() == FAULTS.len(), "{} kinds", names.len());
}
