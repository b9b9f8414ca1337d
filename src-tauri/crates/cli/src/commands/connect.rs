//! `weir connect`, `disconnect` and `restore`: tools' own settings, pointed at Weir and put back.
//! Putting back asks nobody: it works with no engine, and with a configuration that does not hold.

use super::{desk, failed};
use crate::args::Connect;
use crate::out::{Done, Out, Stop, say};
use crate::views;
use weir_engine::connect::{Disk, Gateway, Given, Login, Surroundings, Tool, Workshop, take_back};
use weir_engine::home::Home;

/// Where this user's tools keep their settings.
pub fn surroundings() -> Result<Surroundings, Stop> {
    Surroundings::of_process()
        .ok_or_else(|| Stop::Failed("no home folder is known for this user. Set HOME".into()))
}

/// `weir connect`
pub fn connect(home: &Home, args: &Connect) -> Done {
    let out = Out::stdout(args.json.json);
    let around = surroundings()?;
    let shop = Workshop { home, around: &around, files: &Disk };
    let Some(tool) = args.tool else {
        let rows = shop.list();
        return out.answer(&rows, |paint| views::connect::tools(&rows, paint));
    };
    let login = match (args.keep_login, args.use_keys) {
        (true, _) => Some(Login::Kept),
        (_, true) => Some(Login::Replaced),
        _ => None,
    };
    let given = Given { login, model: args.model.clone() };
    let asked = desk(home)?;
    let gateway = Gateway::of(&*asked).map_err(failed)?;
    let report = match args.dry_run {
        true => shop.rehearse(tool, &gateway, &given),
        false => shop.connect(tool, &gateway, &&*asked, &given),
    };
    let report = report.map_err(failed)?;
    out.answer(&report, |_| views::connect::connected(tool, &report, args.dry_run))?;
    if !gateway.running && !args.dry_run && report.connected {
        say(&format!(
            "Weir is not running, so {} has nobody to call. Start it: weir serve",
            tool.title()
        ));
    }
    Ok(())
}

/// `weir disconnect`
pub fn disconnect(home: &Home, tool: Tool, out: Out) -> Done {
    let around = surroundings()?;
    let shop = Workshop { home, around: &around, files: &Disk };
    let done = shop.disconnect(tool, &|client| take_back(home, client));
    let report = done.map_err(failed)?;
    out.answer(&report, |_| views::connect::put_back(tool, &report))
}

/// `weir restore`; goes on past a tool that cannot be put back, and fails at the end.
pub fn restore(home: &Home, out: Out) -> Done {
    let around = surroundings()?;
    let shop = Workshop { home, around: &around, files: &Disk };
    let mut reports = Vec::new();
    let mut whole = true;
    for tool in Tool::ALL {
        match shop.disconnect(tool, &|client| take_back(home, client)) {
            Ok(report) => reports.push(report),
            Err(problem) => {
                whole = false;
                say(&format!("weir: {}: {problem}", tool.title()));
            }
        }
    }
    reports.retain(|report| !report.unchanged);
    out.answer(&reports, |_| views::connect::restored(&reports))?;
    if whole { Ok(()) } else { Err(Stop::Said) }
}
