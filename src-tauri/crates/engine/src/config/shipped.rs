//! The chains as shipped, and what stands in for a link of theirs that has no key: one model a vendor
//! and tier, so that whoever has one key of any vendor is answered on every tier. Pure. A chain that
//! a user wrote is taken at its word; only the one as shipped is fitted to the keys that are there.

use super::Config;
use super::check::split;
use super::routed::{LOCAL, any_local};
use weir_core::route::{Provider, Route, Tier};

/// What each vendor is asked on the low, the medium and the high tier.
const VENDORS: [(&str, [&str; 3]); 4] = [
    ("anthropic", ["claude-haiku-5-5", "claude-haiku-5-5", "claude-sonnet-5-5"]),
    ("openai", ["gpt-5-mini", "gpt-5-mini", "gpt-5"]),
    ("gemini", ["gemini-2.5-flash", "gemini-2.5-flash", "gemini-2.5-pro"]),
    (
        "openrouter",
        ["anthropic/claude-haiku-4.5", "anthropic/claude-haiku-4.5", "anthropic/claude-sonnet-4.5"],
    ),
];

/// The chain of a tier where no file says another. Anthropic retires Sonnet 4.5 on 30 November 2026, by
/// the word of Claude Code 2.1.330: what comes after it answers where it is gone.
pub fn shipped(tier: Tier) -> Vec<Route> {
    let links: &[&str] = match tier {
        Tier::Low => &["local/auto", "anthropic/claude-haiku-4-5"],
        Tier::Medium => &["anthropic/claude-haiku-4-5"],
        Tier::High => {
            &["anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-5-5", "openai/gpt-5"]
        }
    };
    links.iter().filter_map(|link| split(link)).collect()
}

/// A link as a file names it.
fn named(route: &Route) -> String {
    if *route == any_local() { LOCAL.to_owned() } else { route.to_string() }
}

/// A tier's model of each vendor that can be asked, in order.
fn stand_ins(config: &Config, tier: Tier, can: &dyn Fn(&Provider) -> bool) -> Vec<Route> {
    let of = |(name, models): &(&str, [&str; 3])| {
        let provider = config.provider(name).filter(|p| !p.local && can(p))?;
        Some(Route { provider: provider.name.clone(), model: models[tier as usize].to_owned() })
    };
    VENDORS.iter().filter_map(of).collect()
}

impl Config {
    /// The chain of a tier, as it is written.
    pub fn chain(&self, tier: Tier) -> &[Route] {
        match tier {
            Tier::Low => &self.low,
            Tier::Medium => &self.medium,
            Tier::High => &self.high,
        }
    }

    /// The chain of a tier as requests take it. Of the one as shipped, links to vendors without a key
    /// are passed over where another can be asked; where none can, the vendors that can stand in.
    pub fn in_force(&self, tier: Tier, can: &dyn Fn(&Provider) -> bool) -> Vec<Route> {
        let written = self.chain(tier);
        if written != shipped(tier) {
            return written.to_vec();
        }
        let is_local = |route: &&Route| **route == any_local();
        let able = |route: &&Route| self.provider(&route.provider).is_some_and(can);
        let mut cloud: Vec<Route> = written.iter().filter(able).cloned().collect();
        if cloud.is_empty() {
            cloud = stand_ins(self, tier, can);
        }
        if cloud.is_empty() {
            // Nobody can be asked: the refusal names the key that is missing.
            return written.to_vec();
        }
        written.iter().filter(is_local).cloned().chain(cloud).collect()
    }

    /// The line of `[tiers]` that mends a tier with what is there; `None` where nothing is.
    pub fn mending(
        &self,
        tier: Tier,
        can: &dyn Fn(&Provider) -> bool,
        any_local: bool,
    ) -> Option<String> {
        let links: Vec<String> =
            stand_ins(self, tier, can).iter().map(|route| format!("\"{route}\"")).collect();
        let links = match links.is_empty() {
            true if any_local => vec!["\"local\"".to_owned()],
            true => return None,
            false => links,
        };
        Some(format!("{} = [{}]", tier.as_str(), links.join(", ")))
    }

