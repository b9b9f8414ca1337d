//! Trains the triage's weights from the corpus, and measures them on requests they were not trained
//! on. `make triage-weights` writes the file; `make triage-report` measures the one in the program.
#![expect(clippy::print_stdout, reason = "an example's output is its purpose")]

mod baseline;
mod chance;
mod corpus;
mod harness;
mod learn;
mod phrases;
mod report;
mod wrap;

use chance::Chance;
use corpus::Labelled;
use learn::{Example, Heads, Learned, Unseen};
use report::Judged;
use std::error::Error;
use std::path::Path;
use weir_core::Task;
use weir_core::route::Tier;
use weir_triage::features::Situation;
use weir_triage::model::{Model, TASKS, sure_inputs, tier_inputs};
use weir_triage::request::Request;
use weir_triage::{Weighing, is_envelope};
use weir_wire::outline;

/// Dresses each record is learned in.
const DRESSES: u64 = 3;
/// Parts that the heads are made over.
const PARTS: usize = 5;
/// What a request made of a phrase weighs beside a whole one.
const PHRASE_WEIGHT: f32 = 0.6;

fn main() -> Result<(), Box<dyn Error>> {
    let (all, number) = corpus::read(&corpus::folder())?;
    match std::env::args().nth(1).as_deref() {
        Some("train") => train(&all, number),
        Some("writers") => writers(&all),
        Some("cv") => cv(&all),
        Some("misses") => misses(&all),
        Some("apart") => {
            let folder = std::env::args().nth(2).ok_or("name the folder of the records")?;
            let (apart, _) = corpus::read(Path::new(&folder))?;
            let model = Model::own().ok_or("the weights are of another make")?;
            figures("written apart", &apart, model);
            Ok(())
        }
        _ => {
            let model = Model::own().ok_or("the weights are of another make")?;
            let held: Vec<Labelled> = all.into_iter().filter(Labelled::held_out).collect();
            figures("never trained on", &held, model);
            Ok(())
        }
    }
}

fn train(all: &[Labelled], number: u64) -> Result<(), Box<dyn Error>> {
    let learned: Vec<&Labelled> = all.iter().filter(|one| !one.held_out()).collect();
    let examples: Vec<Vec<Example>> = learned.iter().map(|one| dressed(one, DRESSES)).collect();
    println!("{} records to learn from, {} in all", learned.len(), all.len());
    let heads = heads(&learned, &examples);
    println!("thresholds: low {:.2}, medium {:.2}", heads.low, heads.medium);
    let table = learn::table(&examples.iter().flatten().collect::<Vec<_>>());
    let file = table.file(number, &heads);
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/weights.bin"), &file)?;
    println!("{} bytes written", file.len());
    let model = table.model(number, &heads);
    let held: Vec<Labelled> = all.iter().filter(|one| one.held_out()).cloned().collect();
    figures("never trained on", &held, &model);
    Ok(())
}

/// The heads, from what tables made of the parts they had not seen.
fn heads(learned: &[&Labelled], examples: &[Vec<Example>]) -> Heads {
    let mut unseen = Vec::new();
    for part in 0..PARTS {
        let seen = learned.iter().zip(examples).filter(|(one, _)| one.part() != part);
        let table = learn::table(&seen.flat_map(|(_, examples)| examples).collect::<Vec<_>>());
        let model = table.model(0, &Heads::default());
        unseen.extend(learned.iter().filter(|one| one.part() == part).map(|one| look(&model, one)));
    }
    learn::heads(&unseen)
}

fn look(model: &Model, one: &Labelled) -> Unseen {
    let request = request(one, one.group ^ 99);
    let weighed = Weighing::of(model, &request);
    let scores = model.scores(&request.features(weighed.situation));
    let sizes = request.sizes(weighed.situation);
    let right = weighed.task() == one.task;
    Unseen {
        tier_inputs: tier_inputs(&scores, &weighed.tasks, &sizes),
        tier: one.tier as usize,
        sure: request.certain().is_none().then(|| (sure_inputs(&weighed.tasks, &sizes), right)),
    }
}

