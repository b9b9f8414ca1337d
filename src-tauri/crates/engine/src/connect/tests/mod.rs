//! Client set-up against a file system in memory that can be killed, or lose its power, after any
//! step; and a seeded grammar of settings files as people really have them.

mod again;
mod disk;
mod edits;
mod flow;
mod grammar;
mod local_models;
mod past;
mod places;
mod thousand;

use super::*;
use crate::home::Home;
use disk::Memory;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Tokens of a home, in memory: a test's stand-in for the ledger, which client set-up only asks
/// through this port.
#[derive(Default)]
pub struct Purse {
    held: Mutex<Vec<Issued>>,
    made: Mutex<i64>,
}

impl Purse {
    pub fn names(&self) -> Vec<String> {
        self.held.lock().iter().map(|held| held.name.clone()).collect()
    }

    pub fn opens(&self, token: &str) -> bool {
        self.held.lock().iter().any(|held| held.token == token)
    }
}

impl Tokens for Purse {
    fn list(&self) -> Result<Vec<(String, i64)>, ConnectProblem> {
        Ok(self.held.lock().iter().map(|held| (held.name.clone(), held.made_ms)).collect())
    }

    fn issue(&self, name: &str) -> Result<Issued, ConnectProblem> {
        let mut made = self.made.lock();
        *made += 1;
        let token = crate::gate::new_token().unwrap();
        let issued = Issued { name: name.into(), token, made_ms: *made };
        self.held.lock().push(issued.clone());
        Ok(issued)
    }

    fn revoke(&self, name: &str) -> Result<(), ConnectProblem> {
        self.held.lock().retain(|held| held.name != name);
        Ok(())
    }
}

/// One of Weir's own names.
pub fn offered(id: &str, context: Option<u64>) -> Offered {
    Offered { id: id.into(), context, ..Offered::default() }
}

/// A model of this user's machines.
pub fn local(id: &str, context: Option<u64>, loaded: bool) -> Offered {
    Offered { local: true, loaded: Some(loaded), ..offered(id, context) }
}

/// A user with tools: a disk in memory, a home, tokens.
pub struct World {
    pub disk: Memory,
    pub home: Home,
    pub around: Surroundings,
    pub purse: Purse,
    pub gateway: Gateway,
}

impl World {
    pub fn new() -> Self {
        let disk = Memory::default();
        for folder in [
            "/home/u/.claude",
            "/home/u/.codex",
            "/home/u/.gemini",
            "/home/u/.config/opencode",
            "/home/u/.config/zed",
            "/home/u/.continue",
            "/home/u/project/.claude",
            "/weir",
        ] {
            disk.make_folders(Path::new(folder));
        }
        let variables = BTreeMap::from([("PATH".to_owned(), OsString::from("/bin"))]);
        Self {
            disk,
            home: Home::at("/weir"),
            around: Surroundings {
                platform: Platform::Linux,
                home: "/home/u".into(),
                folder: "/home/u/project".into(),
                variables,
            },
            purse: Purse::default(),
            gateway: Gateway {
                port: 9347,
                running: true,
                usable: ["anthropic", "openai", "gemini"].map(str::to_owned).to_vec(),
                models: vec![offered("weir-auto", None), local("ollama/q", Some(32_768), true)],
                ..Gateway::default()
            },
        }
    }

    pub fn shop(&self) -> Workshop<'_> {
        Workshop { home: &self.home, around: &self.around, files: &self.disk }
    }

    pub fn connect(&self, tool: Tool) -> Result<Report, ConnectProblem> {
        self.connect_as(tool, &Given::default())
    }

    /// Connects with what was given on the line.
    pub fn connect_as(&self, tool: Tool, given: &Given) -> Result<Report, ConnectProblem> {
        self.shop().connect(tool, &self.gateway, &self.purse, given)
    }

    pub fn disconnect(&self, tool: Tool) -> Result<Report, ConnectProblem> {
        let take_back = |name: &str| self.purse.revoke(name).map_err(|e| e.to_string());
        self.shop().disconnect(tool, &take_back)
    }

    /// The first settings file of a tool.
    pub fn settings(&self, tool: Tool) -> PathBuf {
        tool.file(&self.around, &self.disk).unwrap()
    }

    pub fn text(&self, tool: Tool) -> String {
        String::from_utf8(self.disk.read(&self.settings(tool)).unwrap().unwrap()).unwrap()
    }

    pub fn put(&self, tool: Tool, text: impl AsRef<[u8]>) {
        self.disk.put(&self.settings(tool), text.as_ref(), 0o644);
    }
}