    /// The configuration as text, with a comment where a chain as shipped is fitted to the keys.
    pub fn shown(&self, can: &dyn Fn(&Provider) -> bool) -> String {
        let mut section = String::from("\n[tiers]\n");
        for tier in [Tier::Low, Tier::Medium, Tier::High] {
            let (written, now) = (self.chain(tier), self.in_force(tier, can));
            if now != written {
                let links = |routes: &mut dyn Iterator<Item = String>| {
                    routes.collect::<Vec<String>>().join(", ")
                };
                let asks = links(&mut now.iter().map(named));
                let without = written.iter().filter(|route| !now.contains(route));
                let keyless = links(&mut without.map(|route| route.provider.clone()));
                let tier = tier.as_str();
                section.push_str(&format!("# weir-{tier} asks {asks} now: no key for {keyless}\n"));
            }
        }
        super::toml(self).replacen("\n[tiers]\n", &section, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(routes: &[Route]) -> Vec<String> {
        routes.iter().map(ToString::to_string).collect()
    }

    fn with(keys: &'static [&'static str]) -> impl Fn(&Provider) -> bool {
        move |provider| keys.contains(&provider.name.as_str())
    }

    #[test]
    fn a_key_of_any_vendor_answers_every_tier_of_the_chains_as_shipped() {
        let config = Config::default_config();
        for (vendor, _) in VENDORS {
            let can = |provider: &Provider| provider.name == vendor;
            for tier in [Tier::Low, Tier::Medium, Tier::High] {
                let chain = config.in_force(tier, &can);
                let cloud: Vec<&Route> = chain.iter().filter(|r| **r != any_local()).collect();
                assert!(!cloud.is_empty(), "{vendor} {tier:?}");
                assert!(cloud.iter().all(|r| r.provider == vendor), "{tier:?}: {chain:?}");
                assert_eq!(chain.contains(&any_local()), tier == Tier::Low);
            }
        }
        let both = config.in_force(Tier::High, &with(&["anthropic", "openai"]));
        assert_eq!(both, config.high, "with every key it is the chain as it is written");
    }

    #[test]
    fn without_a_key_and_where_a_user_wrote_a_chain_it_stays_as_it_is() {
        let config = Config::default_config();
        assert_eq!(config.in_force(Tier::Medium, &with(&[])), config.medium);
        let own = Config { medium: shipped(Tier::High), ..Config::default_config() };
        assert_eq!(own.in_force(Tier::Medium, &with(&["openai"])), own.medium);
    }

    #[test]
    fn the_line_that_mends_a_tier_names_what_is_there() {
        let config = Config::default_config();
        let line = |keys, local| config.mending(Tier::High, &with(keys), local);
        assert_eq!(line(&["gemini"], true).as_deref(), Some("high = [\"gemini/gemini-2.5-pro\"]"));
        assert_eq!(line(&[], true).as_deref(), Some("high = [\"local\"]"));
        assert_eq!(line(&[], false), None);
    }

    #[test]
    fn what_is_shown_says_which_chain_is_fitted_and_reads_back_as_it_was() {
        let config = Config::default_config();
        let shown = config.shown(&with(&["openai"]));
        assert!(
            shown.contains("# weir-low asks local, openai/gpt-5-mini now: no key for anthropic")
        );
        assert!(
            shown.contains("# weir-high asks openai/gpt-5 now: no key for anthropic"),
            "{shown}"
        );
        let read = super::super::check(&shown).config.expect("it holds");
        assert_eq!(names(&read.medium), names(&config.medium));
        assert!(!config.shown(&with(&["anthropic", "openai"])).contains("# weir-"));
    }

    #[test]
    fn what_stands_in_has_a_price() {
        let prices = crate::prices::Prices::open(None, None).expect("the table");
        let config = Config::default_config();
        for (vendor, models) in VENDORS {
            let base_url = &config.provider(vendor).expect("a preset").base_url;
            let known = prices.models(vendor, base_url, 1_795_334_400_000);
            for model in models {
                assert!(known.iter().any(|row| row.model == model), "{vendor}/{model}");
            }
        }
    }
}
