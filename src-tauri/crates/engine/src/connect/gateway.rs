//! What a tool is pointed at: the port, the providers behind it, and the tool's own token.
//! Owns how a token is had again, made anew and taken back; asks a desk, or with nothing running
//! the ledger itself.

use super::problem::ConnectProblem;
use crate::api::{Code, ConfigShown, Desk, ModelRow};
use crate::clock;
use crate::control::Remote;
use crate::home::Home;
use crate::lock::Lock;
use std::collections::BTreeMap;
use weir_ledger::Ledger;

/// The running or configured Weir.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Whether an engine runs.
    pub running: bool,
    /// Providers and their addresses.
    pub providers: BTreeMap<String, String>,
    /// Whether Anthropic's own login is passed on.
    pub passes_login: bool,
    /// Providers that can be used now: with a key, or without need of one.
    pub usable: Vec<String>,
    /// What can be asked for beside the tool's own models: Weir's own names, and everything that runs
    /// on this user's machines.
    pub models: Vec<Offered>,
}

/// A model that a tool can be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// What to ask for.
    pub id: String,
    /// The context that a request really gets, in tokens, where it is known.
    pub context: Option<u64>,
    /// Whether it runs on this user's machines.
    pub local: bool,
    /// Whether it is in memory, where its server says so.
    pub loaded: Option<bool>,
    /// Whether it is switched off: a tool's list does not offer it.
    pub off: bool,
}

/// Models of this user's machines that are put into a tool's list.
const LISTED_LOCAL_MAX: usize = 40;
/// The name that is always routed.
const AUTO: &str = "weir-auto";

impl Gateway {
    /// As a desk says.
    ///
    /// # Errors
    /// What the desk says; `NoPort` when nothing runs and the port is 0.
    pub fn of(desk: &dyn Desk) -> Result<Self, ConnectProblem> {
        let status = desk.status()?;
        let ConfigShown { toml, .. } = desk.config_show()?;
        let config: toml::Table = toml.parse().unwrap_or_default();
        let configured =
            config.get("server").and_then(|s| s.get("port")).and_then(|p| p.as_integer());
        let configured = configured.and_then(|port| u16::try_from(port).ok());
        let port =
            status.port.or(configured).filter(|port| *port > 0).ok_or(ConnectProblem::NoPort)?;
        let mut gateway = Self { port, running: status.running, ..Self::default() };
        let providers = config.get("providers").and_then(|p| p.as_table());
        for (name, entry) in providers.into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(|v| v.as_str()).unwrap_or_default();
            gateway.providers.insert(name.clone(), text("base_url").to_owned());
            if text("dialect") == "anthropic" && text("key") == "passthrough" {
                gateway.passes_login = true;
            }
        }
        let usable = status.providers.iter().filter(|provider| provider.state == "ready");
        gateway.usable = usable.map(|provider| provider.name.clone()).collect();
        // A look by somebody who wants to know also asks how long a context each model can have.
        desk.local_status()?;
        let offered = |row: &ModelRow| (!row.chain.is_empty() || row.local) && row.id != AUTO;
        let rows = desk.models()?.into_iter().filter(offered).map(|row| Offered {
            id: row.id,
            context: row.context,
            local: row.local,
            loaded: row.loaded,
            off: row.off,
        });
        let auto = Offered { id: AUTO.to_owned(), ..Offered::default() };
        gateway.models = std::iter::once(auto).chain(rows).collect();
        gateway.no_circle()?;
        Ok(gateway)
    }

    /// Whether a provider can be used now.
    pub fn has(&self, provider: &str) -> bool {
        self.usable.iter().any(|name| name == provider)
    }

    /// The models to put into a tool's list: Weir's own names, and of this user's machines the first
    /// ones, where there are more than a list should hold those in memory before the others.
    pub fn listed(&self) -> Vec<&Offered> {
        let (mut local, mut listed): (Vec<_>, Vec<_>) =
            self.models.iter().filter(|model| !model.off).partition(|model| model.local);
        if local.len() > LISTED_LOCAL_MAX {
            local.sort_by_key(|model| model.loaded != Some(true));
            local.truncate(LISTED_LOCAL_MAX);
        }
        listed.append(&mut local);
        listed
    }

    /// The model of this user's machines that a name means, listed or not. Ollama's newest version of a
    /// model is meant also without its tag.
    pub fn local(&self, name: &str) -> Option<&Offered> {
        let named = |id: &str| id == name || id.strip_suffix(":latest") == Some(name);
        self.models.iter().find(|model| model.local && named(&model.id))
    }

    /// The address without a path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Whether an address is this Weir's, with or without a path behind it.
    pub fn leads_here(&self, url: &str) -> bool {
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| {
            let own = format!("http://{host}:{}", self.port);
            let same = url.get(..own.len()).is_some_and(|head| head.eq_ignore_ascii_case(&own));
            same && matches!(url.as_bytes().get(own.len()), None | Some(b'/'))
        })
    }

    /// Refuses when a provider is Weir itself: one request would become many without end.
    fn no_circle(&self) -> Result<(), ConnectProblem> {
        let own = format!(":{}", self.port);
        for (provider, url) in &self.providers {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let host = rest.split('/').next().unwrap_or_default();
            let here = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]"];
            if host.strip_suffix(&own).is_some_and(|host| here.contains(&host)) {
                return Err(ConnectProblem::Loop { provider: provider.clone(), url: url.clone() });
            }
        }
        Ok(())
    }
}

