//! What each command does: ask a desk, print the answer. No decisions about routing or money.

mod budget;
mod connect;
mod export;
mod keys;
mod local;
mod log;
mod prices;
mod profile;
mod reports;
mod route;
mod run;
mod serve;
mod tunnel;

use crate::args::{Command, Cost, Weir};
use crate::out::{Done, Out, Stop};
use std::sync::Arc;
use weir_engine::api::{ApiProblem, Desk, Stamp, Zone};
use weir_engine::clock;
use weir_engine::control::Remote;
use weir_engine::home::Home;
use weir_engine::{Engine, Logs, Offline, Options, StartProblem};

/// Does what was asked.
///
/// # Errors
/// How it ended when it did not succeed.
pub fn run(weir: Weir) -> Done {
    let home = || Home::locate(weir.home.as_deref()).map_err(failed);
    match weir.command {
        Command::Serve(args) => serve::serve(home()?, &args),
        Command::Config(args) => reports::config(&home()?, args),
        Command::Log(args) => log::log(&home()?, &args),
        Command::Export(args) => export::export(&*desk(&home()?)?, &args),
        Command::Status(args) => reports::status(&home()?, Out::stdout(args.json)),
        Command::Doctor(args) if args.salvage => reports::salvage(&home()?),
        Command::Doctor(args) => reports::doctor(&home()?, Out::stdout(args.json.json)),
        Command::Cost(Cost::Summary { period, json }) => {
            reports::summary(&*desk(&home()?)?, period.into(), Out::stdout(json.json))
        }
        Command::Cost(Cost::Breakdown { period, by, json }) => {
            let out = Out::stdout(json.json);
            reports::breakdown(&*desk(&home()?)?, period.into(), by.into(), out)
        }
        Command::Cost(Cost::Shadow { period, json }) => {
            reports::shadow(&*desk(&home()?)?, period.into(), Out::stdout(json.json))
        }
        Command::Simulate(args) => reports::simulate(&home()?, &args),
        Command::Cost(Cost::Alert(args)) => budget::alert(&*desk(&home()?)?, args),
        Command::Budget(args) => budget::budget(&*desk(&home()?)?, args),
        Command::Import(args) => budget::import(&*desk(&home()?)?, args),
        Command::Report(args) => crate::report::report(&*desk(&home()?)?, &args),
        Command::Reconcile(args) => budget::reconcile(&*desk(&home()?)?, &args),
        Command::Explain(args) => log::explain(&*desk(&home()?)?, &args),
        Command::Key(args) => keys::key(&*desk(&home()?)?, args),
        Command::Client(args) => keys::client(&*desk(&home()?)?, args),
        Command::Connect(args) => connect::connect(&home()?, &args),
        Command::Disconnect(args) => {
            connect::disconnect(&home()?, args.tool, Out::stdout(args.json.json))
        }
        Command::Restore(args) => connect::restore(&home()?, Out::stdout(args.json)),
        Command::Run(args) => run::run(&home()?, &args),
        Command::Route(args) => route::route(&*desk(&home()?)?, args),
        Command::Models(args) => reports::models(&*desk(&home()?)?, Out::stdout(args.json)),
        Command::Local(args) => local::local(&*desk(&home()?)?, args),
        Command::Profile(args) => profile::profile(&home()?, args),
        Command::Tunnel(args) => tunnel::tunnel(&*desk(&home()?)?, args),
        Command::Price(args) => prices::price(&*desk(&home()?)?, args),
    }
}

/// Whom a command asks. Holds the home open, and locked, while it does so itself.
struct Asked {
    desk: Arc<dyn Desk>,
    _home: Option<Offline>,
}

impl std::ops::Deref for Asked {
    type Target = dyn Desk;
    fn deref(&self) -> &Self::Target {
        &*self.desk
    }
}

/// The engine that serves the home if one runs, else the home itself.
fn desk(home: &Home) -> Result<Asked, Stop> {
    opened(home).map_err(NoDesk::stop)
}

/// Why there is nobody to ask.
enum NoDesk {
    /// A home that cannot be opened.
    Closed(StartProblem),
    /// Anything else.
    Other(Stop),
}

impl NoDesk {
    fn stop(self) -> Stop {
        match self {
            Self::Closed(problem) => failed(problem),
            Self::Other(stop) => stop,
        }
    }
}

impl From<ApiProblem> for NoDesk {
    fn from(problem: ApiProblem) -> Self {
        Self::Other(problem.into())
    }
}

fn opened(home: &Home) -> Result<Asked, NoDesk> {
    if let Some(remote) = Remote::find(home.root())? {
        return Ok(Asked { desk: Arc::new(remote), _home: None });
    }
    let options = Options { logs: Logs::File, ..Options::default() };
    match Engine::open(home.clone(), options) {
        Ok(offline) => Ok(Asked { desk: offline.desk(), _home: Some(offline) }),
        // An engine that was just starting has the lock now, and answers.
        Err(problem @ StartProblem::Lock(_)) => match Remote::find(home.root())? {
            Some(remote) => Ok(Asked { desk: Arc::new(remote), _home: None }),
            None => Err(NoDesk::Closed(problem)),
        },
        Err(problem) => Err(NoDesk::Closed(problem)),
    }
}

/// Any problem whose `Display` already says what, where and how to fix it.
fn failed(problem: impl std::fmt::Display) -> Stop {
    Stop::Failed(problem.to_string())
}

/// Now, and the zone to show it in.
fn moment() -> (Stamp, Zone) {
    (Stamp::from_ms(clock::unix_ms()), clock::zone())
}

/// A moment a person named.
fn named(flag: &str, text: Option<&str>) -> Result<Option<Stamp>, Stop> {
    let (now, zone) = moment();
    let Some(text) = text else { return Ok(None) };
    match Stamp::named(text, now, &zone) {
        Ok(stamp) => Ok(Some(stamp)),
        Err(problem) => Err(Stop::Usage(format!("{flag} {text}: {problem}"))),
    }
}
