//! What is known of every local server, and when each is looked at again: at the start, when
//! somebody asks and it is old, and more and more rarely while a server is gone. There is no timer:
//! an engine nobody asks anything looks at nothing.

use super::address::Surroundings;
use super::look::{KNOWN_WAIT, SEARCH_WAIT, Target, base_url, url};
use super::{Kind, Model, ModelsOff, Part, Reading, Server, State, Switch};
use super::{address, look, ollama, process};
use crate::config::Config;
use crate::events::Events;
use crate::home::Home;
use crate::routing::{Found, Routing};
use crate::secrets::Keys;
use arc_swap::ArcSwap;
use futures_util::future::join_all;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio_util::task::TaskTracker;
use weir_core::route::{KeySource, Provider, Route};
use weir_proxy::ports::{Clock, Keys as _, Listed};
use weir_proxy::probe::{Prober, Question, blocking};

/// What is known of a server that answers holds for so long, in milliseconds.
const FRESH_MS: i64 = 30_000;
/// The same while it loads a model.
const LOADING_MS: i64 = 2_000;
/// The longest rest of a server that is gone; each look that finds nothing doubles it.
const REST_MS_MAX: i64 = 5 * 60_000;
/// Doublings that reach the longest rest.
const MISSES_COUNTED_MAX: u32 = 4;
/// Models of one Ollama whose limits are asked for, one question each.
const SHOWN_MODELS_MAX: usize = 64;

/// Which servers are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of which what is known is old.
    Due,
    /// All of them, now: somebody wants to know.
    All,
}

/// The local servers of one engine.
pub struct Watch {
    me: Weak<Self>,
    routing: Arc<Routing>,
    keys: Arc<Keys>,
    events: Arc<Events>,
    clock: Arc<dyn Clock>,
    prober: Prober,
    around: Surroundings,
    switch: Switch,
    models_off: ModelsOff,
    logs: PathBuf,
    servers: ArcSwap<Vec<Server>>,
    /// Held while a look is under way, so that two never cross.
    looking: tokio::sync::Mutex<()>,
    /// Whether a look is on its way that nobody waits for.
    kicked: AtomicBool,
    tasks: TaskTracker,
    /// What does not change until a model does, by its name and digest.
    limits: Mutex<HashMap<(String, String), ollama::Limits>>,
}

