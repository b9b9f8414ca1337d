//! Connecting a tool and putting it back: the journal first, then the files one by one, then the
//! journal again. Killed anywhere in between, `restore` ends at the files of before.
//! Owns that order; what is written was decided in `plan`, what is taken back in `undo`.

use super::document::Format;
use super::files::{self, Files};
use super::gateway::{Gateway, Issued, Tokens};
use super::journal::{self, FORM, FileRecord, Record};
use super::plan::{Draft, Given, Login, Planner, text_of};
use super::problem::{ConnectProblem, unfit};
use super::surroundings::Surroundings;
use super::tools::Tool;
use super::{check, diff, undo};
use crate::api::{ToolFile as Changed, ToolReport as Report, ToolRow, ToolStanding as Standing};
use crate::gate::TOKEN_MARK;
use crate::home::Home;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Another change of tools takes milliseconds; this long is waited for its end, in steps of `STEP`.
const TURN_MAX: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(20);
/// What tells a tool's second token from its first; they take turns.
const AGAIN: &str = "again";
/// Stands for a token that is not made yet.
const NO_TOKEN: &str = "weir_0000000000000000000000000000000000000000000";

/// Where tools are changed: the home with the journal, the user's folders, the file system.
pub struct Workshop<'a> {
    /// The home.
    pub home: &'a Home,
    /// The user's folders and variables.
    pub around: &'a Surroundings,
    /// The file system.
    pub files: &'a dyn Files,
}

