//! Cline keeps its settings in the editor's own database and its key in the keychain; its command line
//! has a file for them, which it writes anew at every start and gives up whole where an entry is not as it
//! likes it. None can be edited from outside without risk, so the fields are told and entered by hand, on
//! the command line by Cline's own command.

use crate::connect::gateway::Gateway;

/// The model where none was asked for.
const MODEL: &str = "weir-auto";

/// What to enter, as Cline names it.
pub fn fields(gateway: &Gateway, token: &str, model: Option<&str>) -> Vec<(String, String)> {
    [
        ("API Provider", "OpenAI Compatible".to_owned()),
        ("Base URL", format!("{}/v1", gateway.url())),
        ("API Key", token.to_owned()),
        ("Model ID", model.unwrap_or(MODEL).to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// Where they are entered.
pub fn notes(gateway: &Gateway, model: Option<&str>) -> Vec<String> {
    let model = model.unwrap_or(MODEL);
    vec![
        "In an editor Cline keeps its settings in the editor's database, which nobody else should edit: \
         open Cline's settings and enter these"
            .to_owned(),
        format!(
            "On the command line, with the key behind -k: cline auth -p openai-compatible -b {}/v1 -m \
             {model} -k",
            gateway.url()
        ),
    ]
}
