//! The tools of this user as the window lists, connects and puts them back: a workshop that owns
//! what it works with, and the one problem type of the API. Owns no decision of its own.

use super::gateway::{Gateway, take_back};
use super::plan::{Given, Login};
use super::{ConnectProblem, Disk, Surroundings, Tool, Workshop};
use crate::api::{ApiProblem, Code, Desk, ToolReport, ToolRow};
use crate::api::{HistoryFound, ImportDone};
use crate::history::{self, Source};
use crate::home::Home;

/// Where the window changes tools.
pub struct Bench {
    home: Home,
    around: Surroundings,
}

impl Bench {
    /// The bench of this user.
    ///
    /// # Errors
    /// When no folder of the user's is known.
    pub fn new(home: &Home) -> Result<Self, ApiProblem> {
        let around = Surroundings::of_process().ok_or_else(|| failed(&ConnectProblem::NoFolder))?;
        Ok(Self { home: home.clone(), around })
    }

    /// The session logs that tools keep here, at a glance.
    pub fn histories(&self) -> Vec<HistoryFound> {
        history::found(&self.around)
    }

    /// Takes over what a tool's own session logs tell of past requests. With `paid_by_plan` they
    /// cost nothing. Blocks until they are read.
    ///
    /// # Errors
    /// When no such logs are known or they cannot be read.
    pub fn take_over(
        &self,
        desk: &dyn Desk,
        source: &str,
        paid_by_plan: bool,
    ) -> Result<ImportDone, ApiProblem> {
        // A name that is not known is the desk's to refuse, whatever the folder.
        let own = Source::parse(source).and_then(|known| history::own_folder(known, &self.around));
        desk.import(source, &own.unwrap_or_default(), paid_by_plan)
    }

    fn shop(&self) -> Workshop<'_> {
        Workshop { home: &self.home, around: &self.around, files: &Disk }
    }

    /// Every tool and how it stands. Looks only.
    pub fn list(&self) -> Vec<ToolRow> {
        self.shop().list()
    }

    /// What connecting would change; nothing is.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn rehearse(
        &self,
        desk: &dyn Desk,
        tool: &str,
        keep_login: bool,
    ) -> Result<ToolReport, ApiProblem> {
        let gateway = Gateway::of(desk).map_err(|problem| failed(&problem))?;
        let tool = named(tool)?;
        let given = self.given(tool, keep_login)?;
        let done = self.shop().rehearse(tool, &gateway, &given);
        done.map_err(|problem| failed(&problem))
    }

    /// Points a tool at Weir.
    ///
    /// # Errors
    /// Why it cannot be done; the tool's files are then as they were.
    pub fn connect(
        &self,
        desk: &dyn Desk,
        tool: &str,
        keep_login: bool,
    ) -> Result<ToolReport, ApiProblem> {
        let gateway = Gateway::of(desk).map_err(|problem| failed(&problem))?;
        let tool = named(tool)?;
        let given = self.given(tool, keep_login)?;
        let done = self.shop().connect(tool, &gateway, &desk, &given);
        done.map_err(|problem| failed(&problem))
    }

    /// Puts a tool's settings back.
    ///
    /// # Errors
    /// Why they stay as they are.
    pub fn disconnect(&self, tool: &str) -> Result<ToolReport, ApiProblem> {
        self.put_back(named(tool)?)
    }

    /// Puts every tool's settings back, and goes on past one that cannot be.
    ///
    /// # Errors
    /// The tools that could not be put back, each with why; the others were.
    pub fn restore(&self) -> Result<Vec<ToolReport>, ApiProblem> {
        let mut reports = Vec::new();
        let mut problems = Vec::new();
        for tool in Tool::ALL {
            match self.put_back(tool) {
                Ok(report) => reports.push(report),
                Err(problem) => problems.push(format!("{}: {}", tool.title(), problem.message)),
            }
        }
        reports.retain(|report| !report.unchanged);
        match problems.is_empty() {
            true => Ok(reports),
            false => Err(ApiProblem::new(Code::Unavailable, problems.join("\n"))),
        }
    }

    /// Puts every tool's settings back until Weir serves again.
    ///
    /// # Errors
    /// The tools that could not be put back, each with why; the others were.
    pub fn put_away(&self) -> Result<(), ApiProblem> {
        let problems = super::put_away(&self.home).problems;
        match problems.is_empty() {
            true => Ok(()),
            false => Err(ApiProblem::new(Code::Unavailable, problems.join("\n"))),
        }
    }

    /// The window asks for no model: one that was asked for stays.
    fn given(&self, tool: Tool, keep_login: bool) -> Result<Given, ApiProblem> {
        let record = self.shop().record(tool).map_err(ConnectProblem::Journal);
        let record = record.map_err(|problem| failed(&problem))?.unwrap_or_default();
        Ok(Given { login: Some(login(keep_login, record.ask.login)), ..Given::default() })
    }

    fn put_back(&self, tool: Tool) -> Result<ToolReport, ApiProblem> {
        let done = self.shop().disconnect(tool, &|client| take_back(&self.home, client));
        done.map_err(|problem| failed(&problem))
    }
}

/// The window shows whether a login is kept, so no mark there is a word too: it ends what was kept, and
/// leaves anything else as it was asked for.
pub(super) fn login(keep: bool, before: Login) -> Login {
    match (keep, before) {
        (true, _) => Login::Kept,
        (false, Login::Kept) => Login::AsConfigured,
        (false, before) => before,
    }
}

fn named(tool: &str) -> Result<Tool, ApiProblem> {
    let unknown = || ApiProblem::new(Code::NotFound, format!("no tool is called {tool}"));
    Tool::named(tool).ok_or_else(unknown)
}

fn failed(problem: &ConnectProblem) -> ApiProblem {
    match problem {
        ConnectProblem::Api(problem) => problem.clone(),
        other => ApiProblem::new(Code::Unavailable, other.to_string()),
    }
}