fn request(one: &Labelled, seed: u64) -> Request {
    let wrapped = wrap::wrap(&one.record, seed);
    Request::of(wrapped.endpoint, &outline::read(wrapped.endpoint, &wrapped.body, is_envelope))
}

/// The examples of the phrases, over payloads of these records only.
fn asked(seen: &[&Labelled]) -> Result<Vec<Example>, Box<dyn Error>> {
    let text = std::fs::read_to_string(corpus::folder().join("phrases.txt"))?;
    let mut all = Vec::new();
    for made in phrases::requests(&text, seen) {
        let mut examples = dressed(&made, 1);
        for example in &mut examples {
            example.weight = PHRASE_WEIGHT;
        }
        all.append(&mut examples);
    }
    Ok(all)
}

/// A record as examples, each in another dress.
fn dressed(one: &Labelled, dresses: u64) -> Vec<Example> {
    if one.task == Task::Embedding {
        return Vec::new();
    }
    let make = |n: u64| {
        let wrapped = wrap::wrap(&one.record, one.group.wrapping_add(n.wrapping_mul(7_919)));
        let outline = outline::read(wrapped.endpoint, &wrapped.body, is_envelope);
        let request = Request::of(wrapped.endpoint, &outline);
        let situation = request.situation(wrapped.application);
        let column = Task::ALL.iter().position(|task| *task == one.task).unwrap_or(TASKS);
        Example {
            features: request.features(situation),
            gate: request.may_be_application().then(|| (request.gate(), wrapped.application)),
            task: (column < TASKS).then_some(column),
            tier: one.tier as usize,
            weight: 1.0,
        }
    };
    (0..dresses).map(make).collect()
}

/// Learns from all writers but one, and judges that one.
fn writers(all: &[Labelled]) -> Result<(), Box<dyn Error>> {
    let mut judged = Vec::new();
    for writer in 0..4 {
        let others: Vec<&Labelled> = all.iter().filter(|one| one.writer != writer).collect();
        let examples: Vec<Vec<Example>> = others.iter().map(|one| dressed(one, DRESSES)).collect();
        let heads = heads(&others, &examples);
        let table: Learned = learn::table(&examples.iter().flatten().collect::<Vec<_>>());
        let model = table.model(0, &heads);
        let own: Vec<Judged> =
            all.iter().filter(|one| one.writer == writer).map(|one| judge(&model, one)).collect();
        println!("writer {writer}\n{}", report::table(&[("model", &own)]));
        judged.extend(own);
    }
    println!("all writers\n{}", report::table(&[("model", &judged)]));
    println!(
        "{}\n{}",
        report::by(&judged, |one| one.kind.clone()),
        report::by(&judged, |one| one.lang.clone())
    );
    println!(
        "{}\n{}",
        report::by(&judged, |one| one.right.as_str().to_owned()),
        report::confusions(&judged)
    );
    Ok(())
}

fn judge(model: &Model, one: &Labelled) -> Judged {
    let request = request(one, one.group ^ 4_242);
    let weighed = Weighing::of(model, &request);
    let embeds = request.certain() == Some(Task::Embedding);
    let fills = request.certain() == Some(Task::CodeCompletion);
    Judged {
        right: one.task,
        task: request.certain().unwrap_or_else(|| weighed.task()),
        right_tier: one.tier,
        tier: if embeds || fills { Tier::Low } else { weighed.tier(model) },
        confidence: if request.certain().is_some() { 0.995 } else { f64::from(weighed.sure) },
        lang: one.record.lang.clone(),
        kind: if weighed.situation == Situation::Application && one.record.kind != "app" {
            format!("{} taken for app", one.record.kind)
        } else {
            one.record.kind.clone()
        },
    }
}

fn figures(name: &str, records: &[Labelled], model: &Model) {
    let judged: Vec<Judged> = records.iter().map(|one| judge(model, one)).collect();
    let mut chance = Chance(5);
    let other = |one: &Judged, (task, tier)| Judged { task, tier, confidence: 0.5, ..one.clone() };
    let words: Vec<Judged> = records
        .iter()
        .zip(&judged)
        .map(|(record, one)| other(one, baseline::keywords(record)))
        .collect();
    let random: Vec<Judged> = judged
        .iter()
        .map(|one| {
            let drawn = &judged[chance.below(judged.len())];
            other(one, (drawn.right, drawn.right_tier))
        })
        .collect();
    println!("{name}: {} requests\n", records.len());
    println!("{}", report::table(&[("Weir", &judged), ("keywords", &words), ("random", &random)]));
    println!("{}", report::by(&judged, |one| one.kind.clone()));
    println!("{}", report::by(&judged, |one| one.lang.clone()));
    println!("{}", report::by(&judged, |one| one.right.as_str().to_owned()));
    println!("{}", report::confusions(&judged));
}

