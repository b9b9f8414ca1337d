//! What would be changed for a tool: its files, the keys in them and what they get. Pure but for
//! reading; nothing is written here.
//! Owns the rule that Weir never takes its own values for somebody's original ones.

use super::document::{Format, MARK, Splice, Unfit};
use super::files::{self, Facts, Files};
use super::gateway::Gateway;
use super::journal::{Edit, FileRecord, KeyRecord, Record, is_ours};
use super::problem::{ConnectProblem, unfit};
use super::surroundings::Surroundings;
use super::tools::Tool;
use super::{document, loopback, marked, undo};
use crate::home::Home;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// How a tool that has a login of its own shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// As Weir's configuration says: kept where the provider's key is `passthrough`.
    #[default]
    AsConfigured,
    /// The tool's own login stays in force, and its subscription pays.
    Kept,
    /// Weir's keys pay.
    Replaced,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The tool's own login.
    pub login: Login,
    /// The model to set in the tool; its own choice without it.
    pub model: Option<String>,
}

impl Ask {
    /// The command that asks for this.
    pub fn command(&self, tool: Tool) -> String {
        let login = match self.login {
            Login::AsConfigured => "",
            Login::Kept => " --keep-login",
            Login::Replaced => " --use-keys",
        };
        let model = self.model.as_ref().map(|model| format!(" --model {model}"));
        format!("weir connect {}{login}{}", tool.name(), model.unwrap_or_default())
    }
}

/// The word that gives the choice of a model back to the tool.
const NO_MODEL: &str = "none";

/// What was given with a command. What was not stays as it was asked for before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The tool's own login.
    pub login: Option<Login>,
    /// The model, or `none` for the tool's own choice.
    pub model: Option<String>,
}

impl Given {
    /// What is asked for by this command, with what was asked for before.
    pub fn after(&self, before: &Ask) -> Ask {
        let model = match self.model.as_deref() {
            Some(NO_MODEL) => None,
            Some(model) => Some(model.to_owned()),
            None => before.model.clone(),
        };
        Ask { login: self.login.unwrap_or(before.login), model }
    }
}

/// What a tool's file needs to know.
pub struct Wanted<'a> {
    /// Weir.
    pub gateway: &'a Gateway,
    /// The tool's token.
    pub token: &'a str,
    /// What was asked for.
    pub ask: &'a Ask,
    /// Where files are.
    pub around: &'a Surroundings,
    /// What a file says without Weir's keys; an empty object when there is none.
    pub says: &'a dyn Fn(&Path, Format) -> Value,
}

/// One key a tool shall have.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Where.
    pub path: document::Path,
    /// What.
    pub value: Value,
    /// Whether a value that is there already stays.
    pub gently: bool,
}

impl Wish {
    /// A key that leads to Weir.
    pub fn of(path: &[&str], value: impl Into<Value>) -> Self {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        Self { path, value: value.into(), gently: false }
    }

    /// A key that is set only where the user has not.
    pub fn gently(path: &[&str], value: impl Into<Value>) -> Self {
        Self { gently: true, ..Self::of(path, value) }
    }
}

/// One file of a tool.
#[derive(Clone, Debug)]
pub struct FilePlan {
    /// Its path, as the tool knows it.
    pub path: PathBuf,
    /// Its grammar.
    pub format: Format,
    /// The keys, in the order they shall stand.
    pub wishes: Vec<Wish>,
    /// The whole text of a file that is Weir's alone.
    pub whole: Option<String>,
}

/// Everything for a tool.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Its files.
    pub files: Vec<FilePlan>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// A file as it is and as it shall be.
#[derive(Debug)]
pub struct Draft {
    /// What will be remembered of it.
    pub record: FileRecord,
    /// Its text now; `None` when there is no file.
    pub now: Option<String>,
    /// Its text then.
    pub then: String,
    /// Keys that change, with dots.
    pub keys: Vec<String>,
}

impl Draft {
    /// Whether there is anything to do.
    pub fn changes(&self) -> bool {
        self.now.as_deref() != Some(&self.then)
    }
}

/// Reads files and says what would become of them.
pub struct Planner<'a> {
    /// The home, where the journal is.
    pub home: &'a Home,
    /// Where files are.
    pub around: &'a Surroundings,
    /// How they are reached.
    pub files: &'a dyn Files,
    /// The tool.
    pub tool: Tool,
    /// What was done before.
    pub record: Option<&'a Record>,
}