impl Workshop<'_> {
    /// Every tool and how it stands. Looks only.
    pub fn list(&self) -> Vec<ToolRow> {
        Tool::ALL.into_iter().map(|tool| self.row(tool)).collect()
    }

    fn row(&self, tool: Tool) -> ToolRow {
        let record = self.record(tool).ok().flatten();
        let program = tool.programs().iter().find_map(|name| self.around.program(name));
        let folder = tool.folder(self.around);
        let found = program.is_some() || folder.is_some_and(|folder| self.files.is_folder(&folder));
        let file = match &record {
            Some(record) => record.files.first().map(|file| file.named.clone()),
            None => tool.file(self.around, self.files),
        };
        ToolRow {
            tool: tool.name().into(),
            title: tool.title().into(),
            found,
            program,
            state: record.as_ref().map_or(Standing::NotConnected, |r| check::standing(self, r)),
            file,
            keeps_login: record.as_ref().is_some_and(|record| record.ask.login == Login::Kept),
            port: record.filter(|record| !record.away).map(|record| record.port),
        }
    }

    /// What was done for a tool.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn record(&self, tool: Tool) -> io::Result<Option<Record>> {
        journal::load(self.files, self.home, tool.name())
    }

    /// What connecting would change, with a token's place held by a word.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn rehearse(
        &self,
        tool: Tool,
        gateway: &Gateway,
        given: &Given,
    ) -> Result<Report, ConnectProblem> {
        let record = self.record(tool).map_err(ConnectProblem::Journal)?;
        let ask =
            given.after(&record.as_ref().map(|record| record.ask.clone()).unwrap_or_default());
        let (drafts, notes) =
            self.planner(tool, record.as_ref()).drafts(gateway, NO_TOKEN, &ask)?;
        let told = self.login_told().filter(|_| !drafts.is_empty());
        Ok(report(tool, &drafts, notes.into_iter().chain(told).collect()))
    }

    fn planner<'p>(&'p self, tool: Tool, record: Option<&'p Record>) -> Planner<'p> {
        Planner { home: self.home, around: self.around, files: self.files, tool, record }
    }

    /// Points a tool at Weir.
    ///
    /// # Errors
    /// Why it cannot be done; the tool's files are then as they were.
    pub fn connect(
        &self,
        tool: Tool,
        gateway: &Gateway,
        tokens: &dyn Tokens,
        given: &Given,
    ) -> Result<Report, ConnectProblem> {
        let _turn = self.turn()?;
        let record = self.record(tool).map_err(ConnectProblem::Journal)?;
        let mut record =
            record.unwrap_or_else(|| Record { tool: tool.name().into(), ..Record::default() });
        record.form = FORM;
        if tool.is_by_hand() && record.done && self.in_force(&record, tokens)? {
            return Ok(told_once(tool));
        }
        let ask = given.after(&record.ask);
        // Every refusal comes before the first token and the first write.
        self.planner(tool, Some(&record)).drafts(gateway, NO_TOKEN, &ask)?;
        // Noted with the token, so that a run that was killed is done again as it was asked for.
        let noted = std::mem::replace(&mut record.ask, ask.clone()) == ask;
        let issued = self.token(&mut record, tokens)?;
        let planner_record = record.clone();
        let planner = self.planner(tool, Some(&planner_record));
        let (drafts, notes) = planner.drafts(gateway, &issued.token, &ask)?;
        let mut report = report(tool, &drafts, notes);
        report.by_hand = tool.by_hand(gateway, &issued.token, ask.model.as_deref());
        let told = self.login_told().filter(|_| !drafts.is_empty());
        if record.done && report.unchanged && record.port == gateway.port {
            if !noted {
                journal::save(self.files, self.home, &record).map_err(ConnectProblem::Journal)?;
            }
            let kept = drafts.is_empty() || self.keep_at_login().is_ok();
            report.notes.extend(told.filter(|_| kept));
            return Ok(report);
        }
        record.port = gateway.port;
        record.done = false;
        keep_files(&mut record, &drafts);
        journal::save(self.files, self.home, &record).map_err(ConnectProblem::Journal)?;
        if !drafts.is_empty() {
            report
                .notes
                .extend(self.keep_at_login().map_or_else(|c| Some(no_entry(&c)), |()| told));
        }
        for draft in drafts.iter().filter(|draft| draft.changes()) {
            if let Err(problem) = self.write(draft) {
                // What was done so far is taken back; if even that fails, the journal stays, and with
                // it the entry at login.
                let _ = self.put_back(tool, &record);
                return Err(problem);
            }
        }
        for file in &mut record.files {
            let last = file.edits.len().saturating_sub(1);
            file.edits.drain(..last);
        }
        record.done = true;
        record.away = false;
        journal::save(self.files, self.home, &record).map_err(ConnectProblem::Journal)?;
        // Asked for nothing but this: a running Weir that is asked looks at the journal anew.
        let _ = tokens.list();
        Ok(report)
    }

    /// Whether the token that was made for a tool still opens the door.
    fn in_force(&self, record: &Record, tokens: &dyn Tokens) -> Result<bool, ConnectProblem> {
        let same = |(name, made_ms): &(String, i64)| {
            record.client.as_ref() == Some(name) && record.client_made_ms == Some(*made_ms)
        };
        Ok(tokens.list()?.iter().any(same))
    }

    /// The tool's token: the one its file holds if it still opens the door, else a new one.
    fn token(&self, record: &mut Record, tokens: &dyn Tokens) -> Result<Issued, ConnectProblem> {
        let known = tokens.list()?;
        let in_force = known.iter().find(|(name, _)| record.client.as_ref() == Some(name));
        if let Some((name, made_ms)) = in_force {
            if record.client_made_ms == Some(*made_ms)
                && let Some(token) = self.token_of(record)
            {
                return Ok(Issued { name: name.clone(), token, made_ms: *made_ms });
            }
            match record.away {
                true => retire(record, name, tokens)?,
                false => tokens.revoke(name)?,
            }
        }
        // A name somebody else made a token under stays theirs.
        let taken = known.iter().any(|(name, _)| *name == record.tool);
        let name = match &record.client {
            Some(name) => name.clone(),
            None if taken => format!("{}#connect", record.tool),
            None => record.tool.clone(),
        };
        // Noted first, so that a token made by a run that was killed is found again.
        record.client = Some(name.clone());
        record.client_made_ms = None;
        journal::save(self.files, self.home, record).map_err(ConnectProblem::Journal)?;
        let issued = tokens.issue(&name)?;
        record.client_made_ms = Some(issued.made_ms);
        record.token = Some(journal::hash(&issued.token));
        Ok(issued)
    }

    /// The token in a tool's files, if it is the one that was made for it.
    fn token_of(&self, record: &Record) -> Option<String> {
        let texts = record.files.iter().filter_map(|file| self.files.read(&file.path).ok()?);
        texts.filter_map(|bytes| String::from_utf8(bytes).ok()).find_map(|text| {
            let found = super::tokens_in(&text).into_iter();
            let same = |token: &&str| record.token.as_ref() == Some(&journal::hash(token));
            found.filter(same).map(str::to_owned).next()
        })
    }

    fn write(&self, draft: &Draft) -> Result<(), ConnectProblem> {
        let file = &draft.record;
        let mode = file.tightened.or(file.mode);
        let written = self.make_folders(&file.folders).and_then(|()| {
            let known = draft.now.as_deref().map(str::as_bytes);
            files::replace(self.files, &file.path, draft.then.as_bytes(), mode, known)
        });
        written.map_err(|cause| unwritten(&file.path, cause))
    }

    fn make_folders(&self, folders: &[PathBuf]) -> io::Result<()> {
        for folder in folders.iter().filter(|folder| !self.files.is_folder(folder)) {
            self.files.make_folder(folder)?;
            self.files.sync_folder(files::folder_of(folder))?;
        }
        Ok(())
    }

    /// Puts a tool's files back, then has its token taken back, which may fail with one sentence.
    ///
    /// # Errors
    /// The file that could not be put back, and why; the others were.
    pub fn disconnect(
        &self,
        tool: Tool,
        take_back: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<Report, ConnectProblem> {
        let _turn = self.turn()?;
        let Some(record) = self.record(tool).map_err(ConnectProblem::Journal)? else {
            // A run that was killed may have left it.
            let _ = self.settle_at_login();
            return Ok(Report { unchanged: true, ..empty(tool) });
        };
        let mut report = self.put_back(tool, &record)?;
        for name in record.client.iter().chain(&record.earlier) {
            if let Err(cause) = take_back(name) {
                let note =
                    format!("Its token is still in force: {cause}. Later: weir client rm {name}");
                report.notes.push(note);
            }
        }
        journal::forget(self.files, self.home, tool.name()).map_err(ConnectProblem::Journal)?;
        if let Err(cause) = self.settle_at_login() {
            // It finds nothing to put back, so it harms nobody.
            tracing::warn!(%cause, "the entry at login was not removed");
        }
        Ok(report)
    }

    /// Puts the files of a record back.
    ///
    /// # Errors
    /// The first file that could not be put back, and why; the others were.
    pub(super) fn put_back(&self, tool: Tool, record: &Record) -> Result<Report, ConnectProblem> {
        let mut report = empty(tool);
        let mut first = None;
        for file in &record.files {
            match self.put_file_back(tool, file) {
                Ok(changed) => report.files.push(changed),
                Err(problem) => first = first.or(Some(problem)),
            }
        }
        first.map_or(Ok(report), Err)
    }

    fn put_file_back(&self, tool: Tool, file: &FileRecord) -> Result<Changed, ConnectProblem> {
        let path = &file.path;
        let fault = |cause| unwritten(path, cause);
        files::sweep(self.files, path).map_err(fault)?;
        let bytes = self.files.read(path).map_err(fault)?;
        let damaged = |cause| match unfit(path, cause, tool) {
            ConnectProblem::Unfit { path, cause, .. } => {
                let keys: Vec<String> = file.keys.iter().map(|key| key.path.join(".")).collect();
                let fix = format!("Take Weir's keys out by hand: {}", keys.join(", "));
                ConnectProblem::Unfit { path, cause, fix }
            }
            other => other,
        };
        let now = bytes.map(text_of).transpose().map_err(damaged)?;
        let undone = undo::undo(file, now.as_deref()).map_err(damaged)?;
        let same = undone.text == now;
        let mode = self.mode_back(file).map_err(fault)?;
        match &undone.text {
            None if same => {}
            None => {
                self.files.remove(path).map_err(fault)?;
                self.files.sync_folder(files::folder_of(path)).map_err(fault)?;
            }
            Some(_) if same => {
                if let Some(mode) = mode {
                    self.files.set_mode(path, mode).map_err(fault)?;
                }
            }
            Some(text) => {
                let known = now.as_deref().map(str::as_bytes);
                let mode = match mode {
                    Some(mode) => Some(mode),
                    None => self.files.facts(path).map_err(fault)?.and_then(|facts| facts.mode),
                };
                files::replace(self.files, path, text.as_bytes(), mode, known).map_err(fault)?;
            }
        }
        for folder in file.folders.iter().rev().filter(|folder| self.files.is_folder(folder)) {
            self.files.remove_folder(folder).map_err(fault)?;
        }
        let what = match (&undone.text, undone.kept.is_empty()) {
            (None, _) if same => "gone",
            (None, _) => "removed",
            (Some(_), true) => "restored",
            (Some(_), false) => "kept",
        };
        let before = now.unwrap_or_default();
        let after = undone.text.unwrap_or_default();
        Ok(Changed {
            path: path.clone(),
            what: what.into(),
            keys: undone.kept,
            exact: undone.exact,
            diff: diff::lines(&before, &after),
        })
    }

    /// The permissions to give back: those of before, unless somebody changed them since.
    fn mode_back(&self, file: &FileRecord) -> io::Result<Option<u32>> {
        let now = self.files.facts(&file.path)?.and_then(|facts| facts.mode);
        Ok(file.mode.filter(|_| file.tightened.is_some() && now == file.tightened))
    }

    /// One change of tools at a time. A home on a disk that is full or read-only must not keep a
    /// tool from being put back, so a lock that cannot be made is none.
    pub(super) fn turn(&self) -> Result<Option<File>, ConnectProblem> {
        let mut waited = Duration::ZERO;
        loop {
            match self.files.turn(&self.home.root().join("tools.lock")) {
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {
                    if waited >= TURN_MAX {
                        return Err(ConnectProblem::Busy);
                    }
                    std::thread::sleep(STEP);
                    waited += STEP;
                }
                other => return Ok(other.unwrap_or_default()),
            }
        }
    }
}

