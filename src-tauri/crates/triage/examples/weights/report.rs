//! The figures: accuracy, macro-F1, coverage, tiers, by language and kind, and what is mixed up, with
//! bootstrap intervals.

use crate::chance::Chance;
use std::collections::BTreeMap;
use weir_core::Task;
use weir_core::route::Tier;

const RESAMPLES: usize = 1_000;

/// One judged request beside what is right.
#[derive(Clone, Debug)]
pub struct Judged {
    pub right: Task,
    pub task: Task,
    pub right_tier: Tier,
    pub tier: Tier,
    pub confidence: f64,
    pub lang: String,
    pub kind: String,
}

/// The class of twelve a task belongs to; `None` for the two that structure decides.
pub fn merged(task: Task) -> Option<usize> {
    Some(match task {
        Task::Classification => 0,
        Task::Extraction => 1,
        Task::Summarization => 2,
        Task::Rewriting => 3,
        Task::Translation => 4,
        Task::QuestionAnswering | Task::CodeExplanation => 5,
        Task::Reasoning | Task::Planning => 6,
        Task::Writing => 7,
        Task::CodeGeneration | Task::CodeCompletion => 8,
        Task::CodeEditing => 9,
        Task::CodeReview | Task::Debugging => 10,
        Task::TestGeneration => 11,
        Task::AgentStep | Task::Embedding => return None,
    })
}

fn share(of: &[&Judged], good: impl Fn(&Judged) -> bool) -> f64 {
    of.iter().filter(|one| good(one)).count() as f64 / of.len().max(1) as f64
}

fn macro_f1(of: &[&Judged], class: impl Fn(Task) -> Option<usize>, classes: usize) -> f64 {
    let mut counts = vec![(0.0f64, 0.0f64, 0.0f64); classes];
    for one in of {
        let (right, found) = (class(one.right), class(one.task));
        if let Some(right) = right {
            counts[right].1 += 1.0;
        }
        if let Some(found) = found {
            counts[found].2 += 1.0;
        }
        if let (Some(right), true) = (right, right == found) {
            counts[right].0 += 1.0;
        }
    }
    let there: Vec<_> = counts.iter().filter(|(_, right, _)| *right > 0.0).collect();
    there.iter().map(|(both, right, found)| 2.0 * both / (right + found)).sum::<f64>()
        / there.len().max(1) as f64
}

/// Not a number where all are equally sure.
fn surest(of: &[&Judged], coverage: f64) -> f64 {
    if of.iter().all(|one| one.confidence == of[0].confidence) {
        return f64::NAN;
    }
    let mut sorted: Vec<&&Judged> = of.iter().collect();
    sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let kept = (of.len() as f64 * coverage).round() as usize;
    sorted[..kept].iter().filter(|one| one.right == one.task).count() as f64 / kept.max(1) as f64
}

fn within(of: &[&Judged], figure: impl Fn(&[&Judged]) -> f64) -> String {
    if figure(of).is_nan() {
        return "–".to_owned();
    }
    let mut chance = Chance(11);
    let mut found: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let again: Vec<&Judged> = (0..of.len()).map(|_| of[chance.below(of.len())]).collect();
            figure(&again)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    let at = |share: f64| found[((RESAMPLES - 1) as f64 * share) as usize];
    format!("{:.3} ({:.3}–{:.3})", figure(of), at(0.025), at(0.975))
}

/// A figure's name and how it is made.
type Figure = (&'static str, fn(&[&Judged]) -> f64);

const FIGURES: [Figure; 11] = [
    ("accuracy, 18 tasks", |of| share(of, |one| one.right == one.task)),
    ("macro-F1, 18 tasks", |of| macro_f1(of, |task| Some(task as usize), 18)),
    ("accuracy, twelve classes", |of| {
        share(&worded(of), |one| merged(one.right) == merged(one.task))
    }),
    ("macro-F1, twelve classes", |of| macro_f1(&worded(of), merged, 12)),
    ("accuracy, tasks told by words", |of| share(&worded(of), |one| one.right == one.task)),
    ("accuracy of the surest 80 %", |of| surest(of, 0.8)),
    ("accuracy of the surest 70 %", |of| surest(of, 0.7)),
    ("accuracy of the surest 60 %", |of| surest(of, 0.6)),
    ("surest 70 % of those told by words", |of| surest(&worded(of), 0.7)),
    ("tier right", |of| share(of, |one| one.right_tier == one.tier)),
    ("tier too low", |of| share(of, |one| (one.tier as u8) < one.right_tier as u8)),
];

fn worded<'a>(of: &[&'a Judged]) -> Vec<&'a Judged> {
    of.iter().filter(|one| merged(one.right).is_some()).copied().collect()
}

/// A table of every figure, one column for each way of judging.
pub fn table(columns: &[(&str, &[Judged])]) -> String {
    let mut out = String::from("| figure |");
    for (name, _) in columns {
        out += &format!(" {name} |");
    }
    out += &format!("\n| --- |{}\n", " --- |".repeat(columns.len()));
    for (name, figure) in FIGURES {
        out += &format!("| {name} |");
        for (_, judged) in columns {
            let of: Vec<&Judged> = judged.iter().collect();
            out += &format!(" {} |", within(&of, figure));
        }
        out.push('\n');
    }
    out
}

/// Accuracy of task and tier by something of a request.
pub fn by(judged: &[Judged], key: impl Fn(&Judged) -> String) -> String {
    let mut groups: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        groups.entry(key(one)).or_default().push(one);
    }
    let mut out =
        String::from("| | requests | task | tier | too low |\n| --- | --- | --- | --- | --- |\n");
    for (name, of) in groups {
        out += &format!(
            "| {name} | {} | {:.2} | {:.2} | {:.2} |\n",
            of.len(),
            share(&of, |one| one.right == one.task),
            share(&of, |one| one.right_tier == one.tier),
            share(&of, |one| (one.tier as u8) < one.right_tier as u8),
        );
    }
    out
}

/// The pairs that are mixed up most.
pub fn confusions(judged: &[Judged]) -> String {
    let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in judged.iter().filter(|one| one.right != one.task) {
        *pairs.entry((one.right.as_str(), one.task.as_str())).or_default() += 1;
    }
    let mut sorted: Vec<_> = pairs.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let line = |((right, found), count): &((&str, &str), usize)| {
        format!("- {right} judged {found}: {count}\n")
    };
    sorted.iter().take(15).map(line).collect()
}