impl Watch {
    /// Nothing is looked at yet.
    pub fn new(
        home: &Home,
        routing: Arc<Routing>,
        keys: Arc<Keys>,
        events: Arc<Events>,
        clock: Arc<dyn Clock>,
        models_off: ModelsOff,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            routing,
            keys,
            events,
            clock,
            prober: Prober::default(),
            around: Surroundings::read(),
            switch: Switch::of(home),
            models_off,
            logs: home.logs(),
            servers: ArcSwap::default(),
            looking: tokio::sync::Mutex::default(),
            kicked: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            limits: Mutex::default(),
        })
    }

    /// Whether local models are in use.
    pub fn on(&self) -> bool {
        self.switch.on()
    }

    /// The part that local models take.
    pub fn part(&self) -> Part {
        self.switch.part()
    }

    /// The models that are switched off one by one.
    pub fn models_off(&self) -> &ModelsOff {
        &self.models_off
    }

    pub(super) fn switch(&self) -> &Switch {
        &self.switch
    }

    pub(super) fn routing(&self) -> &Routing {
        &self.routing
    }

    pub(super) fn events(&self) -> &Events {
        &self.events
    }

    pub(super) fn prober(&self) -> &Prober {
        &self.prober
    }

    pub(super) fn logs(&self) -> &std::path::Path {
        &self.logs
    }

    /// Every local server as last seen, in the order of the configuration. Answers at once.
    pub fn servers(&self) -> Arc<Vec<Server>> {
        self.servers.load_full()
    }

    /// Every local server after a look. Blocks for a few seconds at most.
    pub fn look_now(&self, scope: Scope) -> Arc<Vec<Server>> {
        if scope == Scope::All || self.anything_due() {
            let looked = blocking(self.look(scope));
            if let Err(problem) = looked {
                tracing::warn!(%problem, "local servers could not be looked at");
            }
        }
        self.servers()
    }

    /// Starts a look at what is old, for which nobody waits. Needs a runtime around it; without
    /// one nothing happens.
    pub fn kick(&self) {
        let around = tokio::runtime::Handle::try_current().is_ok();
        if !around || self.tasks.is_closed() || self.kicked.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(me) = self.me.upgrade() {
            self.tasks.spawn(async move {
                let _over = Over(&me.kicked);
                me.look(Scope::Due).await;
            });
        }
    }

    /// Starts no look any more, and waits for the one under way.
    pub async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Whether any server should be looked at again.
    pub fn anything_due(&self) -> bool {
        let servers = self.servers.load();
        let now = self.clock.unix_ms();
        let config = self.routing.config();
        config.providers.iter().filter(|p| p.local).any(|provider| {
            let known = servers.iter().find(|s| s.provider == provider.name);
            known.is_none_or(|server| due(server, now))
        })
    }

    /// Takes over what was learned of a server beside a look. Whether it was news.
    pub(super) fn changed(
        &self,
        provider: &str,
        change: impl Fn(&mut Server) -> Option<()>,
    ) -> bool {
        let mut news = false;
        self.servers.rcu(|servers| {
            let mut servers = Vec::clone(servers);
            let server = servers.iter_mut().find(|s| s.provider == provider);
            news = server.and_then(&change).is_some();
            servers
        });
        if news {
            self.tell();
        }
        news
    }

    /// Makes what is known of a server old, unless it was looked at just now: something happened
    /// to it.
    pub fn outdated(&self, provider: &str) {
        let just_now = self.clock.unix_ms().saturating_sub(LOADING_MS);
        let old = |s: &&mut Server| s.provider == provider && s.looked_ms <= just_now;
        self.servers.rcu(|servers| {
            let mut servers = Vec::clone(servers);
            for server in servers.iter_mut().filter(old) {
                server.looked_ms = 0;
                server.misses = 0;
            }
            servers
        });
    }

    async fn look(&self, scope: Scope) {
        let _one = self.looking.lock().await;
        self.look_alone(scope).await;
    }

    /// Looks at one server, unless somebody else did while this waited for its turn.
    pub(super) async fn look_at(&self, provider: &str) {
        let asked_ms = self.clock.unix_ms();
        let _one = self.looking.lock().await;
        let servers = self.servers();
        let known = servers.iter().find(|s| s.provider == provider);
        if known.is_some_and(|server| server.looked_ms > asked_ms) {
            return;
        }
        self.servers.rcu(|servers| {
            let mut servers = Vec::clone(servers);
            for server in servers.iter_mut().filter(|s| s.provider == provider) {
                server.looked_ms = 0;
            }
            servers
        });
        self.look_alone(Scope::Due).await;
    }

    /// The look itself, for whoever holds `looking`.
    async fn look_alone(&self, scope: Scope) {
        let config = self.routing.config();
        let before = self.servers.load_full();
        let now = self.clock.unix_ms();
        let local = config.providers.iter().filter(|p| p.local);
        let looks = local.map(|provider| {
            let known = before.iter().find(|s| s.provider == provider.name).cloned();
            self.one(&config, provider, known, scope, now)
        });
        let after: Vec<Server> = join_all(looks).await;
        let news = told(&before) != told(&after);
        self.servers.store(Arc::new(after));
        if news {
            self.tell();
        }
    }

    /// Hands on what routing and the window show.
    fn tell(&self) {
        let servers = self.servers.load();
        let config = self.routing.config();
        let mut found = Found::default();
        for server in servers.iter() {
            let Some(provider) = config.provider(&server.provider) else { continue };
            // Also of one that is gone: at the preset's own address nobody has looked.
            if provider.base_url != server.base_url {
                found.addresses.insert(provider.name.clone(), server.base_url.clone());
            }
            if !matches!(server.state, State::Up | State::Loading) {
                continue;
            }
            let chats = |m: &&Model| m.chats != Some(false) && m.embeds != Some(true) && !m.cloud;
            let models = server.reading.models.iter();
            found.chats.extend(
                models.filter(chats).filter(|m| !ollama::in_cloud(&m.name)).map(|model| Route {
                    provider: provider.name.clone(),
                    model: model.name.clone(),
                }),
            );
            found.models.extend(server.reading.models.iter().map(|model| Listed {
                id: format!("{}/{}", provider.name, model.name),
                provider: provider.name.clone(),
                dialect: provider.dialect,
                context: server.context_told(provider, model),
            }));
        }
        // One that is in memory answers at once; the sort keeps the servers' order otherwise.
        let waits = |route: &Route| {
            let server = servers.iter().find(|s| s.provider == route.provider);
            server.and_then(|s| s.model(&route.model)).and_then(|m| m.loaded) != Some(true)
        };
        found.chats.sort_by_key(waits);
        self.routing.found(found);
        self.events.changed();
    }

    async fn one(
        &self,
        config: &Config,
        provider: &Provider,
        known: Option<Server>,
        scope: Scope,
        now: i64,
    ) -> Server {
        let written = config.written.contains(&provider.name);
        // Another address in the configuration is another server.
        let known = known.filter(|s| s.configured_as(provider, written));
        if let Some(known) = &known
            && scope == Scope::Due
            && !due(known, now)
        {
            return known.clone();
        }
        let was = known.as_ref().and_then(|s| s.kind);
        let searched = searched(provider);
        let own = self.routing.own_port();
        let places = match searched {
            Some(kind) => self.around.places(kind),
            None => vec![address::root(&provider.base_url).to_owned()],
        };
        let mut places: Vec<String> =
            places.into_iter().filter(|place| permitted(place, own)).collect();
        if places.is_empty() {
            // A setting that cannot be used: whoever listens at the preset's own address is asked
            // who it is all the same.
            places.push(address::root(&provider.base_url).to_owned());
        }
        let likeliest = base_url(provider, &places[0]);
        let sure = searched.is_none() || was.is_some();
        let far = places.iter().any(|place| !address::is_here(place));
        let command = self.routing.config().starts.contains_key(&provider.name);
        let startable = process::can_start(&provider.name, &likeliest, was, command);
        let target = Target {
            provider,
            key: self.key(provider).await,
            places,
            was,
            written: written && searched.is_none(),
            startable,
            wait: if sure || far { KNOWN_WAIT } else { SEARCH_WAIT },
            greetings: Surroundings::greetings(),
        };
        let seen = target.look(&self.prober).await;
        let mut server = taken(provider, known, seen, written, self.clock.unix_ms());
        if was.is_none() && server.kind.is_none() {
            server.base_url = likeliest;
        }
        server.startable = startable;
        if server.kind == Some(Kind::Ollama) && server.state == State::Up {
            self.ask_limits(provider, &mut server).await;
        }
        self.remembered_limits(&mut server);
        server
    }

    pub(super) async fn key(&self, provider: &Provider) -> Option<weir_proxy::secret::Secret> {
        let has = match &provider.key {
            KeySource::Keychain => self.keys.noted(&provider.name),
            KeySource::Env(_) => true,
            KeySource::Passthrough | KeySource::None => false,
        };
        if !has {
            return None;
        }
        self.keys.key(&provider.name).await.ok()
    }

    /// Asks Ollama for the limits of models nobody asked about yet, once a model: reads files, loads
    /// nothing.
    async fn ask_limits(&self, provider: &Provider, server: &mut Server) {
        let place = address::root(&server.base_url).to_owned();
        let unknown: Vec<(String, String)> = {
            let known = self.limits.lock();
            let all = server.reading.models.iter().filter(|m| !m.cloud);
            let keys = all.map(|m| (m.name.clone(), m.digest.clone().unwrap_or_default()));
            keys.filter(|key| !known.contains_key(key)).take(SHOWN_MODELS_MAX).collect()
        };
        let answers = join_all(unknown.into_iter().map(|key| {
            let address = url(provider, &place, "/api/show");
            let question = Question::post(address, ollama::show(&key.0), KNOWN_WAIT);
            async move { (key, self.prober.ask(question, None).await) }
        }));
        for (key, heard) in answers.await {
            if let Ok(heard) = heard
                && heard.status == 200
                && let Ok(answer) = serde_json::from_slice(&heard.body)
            {
                self.limits.lock().insert(key, ollama::limits(&answer));
            }
        }
    }

    fn remembered_limits(&self, server: &mut Server) {
        if server.kind != Some(Kind::Ollama) {
            return;
        }
        let known = self.limits.lock();
        for model in &mut server.reading.models {
            let key = (model.name.clone(), model.digest.clone().unwrap_or_default());
            if let Some(limits) = known.get(&key) {
                ollama::limit(model, limits);
            }
        }
    }
}

