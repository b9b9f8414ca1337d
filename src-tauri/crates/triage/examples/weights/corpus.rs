//! The labelled requests: their records, who wrote them, and which are never trained on.

use serde::Deserialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use weir_core::Task;
use weir_core::route::Tier;
use weir_wire::outline::fingerprint;

/// One labelled request as it is written.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    pub task: String,
    pub tier: String,
    pub kind: String,
    #[serde(default = "english")]
    pub lang: String,
    pub system: Option<String>,
    pub turns: Vec<Turn>,
    pub harness: Option<String>,
}

fn english() -> String {
    "en".to_owned()
}

/// One turn of a record.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    User(String),
    Assistant(String),
    Call(String),
    Tool(String),
}

/// A record with what follows from it.
#[derive(Clone, Debug)]
pub struct Labelled {
    pub record: Record,
    pub task: Task,
    pub tier: Tier,
    /// The file it stands in.
    pub writer: usize,
    /// Equal for near duplicates.
    pub group: u64,
}

impl Labelled {
    /// A fifth is never trained on.
    pub fn held_out(&self) -> bool {
        self.group.is_multiple_of(5)
    }

    /// The part it is left out of when the trees are grown, of so many.
    pub fn part(&self, parts: usize) -> usize {
        ((self.group >> 24) % parts as u64) as usize
    }
}

/// The folder of the corpus.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Every record of the files of one folder, and the number of their bytes.
pub fn read(folder: &Path) -> io::Result<(Vec<Labelled>, u64)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    let (mut all, mut number) = (Vec::new(), 0);
    for (writer, file) in files.iter().enumerate() {
        let text = fs::read_to_string(file)?;
        number = fingerprint(number, text.as_bytes());
        for (line, record) in text.lines().enumerate() {
            let wrong =
                |why: String| io::Error::other(format!("{}:{}: {why}", file.display(), line + 1));
            let record: Record = serde_json::from_str(record).map_err(|e| wrong(e.to_string()))?;
            let task = Task::parse(&record.task).ok_or_else(|| wrong(record.task.clone()))?;
            let tier = Tier::parse(&record.tier).ok_or_else(|| wrong(record.tier.clone()))?;
            let group = group(&record);
            all.push(Labelled { record, task, tier, writer, group });
        }
    }
    Ok((all, number))
}

/// Every record of the corpus, its phrases, and the number of all of it, which the weights carry.
pub fn whole() -> io::Result<(Vec<Labelled>, String, u64)> {
    let (all, number) = read(&folder())?;
    let phrases = fs::read_to_string(folder().join("phrases.txt"))?;
    let number = fingerprint(number, phrases.as_bytes());
    Ok((all, phrases, number))
}

/// Records that begin alike are near duplicates; those under one system text too.
fn group(record: &Record) -> u64 {
    let said = record.turns.iter().find_map(|turn| match turn {
        Turn::User(text) => Some(text.as_str()),
        _ => None,
    });
    let text = record.system.as_deref().or(said).unwrap_or_default().to_lowercase();
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let key: Vec<&str> = words.take(10).collect();
    fingerprint(7, key.join(" ").as_bytes())
}
