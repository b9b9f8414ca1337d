//! The orders of `weir local`: the switch, loading and unloading, starting and stopping. Each ends
//! with a look, so that what is shown afterwards is what is.

use super::address::root;
use super::look::url;
use super::order::{self, Order};
use super::process::{self, Outcome};
use super::watch::Scope;
use super::{Kind, Model, Part, Server, State, Watch};
use crate::api::{ApiProblem, Code, LocalDone, LocalOrder};
use std::io;
use std::time::Duration;
use weir_core::route::Route;
use weir_proxy::limits::TOOL_CONTEXT;
use weir_proxy::probe::{Question, blocking};
use weir_proxy::secret::Secret;

/// The longest a server may take to read a model into memory.
const LOAD_WAIT: Duration = Duration::from_secs(10 * 60);
/// The longest it may take to let one go.
const UNLOAD_WAIT: Duration = Duration::from_secs(60);
/// How long a started server may take until it answers.
const START_WAIT: Duration = Duration::from_secs(20);
/// The pause between two looks at a server that is starting or stopping.
const START_PAUSE: Duration = Duration::from_millis(100);
/// Models that are named to somebody who asked for one that is not there.
const KNOWN_MAX: usize = 12;

fn problem(code: Code, message: impl Into<String>) -> ApiProblem {
    ApiProblem::new(code, message)
}

impl Watch {
    /// Carries out an order. Blocks until it is done.
    ///
    /// # Errors
    /// Why it cannot be, with what to do instead.
    pub fn order(&self, order: &LocalOrder) -> Result<LocalDone, ApiProblem> {
        let said = match order {
            LocalOrder::Switch { on: true } | LocalOrder::Only { on: false } => {
                self.turn(Part::On)?
            }
            LocalOrder::Switch { on: false } => self.turn(Part::Off)?,
            LocalOrder::Only { on: true } => self.turn(Part::Only)?,
            LocalOrder::SwitchModel { model, on } => self.turn_model(model, *on)?,
            LocalOrder::Load { model, context } => self.load(model, *context)?,
            LocalOrder::Unload { model } => self.unload(model)?,
            LocalOrder::Start { server } => self.start(server)?,
            LocalOrder::Stop { server } => self.stop_server(server)?,
        };
        Ok(LocalDone { said, on: self.on(), local: self.shown() })
    }

    fn turn(&self, part: Part) -> Result<String, ApiProblem> {
        let before = self.part();
        self.switch().turn(part).map_err(not_kept)?;
        self.in_force();
        let off = self.models_off().names().join(", ");
        Ok(match part {
            Part::On if !off.is_empty() => format!(
                "Local models are in use again, but for these, which are switched off one by one: {off}. \
                 To switch one on: weir local on MODEL"
            ),
            Part::On if before == Part::Only => "All models are in use again.".into(),
            Part::On => "Local models are in use again.".into(),
            Part::Only => {
                "Only local models are in use from this moment on. Requests already under \
                           way go on."
                    .into()
            }
            Part::Off => {
                "Local models are out of routing from this moment on. Requests already under \
                      way go on."
                    .into()
            }
        })
    }

    /// Routing goes on with how the switches stand.
    fn in_force(&self) {
        self.routing().switch_local(self.part(), self.models_off().all());
        self.events().changed();
    }

    fn turn_model(&self, name: &str, on: bool) -> Result<String, ApiProblem> {
        // One that is off can be switched on again also when its server or itself is gone.
        let known = if on { self.one_off(name) } else { None };
        let (model, loaded) = match known {
            Some(model) => (model, false),
            None => {
                let (server, model) = self.named(name)?;
                let loaded = model.loaded == Some(true) && server.reading.swaps && !model.cloud;
                (Route { provider: server.provider, model: model.name }, loaded)
            }
        };
        let turned = self.models_off().turn(&model, on).map_err(not_kept)?;
        self.in_force();
        let all_off = match self.part() {
            Part::Off => " All local models are switched off; to use them: weir local on",
            Part::On | Part::Only => "",
        };
        Ok(match (on, turned) {
            (true, true) => format!("{model} is in use again.{all_off}"),
            (true, false) => format!("{model} is in use already.{all_off}"),
            (false, false) => format!("{model} is switched off already."),
            (false, true) => {
                let memory = match loaded {
                    true => format!(" It stays in memory; to free that: weir local unload {model}"),
                    false => String::new(),
                };
                format!(
                    "{model} is out of routing from this moment on. Requests already under way go \
                     on.{memory}"
                )
            }
        })
    }