impl Planner<'_> {
    /// The drafts for a tool with that token.
    ///
    /// # Errors
    /// The file that cannot be edited, and why.
    pub fn drafts(
        &self,
        gateway: &Gateway,
        token: &str,
        ask: &Ask,
    ) -> Result<(Vec<Draft>, Vec<String>), ConnectProblem> {
        let says = |path: &Path, format: Format| {
            let pristine = self.pristine(path, format).ok().and_then(|(_, _, text)| text);
            let tree = pristine.and_then(|text| format.read(&text).ok());
            tree.unwrap_or_else(|| Value::Object(serde_json::Map::new()))
        };
        let around = self.around;
        if let Some((path, what, fix)) = self.tool.obstacle(around, self.files) {
            return Err(ConnectProblem::Refused { path, what, fix });
        }
        let wanted = Wanted { gateway, token, ask, around, says: &says };
        let plan = self.tool.plan(&wanted, self.files);
        let drafts: Result<Vec<Draft>, _> =
            plan.files.iter().map(|file| self.draft(file)).collect();
        Ok((drafts?, plan.notes))
    }

    fn draft(&self, plan: &FilePlan) -> Result<Draft, ConnectProblem> {
        let (path, now, pristine) = self.pristine(&plan.path, plan.format)?;
        let facts = self.files.facts(&path).map_err(|cause| self.unreadable(&path, cause))?;
        self.editable(&path, facts)?;
        let known = self.known(&path);
        let mut keys: Vec<KeyRecord> = known.map(|file| file.keys.clone()).unwrap_or_default();
        let original = match plan.whole {
            // A file of this name can only be one that Weir left.
            Some(_) => None,
            None => self.without_marks(plan, pristine, &path)?,
        };
        let (then, splices) = match &plan.whole {
            Some(text) => (text.clone(), vec![whole(&mut keys, text)]),
            None => edit(plan, original.as_deref().unwrap_or_default(), &mut keys)
                .map_err(|cause| unfit(&path, cause, self.tool))?,
        };
        let changed = splices.iter().map(|(key, _)| keys[*key].path.join(".")).collect();
        let made = undo::edit(original.as_deref(), &then, &splices);
        let mode = known.map_or(facts.and_then(|facts| facts.mode), |file| file.mode);
        let holds_token = !super::tokens_in(&then).is_empty();
        let tightened =
            mode.filter(|mode| holds_token && mode & 0o077 != 0).map(|mode| mode & 0o700);
        let mut edits: Vec<Edit> = known.map(|file| file.edits.clone()).unwrap_or_default();
        edits.retain(|edit| *edit != made);
        edits.push(made);
        let folders =
            known.map_or_else(|| self.missing_folders(&path), |file| file.folders.clone());
        let record = FileRecord {
            named: plan.path.clone(),
            path,
            format: plan.format,
            mode,
            tightened,
            folders,
            edits,
            keys,
        };
        Ok(Draft { record, now, then, keys: changed })
    }

    /// What is remembered of a file.
    fn known(&self, path: &Path) -> Option<&FileRecord> {
        self.record?.files.iter().find(|file| file.path == path)
    }

    /// A file's real path, its text, and its text without Weir's keys.
    fn pristine(
        &self,
        named: &Path,
        format: Format,
    ) -> Result<(PathBuf, Option<String>, Option<String>), ConnectProblem> {
        let unreadable = |cause| self.unreadable(named, cause);
        let path = files::resolve(self.files, named).map_err(unreadable)?;
        let bytes = self.files.read(&path).map_err(unreadable)?;
        let Some(bytes) = bytes else { return Ok((path, None, None)) };
        let now = text_of(bytes).map_err(|cause| unfit(&path, cause, self.tool))?;
        let pristine = match self.known(&path) {
            Some(record) => {
                let undone = undo::undo(record, Some(&now));
                undone.map_err(|cause| unfit(&path, cause, self.tool))?.text
            }
            None => Some(now.clone()),
        };
        if format != Format::Whole {
            let read = pristine.as_deref().map_or(Ok(Value::Null), |text| format.read(text));
            read.map_err(|cause| unfit(&path, cause, self.tool))?;
        }
        Ok((path, Some(now), pristine))
    }

    /// The text without values that some Weir left and no journal knows of: they are nobody's
    /// original, and to restore them would leave the tool on a dead port for ever.
    fn without_marks(
        &self,
        plan: &FilePlan,
        text: Option<String>,
        path: &Path,
    ) -> Result<Option<String>, ConnectProblem> {
        let Some(mut text) = text else { return Ok(None) };
        let refuse = |cause| unfit(path, cause, self.tool);
        let tree = plan.format.read(&text).map_err(refuse)?;
        let stands = |wish: &Wish| document::get(&tree, &wish.path).cloned();
        let values: Vec<Option<Value>> = plan.wishes.iter().map(stands).collect();
        if !values.iter().flatten().any(marked) {
            return Ok(Some(text));
        }
        for (wish, value) in plan.wishes.iter().zip(values) {
            let ours = value.is_some_and(|value| marked(&value) || loopback(&value));
            if ours && !wish.gently {
                text = plan.format.unset(&text, &wish.path, 0).map_err(refuse)?;
            }
        }
        Ok(Some(text))
    }

    fn unreadable(&self, path: &Path, cause: io::Error) -> ConnectProblem {
        let fix = format!("Make it readable for this user{}", self.tool.or_run());
        ConnectProblem::File { path: path.to_owned(), cause, fix }
    }

    /// Refuses a file that is not this user's to change.
    fn editable(&self, path: &Path, facts: Option<Facts>) -> Result<(), ConnectProblem> {
        let refuse = |what: &str, fix: String| {
            Err(ConnectProblem::Refused { path: path.to_owned(), what: what.to_owned(), fix })
        };
        if is_ours(self.home, path) {
            return refuse("is in Weir's own home", "Move the tool's settings elsewhere".into());
        }
        let Some(facts) = facts else { return Ok(()) };
        if !facts.plain {
            return refuse("is no plain file", self.tool.way_around());
        }
        if !facts.own {
            return refuse("belongs to another user", "Run this as the user who owns it".into());
        }
        if facts.mode.is_some_and(|mode| mode & 0o200 == 0) {
            let fix = format!("Make it writable (chmod u+w){}", self.tool.or_run());
            return refuse("is closed to writing", fix);
        }
        Ok(())
    }

    /// Folders that must be made for a file, the outermost first.
    fn missing_folders(&self, path: &Path) -> Vec<PathBuf> {
        let above = path.ancestors().skip(1).take_while(|folder| !self.files.is_folder(folder));
        let mut folders: Vec<PathBuf> = above.map(Path::to_path_buf).collect();
        folders.reverse();
        folders
    }
}