/// Takes note that a look is over, also when it was broken off.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Server {
    fn configured_as(&self, provider: &Provider, written: bool) -> bool {
        let moved = searched(provider).is_none() && self.base_url != provider.base_url;
        self.written == written && !moved
    }
}

/// The kind that is searched for: a preset whose address nobody changed and that takes no key.
fn searched(provider: &Provider) -> Option<Kind> {
    let kind = Kind::of_preset(&provider.name)?;
    let preset = crate::config::preset(&provider.name)?;
    (preset.base_url == provider.base_url && provider.key == KeySource::None).then_some(kind)
}

/// Never Weir itself, and nothing that the configuration could not name either.
fn permitted(place: &str, own_port: u16) -> bool {
    crate::config::url::check(place, true, own_port).is_ok()
}

fn due(server: &Server, now: i64) -> bool {
    let rest = match server.state {
        State::Unknown => 0,
        State::Loading => LOADING_MS,
        State::Up | State::Off | State::Changed => FRESH_MS,
        State::Down => {
            let doublings = server.misses.saturating_sub(1).min(MISSES_COUNTED_MAX);
            (FRESH_MS << doublings).min(REST_MS_MAX)
        }
    };
    // A clock that was set back makes everything due.
    !(0..rest).contains(&now.saturating_sub(server.looked_ms))
}

