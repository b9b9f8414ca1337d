//! Changes of the configuration file that the window makes: shown first, judged by the file's own
//! check, written only while the file is still the one that was shown, and in force at once.

use super::budgets;
use super::problem::bad;
use crate::api::{
    ApiProblem, Code, ConfigChange, ConfigEdit, ConfigProblem, RoutingText, RuleText, RuleWhen,
    TierChains,
};
use crate::config::edit::{self, EditProblem, key, rules};
use crate::config::{Use, any_local, check, own_report, problem_shown, read_file};
use crate::connect::diff;
use crate::gate;
use crate::parts::Parts;
use std::path::Path;
use weir_core::route::Route;

/// Hexadecimal digits that tell one text of the file from another.
const MARK_DIGITS: usize = 16;

/// Tiers, mode and rules as the file in use has them.
pub fn routing(parts: &Parts) -> Result<RoutingText, ApiProblem> {
    let file = parts.home.config();
    let text = read_file(&file).map_err(bad)?.unwrap_or_default();
    let Some(config) = check(&text).config else {
        let report = own_report(&file)?;
        let line = |p: &ConfigProblem| match p.line {
            Some(line) => format!("{}, line {line}: {}", report.file, p.message),
            None => format!("{}: {}", report.file, p.message),
        };
        let all: Vec<String> = report.problems.iter().map(line).collect();
        return Err(ApiProblem::new(Code::Config, all.join("\n")));
    };
    Ok(RoutingText {
        file: file.display().to_string(),
        mode: config.mode.as_str().to_owned(),
        tiers: TierChains {
            low: links(&config.low),
            medium: links(&config.medium),
            high: links(&config.high),
        },
        rules: config.rules.iter().map(rule).collect(),
    })
}

fn links(chain: &[Route]) -> Vec<String> {
    let link = |route: &Route| match *route == any_local() {
        true => "local".to_owned(),
        false => route.to_string(),
    };
    chain.iter().map(link).collect()
}

fn rule(rule: &crate::config::Rule) -> RuleText {
    let when = &rule.when;
    let own = |text: &str| text.to_owned();
    RuleText {
        when: RuleWhen {
            client: when.client.clone(),
            class: when.class.map(|class| own(class.as_str())),
            model: when.model.clone(),
            task: when.task.map(|task| own(task.as_str())),
            tier: when.tier.map(|tier| own(tier.as_str())),
            category: when.category.clone(),
            project: when.project.clone(),
            tokens_over: when.tokens_over,
        },
        leads: match &rule.target {
            Use::Tier(tier) => vec![own(tier.as_str())],
            Use::Chain(chain) => links(chain),
        },
    }
}

/// Shows what changes come to; with `of`, writes them to the file that was shown under that mark.
pub fn change(
    parts: &Parts,
    edits: &[ConfigEdit],
    of: Option<&str>,
) -> Result<ConfigChange, ApiProblem> {
    let file = parts.home.config();
    let old = read_file(&file).map_err(bad)?.unwrap_or_default();
    let mark = mark(&old);
    if of.is_some_and(|of| of != mark) {
        return Err(bad(format!(
            "{} was changed meanwhile, so nothing was written. Look at the changes again",
            file.display()
        )));
    }
    let mut new = old.clone();
    for edit in edits {
        new = edited(&new, edit).map_err(|stop| match stop {
            Stop::Asked(problem) => problem,
            Stop::Text(problem @ (EditProblem::Key(_) | EditProblem::Shape(_))) => {
                bad(problem.to_string().replace("config.toml", &file.display().to_string()))
            }
            Stop::Text(other) => bad(other),
        })?;
    }
    let problems = problems(parts, &file, &new);
    let mut change = ConfigChange {
        file: file.display().to_string(),
        of: mark,
        diff: diff::lines(&old, &new),
        problems,
        written: false,
        notes: notes(parts, edits),
    };
    if of.is_some() && change.problems.is_empty() {
        take(parts, &file, &new)?;
        change.written = true;
    }
    Ok(change)
}

fn mark(text: &str) -> String {
    let hash = gate::hash(text.as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    digits[..MARK_DIGITS].to_owned()
}

/// Why a text was not edited: for what was asked, or for how the text is written.
enum Stop {
    Asked(ApiProblem),
    Text(EditProblem),
}

fn edited(old: &str, asked: &ConfigEdit) -> Result<String, Stop> {
    let edited = match asked {
        ConfigEdit::Tier { tier, chain } => {
            key::set(old, "tiers", tier, |written| key::list(written, chain))
        }
        ConfigEdit::Mode { mode } => key::set(old, "routing", "mode", |_| key::quoted(mode)),
        ConfigEdit::Port { port } => key::set(old, "server", "port", |_| port.to_string()),
        ConfigEdit::AddRule { rule } => rules::add(old, rule),
        ConfigEdit::ChangeRule { at, rule } => rules::change(old, *at as usize, rule),
        ConfigEdit::MoveRule { from, to } => rules::shift(old, *from as usize, *to as usize),
        ConfigEdit::RemoveRule { at } => rules::remove(old, *at as usize),
        ConfigEdit::Budget { name, period, limit_usd, limit_tokens, at_limit } => {
            let limit = (*limit_usd, *limit_tokens);
            let wanted = budgets::wanted(name, period.as_deref(), limit, at_limit.as_deref());
            edit::put(old, &wanted.map_err(Stop::Asked)?)
        }
        ConfigEdit::RemoveBudget { name } => edit::remove(old, name),
    };
    edited.map_err(Stop::Text)
}

/// Everything that keeps a text from being taken over.
fn problems(parts: &Parts, file: &Path, text: &str) -> Vec<ConfigProblem> {
    let mut problems: Vec<ConfigProblem> =
        check(text).problems.into_iter().map(problem_shown).collect();
    if problems.is_empty()
        && let Err(problem) = parts.routing.would_hold(file, text)
    {
        problems.push(ConfigProblem { line: None, message: problem.to_string() });
    }
    problems
}

fn notes(parts: &Parts, edits: &[ConfigEdit]) -> Vec<String> {
    let of = |edit: &ConfigEdit| match edit {
        ConfigEdit::Port { port } => port_notes(parts, *port),
        ConfigEdit::Budget { name, at_limit, .. } => {
            budgets::notes(parts, name, at_limit.as_deref(), parts.now_ms())
        }
        _ => Vec::new(),
    };
    edits.iter().flat_map(of).collect()
}

fn port_notes(parts: &Parts, wanted: u16) -> Vec<String> {
    let Some(now) = parts.serving.as_ref().map(|serving| serving.port).filter(|now| *now != wanted)
    else {
        return Vec::new();
    };
    let at = match wanted {
        0 => "on any free port".to_owned(),
        port => format!("on {port}"),
    };
    vec![
        format!("Weir goes on listening on {now} and listens {at} from its next start"),
        format!("Tools that are connected ask {now}. Connect them again after that start"),
    ]
}

/// Puts a text in the configuration's place and in force: checked whole before the file is touched.
pub fn take(parts: &Parts, file: &Path, new: &str) -> Result<(), ApiProblem> {
    parts
        .routing
        .would_hold(file, new)
        .map_err(|problem| bad(format!("{} was not changed: {problem}", file.display())))?;
    edit::replace(file, new).map_err(|cause| {
        ApiProblem::new(Code::Internal, format!("{} cannot be written: {cause}", file.display()))
    })?;
    parts.routing.reload().map_err(bad)
}
