//! Commands that print one answer of the desk: status, doctor, cost, models, config.

use super::{desk, failed, moment};
use crate::args::Config;
use crate::out::{Done, Out, Stop};
use crate::views;
use std::path::PathBuf;
use weir_engine::Engine;
use weir_engine::api::{By, Check, CheckState, ConfigProblem, ConfigReport, Desk, Doctor, Span};
use weir_engine::config;
use weir_engine::home::Home;

/// `weir status`; fails when no engine runs, after it printed what is known.
pub fn status(desk: &dyn Desk, out: Out) -> Done {
    let status = desk.status()?;
    let (now, zone) = moment();
    out.answer(&status, |paint| views::status::status(&status, now, &zone, paint))?;
    if status.running { Ok(()) } else { Err(Stop::Said) }
}

/// `weir doctor`; fails when a check fails. Works where no desk can be had.
pub fn doctor(home: &Home, out: Out) -> Done {
    let doctor = match desk(home).and_then(|desk| Ok(desk.doctor()?)) {
        Ok(doctor) => doctor,
        Err(Stop::Failed(found)) => Doctor::of(vec![Check {
            name: "home".into(),
            state: CheckState::Fail,
            found,
            fix: None,
        }]),
        Err(stop) => return Err(stop),
    };
    out.answer(&doctor, |paint| views::doctor::doctor(&doctor, paint))?;
    if doctor.ok { Ok(()) } else { Err(Stop::Said) }
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
    let named = file.is_some();
    let path = file.unwrap_or_else(|| home.config());
    let file = path.display().to_string();
    let Some(text) = config::read_file(&path).map_err(failed)? else {
        return match named {
            true => Err(failed(format!("{file} does not exist"))),
            false => Ok(ConfigReport { file, ok: true, problems: Vec::new(), notes: Vec::new() }),
        };
    };
    let checked = config::check(&text);
    let problem = |p: config::Problem| ConfigProblem {
        line: u32::try_from(p.line).ok(),
        message: match p.key.as_str() {
            "" => format!("{}. {}", p.reason, p.fix),
            key => format!("{key}: {}. {}", p.reason, p.fix),
        },
    };
    let problems: Vec<ConfigProblem> = checked.problems.into_iter().map(problem).collect();
    let (ok, notes) = checked.config.map_or((false, Vec::new()), |config| (true, config.notes));
    Ok(ConfigReport { file, ok, problems, notes })
}