fn taken(
    provider: &Provider,
    known: Option<Server>,
    seen: look::Seen,
    written: bool,
    now: i64,
) -> Server {
    let here = matches!(seen.state, State::Up | State::Loading);
    // What refused a prompt that is too long does so too when it is back.
    let refused = known.as_ref().is_some_and(Server::refuses);
    let (misses, before) = known.map_or((0, None), |s| (s.misses, Some(s.base_url)));
    let reading = Reading { refuses: seen.reading.refuses || (!here && refused), ..seen.reading };
    let place = seen.root.as_deref().map(|place| base_url(provider, place));
    Server {
        provider: provider.name.clone(),
        base_url: place.or(before).unwrap_or_else(|| provider.base_url.clone()),
        kind: seen.kind,
        state: seen.state,
        reason: seen.reason,
        reading,
        foreign: seen.foreign,
        startable: false,
        written,
        looked_ms: now,
        misses: if here { 0 } else { misses.saturating_add(1) },
    }
}

/// What of the servers somebody would want to hear about.
fn told(servers: &[Server]) -> Vec<Server> {
    let same = |s: &Server| Server { looked_ms: 0, misses: 0, ..s.clone() };
    servers.iter().map(same).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_gone_is_asked_more_and_more_rarely() {
        let gone = |misses| Server { state: State::Down, misses, ..Server::default() };
        let rest = |server: &Server| {
            (0..).map(|s| s * 1_000).find(|ms| due(server, *ms)).expect("some day")
        };
        let rests: Vec<i64> = (1..8).map(|n| rest(&gone(n)) / 1_000).collect();
        assert_eq!(rests, [30, 60, 120, 240, 300, 300, 300]);
        let up = Server { state: State::Up, ..Server::default() };
        assert_eq!(rest(&up), FRESH_MS);
        assert!(due(&Server { looked_ms: 5_000, ..up }, 4_000), "the clock was set back");
        assert!(due(&Server::default(), 0), "never looked at");
    }

    #[test]
    fn only_a_presets_own_address_is_searched_for() {
        let preset = crate::config::preset("ollama").expect("a preset");
        assert_eq!(searched(&preset), Some(Kind::Ollama));
        let moved = Provider { base_url: "http://gpu-box:11434".into(), ..preset.clone() };
        assert_eq!(searched(&moved), None);
        let keyed = Provider { key: KeySource::Keychain, ..preset.clone() };
        assert_eq!(searched(&keyed), None, "a key goes only where it was stored for");
        let other = Provider { name: "mine".into(), ..preset };
        assert_eq!(searched(&other), None);
    }

    #[test]
    fn weir_never_looks_at_itself() {
        assert!(!permitted("http://127.0.0.1:8080", 8080));
        assert!(!permitted("http://[::1]:8080", 8080));
        assert!(permitted("http://127.0.0.1:8080", 9347));
        assert!(!permitted("http://169.254.169.254:80", 9347));
    }
}
