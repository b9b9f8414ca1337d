//! Why a price is not known, and what is wrong with a price file.
//! Owns the sentences; each says what, where and how to fix.

use std::fmt;
use std::path::PathBuf;

/// Why a call has no known price. Never turned into a zero.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    /// Neither the name nor the address of the provider is in the table.
    #[error("no price table knows the provider {provider}. Add a row for it to prices.toml")]
    UnknownProvider {
        /// The provider's name.
        provider: String,
    },
    /// The provider's list does not have the model.
    #[error(
        "the price list of {provider} has no {model}. Run weir price update, or add a row to prices.toml"
    )]
    UnknownModel {
        /// The provider as the table names it.
        provider: String,
        /// The model.
        model: String,
    },
    /// The model is known, but not what it charges for something the call used.
    #[error("no price is known for {kind} of {model}. Add a row to prices.toml")]
    NoRate {
        /// The model.
        model: String,
        /// The kind of usage.
        kind: &'static str,
    },
    /// Anthropic's fast mode has a price of its own, and the table does not have it.
    #[error(
        "no price is known for {model} at speed {speed}. Add a row with speed = \"{speed}\" to prices.toml"
    )]
    Speed {
        /// The model.
        model: String,
        /// The speed the answer names.
        speed: String,
    },
    /// An Ollama model that runs in Ollama's cloud.
    #[error(
        "{model} runs in Ollama's cloud, which has no price per token. Add a row to prices.toml"
    )]
    Cloud {
        /// The model.
        model: String,
    },
    /// The answer said nothing about what it used.
    #[error("the answer from {model} reported no usage")]
    NoUsage {
        /// The model.
        model: String,
    },
    /// The price table itself failed.
    #[error("the price table cannot be read ({reason}). Run weir price update with a good file")]
    Table {
        /// What failed.
        reason: String,
    },
}

/// One mistake of the override file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong and how to fix it.
    pub reason: String,
}

/// Why a price file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PriceFileProblem {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("{} cannot be written: {source}. The table in force is unchanged", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no price table.
    #[error("{} is not taken: {reason}. The table in force is unchanged", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The first thing that is wrong.
        reason: String,
    },
    /// The override file has mistakes.
    #[error("{}", Rows { path, problems })]
    Rows {
        /// The file.
        path: PathBuf,
        /// All of them, in the order of the file.
        problems: Vec<RowProblem>,
    },
}

struct Rows<'a> {
    path: &'a PathBuf,
    problems: &'a [RowProblem],
}

impl fmt::Display for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let gap = if i == 0 { "" } else { "\n" };
            write!(f, "{gap}{}:{}: {}", self.path.display(), problem.line, problem.reason)?;
        }
        Ok(())
    }
}
