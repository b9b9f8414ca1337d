//! What leads a tool past Weir: files that are laid over its settings, variables that count more, and
//! whether a value of one leads to Weir after all.
//! Reads only; what is said of it is the doctor's and the run's.

use super::{Tool, aider, claude_code, codex, opencode};
use crate::connect::document::Format;
use crate::connect::files::Files;
use crate::connect::gateway::Gateway;
use crate::connect::surroundings::Surroundings;
use crate::connect::{marked, tokens_in};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Whose settings a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This user's own.
    Own,
    /// A project's.
    Project,
    /// Everybody's on this machine.
    Machine,
}

/// A settings file, and the key in it that counts more than the variables of a run and leads past Weir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beaten {
    /// The file.
    pub path: PathBuf,
    /// The key, with dots.
    pub key: String,
    /// Whose settings these are.
    pub whose: Whose,
}

impl Beaten {
    /// Whether connecting the tool writes this very key.
    pub fn is_mended_by_connecting(&self) -> bool {
        let variable = self.key.rsplit('.').next().unwrap_or_default();
        self.whose == Whose::Own && !claude_code::CLOUDS.contains(&variable)
    }

    /// What to do, as the end of a sentence.
    pub fn way_out(&self, tool: Tool) -> String {
        match self.whose {
            Whose::Machine => {
                "it holds for everybody on this machine: ask whoever looks after it".to_owned()
            }
            _ if self.is_mended_by_connecting() => {
                format!("take it out, or use: weir connect {}", tool.name())
            }
            _ => "take it out".to_owned(),
        }
    }
}

/// Whether a variable that is a switch is on, as the tools read one.
pub fn switched_on(value: &str) -> bool {
    ["1", "true", "yes", "on"].iter().any(|on| value.trim().eq_ignore_ascii_case(on))
}

/// Keys of a table of settings that say where a call goes and whose key it shows.
const LEADING: [&str; 5] =
    ["baseURL", "base_url", "api_url", "apiKey", "experimental_bearer_token"];

/// Whether something in a table is an address or a key, and not Weir's.
fn leads_away(gateway: &Gateway, table: &serde_json::Map<String, Value>) -> bool {
    table.iter().any(|(name, value)| match value {
        Value::String(text) => {
            let leading = LEADING.contains(&name.as_str());
            leading && !gateway.leads_here(text) && tokens_in(text).is_empty()
        }
        Value::Object(inner) => leads_away(gateway, inner),
        _ => false,
    })
}

impl Tool {
    /// What in its settings counts more than the variables of a run and leads past Weir.
    pub fn beaten(
        self,
        gateway: &Gateway,
        around: &Surroundings,
        files: &dyn Files,
    ) -> Vec<Beaten> {
        match self {
            Self::ClaudeCode => claude_code::beaten(gateway, &self.laid_over(around, files), files),
            _ => Vec::new(),
        }
    }

    /// The model that a run will ask for, where its arguments, variables or settings say one and
    /// anything depends on it.
    pub fn model_of_run(
        self,
        arguments: &[OsString],
        around: &Surroundings,
        files: &dyn Files,
    ) -> Option<String> {
        match self {
            Self::ClaudeCode => {
                let paths = self.laid_over(around, files).into_iter().map(|(path, _)| path);
                claude_code::model_of_run(arguments, around, paths, files)
            }
            Self::Codex => codex::model_of_run(arguments, around, files),
            _ => None,
        }
    }

    /// Claude Code's settings files as they are laid over each other, the one that counts most first:
    /// everybody's, the nearest folder's, and its own last.
    fn laid_over(self, around: &Surroundings, files: &dyn Files) -> Vec<(PathBuf, Whose)> {
        let machine = claude_code::managed(around, files).into_iter();
        let folders = around.folder.ancestors().take_while(|folder| *folder != around.home);
        // Of a folder's two, the one that is not shared counts more.
        let project = folders.flat_map(|folder| self.project_files(folder).into_iter().rev());
        let machine = machine.map(|path| (path, Whose::Machine));
        let project = project.map(|(path, ..)| (path, Whose::Project));
        let own = (claude_code::settings(around), Whose::Own);
        machine.chain(project.filter(|(path, _)| *path != own.0)).chain([own.clone()]).collect()
    }

