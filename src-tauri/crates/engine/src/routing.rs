//! The set-up in force, as the proxy asks for it on every request, the models that can be asked
//! for, and the taking over of an edited configuration and edited prices. Owns when the files are
//! looked at: on requests and when somebody asks for prices, once a second at most, so that an idle
//! engine does nothing. A bad edit never replaces a good configuration.

use crate::config::{Config, ConfigProblem, SecondOpinion, Use, any_local};
use crate::home::Home;
use crate::local::Part;
use crate::prices::{Prices, Quoted};
use crate::profiles;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::time::SystemTime;
use weir_core::Failover;
use weir_core::route::{Ask, Caching, Off, Provider, Quotes, Route, Setup, at_home, routed};
use weir_core::{Money, Usage};
use weir_proxy::ports::{Clock, Listed, Opening, Routes};

/// Shortest time between two looks at the file, in nanoseconds.
const LOOK_NS: u64 = 1_000_000_000;

/// What tells an edited file from the one that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Mark {
    path: PathBuf,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Mark {
    fn of(path: &Path) -> Self {
        let path = path.to_path_buf();
        match std::fs::metadata(&path) {
            Err(_) => Self { path, ..Self::default() },
            Ok(found) => Self { path, modified: found.modified().ok(), bytes: found.len() },
        }
    }
}

/// Tells whether the keychain is known to hold a provider's key.
type HasKey = Box<dyn Fn(&str) -> bool + Send + Sync>;
/// Told when another configuration is in force.
type Changed = Box<dyn Fn(&Config) + Send + Sync>;

/// A model that was asked for, and who would have answered.
pub struct Asked {
    /// The provider.
    pub provider: String,
    /// The model as it knows it.
    pub model: String,
    /// Whether it is local.
    pub local: bool,
    /// How it caches prompts.
    pub caching: Caching,
}

/// What looking at local servers found that routing needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Base URLs of providers whose server listens elsewhere than its preset says.
    pub addresses: BTreeMap<String, String>,
    /// The models of the servers that answer.
    pub models: Vec<Listed>,
    /// What the link `local` of a chain stands for: models here that answer with text, the ones in
    /// memory first.
    pub chats: Vec<Route>,
}

/// The configuration of one engine.
pub struct Routing {
    home: Home,
    clock: Arc<dyn Clock>,
    config: Arc<ArcSwap<Config>>,
    setup: ArcSwap<Setup>,
    prices: Arc<Prices>,
    /// Made when it is first asked for: it needs the price table, which a start does not.
    models: ArcSwap<Option<Vec<Listed>>>,
    paused: AtomicBool,
    /// Whether local models are switched off.
    local_off: AtomicBool,
    /// Whether nothing else is in use.
    local_only: AtomicBool,
    /// Local models that are switched off one by one.
    models_off: ArcSwap<Vec<Route>>,
    /// What was found on this machine.
    found: ArcSwap<Found>,
    /// Where Weir itself listens; 0 before it does.
    own_port: AtomicU16,
    looked_ns: AtomicU64,
    /// Held while a configuration is taken over, so that two never cross.
    mark: Mutex<Mark>,
    problem: ArcSwap<Option<String>>,
    has_key: HasKey,
    changed: Mutex<Option<Changed>>,
}

