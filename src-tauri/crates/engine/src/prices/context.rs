//! Under which conditions a call was billed: service tier, batch, speed.
//! Owns the reading of the words that providers use for them.

use super::fees::Place;
use weir_core::Metered;

/// What beside model, date and prompt size decides a price. The default is the standard price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceContext {
    /// The tier the answer names: `flex`, `priority`, `fast`, `batch`, or a standard one.
    pub service_tier: Option<String>,
    /// The speed Anthropic's answer names: `fast`, or the standard one.
    pub speed: Option<String>,
    /// Where Anthropic's answer says it was made: `us`, or anywhere.
    pub geo: Option<String>,
}

impl PriceContext {
    /// The context an answer was billed in.
    pub fn of(metered: &Metered) -> Self {
        Self {
            service_tier: metered.service_tier.clone(),
            speed: metered.speed.clone(),
            geo: metered.inference_geo.clone(),
        }
    }

    /// What it names beside the standard, for people.
    pub(super) fn words(&self) -> String {
        let place = (self.place() != Place::Anywhere).then(|| self.geo.clone()).flatten();
        let named = [
            self.tier().map(|tier| format!("service tier {tier}")),
            self.fast().map(|speed| format!("speed {speed}")),
            place.map(|geo| format!("inference in {geo}")),
        ];
        named.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }

    /// The place, as far as it decides the price. Models from before the choice say that it is
    /// not available.
    pub(super) fn place(&self) -> Place {
        match self.geo.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "global" | "not_available") => Place::Anywhere,
            Some("us") => Place::UnitedStates,
            Some(_) => Place::Unknown,
        }
    }

    /// The tier, lower case, unless it is a name of the standard one.
    pub(super) fn tier(&self) -> Option<String> {
        let tier = self.service_tier.as_deref()?.to_ascii_lowercase();
        // OpenAI says default or auto, Anthropic standard, Google standard or on_demand, Groq
        // on_demand; `scale` and provisioned capacity are paid in advance at the standard rate.
        let standard = matches!(
            tier.as_str(),
            "" | "default"
                | "auto"
                | "standard"
                | "standard_only"
                | "on_demand"
                | "unspecified"
                | "service_tier_unspecified"
                | "traffic_type_unspecified"
                | "scale"
                | "provisioned_throughput"
        );
        // Google's trafficType spells the tier as a suffix: ON_DEMAND_PRIORITY, ON_DEMAND_FLEX.
        let plain = tier.strip_prefix("on_demand_").unwrap_or(&tier).to_owned();
        (!standard).then_some(plain)
    }

    /// The speed, lower case, unless it is the standard one.
    pub(super) fn fast(&self) -> Option<String> {
        let speed = self.speed.as_deref()?.to_ascii_lowercase();
        (!matches!(speed.as_str(), "" | "standard" | "default")).then_some(speed)
    }

    /// The table's own words for it.
    pub(super) fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = Vec::new();
        match self.tier() {
            // Batch is a way of sending in the table's words, a tier in Anthropic's.
            Some(tier) if tier == "batch" => keys.push(("processing", tier)),
            Some(tier) => keys.push(("service_tier", tier)),
            None => {}
        }
        if let Some(speed) = self.fast() {
            keys.push(("speed", speed));
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(text: &str) -> Vec<(&'static str, String)> {
        PriceContext { service_tier: Some(text.into()), ..PriceContext::default() }.keys()
    }

    #[test]
    fn every_providers_word_for_the_standard_price_means_the_standard_price() {
        for word in ["", "default", "auto", "standard", "on_demand", "ON_DEMAND", "scale"] {
            assert_eq!(tier(word), [], "{word}");
        }
        assert_eq!(tier("Flex"), [("service_tier", "flex".to_owned())]);
        assert_eq!(tier("ON_DEMAND_PRIORITY"), [("service_tier", "priority".to_owned())]);
        assert_eq!(tier("batch"), [("processing", "batch".to_owned())]);
        let fast = PriceContext { speed: Some("fast".into()), ..PriceContext::default() };
        assert_eq!(fast.keys(), [("speed", "fast".to_owned())]);
        let plain = PriceContext { speed: Some("standard".into()), ..PriceContext::default() };
        assert_eq!(plain.keys(), []);
    }
}