fn unwritten(path: &Path, cause: io::Error) -> ConnectProblem {
    let fix = match cause.kind() {
        io::ErrorKind::Interrupted => "It was left as it is. Run the command again".to_owned(),
        _ => "Make its folder writable for this user, and check the space on the disk".to_owned(),
    };
    ConnectProblem::File { path: path.to_owned(), cause, fix }
}

fn no_entry(cause: &io::Error) -> String {
    format!(
        "Nothing will look at the next login whether Weir was killed ({cause}): then start Weir, or \
         run weir restore"
    )
}

/// Lets the token of a tool that was away stand beside its next one: a program that still runs has
/// it in its memory, and goes on with it. The one before that ends.
fn retire(record: &mut Record, name: &str, tokens: &dyn Tokens) -> Result<(), ConnectProblem> {
    let next = match name.strip_suffix(AGAIN) {
        Some(base) => base.trim_end_matches(['-', TOKEN_MARK]).to_owned(),
        None if name.contains(TOKEN_MARK) => format!("{name}-{AGAIN}"),
        None => format!("{name}{TOKEN_MARK}{AGAIN}"),
    };
    for older in [record.earlier.take().as_deref(), Some(&next)].into_iter().flatten() {
        tokens.revoke(older)?;
    }
    record.earlier = Some(name.to_owned());
    record.client = Some(next);
    Ok(())
}