    /// The model that is switched off and called so: `provider/model`, or alone where only one is.
    fn one_off(&self, name: &str) -> Option<Route> {
        let off = self.models_off().all();
        let newest = format!("{name}:latest");
        let whole = |named: &str| named == name || named == newest;
        if let Some(model) = off.iter().find(|off| whole(&off.to_string())) {
            return Some(model.clone());
        }
        let mut alone = off.iter().filter(|off| whole(&off.model));
        alone.next().filter(|_| alone.next().is_none()).cloned()
    }

    fn load(&self, name: &str, context: Option<u64>) -> Result<String, ApiProblem> {
        let (server, model) = self.named(name)?;
        let loaded = model.loaded == Some(true);
        if loaded && (context.is_none() || context == model.context) {
            return Ok(already(&server, &model));
        }
        let cannot = |e: order::Cannot| problem(Code::Unavailable, e.to_string());
        let order = order::load(&server, &model, context).map_err(cannot)?;
        // LM Studio would hold it a second time beside itself.
        if loaded && server.kind == Some(Kind::LmStudio) {
            for order in order::unload(&server, &model).map_err(cannot)? {
                self.command(&server, order, UNLOAD_WAIT)?;
            }
        }
        self.command(&server, order, LOAD_WAIT)?;
        self.look_now(Scope::All);
        let context = self.again(&server, &model).and_then(|m| m.context);
        Ok(match context {
            Some(tokens) => format!(
                "{} is loaded on {} with a context of {tokens} tokens.",
                model.name, server.provider
            ),
            None => format!("{} is loaded on {}.", model.name, server.provider),
        })
    }

    fn unload(&self, name: &str) -> Result<String, ApiProblem> {
        let (server, model) = self.named(name)?;
        let orders = order::unload(&server, &model)
            .map_err(|e| problem(Code::Unavailable, e.to_string()))?;
        for order in orders {
            self.command(&server, order, UNLOAD_WAIT)?;
        }
        self.look_now(Scope::All);
        Ok(format!("{} is out of the memory of {}.", model.name, server.provider))
    }

    fn start(&self, name: &str) -> Result<String, ApiProblem> {
        let server = self.server(name)?;
        if matches!(server.state, State::Up | State::Loading) {
            return Ok(format!("{name} runs already at {}.", server.base_url));
        }
        let command = self.routing().config().starts.get(name).cloned();
        let done = process::start(&server, command.as_deref(), self.logs())
            .map_err(|e| problem(Code::Unavailable, e.to_string()))?;
        if self.becomes(name, |state| matches!(state, State::Up | State::Loading)) {
            let at = self.server(name)?.base_url;
            return Ok(format!("{name} runs at {at}, {}.", done.how));
        }
        let text = format!(
            "{name} was started {} and does not answer after {} s. Look at {}",
            done.how,
            START_WAIT.as_secs(),
            done.look
        );
        Err(problem(Code::Unreachable, text))
    }

    fn stop_server(&self, name: &str) -> Result<String, ApiProblem> {
        let server = self.server(name)?;
        if server.state == State::Down {
            return Ok(format!("{name} is not running."));
        }
        let Outcome { how, look } = process::stop(&server, self.logs())
            .map_err(|e| problem(Code::Unavailable, e.to_string()))?;
        if self.becomes(name, |state| matches!(state, State::Down | State::Off)) {
            return Ok(format!("{name} is stopped, {how}."));
        }
        let text = format!("{name} was told to stop {how} and still answers. Look at {look}");
        Err(problem(Code::Unreachable, text))
    }

    /// Looks until a server stands as it should, for [`START_WAIT`] at most.
    fn becomes(&self, name: &str, wanted: impl Fn(State) -> bool) -> bool {
        let looks = START_WAIT.as_millis() / START_PAUSE.as_millis();
        for _ in 0..looks {
            let servers = self.look_now(Scope::All);
            if servers.iter().any(|s| s.provider == name && wanted(s.state)) {
                return true;
            }
            std::thread::sleep(START_PAUSE);
        }
        false
    }

    fn server(&self, name: &str) -> Result<Server, ApiProblem> {
        let servers = self.look_now(Scope::All);
        let found = servers.iter().find(|s| s.provider == name).cloned();
        found.ok_or_else(|| {
            let known: Vec<&str> = servers.iter().map(|s| s.provider.as_str()).collect();
            let text = format!("no local server is called {name}. Known: {}", known.join(", "));
            problem(Code::NotFound, text)
        })
    }

