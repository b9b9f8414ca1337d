//! Trains the triage's weights from the corpus, and measures them on requests they were not trained
//! on. `make triage-weights` writes the file and its figures; `writers` leaves out one writer after
//! the other; `report` measures the weights there are; `misses` shows what they get wrong.
#![expect(clippy::print_stdout, reason = "an example's output is its purpose")]

mod baseline;
mod chance;
mod corpus;
mod grow;
mod harness;
mod learn;
mod phrases;
mod report;
mod wrap;

use chance::Chance;
use corpus::Labelled;
use learn::{Example, Heads, Unseen};
use report::Judged;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io, thread};
use weir_core::Task;
use weir_core::route::Tier;
use weir_triage::model::{Model, TASKS, sure_inputs, tier_inputs};
use weir_triage::request::Request;
use weir_triage::{Weighing, is_envelope};
use weir_wire::outline;

/// Dresses each record is learned in.
const DRESSES: u64 = 3;
/// Parts that the trees and the head are made over.
pub const PARTS: usize = 5;
/// Dresses in which the trees see each record.
const LOOKS: [u64; 2] = [99, 512];
/// What a request made of a phrase weighs beside a whole one.
const PHRASE_WEIGHT: f32 = 0.6;

fn main() -> Result<(), Box<dyn Error>> {
    let (all, phrases, number) = corpus::whole()?;
    match std::env::args().nth(1).as_deref() {
        Some("train") => train(&all, &phrases, number),
        Some("writers") => writers(&all, &phrases),
        Some("misses") => misses(&apart()?),
        Some("report") | None => {
            figures("never trained on", &held_out(&all), &trained()?);
            figures("written apart", &apart()?, &trained()?);
            Ok(())
        }
        Some(other) => Err(format!("{other} is none of train, writers, report, misses").into()),
    }
}

fn weights() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/weights.bin")
}

fn trained() -> io::Result<Model> {
    let file = Box::leak(fs::read(weights())?.into_boxed_slice());
    Model::read(file).ok_or_else(|| io::Error::other("the weights are of another make"))
}

/// Requests written by somebody whose records are never learned from.
fn apart() -> io::Result<Vec<Labelled>> {
    Ok(corpus::read(&corpus::folder().join("apart"))?.0)
}

fn held_out(all: &[Labelled]) -> Vec<Labelled> {
    all.iter().filter(|one| one.held_out()).cloned().collect()
}

fn train(all: &[Labelled], phrases: &str, number: u64) -> Result<(), Box<dyn Error>> {
    let seen: Vec<&Labelled> = all.iter().filter(|one| !one.held_out()).collect();
    println!("{} records to learn from, {} in all", seen.len(), all.len());
    let (table, heads) = learned(&seen, phrases);
    println!("thresholds: low {:.2}, medium {:.2}", heads.low, heads.medium);
    let file = table.file(number, &heads);
    fs::write(weights(), &file)?;
    println!("{} bytes written\n", file.len());
    figures("never trained on", &held_out(all), &trained()?);
    figures("written apart", &apart()?, &trained()?);
    Ok(())
}

/// The table and the heads, from these records and the phrases over their payloads.
fn learned(seen: &[&Labelled], phrases: &str) -> (learn::Learned, Heads) {
    let examples: Vec<Vec<Example>> = seen.iter().map(|one| dressed(one, DRESSES)).collect();
    let heads = heads(seen, &examples, phrases);
    let asked = asked(seen, phrases);
    let table = learn::table(&examples.iter().flatten().chain(&asked).collect::<Vec<_>>());
    (table, heads)
}

/// The heads, from what tables made of the parts they had not seen. Two parts at a time.
fn heads(seen: &[&Labelled], examples: &[Vec<Example>], phrases: &str) -> Heads {
    let part = |out: usize| {
        let others: Vec<&Labelled> =
            seen.iter().filter(|one| one.part(PARTS) != out).copied().collect();
        let asked = asked(&others, phrases);
        let kept = seen.iter().zip(examples).filter(|(one, _)| one.part(PARTS) != out);
        let all: Vec<&Example> = kept.flat_map(|(_, examples)| examples).chain(&asked).collect();
        let model = learn::table(&all).model(0, &Heads::default());
        let own = seen.iter().filter(|one| one.part(PARTS) == out);
        own.flat_map(|one| LOOKS.map(|seed| look(&model, one, seed))).collect::<Vec<Unseen>>()
    };
    let mut unseen = Vec::new();
    for two in (0..PARTS).collect::<Vec<_>>().chunks(2) {
        thread::scope(|scope| {
            let part = &part;
            let running: Vec<_> = two.iter().map(|out| scope.spawn(move || part(*out))).collect();
            unseen.extend(running.into_iter().flat_map(|one| one.join().unwrap_or_default()));
        });
    }
    let right = unseen.iter().filter_map(|one| one.sure).filter(|(_, right)| *right).count();
    let told = unseen.iter().filter(|one| one.sure.is_some()).count();
    println!("of requests the table had not seen: task {:.3}", right as f64 / told.max(1) as f64);
    learn::heads(&unseen)
}