impl Routing {
    /// Reads the file; what follows an edit is told to `on_change`, once it is set.
    ///
    /// # Errors
    /// Every problem of the file at once.
    pub fn open(
        home: Home,
        clock: Arc<dyn Clock>,
        prices: Arc<Prices>,
        has_key: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Result<Self, ConfigProblem> {
        let mark = Mark::of(&home.config());
        let config = profiles::load(&home)?;
        let routing = Self {
            home,
            config: Arc::new(ArcSwap::from_pointee(config)),
            setup: ArcSwap::default(),
            prices,
            models: ArcSwap::default(),
            paused: AtomicBool::new(false),
            local_off: AtomicBool::new(false),
            local_only: AtomicBool::new(false),
            models_off: ArcSwap::default(),
            found: ArcSwap::default(),
            own_port: AtomicU16::new(0),
            looked_ns: AtomicU64::new(clock.monotonic_ns()),
            mark: Mutex::new(mark),
            problem: ArcSwap::default(),
            has_key: Box::new(has_key),
            changed: Mutex::new(None),
            clock,
        };
        routing.refresh();
        Ok(routing)
    }

    /// Who is told when another configuration is in force.
    pub fn on_change(&self, tell: impl Fn(&Config) + Send + Sync + 'static) {
        *self.changed.lock() = Some(Box::new(tell));
    }

    /// Tells where Weir listens, so that no configuration can lead back there.
    ///
    /// # Errors
    /// When the one in force does.
    pub fn listens_on(&self, port: u16) -> Result<(), ConfigProblem> {
        self.own_port.store(port, Ordering::Relaxed);
        straight(self.config.load_full().as_ref().clone(), port).map(drop)
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    /// Shares the configuration in force with the keys, which need each provider's address.
    pub fn shared(&self) -> Arc<ArcSwap<Config>> {
        Arc::clone(&self.config)
    }

    /// Why the last edit was not taken over, while it stands.
    pub fn problem(&self) -> Option<String> {
        self.problem.load().as_ref().clone()
    }

    /// Makes the set-up anew: after a key was stored or removed, or the prices changed.
    pub fn refresh(&self) {
        let setup = self.setup_of(&self.config.load());
        self.setup.store(Arc::new(setup));
        self.models.store(Arc::default());
    }

    /// What a configuration comes to on this machine now: the link `local` is what was found.
    pub fn setup_of(&self, config: &Config) -> Setup {
        let mut setup = config.setup(self.paused.load(Ordering::Relaxed), &self.has_key);
        setup.local_off = self.local_off.load(Ordering::Relaxed);
        setup.local_only = self.local_only.load(Ordering::Relaxed);
        setup.models_off = Vec::clone(&self.models_off.load());
        let found = self.found.load();
        for provider in &mut setup.providers {
            if let Some(address) = found.addresses.get(&provider.name) {
                provider.base_url.clone_from(address);
            }
        }
        let chats: Vec<(Route, bool)> = {
            let off = |route: &Route| setup.route_off(route) == Some(Off::Model);
            found.chats.iter().map(|route| (route.clone(), !off(route))).collect()
        };
        for chain in [&mut setup.low, &mut setup.medium, &mut setup.high] {
            put_local(chain, &chats);
        }
        for rule in &mut setup.rules {
            if let Use::Chain(chain) = &mut rule.target {
                put_local(chain, &chats);
            }
        }
        setup.task_models = setup
            .task_models
            .into_iter()
            .filter_map(|(task, route)| Some((task, one_local(route, &chats)?)))
            .collect();
        if let Some(opinion) = setup.second_opinion.take() {
            let below = opinion.below;
            let route = one_local(opinion.route, &chats);
            setup.second_opinion = route.map(|route| SecondOpinion { route, below });
        }
        setup
    }

    /// Passes everything through to where it asks, or routes again.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
        self.refresh();
    }

    /// Takes local models out of routing, all or some, back in, or everything else out.
    pub fn switch_local(&self, part: Part, models_off: Arc<Vec<Route>>) {
        self.models_off.store(models_off);
        self.local_off.store(part == Part::Off, Ordering::Relaxed);
        self.local_only.store(part == Part::Only, Ordering::Relaxed);
        self.refresh();
    }

    /// Takes over what looking at local servers found.
    pub fn found(&self, found: Found) {
        self.found.store(Arc::new(found));
        self.refresh();
    }

    /// What the link `local` stands for now.
    pub fn chats(&self) -> Vec<Route> {
        self.found.load().chats.clone()
    }

    /// Where Weir itself listens; 0 before it does.
    pub fn own_port(&self) -> u16 {
        self.own_port.load(Ordering::Relaxed)
    }

    /// Whether everything is passed through to where it asks.
    pub fn paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Reads the file now and takes it over if it holds, and edited prices with it.
    ///
    /// # Errors
    /// Every problem of the file; the configuration before it stays in force.
    pub fn reload(&self) -> Result<(), ConfigProblem> {
        if self.prices.look() {
            self.refresh();
        }
        let mut mark = self.mark.lock();
        *mark = Mark::of(&self.home.config());
        let port = self.own_port.load(Ordering::Relaxed);
        match profiles::load(&self.home).and_then(|config| straight(config, port)) {
            Ok(config) => {
                self.problem.store(Arc::new(None));
                self.config.store(Arc::new(config));
                self.refresh();
                if let Some(tell) = self.changed.lock().as_ref() {
                    tell(&self.config.load());
                }
                Ok(())
            }
            Err(problem) => {
                let told = match &problem {
                    ConfigProblem::Wrong { path, problems } => format!(
                        "{} has {} and was not taken over; the configuration before it stays in \
                         force. See: weir config check",
                        path.display(),
                        count(problems.len()),
                    ),
                    ConfigProblem::Unreadable { .. }
                    | ConfigProblem::Gone { .. }
                    | ConfigProblem::Circle { .. } => problem.to_string(),
                };
                self.problem.store(Arc::new(Some(told)));
                Err(problem)
            }
        }
    }

    /// Whether a text could be taken over now; problems name `file`.
    ///
    /// # Errors
    /// Every problem of it.
    pub fn would_hold(&self, file: &Path, text: &str) -> Result<(), ConfigProblem> {
        straight(Config::parse(file, text)?, self.own_port()).map(drop)
    }

    /// Takes an edited file over, if there is one. Looks at the disk once a second at most.
    pub fn look(&self) {
        let now = self.clock.monotonic_ns();
        let last = self.looked_ns.load(Ordering::Relaxed);
        if now.saturating_sub(last) < LOOK_NS {
            return;
        }
        let ours = self.looked_ns.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        if ours.is_err() {
            return;
        }
        if self.prices.look() {
            self.refresh();
        }
        if Mark::of(&self.home.config()) == *self.mark.lock() {
            return;
        }
        match self.reload() {
            Ok(()) => tracing::info!("the edited configuration is in force"),
            Err(problem) => tracing::warn!(%problem, "the edited configuration was not taken over"),
        }
    }

    /// The base URL of a provider; empty for the demonstration and for one that is gone.
    pub fn base_url(&self, provider: &str) -> String {
        let setup = self.setup.load();
        setup.provider(provider).map_or_else(String::new, |p| p.base_url.clone())
    }

    /// The model a request asked for, and who would have answered; `None` for Weir's own names.
    pub fn asked(&self, opening: &Opening) -> Option<Asked> {
        let asked = opening.asked_model.as_str();
        if routed(asked).is_some() || opening.demo {
            return None;
        }
        let setup = self.setup.load();
        let named = asked.split_once('/').and_then(|(p, m)| Some((setup.provider(p)?, m)));
        let ask = Ask::bare(opening.endpoint, asked, false);
        let home = || at_home(&setup, &ask).ok().map(|(provider, _)| provider);
        let (provider, model) = named.or_else(|| Some((home()?, asked)))?;
        let caching = Caching::of(provider.dialect, provider.local);
        let local = provider.local;
        Some(Asked { provider: provider.name.clone(), model: model.into(), local, caching })
    }
}

impl Routes for Routing {
    fn setup(&self) -> Arc<Setup> {
        self.look();
        self.setup.load_full()
    }