/// The record's files are the drafts; a file that is no longer a part of the set-up is kept, so
/// that it is put back too.
fn keep_files(record: &mut Record, drafts: &[Draft]) {
    for draft in drafts {
        let known = record.files.iter().position(|file| file.path == draft.record.path);
        match known {
            Some(index) => record.files[index] = draft.record.clone(),
            None => record.files.push(draft.record.clone()),
        }
    }
}

/// A tool that was set up by hand has its token, which is shown no second time.
fn told_once(tool: Tool) -> Report {
    let name = tool.name();
    let note = format!(
        "Its token was shown once and is kept only as a hash. For a new one: weir disconnect \
         {name}, then weir connect {name}"
    );
    Report { connected: true, unchanged: true, notes: vec![note], ..empty(tool) }
}

fn empty(tool: Tool) -> Report {
    Report {
        tool: tool.name().into(),
        connected: false,
        unchanged: false,
        files: Vec::new(),
        notes: Vec::new(),
        by_hand: Vec::new(),
    }
}

fn report(tool: Tool, drafts: &[Draft], notes: Vec<String>) -> Report {
    let changed = |draft: &Draft| Changed {
        path: draft.record.named.clone(),
        what: match (&draft.now, draft.changes()) {
            (None, _) => "created".into(),
            (Some(_), true) => "edited".into(),
            (Some(_), false) => "kept".into(),
        },
        keys: match draft.record.format {
            Format::Whole => Vec::new(),
            _ => draft.keys.clone(),
        },
        exact: true,
        diff: diff::lines(draft.now.as_deref().unwrap_or_default(), &draft.then),
    };
    Report {
        connected: true,
        unchanged: !drafts.is_empty() && drafts.iter().all(|draft| !draft.changes()),
        files: drafts.iter().map(changed).collect(),
        notes,
        ..empty(tool)
    }
}
