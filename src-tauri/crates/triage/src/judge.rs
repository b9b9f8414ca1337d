//! The judgement: what is certain by structure, what the model makes of the rest, and what follows
//! for the tier. Unsure goes up.

use crate::class;
use crate::estimate::tokens_likely;
use crate::features::Situation;
use crate::model::{GATE, Model, SIZES, TASKS, TIERS, chances, sure_inputs, task_of, tier_inputs};
use crate::request::Request;
use weir_core::route::Tier;
use weir_core::{Class, Endpoint, Judgement, Task};
use weir_wire::Outline;

/// A prompt of more tokens than this is work for the high tier.
pub const TOKENS_HIGH: u64 = 50_000;
/// Confidence in what structure alone decides, in thousandths.
const CERTAIN: u16 = 995;
/// A class that the client's headers name is taken at its word.
pub type Named = Option<Class>;

/// What the model makes of a request, before anything is decided.
#[derive(Clone, Debug)]
pub struct Weighing {
    /// Who gives the instruction.
    pub situation: Situation,
    /// The chances of the tasks that words tell.
    pub tasks: [f32; TASKS],
    /// The chances of the tiers.
    pub tiers: [f32; TIERS],
    /// The chance that the likeliest task is right.
    pub sure: f32,
}

impl Weighing {
    /// What a model makes of a request.
    pub fn of(model: &Model, request: &Request) -> Self {
        let application = request.may_be_application() && model.scores(&request.gate())[GATE] > 0.0;
        let situation = request.situation(application);
        let scores = model.scores(&request.features(situation));
        let mut told = [0.0; TASKS];
        told.copy_from_slice(&scores[..TASKS]);
        let tasks = chances(&told);
        let sizes: [f32; SIZES] = request.sizes(situation);
        Self {
            situation,
            tasks,
            tiers: model.tiers(&tier_inputs(&scores, &tasks, &sizes, &request.marks(situation))),
            sure: model.sure(&sure_inputs(&tasks, &sizes)),
        }
    }

    /// The likeliest task.
    pub fn task(&self) -> Task {
        let most = (0..TASKS).max_by(|a, b| self.tasks[*a].total_cmp(&self.tasks[*b]));
        task_of(most.unwrap_or(0))
    }

    /// The lowest tier that is unlikely to be too low.
    pub fn tier(&self, model: &Model) -> Tier {
        let (low, medium) = model.thresholds();
        let [_, middle, high] = self.tiers;
        if middle + high <= low {
            Tier::Low
        } else if high <= medium {
            Tier::Medium
        } else {
            Tier::High
        }
    }
}

/// Judges a request by its outline. `class` is what the client's headers say of it.
pub fn judge(endpoint: Endpoint, outline: &Outline, class: Named) -> Judgement {
    let prompt_tokens = tokens_likely(outline.text_bytes);
    let request = Request::of(endpoint, outline);
    let judged = |task, tier, confidence, deterministic| Judgement {
        task,
        tier: if prompt_tokens > TOKENS_HIGH && task != Task::Embedding {
            Tier::High
        } else {
            tier
        },
        confidence,
        class: class.unwrap_or_else(|| class::of(outline)),
        deterministic,
        prompt_tokens,
    };
    if let Some(task @ (Task::Embedding | Task::CodeCompletion)) = request.certain() {
        return judged(task, Tier::Low, CERTAIN, task == Task::Embedding);
    }
    // Weights of another make cannot be in a program that was built whole; nothing is claimed then.
    let Some(model) = Model::own() else {
        return judged(Task::QuestionAnswering, Tier::High, 0, false);
    };
    let weighed = Weighing::of(model, &request);
    let tier = weighed.tier(model);
    if let Some(task) = request.certain() {
        return judged(task, tier, CERTAIN, false);
    }
    let task = weighed.task();
    let confidence = (weighed.sure * 1000.0).clamp(0.0, 999.0) as u16;
    judged(task, tier, confidence, by_rule(task, tier, &request, weighed.situation))
}

/// Whether the answer follows from the input by rule: structured in, structured out.
fn by_rule(task: Task, tier: Tier, request: &Request, situation: Situation) -> bool {
    if tier != Tier::Low || request.tools() {
        return false;
    }
    match task {
        Task::Classification | Task::Extraction => {
            request.structured() || situation == Situation::Application
        }
        Task::Rewriting | Task::Translation => request.structured() || request.over_data(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
