//! The intent journal: per tool one file in the home that says, before a tool's file is touched,
//! what will be changed and how to take it back. It alone is needed to restore.
//! Owns its form. Holds the previous values of Weir's own keys and hashes of the new ones; a token
//! is never written here.

use super::document::{Format, Path as Key, Splice};
use super::files::{self, Files};
use super::plan::Ask;
use crate::home::Home;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// A SHA-256 in hexadecimal digits.
pub type Hash = String;

/// Bytes of an insertion that are kept to find it again. Too few to hold a part of a token, which
/// stands behind its key.
const HEAD_BYTES: usize = 8;

/// The SHA-256 of some bytes.
pub fn hash(bytes: impl AsRef<[u8]>) -> Hash {
    Sha256::digest(bytes.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was done for one tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The form of this file.
    pub form: u32,
    /// The tool.
    pub tool: String,
    /// The name its token was made under; set before the token is made.
    pub client: Option<String>,
    /// When that token was made, in Unix milliseconds.
    pub client_made_ms: Option<i64>,
    /// SHA-256 of the token.
    pub token: Option<Hash>,
    /// The port its files name.
    pub port: u16,
    /// Whether everything below was carried out.
    pub done: bool,
    /// Whether Weir itself took it back for as long as it does not serve.
    #[serde(default)]
    pub away: bool,
    /// What was asked for, so that it can be done again.
    #[serde(default)]
    pub ask: Ask,
    /// The name of the token before this one, which what still runs may hold.
    #[serde(default)]
    pub earlier: Option<String>,
    /// Its files.
    pub files: Vec<FileRecord>,
}

/// One file of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The path the tool uses.
    pub named: PathBuf,
    /// The file itself, links followed.
    pub path: PathBuf,
    /// Its grammar.
    pub format: Format,
    /// Its permissions before.
    pub mode: Option<u32>,
    /// The permissions it was given.
    pub tightened: Option<u32>,
    /// Folders that were made for it, the outermost first.
    pub folders: Vec<PathBuf>,
    /// What was done to it, the newest last. Two while it is being done again.
    pub edits: Vec<Edit>,
    /// Hashes of every value ever given to a key.
    pub keys: Vec<KeyRecord>,
}

/// One change of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file before; `None` when there was none.
    pub before: Option<Hash>,
    /// The file after.
    pub after: Hash,
    /// The splices that lead from one to the other, in order.
    pub steps: Vec<Step>,
}

/// One splice, without the text it put in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The key it was for: an index of `keys`.
    pub key: usize,
    /// Where.
    pub at: usize,
    /// What stood there.
    pub old: String,
    /// How many bytes stand there now.
    pub length: usize,
    /// Their hash.
    pub hash: Hash,
    /// How an insertion begins.
    pub head: String,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Where it is.
    pub path: Key,
    /// How many of the tables around it were made for it.
    pub made: usize,
    /// Hashes of the values it was given.
    pub wrote: Vec<Hash>,
}

impl Step {
    /// A splice to remember.
    pub fn of(key: usize, splice: &Splice) -> Self {
        let head = match splice.old.is_empty() {
            true => splice.new[..splice.new.floor_char_boundary(HEAD_BYTES)].to_owned(),
            false => String::new(),
        };
        Self {
            key,
            at: splice.at,
            old: splice.old.clone(),
            length: splice.new.len(),
            hash: hash(&splice.new),
            head,
        }
    }

    /// The text before it, if exactly its own bytes stand at `at`.
    pub fn undo_at(&self, text: &str, at: usize) -> Option<String> {
        let new = text.get(at..at.checked_add(self.length)?)?;
        (hash(new) == self.hash)
            .then(|| [&text[..at], &self.old, &text[at + self.length..]].concat())
    }
}

/// The form written by this version.
pub const FORM: u32 = 1;

fn folder(home: &Home) -> PathBuf {
    home.root().join("tools")
}

/// The journal of a tool.
pub fn file(home: &Home, tool: &str) -> PathBuf {
    folder(home).join(format!("{tool}.json"))
}

/// The record of a tool; `None` when nothing was done for it.
///
/// # Errors
/// What the system said, or that the file is not a record.
pub fn load(files: &dyn Files, home: &Home, tool: &str) -> io::Result<Option<Record>> {
    let path = file(home, tool);
    let Some(bytes) = files.read(&path)? else { return Ok(None) };
    let record: Record = serde_json::from_slice(&bytes)
        .map_err(|problem| io::Error::other(format!("{}: {problem}", path.display())))?;
    match record.form {
        FORM => Ok(Some(record)),
        form => Err(io::Error::other(format!(
            "{} has form {form}, which a newer Weir wrote",
            path.display()
        ))),
    }
}

/// Writes a record and brings it to the disk.
///
/// # Errors
/// What the system said.
pub fn save(files: &dyn Files, home: &Home, record: &Record) -> io::Result<()> {
    let (folder, path) = (folder(home), file(home, &record.tool));
    if !files.is_folder(&folder) {
        files.make_folder(&folder)?;
        files.sync_folder(home.root())?;
    }
    let bytes = serde_json::to_vec_pretty(record)?;
    let known = files.read(&path)?;
    files::replace(files, &path, &bytes, None, known.as_deref())
}

/// Removes a record.
///
/// # Errors
/// What the system said.
pub fn forget(files: &dyn Files, home: &Home, tool: &str) -> io::Result<()> {
    let path = file(home, tool);
    files::sweep(files, &path)?;
    if files.read(&path)?.is_some() {
        files.remove(&path)?;
        files.sync_folder(&folder(home))?;
    }
    files.remove_folder(&folder(home))
}

/// Whether a path is of Weir's own home, which is never a tool's.
pub fn is_ours(home: &Home, path: &Path) -> bool {
    path.starts_with(home.root())
}
