//! Cline keeps its settings in the editor's own database and its key in the keychain. Neither can
//! be edited from outside without risk to both, so the fields are told and entered by hand.

use crate::connect::gateway::Gateway;

/// What to enter, as Cline names it.
pub fn fields(gateway: &Gateway, token: &str) -> Vec<(String, String)> {
    [
        ("API Provider", "OpenAI Compatible".to_owned()),
        ("Base URL", format!("{}/v1", gateway.url())),
        ("API Key", token.to_owned()),
        ("Model ID", "weir-auto".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}