fn look(model: &Model, one: &Labelled, seed: u64) -> Unseen {
    let request = request(one, one.group ^ seed);
    let weighed = Weighing::of(model, &request);
    let scores = model.scores(&request.features(weighed.situation));
    let sizes = request.sizes(weighed.situation);
    let marks = request.marks(weighed.situation);
    let right = weighed.task() == one.task;
    Unseen {
        tier_inputs: tier_inputs(&scores, &weighed.tasks, &sizes, &marks),
        tier: one.tier as usize,
        part: one.part(PARTS),
        sure: request.certain().is_none().then(|| (sure_inputs(&weighed.tasks, &sizes), right)),
    }
}

fn request(one: &Labelled, seed: u64) -> Request {
    let wrapped = wrap::wrap(&one.record, seed);
    Request::of(wrapped.endpoint, &outline::read(wrapped.endpoint, &wrapped.body, is_envelope))
}

/// The examples of the phrases, over payloads of these records only. A phrase says little of how
/// hard the whole is, so that tiers are not learned from it.
fn asked(seen: &[&Labelled], phrases: &str) -> Vec<Example> {
    let mut all: Vec<Example> =
        phrases::requests(phrases, seen).iter().flat_map(|made| dressed(made, 1)).collect();
    for example in &mut all {
        (example.weight, example.tiered) = (PHRASE_WEIGHT, false);
    }
    all
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
            tiered: true,
        }
    };
    (0..dresses).map(make).collect()
}

/// Learns from all writers but one, and judges that one.
fn writers(all: &[Labelled], phrases: &str) -> Result<(), Box<dyn Error>> {
    let mut judged = Vec::new();
    let count = all.iter().map(|one| one.writer + 1).max().unwrap_or_default();
    for writer in 0..count {
        let others: Vec<&Labelled> = all.iter().filter(|one| one.writer != writer).collect();
        let (table, heads) = learned(&others, phrases);
        let model = table.model(0, &heads);
        let own = all.iter().filter(|one| one.writer == writer);
        let own: Vec<Judged> = own.map(|one| judge(&model, one)).collect();
        println!("writer {}\n\n{}", writer + 1, report::table(&[("Weir", &own)]));
        judged.extend(own);
    }
    println!("all writers, each judged by the others\n\n{}", report::table(&[("Weir", &judged)]));
    details(&judged);
    Ok(())
}

fn judge(model: &Model, one: &Labelled) -> Judged {
    let request = request(one, one.group ^ 4_242);
    let weighed = Weighing::of(model, &request);
    let by_rule = matches!(request.certain(), Some(Task::Embedding | Task::CodeCompletion));
    Judged {
        right: one.task,
        task: request.certain().unwrap_or_else(|| weighed.task()),
        right_tier: one.tier,
        tier: if by_rule { Tier::Low } else { weighed.tier(model) },
        confidence: if request.certain().is_some() { 0.995 } else { f64::from(weighed.sure) },
        lang: one.record.lang.clone(),
        kind: one.record.kind.clone(),
    }
}

fn figures(name: &str, records: &[Labelled], model: &Model) {
    let judged: Vec<Judged> = records.iter().map(|one| judge(model, one)).collect();
    let mut chance = Chance(5);
    let other = |one: &Judged, (task, tier)| Judged { task, tier, confidence: 0.5, ..one.clone() };
    let words = records.iter().zip(&judged);
    let words: Vec<Judged> =
        words.map(|(record, one)| other(one, baseline::keywords(record))).collect();
    let mut draw = |one: &Judged| {
        let drawn = &judged[chance.below(judged.len())];
        other(one, (drawn.right, drawn.right_tier))
    };
    let random: Vec<Judged> = judged.iter().map(&mut draw).collect();
    println!("{name}: {} requests\n", records.len());
    println!("{}", report::table(&[("Weir", &judged), ("keywords", &words), ("random", &random)]));
    details(&judged);
}

fn details(judged: &[Judged]) {
    println!("{}", report::by(judged, |one| one.kind.clone()));
    println!("{}", report::by(judged, |one| one.lang.clone()));
    println!("{}", report::by(judged, |one| one.right.as_str().to_owned()));
    println!("{}", report::confusions(judged));
}

/// What is judged wrong of the requests written apart, to read.
fn misses(records: &[Labelled]) -> Result<(), Box<dyn Error>> {
    let model = trained()?;
    for one in records {
        let found = judge(&model, one);
        if found.task != one.task || found.tier != one.tier {
            let text = format!("{:?} {:?}", one.record.system, one.record.turns);
            let text: String = text.chars().take(400).collect();
            println!(
                "{} {} judged {} {} ({:.2}): {text}\n",
                one.task.as_str(),
                one.tier.as_str(),
                found.task.as_str(),
                found.tier.as_str(),
                found.confidence
            );
        }
    }
    Ok(())
}