    /// The server and the model a name means: `provider/model`, or a model that one server has.
    fn named(&self, name: &str) -> Result<(Server, Model), ApiProblem> {
        let servers = self.look_now(Scope::All);
        if let Some((provider, model)) = name.split_once('/')
            && let Some(server) = servers.iter().find(|s| s.provider == provider)
        {
            return match server.listed(model) {
                Some(found) => Ok((server.clone(), found.clone())),
                None => Err(not_there(server, model)),
            };
        }
        let mut having = servers.iter().filter_map(|s| Some((s, s.listed(name)?)));
        match (having.next(), having.next()) {
            (Some((server, model)), None) => Ok((server.clone(), model.clone())),
            (Some((one, _)), Some((other, _))) => {
                let text = format!(
                    "{name} is on {0} and on {1}. Say which: {0}/{name}",
                    one.provider, other.provider
                );
                Err(problem(Code::BadRequest, text))
            }
            (None, _) => {
                let there = servers.iter().flat_map(|s| {
                    s.reading.models.iter().map(|m| format!("{}/{}", s.provider, m.name))
                });
                let there: Vec<String> = there.take(KNOWN_MAX).collect();
                let there = match there.is_empty() {
                    true => "There is none at all".to_owned(),
                    false => format!("There is {}", there.join(", ")),
                };
                let text =
                    format!("no running local server has {name}. {there}. See: weir local status");
                Err(problem(Code::NotFound, text))
            }
        }
    }

    fn again(&self, server: &Server, model: &Model) -> Option<Model> {
        let servers = self.servers();
        let server = servers.iter().find(|s| s.provider == server.provider)?;
        server.model(&model.name).cloned()
    }

    fn command(&self, server: &Server, order: Order, wait: Duration) -> Result<(), ApiProblem> {
        let config = self.routing().config();
        let Some(provider) = config.provider(&server.provider) else {
            let text = format!("{} is not configured any more", server.provider);
            return Err(problem(Code::NotFound, text));
        };
        let address = url(provider, root(&server.base_url), order.path);
        let question = Question::post(address, order.body, wait);
        let ask = async {
            let key = self.key(provider).await;
            let heard = self.prober().ask(question, key.as_ref().map(|key| (provider, key))).await;
            (heard, key)
        };
        let name = &server.provider;
        let (heard, key) = match blocking(ask) {
            Ok((Ok(heard), key)) => (heard, key),
            Ok((Err(silence), _)) => {
                let text = format!("{name} at {}: {silence}", server.base_url);
                return Err(problem(Code::Unreachable, text));
            }
            Err(fault) => return Err(problem(Code::Internal, fault)),
        };
        let mask = key.as_ref().map(Secret::mask).unwrap_or_default();
        match order::refusal(&heard, &mask) {
            None => Ok(()),
            Some(words) => Err(problem(Code::Unavailable, format!("{name} says: {words}"))),
        }
    }
}

fn not_kept(cause: io::Error) -> ApiProblem {
    let text = format!("the switch cannot be kept: {cause}. Make the home folder writable");
    problem(Code::Internal, text)
}

/// What is said of a model that is in memory, with the way to a longer context where there is one.
fn already(server: &Server, model: &Model) -> String {
    let (name, at) = (&model.name, &server.provider);
    let Some(tokens) = model.context else { return format!("{name} is loaded on {at} already.") };
    let most = model.context_max.map_or(0, |most| most.min(TOOL_CONTEXT));
    let longer = match server.reading.swaps && most > tokens {
        true => format!(" For a longer one: weir local load {at}/{name} --context {most}"),
        false => String::new(),
    };
    format!("{name} is loaded on {at} already, with a context of {tokens} tokens.{longer}")
}

fn not_there(server: &Server, model: &str) -> ApiProblem {
    let models = server.reading.models.iter();
    let known: Vec<&str> = models.map(|m| m.name.as_str()).take(KNOWN_MAX).collect();
    let text = match (server.state, known.is_empty()) {
        (State::Up | State::Loading, false) => {
            format!("{} has no {model}. It has {}", server.provider, known.join(", "))
        }
        (State::Up | State::Loading, true) => format!("{} has no models", server.provider),
        _ => server.reason.clone().unwrap_or_else(|| format!("{} is not there", server.provider)),
    };
    problem(Code::NotFound, text)
}