    /// Files of a project that are laid over the user's own settings, and the keys in them that
    /// may lead past Weir. Claude Code's are in `beaten`; a file of variables counts as a whole.
    pub fn project_files(self, folder: &Path) -> Vec<(PathBuf, Format, &'static [&'static str])> {
        use Format::{Dotenv, Json, Toml, Yaml};
        let at = |path: &[&str], format: Format, keys: &'static [&'static str]| {
            (path.iter().fold(folder.to_owned(), |at, name| at.join(name)), format, keys)
        };
        match self {
            Self::ClaudeCode => vec![
                at(&[".claude", "settings.json"], Json, &[]),
                at(&[".claude", "settings.local.json"], Json, &[]),
            ],
            Self::Codex => vec![at(
                &[".codex", "config.toml"],
                Toml,
                &["model_provider", "model_providers.weir", "openai_base_url", "profile"],
            )],
            Self::GeminiCli => {
                vec![at(&[".gemini", ".env"], Dotenv, &[]), at(&[".env"], Dotenv, &[])]
            }
            Self::Opencode => {
                let keys: &[&str] =
                    &["provider.anthropic", "provider.openai", "provider.weir", "model"];
                vec![at(&["opencode.json"], Json, keys), at(&["opencode.jsonc"], Json, keys)]
            }
            Self::Aider => vec![at(
                &[".aider.conf.yml"],
                Yaml,
                &["openai-api-base", "openai-api-key", "set-env", "anthropic-api-key"],
            )],
            Self::Zed => vec![at(&[".zed", "settings.json"], Json, &["language_models"])],
            Self::Continue | Self::Cline => Vec::new(),
        }
    }

    /// Whether the value that a project's file gives a key leads past Weir.
    pub fn past(self, gateway: &Gateway, key: &str, value: &Value) -> bool {
        match (self, key, value) {
            (_, _, value) if marked(value) => false,
            (Self::Codex, "model_provider", value) => value != "weir",
            (Self::Opencode, "model", Value::String(model)) => {
                !opencode::goes_through(gateway, model)
            }
            (Self::Aider, "set-env", value) => !aider::keeps_address(gateway, value),
            (_, _, Value::String(text)) => !gateway.leads_here(text),
            (_, _, Value::Object(table)) => leads_away(gateway, table),
            _ => true,
        }
    }

    /// Whether a run calls Weir although a project's file gives a key that value.
    pub fn run_helps(self, key: &str, value: &Value) -> bool {
        self.needs_its_file().is_none()
            && match (self, key) {
                // What a run gives opencode is laid over its files, and chooses no model.
                (Self::Opencode, "model") => false,
                // aider puts these into its environment itself, over what is there.
                (Self::Aider, "set-env") => !aider::names_address(value),
                _ => true,
            }
    }

    /// Variables that lead it past Weir where they are set, unless they hold Weir's own address.
    pub fn overriding(self) -> &'static [&'static str] {
        match self {
            Self::ClaudeCode => &claude_code::CLOUDS,
            Self::Codex => &["OPENAI_BASE_URL"],
            Self::GeminiCli => {
                &["GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA"]
            }
            Self::Opencode => &["OPENCODE_CONFIG_CONTENT"],
            Self::Aider => &["AIDER_OPENAI_API_BASE", "AIDER_OPENAI_API_KEY"],
            Self::Zed | Self::Continue | Self::Cline => &[],
        }
    }

    /// Whether such a variable leads past Weir with that value.
    pub fn overrides(self, gateway: &Gateway, name: &str, value: &str) -> bool {
        match name.contains("_USE_") {
            true => switched_on(value),
            false => !gateway.leads_here(value) && tokens_in(value).is_empty(),
        }
    }
}