/// A file's text.
pub fn text_of(bytes: Vec<u8>) -> Result<String, Unfit> {
    let wrong = |line: usize, reason: &str| Unfit::Unreadable { line, reason: reason.into() };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(wrong(1, "it is UTF-16, and the tool expects UTF-8"));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        return Err(wrong(line, "it holds zero bytes: the file was damaged"));
    }
    String::from_utf8(bytes).map_err(|problem| {
        let good = problem.utf8_error().valid_up_to();
        let line = problem.as_bytes()[..good].iter().filter(|b| **b == b'\n').count() + 1;
        wrong(line, "it is not UTF-8")
    })
}

/// The text with every wish, and the splices that lead there.
fn edit(
    plan: &FilePlan,
    original: &str,
    keys: &mut Vec<KeyRecord>,
) -> Result<(String, Vec<(usize, Splice)>), Unfit> {
    let mut text = original.to_owned();
    let mut splices = Vec::new();
    // The last one first: each goes on top of what is there, so they end up in order.
    for wish in plan.wishes.iter().rev() {
        let tree = plan.format.read(&text)?;
        if wish.gently && document::get(&tree, &wish.path).is_some() {
            continue;
        }
        if let Some(splice) = plan.format.set(&text, &wish.path, &wish.value)? {
            text = splice.apply(&text);
            splices.push((undo::step(keys, &tree, &wish.path, &wish.value), splice));
        }
    }
    debug_assert!(!text.trim_start_matches(MARK).starts_with(MARK), "one mark at most");
    Ok((text, splices))
}

fn whole(keys: &mut Vec<KeyRecord>, text: &str) -> (usize, Splice) {
    let key = undo::step(keys, &Value::Null, &["*".to_owned()], &Value::from(text));
    (key, Splice { at: 0, old: String::new(), new: text.to_owned() })
}
