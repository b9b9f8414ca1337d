//! Commands that print one answer of the desk: status, doctor, cost, models, config.

use super::{NoDesk, desk, failed, moment, named, opened};
use crate::args::{Config, Simulate};
use crate::out::{Done, Out, Stop};
use crate::views;
use serde::Serialize;
use std::path::PathBuf;
use weir_engine::api::{
    By, Check, CheckState, Comparison, ConfigReport, Desk, Doctor, Span, Status,
};
use weir_engine::config;
use weir_engine::connect::{self, Disk, Gateway, Surroundings, ToolRow, Workshop};
use weir_engine::home::Home;
use weir_engine::{Engine, StartProblem};

/// `weir status`; fails when no engine runs, after it printed what is known.
pub fn status(home: &Home, out: Out) -> Done {
    let asked = desk(home)?;
    let status = asked.status()?;
    let shadowed = status.routing.mode == "shadow";
    let shadow = if shadowed { Some(asked.cost_shadow(Span::Day)?) } else { None };
    drop(asked);
    let (now, zone) = moment();
    let around = Surroundings::of_process();
    let tools = around.map(|around| Workshop { home, around: &around, files: &Disk }.list());
    let tools = tools.unwrap_or_default();
    let shown = Shown { status: &status, tools: &tools, shadow: shadow.as_ref() };
    out.answer(&shown, |paint| {
        let shadow = shadow.as_ref().map(views::simulate::line).unwrap_or_default();
        views::status::status(&status, now, &zone, paint) + &shadow + &views::connect::brief(&tools)
    })?;
    if status.running { Ok(()) } else { Err(Stop::Said) }
}

/// The status with the tools of the user who asks, whom the engine does not know.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    status: &'a Status,
    tools: &'a [ToolRow],
    /// What today would have cost, while shadow mode is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<&'a Comparison>,
}

/// `weir doctor`; fails when a check fails. Works where no desk can be had.
pub fn doctor(home: &Home, out: Out) -> Done {
    let failing = |name: &str, found: String| {
        (vec![Check { name: name.into(), state: CheckState::Fail, found, fix: None }], None)
    };
    let asked = opened(home).and_then(|desk| Ok((desk.doctor()?, Gateway::of(&*desk).ok())));
    let (found, gateway) = match asked {
        Ok((doctor, gateway)) => (doctor.checks, gateway),
        Err(NoDesk::Closed(problem)) => failing(part_of(&problem), problem.to_string()),
        Err(NoDesk::Other(Stop::Failed(found))) => failing("home", found),
        Err(NoDesk::Other(stop)) => return Err(stop),
    };
    // Tools are looked at from here: this shell's variables and folder are what they would see.
    let tools = Surroundings::of_process().map(|around| {
        connect::checks(&Workshop { home, around: &around, files: &Disk }, gateway.as_ref())
    });
    let doctor = Doctor::of(found.into_iter().chain(tools.unwrap_or_default()).collect());
    out.answer(&doctor, |paint| views::doctor::doctor(&doctor, paint))?;
    if doctor.ok { Ok(()) } else { Err(Stop::Said) }
}

/// The part of the home that keeps it closed, as a check of it is called.
fn part_of(problem: &StartProblem) -> &'static str {
    match problem {
        StartProblem::Config(_) => "config",
        StartProblem::Ledger(_) | StartProblem::Tokens(_) => "ledger",
        _ => "home",
    }
}

/// `weir doctor --salvage`
pub fn salvage(home: &Home) -> Done {
    let salvaged = Engine::salvage(home).map_err(failed)?;
    let lost = match (salvaged.whole, salvaged.without_reserve) {
        (true, _) => "Nothing was lost.".to_owned(),
        (false, 0) => "What stood on pages that cannot be read is lost.".to_owned(),
        (false, n) => format!(
            "What stood on pages that cannot be read is lost; {n} settlements stand without their \
             reservation."
        ),
    };
    Out::stdout(false).text(&format!(
        "The ledger is whole again: {} reservations, {} settlements, {} tools. {lost}\n\
         The damaged one is kept as {}\n",
        salvaged.reserves,
        salvaged.settles,
        salvaged.clients,
        salvaged.copy.display()
    ))
}

/// `weir cost summary`
pub fn summary(desk: &dyn Desk, period: Span, out: Out) -> Done {
    let cost = desk.cost_summary(period)?;
    out.answer(&cost, |paint| views::cost::summary(&cost, paint))
}

/// `weir cost breakdown`
pub fn breakdown(desk: &dyn Desk, period: Span, by: By, out: Out) -> Done {
    let cost = desk.cost_breakdown(period, by)?;
    out.answer(&cost, |paint| views::cost::breakdown(&cost, paint))
}

/// `weir cost shadow`
pub fn shadow(desk: &dyn Desk, period: Span, out: Out) -> Done {
    let found = desk.cost_shadow(period)?;
    let (now, zone) = moment();
    out.answer(&found, |paint| views::simulate::comparison(&found, now, &zone, paint))
}

/// `weir simulate`
pub fn simulate(home: &Home, args: &Simulate) -> Done {
    let since = named("--since", Some(&args.since))?;
    let file = args.config.display().to_string();
    let text = config::read_file(&args.config).map_err(failed)?;
    let text = text.ok_or_else(|| failed(format!("{file} does not exist")))?;
    let found = desk(home)?.simulate(since, &file, &text)?;
    let (now, zone) = moment();
    let out = Out::stdout(args.json.json);
    out.answer(&found, |paint| views::simulate::comparison(&found, now, &zone, paint))
}

/// `weir models`
pub fn models(desk: &dyn Desk, out: Out) -> Done {
    let models = desk.models()?;
    out.answer(&models, |paint| views::models::models(&models, paint))
}

/// `weir config`
pub fn config(home: &Home, args: Config) -> Done {
    match args {
        Config::Show(json) => {
            let shown = desk(home)?.config_show()?;
            Out::stdout(json.json).answer(&shown, |_| shown.toml.clone())
        }
        Config::Check { file, json } => {
            let report = check(home, file)?;
            let out = Out::stdout(json.json);
            out.answer(&report, |_| views::tools::config_report(&report))?;
            if report.ok { Ok(()) } else { Err(Stop::Said) }
        }
    }
}

/// Checks a file, or the home's own, where none is as good as an empty one.
fn check(home: &Home, file: Option<PathBuf>) -> Result<ConfigReport, Stop> {
    let Some(path) = file else { return config::own_report(&home.config()).map_err(failed) };
    let missing = || failed(format!("{} does not exist", path.display()));
    config::report(&path).map_err(failed)?.ok_or_else(missing)
}
