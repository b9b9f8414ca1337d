//! Sixty kinds of failure, each under many seeds, with good traffic beside them. A seed decides
//! the client, the chain, how often the fault happens and where in the answer.
//! `WEIR_SIM_SEEDS` says how many seeds; `WEIR_SIM_ONLY=kind:seed` runs one again.

mod faults;

use crate::failover::course::{Given, LANES, Lane, given};
use faults::{FAULTS, Fault};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_tests::answers::natural;
use weir_tests::home::bare_providers;
use weir_tests::{Client, Home, Kind, Provider, Response, Rig, Seed};

/// Seeds of every kind when nothing is said.
const SEEDS: u64 = 12;
/// Requests under way at once.
const LANES_AT_ONCE: usize = 24;
/// No request may take longer, whatever happens to it: the sum of every bound below, and the time
/// a machine under load may lose.
const DEADLINE: Duration = Duration::from_secs(25);

const SETTINGS: &str = "[failover]\nwait = \"300ms\"\ntotal = \"4s\"\nfirst_content = \"400ms\"\n\
    first_thought = \"400ms\"\nwhole_answer = \"1500ms\"\nstall = \"800ms\"\nfailures = 0\n";

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
        Plan {
            fault,
            lane: *seed.pick(&LANES),
            hold: seed.below(4) == 0,
            chain: fault.silent || seed.below(3) > 0,
            times: *seed.pick(&[1, 1, 2, 99]),
            down: !fault.silent && seed.below(5) == 0,
            place: seed.below(55) + 1,
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

fn provider() -> Provider {
    let attempts = AtomicUsize::new(0);
    let primary: Mutex<HashMap<String, usize>> = Mutex::default();
    Provider::answering(move |asked| {
        let marker = asked.marker().unwrap_or_default();
        let Some(case) = Case::of(marker) else { return natural(asked) };
        let plan = case.plan();
        let who = name(attempts.fetch_add(1, Ordering::SeqCst) + 1);
        if asked.path().starts_with("/primary-") {
            let mut met = primary.lock().expect("nobody panics while counting");
            let number = met.entry(marker.to_owned()).or_default();
            *number += 1;
            if *number <= plan.times {
                return (plan.fault.answer)(plan.lane, &who, plan.place);
            }
        } else if plan.down {
            return plan.lane.error(503, "overloaded_error", "down as well").answer();
        }
        plan.lane.turn(&who, plan.lane.models()[1]).stream().answer()
    })
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
fn run(client: &Client, case: Case) -> Option<String> {
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
    let body = kind.ask(&model, true, "go on").to_string();
    let call = client.post(&kind.path(&model, true), &headers, body.as_bytes());
    let began = Instant::now();
    let response = client.open(&call).response();
    let took = began.elapsed();
    let wrong = |what: String| {
        let Plan { lane, hold, chain, times, down, place, fault } = &plan;
        let replay = format!("WEIR_SIM_ONLY={}:{}", case.kind, case.seed);
        Some(format!(
            "{replay} {}: {what} ({lane:?} hold {hold} chain {chain} times {times} down {down} \
             place {place}, {took:?})",
            fault.name
        ))
    };
    let response = match response {
        Ok(response) => response,
        Err(error) => return wrong(format!("no response: {error}")),
    };
    if took > DEADLINE {
        return wrong("past its deadline".into());
    }
    // A chain whose first fails before its content, and whose second is well, is always made good.
    let rescued = plan.chain && !plan.down && plan.fault.rescued && (plan.fault.early || plan.hold);
    match given(kind, &response) {
        Given::Whole(_) => None,
        Given::Error if rescued => wrong(format!("not made good: {}", response.text())),
        Given::Error => None,
        // A body that breaks off is told by its framing where the dialect has no other way.
        Given::Bad(_) if !response.complete && !plan.hold && !plan.fault.early => None,
        // A provider asked alone and in its own dialect is passed on as it is, also where what it
        // says is no error of the dialect: its status or its type tells that it is no answer.
        Given::Bad(_) if !plan.chain && kind == plan.lane.served && no_answer(&response) => None,
        Given::Bad(text) => wrong(format!("the client was given {text}")),
    }
}

fn no_answer(response: &Response) -> bool {
    let page =
        response.head.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    response.complete && (response.status >= 400 || page)
}

#[test]
fn no_fault_makes_a_request_hang_or_passes_half_an_answer_for_a_whole_one() {
    let provider = provider();
    let home = Home::pointing_at(&provider);
    home.configure(&configuration(&provider.url()));
    let rig = Rig::in_home(home, provider);
    let queue = Mutex::new(cases());
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
        let workers: Vec<_> = (0..LANES_AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let client = rig.client().expecting(&["location", "x-request-id"]);
                    loop {
                        let next = queue.lock().expect("nobody panics here").pop();
                        let Some(case) = next else { return };
                        wrong.lock().expect("nor here").extend(run(&client, case));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().expect("a worker ends");
        }
        over.store(true, Ordering::SeqCst);
        for traffic in good {
            traffic.join().expect("good traffic is unaffected");
        }
    });
    let wrong = wrong.into_inner().expect("nobody holds it");
    assert!(wrong.is_empty(), "{} of the cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(steady.load(Ordering::SeqCst) > 0, "there was good traffic");
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
        let response = client.ask(kind, true, &format!("good-{kind:?}-{number}"));
        assert_eq!((response.status, response.complete), (200, true), "{}", response.text());
        assert!(response.text().contains("level."), "{}", response.text());
        assert!(began.elapsed() < DEADLINE, "good traffic waited {:?}", began.elapsed());
        steady.fetch_add(1, Ordering::SeqCst);
        weir_tests::wait::within(Duration::from_millis(20), || None::<()>);
    }
}

#[test]
fn there_are_sixty_kinds_of_faults_and_no_two_are_the_same() {
    let mut names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 60 && names.len() == FAULTS.len(), "{} kinds", names.len());
}
