//! `[tunnel]`: the second listener for Cursor. Owns what its keys may say and their defaults; that
//! it is off until it is asked for is no key at all.

use super::check::Judge;
use super::raw::RawTunnel;
use super::read::At;
use super::routed::any_local;
use weir_core::Money;
use weir_core::budget::{AtLimit, Budget, Limit, Origin, Scope};
use weir_core::period::Period;
use weir_core::route::{Provider, Route, routed};
use weir_proxy::tunnel::TUNNEL_CLIENT;

/// The port when none is configured.
pub const TUNNEL_PORT: u16 = 9348;
/// Dollars a day, in nano-dollars.
const DAILY: Money = Money::from_nano(5_000_000_000);
const PER_MINUTE: u32 = 60;
const PER_MINUTE_MAX: i64 = 10_000;
const AT_ONCE: u32 = 8;
const AT_ONCE_MAX: i64 = 64;
const MODELS_MAX: usize = 100;
const MODEL_BYTES_MAX: usize = 256;
/// Weir's own names, which no model of Cursor's can collide with.
const OWN: [&str; 4] = ["weir-auto", "weir-low", "weir-medium", "weir-high"];

/// `[tunnel]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The port on loopback; 0 for any free one.
    pub port: u16,
    /// The only models it answers for.
    pub models: Vec<String>,
    /// What may be spent through it in one day.
    pub daily: Money,
    /// Requests in one minute.
    pub per_minute: u32,
    /// Requests under way at once.
    pub at_once: u32,
}

impl Tunnel {
    /// Its limit as a budget like any other: a request is set aside against it before it leaves.
    pub fn budget(&self) -> Budget {
        Budget {
            name: TUNNEL_CLIENT.into(),
            period: Period::Day,
            limit: Limit::Usd(self.daily),
            scope: Scope { client: Some(TUNNEL_CLIENT.into()), ..Scope::default() },
            thresholds: vec![70, 90, 100],
            at_limit: AtLimit::Block,
            origin: Origin::Tunnel,
        }
    }
}

impl Judge {
    /// `chains` are the tiers', whose models may be asked for unless the file names others.
    pub(super) fn tunnel(
        &mut self,
        raw: Option<RawTunnel>,
        own_port: u16,
        providers: &[Provider],
        chains: [&[Route]; 3],
    ) -> Tunnel {
        let raw = raw.unwrap_or_default();
        let port = self.tunnel_port(raw.port, own_port);
        let models = match raw.models {
            Some(at) => self.tunnel_models(at, providers),
            None => {
                let links = chains.into_iter().flatten().filter(|route| **route != any_local());
                let routes = links.map(Route::to_string);
                let mut models: Vec<String> = OWN.map(str::to_owned).to_vec();
                for name in routes {
                    if !models.contains(&name) {
                        models.push(name);
                    }
                }
                models
            }
        };
        if let Some(at) = raw.daily.as_ref().filter(|at| at.value <= Money::ZERO) {
            self.wrong(at, "must be above 0", "Write for example 5.00");
        }
        let daily = raw.daily.map_or(DAILY, |at| at.value);
        let per_minute = self.limit(raw.per_minute, PER_MINUTE, PER_MINUTE_MAX);
        let at_once = self.limit(raw.at_once, AT_ONCE, AT_ONCE_MAX);
        Tunnel { port, models, daily, per_minute, at_once }
    }

    fn tunnel_port(&mut self, given: Option<At<i64>>, own_port: u16) -> u16 {
        let Some(at) = given else { return TUNNEL_PORT };
        match u16::try_from(at.value) {
            Ok(0) => 0,
            Ok(port) if port >= 1024 && port != own_port => port,
            Ok(port) if port == own_port => {
                self.wrong(&at, "the port of [server]", "Write another one, or 0 for any free one");
                TUNNEL_PORT
            }
            _ => {
                let reason = format!("{} is not a port this can listen on", at.value);
                self.wrong(&at, reason, "Write a number from 1024 to 65535, or 0 for any free one");
                TUNNEL_PORT
            }
        }
    }

    fn tunnel_models(&mut self, at: At<Vec<At<String>>>, providers: &[Provider]) -> Vec<String> {
        if at.value.is_empty() || at.value.len() > MODELS_MAX {
            let reason = format!("{} models", at.value.len());
            self.wrong(&at, reason, format!("Name 1 to {MODELS_MAX}, such as \"weir-low\""));
        }
        for model in &at.value {
            let name = &model.value;
            if name.contains('/') {
                self.route(model, providers);
            } else if name.is_empty()
                || name.len() > MODEL_BYTES_MAX
                || name.chars().any(|c| c.is_whitespace() || c.is_control())
                || name.starts_with("weir-") && routed(name).is_none()
            {
                let fix = format!("Write {}, or provider/model", OWN.join(", "));
                self.wrong(model, format!("{name:?} is no model that can be asked for"), fix);
            }
        }
        at.value.into_iter().map(|model| model.value).collect()
    }

    fn limit(&mut self, given: Option<At<i64>>, default: u32, max: i64) -> u32 {
        let Some(at) = given else { return default };
        match u32::try_from(at.value).ok().filter(|_| (1..=max).contains(&at.value)) {
            Some(limit) => limit,
            None => {
                let reason = format!("{} is outside 1 to {max}", at.value);
                self.wrong(&at, reason, format!("Write for example {default}"));
                default
            }
        }
    }
}