    fn failover(&self) -> Arc<Failover> {
        Arc::clone(&self.config.load().failover)
    }

    fn window(&self, route: &Route) -> Option<u64> {
        let base_url = self.base_url(&route.provider);
        let rows = self.prices.models(&route.provider, &base_url, self.clock.unix_ms());
        // A dated name is of the family its beginning names.
        let own = rows.iter().filter(|row| route.model.starts_with(&row.model));
        own.max_by_key(|row| row.model.len())?.context
    }

    fn models(&self) -> Vec<Listed> {
        if let Some(known) = self.models.load().as_ref() {
            return known.clone();
        }
        let found = self.list();
        self.models.store(Arc::new(Some(found.clone())));
        found
    }

    fn cost(&self, route: &Route, usage: &Usage) -> Option<Money> {
        let setup = self.setup.load();
        let at_ms = self.clock.unix_ms();
        Quoted { prices: &self.prices, setup: &setup, at_ms }.cost(route, usage)
    }
}

impl Routing {
    /// The models of every provider that can be asked, by the name to ask for: bare at the
    /// provider that bare names go to, `provider/model` elsewhere. Then what the tiers name.
    fn list(&self) -> Vec<Listed> {
        let config = self.config.load();
        let now_ms = self.clock.unix_ms();
        let mut all: Vec<Listed> = Vec::new();
        for provider in config.providers.iter().filter(|p| config.can_be_asked(p, &self.has_key)) {
            let bare = |p: &&Provider| p.kind.is_plain() && p.dialect == provider.dialect;
            let native =
                config.providers.iter().find(bare).is_some_and(|p| p.name == provider.name);
            for model in self.prices.models(&provider.name, &provider.base_url, now_ms) {
                let named = || format!("{}/{}", provider.name, model.model);
                all.push(Listed {
                    id: if native { model.model.clone() } else { named() },
                    provider: provider.name.clone(),
                    dialect: provider.dialect,
                    context: model.context,
                });
            }
        }
        let setup = self.setup.load();
        let off = |id: &str| {
            let (provider, model) = id.split_once('/').unwrap_or_default();
            setup.provider(provider).is_some_and(|p| setup.off(p, model).is_some())
        };
        all.extend(self.found.load().models.iter().filter(|listed| !off(&listed.id)).cloned());
        let links = config.low.iter().chain(&config.medium).chain(&config.high);
        let in_use = |route: &&Route| setup.route_off(route) != Some(Off::Model);
        for route in links.filter(in_use).filter(|route| **route != any_local()) {
            let id = route.to_string();
            let known =
                |l: &Listed| l.id == id || (l.provider == route.provider && l.id == route.model);
            if let Some(provider) = config.provider(&route.provider)
                && !all.iter().any(known)
            {
                let (provider, dialect) = (provider.name.clone(), provider.dialect);
                all.push(Listed { id, provider, dialect, context: None });
            }
        }
        all
    }
}

/// How many local models one link `local` stands for: a chain that tried twenty would keep its
/// client waiting.
const LOCALS_LEN_MAX: usize = 3;

/// Puts what was found, and may be in use, in the place of the link `local`. What is switched off and
/// would have been asked stands there too, so that whoever answers instead says so.
fn put_local(chain: &mut Vec<Route>, found: &[(Route, bool)]) {
    let Some(at) = chain.iter().position(|route| *route == any_local()) else { return };
    let mut new: Vec<Route> = Vec::new();
    let mut left = LOCALS_LEN_MAX;
    for (route, in_use) in found.iter().filter(|(route, _)| !chain.contains(route)) {
        if left == 0 {
            break;
        }
        left -= usize::from(*in_use);
        new.push(route.clone());
    }
    chain.splice(at..=at, new);
    chain.retain(|route| *route != any_local());
}

/// The one model that a link stands for, where only one can be named: of what `local` stands for the
/// first that is in use.
fn one_local(link: Route, found: &[(Route, bool)]) -> Option<Route> {
    if link != any_local() {
        return Some(link);
    }
    let in_use = found.iter().find(|(_, in_use)| *in_use).or(found.first());
    in_use.map(|(route, _)| route.clone())
}

/// The configuration, unless it leads a request back to this engine.
fn straight(config: Config, port: u16) -> Result<Config, ConfigProblem> {
    match config.circle(port) {
        Some(p) if port != 0 => {
            let (provider, base_url) = (p.name.clone(), p.base_url.clone());
            Err(ConfigProblem::Circle { provider, base_url })
        }
        _ => Ok(config),
    }
}

fn count(problems: usize) -> String {
    if problems == 1 { "a mistake".into() } else { format!("{problems} mistakes") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicI64;

    /// A clock that stands still until it is told to go on.
    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn unix_ms(&self) -> i64 {
            1_795_334_400_000 + self.0.load(Ordering::Relaxed)
        }
        fn monotonic_ns(&self) -> u64 {
            self.0.load(Ordering::Relaxed).unsigned_abs() * 1_000_000
        }
    }

    struct Fixture {
        routing: Routing,
        clock: Arc<Hand>,
        file: PathBuf,
        _dir: tempfile::TempDir,
    }

    fn fixture(text: &str, keys: &'static [&'static str]) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let clock = Arc::new(Hand::default());
        let rows = dir.path().join("prices.toml");
        let prices = Arc::new(Prices::open(Some(&rows), None).unwrap());
        let ticking = Arc::clone(&clock) as Arc<dyn Clock>;
        let has_key = |p: &str| keys.contains(&p);
        let routing = Routing::open(Home::at(dir.path()), ticking, prices, has_key).unwrap();
        Fixture { routing, clock, file, _dir: dir }
    }

    #[test]
    fn an_edited_file_is_taken_over_by_the_next_request_after_a_second() {
        let f = fixture("", &[]);
        assert!(f.routing.setup().demo_answers);
        std::fs::write(&f.file, "[providers.ollama]\nlocal = true\n").unwrap();
        assert!(f.routing.setup().demo_answers, "the disk is looked at once a second at most");
        f.clock.0.store(1_001, Ordering::Relaxed);
        assert!(!f.routing.setup().demo_answers);
    }

    #[test]
    fn a_bad_edit_stays_out_until_it_is_mended_and_says_so_meanwhile() {
        let f = fixture("[tiers]\nlow = [\"openai/gpt-5\"]\n", &[]);
        std::fs::write(&f.file, "[tiers]\nlow = [\"nobody/x\"]\n").unwrap();
        f.clock.0.store(1_001, Ordering::Relaxed);
        assert_eq!(f.routing.setup().low[0].to_string(), "openai/gpt-5");
        assert!(f.routing.problem().is_some_and(|p| p.contains("a mistake")));
        std::fs::write(&f.file, "[tiers]\nlow = [\"anthropic/claude-haiku-4-5\"]\n").unwrap();
        f.clock.0.store(2_002, Ordering::Relaxed);
        assert_eq!(f.routing.setup().low[0].provider, "anthropic");
        assert_eq!(f.routing.problem(), None);
        std::fs::remove_file(&f.file).unwrap();
        f.clock.0.store(3_003, Ordering::Relaxed);
        let _ = f.routing.setup();
        assert_eq!(*f.routing.config(), Config::default_config(), "without a file, the defaults");
    }

    #[test]
    fn an_edited_price_is_in_force_at_the_next_request_after_a_second() {
        let f = fixture("", &[]);
        let rows = f.file.with_file_name("prices.toml");
        std::fs::write(&rows, "[[price]]\nprovider = 'corp'\nmodel = 'x'\ninput = 1\n").unwrap();
        let _ = f.routing.setup();
        assert_eq!(f.routing.prices.own_rows_count(), 0, "once a second at most");
        f.clock.0.store(1_001, Ordering::Relaxed);
        let _ = f.routing.setup();
        assert_eq!(f.routing.prices.own_rows_count(), 1);
        std::fs::write(&rows, "[[price]]\n").unwrap();
        f.clock.0.store(2_002, Ordering::Relaxed);
        let _ = f.routing.setup();
        assert_eq!(f.routing.prices.own_rows_count(), 1, "a bad edit changes nothing");
        assert!(f.routing.prices.problem().is_some_and(|p| p.contains("provider is missing")));
    }

    #[test]
    fn the_link_local_stands_for_what_was_found_and_for_nothing_where_nothing_was() {
        let f = fixture("[tiers]\nlow = [\"local\", \"openai/gpt-5-mini\"]\n", &["openai"]);
        let low = |f: &Fixture| {
            f.routing.setup().low.iter().map(ToString::to_string).collect::<Vec<String>>()
        };
        assert_eq!(low(&f), ["openai/gpt-5-mini"]);
        let route = |m: &str| Route { provider: "ollama".into(), model: m.into() };
        let chats = ["a", "b", "c", "d"].map(route).to_vec();
        f.routing.found(Found { chats, ..Found::default() });
        assert_eq!(low(&f), ["ollama/a", "ollama/b", "ollama/c", "openai/gpt-5-mini"]);
    }

    #[test]
    fn a_model_that_is_switched_off_takes_no_place_of_the_link_local_and_is_not_listed() {
        let f = fixture("[providers.ollama]\n[tiers]\nlow = [\"local\", \"ollama/linked\"]\n", &[]);
        let route = |m: &str| Route { provider: "ollama".into(), model: m.into() };
        let listed = |m: &str| Listed {
            id: route(m).to_string(),
            provider: "ollama".into(),
            dialect: weir_core::Dialect::Ollama,
            context: None,
        };
        let (chats, models) = (["a", "b", "c", "d"].map(route).to_vec(), vec![listed("a")]);
        f.routing.found(Found { chats, models, ..Found::default() });
        let has = |id: &str| f.routing.models().iter().any(|m| m.id == id);
        assert!(has("ollama/a") && has("ollama/linked"));
        let off = Arc::new(vec![route("a"), route("linked")]);
        f.routing.switch_local(Part::On, off);
        let low: Vec<String> = f.routing.setup().low.iter().map(ToString::to_string).collect();
        assert_eq!(low, ["ollama/a", "ollama/b", "ollama/c", "ollama/d", "ollama/linked"]);
        let ask = Ask::bare(weir_core::Endpoint::Chat, "weir-low", true);
        let plan = weir_core::route::plan(&f.routing.setup(), &ask).unwrap().candidates;
        let asked: Vec<&str> = plan.iter().map(|c| c.route.model.as_str()).collect();
        assert_eq!(asked, ["b", "c", "d"], "three are in use");
        assert_eq!(plan[0].reason.as_str(), "local-model-off");
        assert!(!has("ollama/a") && !has("ollama/linked"));
        f.routing.reload().unwrap();
        assert_eq!(f.routing.setup().models_off.len(), 2, "it outlives an edit");
        let chats: Vec<(Route, bool)> = vec![(route("a"), false), (route("b"), true)];
        assert_eq!(one_local(any_local(), &chats), Some(route("b")));
        assert_eq!(one_local(any_local(), &chats[..1]), Some(route("a")), "to be passed over");
        assert_eq!(one_local(route("x"), &chats), Some(route("x")));
    }

    #[test]
    fn a_pause_outlives_an_edit() {
        let f = fixture("", &[]);
        f.routing.pause(true);
        f.routing.reload().unwrap();
        assert!(f.routing.setup().paused);
        f.routing.pause(false);
        assert!(!f.routing.setup().paused);
    }

    #[test]
    fn models_are_listed_by_the_name_that_reaches_them_and_only_where_there_is_a_key() {
        let f = fixture("", &["anthropic", "openrouter"]);
        let models = f.routing.models();
        let has = |id: &str| models.iter().any(|m| m.id == id);
        assert!(has("claude-haiku-4-5"), "bare at the provider bare names go to");
        assert!(!has("anthropic/claude-haiku-4-5"), "and not twice");
        assert!(models.iter().any(|m| m.id.starts_with("openrouter/")));
        assert!(has("openai/gpt-5"), "the tiers name it");
        assert!(!has("gpt-5"), "no key, no list");
    }
}