/// A token in the hand.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The name it was made under.
    pub name: String,
    /// The token.
    pub token: String,
    /// When it was made, in Unix milliseconds.
    pub made_ms: i64,
}

/// The tokens of a home, as client set-up needs them.
pub trait Tokens {
    /// Names in force and when each was made, in Unix milliseconds.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn list(&self) -> Result<Vec<(String, i64)>, ConnectProblem>;
    /// Makes a token under a free name.
    ///
    /// # Errors
    /// Why not.
    fn issue(&self, name: &str) -> Result<Issued, ConnectProblem>;
    /// Takes a token back; one that is not there is fine.
    ///
    /// # Errors
    /// Why not.
    fn revoke(&self, name: &str) -> Result<(), ConnectProblem>;
}

impl Tokens for &dyn Desk {
    fn list(&self) -> Result<Vec<(String, i64)>, ConnectProblem> {
        let rows = self.client_list()?;
        Ok(rows.into_iter().map(|row| (row.name, row.created.ms())).collect())
    }

    fn issue(&self, name: &str) -> Result<Issued, ConnectProblem> {
        let added = self.client_add(name)?;
        let made = self.list()?.into_iter().find(|(known, _)| known == name);
        let made_ms = made.map_or(0, |(_, at)| at);
        Ok(Issued { name: name.to_owned(), token: added.token.expose().to_owned(), made_ms })
    }

    fn revoke(&self, name: &str) -> Result<(), ConnectProblem> {
        match self.client_remove(name) {
            Err(problem) if problem.code == Code::NotFound => Ok(()),
            other => Ok(other?),
        }
    }
}

/// Takes a tool's token back, whether or not an engine runs. One that stays stands in no file any
/// more.
///
/// # Errors
/// One sentence: why nobody could be asked to.
pub fn take_back(home: &Home, name: &str) -> Result<(), String> {
    match Remote::find(home.root()) {
        Ok(None) => take_back_offline(home, name),
        Ok(Some(remote)) => match remote.client_remove(name) {
            Err(problem) if problem.code != Code::NotFound => Err(problem.message),
            _ => Ok(()),
        },
        Err(problem) => Err(problem.message),
    }
}

/// Takes a token back with no engine running and whatever the configuration says.
fn take_back_offline(home: &Home, name: &str) -> Result<(), String> {
    if !home.ledger().exists() {
        return Ok(());
    }
    let _lock = Lock::take(home).map_err(|problem| problem.to_string())?;
    let (ledger, _) = Ledger::open(&home.ledger(), clock::zone(), clock::unix_ms())
        .map_err(|problem| problem.to_string())?;
    ledger.remove_client(name, clock::unix_ms()).map_err(|problem| problem.to_string())?;
    Ok(())
}