/// What is judged wrong of the requests never trained on, to read.
fn misses(all: &[Labelled]) -> Result<(), Box<dyn Error>> {
    let model = Model::own().ok_or("the weights are of another make")?;
    for one in all.iter().filter(|one| one.held_out()) {
        let found = judge(model, one);
        if found.task != one.task {
            let text = format!("{:?} {:?}", one.record.system, one.record.turns);
            println!(
                "{} not {} ({:.2}): {}\n",
                one.task.as_str(),
                found.task.as_str(),
                found.confidence,
                text.chars().take(500).collect::<String>()
            );
        }
    }
    Ok(())
}

fn cv(all: &[Labelled]) -> Result<(), Box<dyn Error>> {
    let by_writer = std::env::var("WRITER").is_ok();
    let dresses: u64 = std::env::var("DRESSES").ok().and_then(|d| d.parse().ok()).unwrap_or(1);
    let part = |one: &Labelled| if by_writer { one.writer } else { one.part() };
    let examples: Vec<Vec<Example>> = all.iter().map(|one| dressed(one, dresses)).collect();
    let fold = |out: usize| {
        let seen: Vec<&Labelled> = all.iter().filter(|one| part(one) != out).collect();
        let asked = asked(&seen).expect("phrases");
        let mut learned: Vec<&Example> = all
            .iter()
            .zip(&examples)
            .filter(|(one, _)| part(one) != out)
            .flat_map(|(_, e)| e)
            .collect();
        if std::env::var("PHRASES").as_deref() != Ok("0") {
            learned.extend(&asked);
        }
        let table = learn::table(&learned);
        let model = table.model(0, &Heads::default());
        let mut judged = Vec::new();
        let (mut tr, mut tc) = (0, 0);
        for one in all.iter().filter(|one| part(one) == out) {
            let request = request(one, one.group ^ 99);
            let weighed = Weighing::of(&model, &request);
            let best =
                (0..3).max_by(|a, b| weighed.tiers[*a].total_cmp(&weighed.tiers[*b])).unwrap_or(0);
            tc += 1;
            tr += usize::from(best == one.tier as usize);
            if request.certain().is_none() {
                judged.push(judge(&model, one));
            }
        }
        (judged, tr, tc)
    };
    let mut all_judged = Vec::new();
    let (mut tr, mut tc) = (0, 0);
    let folds: Vec<usize> = (0..if by_writer { 4 } else { 5 }).collect();
    std::thread::scope(|scope| {
        for two in folds.chunks(2) {
            let handles: Vec<_> = two
                .iter()
                .map(|out| {
                    let out = *out;
                    let fold = &fold;
                    scope.spawn(move || fold(out))
                })
                .collect();
            for handle in handles {
                let (judged, r, c) = handle.join().expect("a fold");
                println!(
                    "  fold {:.4}",
                    judged.iter().filter(|o| o.right == o.task).count() as f64
                        / judged.len() as f64
                );
                all_judged.extend(judged);
                tr += r;
                tc += c;
            }
        }
    });
    let right = all_judged.iter().filter(|one| one.right == one.task).count();
    println!(
        "task {:.4} of {}   tier argmax {:.4} of {tc}",
        right as f64 / all_judged.len() as f64,
        all_judged.len(),
        tr as f64 / tc as f64
    );
    if std::env::var("FULL").is_ok() {
        println!("{}", report::by(&all_judged, |one| one.kind.clone()));
        println!("{}", report::by(&all_judged, |one| one.lang.clone()));
        println!("{}", report::by(&all_judged, |one| one.right.as_str().to_owned()));
        println!("{}", report::confusions(&all_judged));
    }
    Ok(())
}
