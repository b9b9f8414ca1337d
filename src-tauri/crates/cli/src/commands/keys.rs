//! `weir key` and `weir client`: secrets in by stdin or a hidden prompt, a token out once.

use super::moment;
use crate::args::{Client, Key};
use crate::out::{Done, Out, Stop, say};
use crate::views;
use std::io::{self, IsTerminal, Read};
use weir_engine::api::{Desk, SecretText};
use weir_engine::secrets::ADMIN;

/// A key is shorter than this; more on stdin is a mistake, such as a whole file.
const KEY_BYTES_MAX: u64 = 16 * 1024;

/// `weir key`
pub fn key(desk: &dyn Desk, args: Key) -> Done {
    match args {
        Key::Set { provider } => {
            known(desk, &provider)?;
            desk.key_set(&provider, secret(&provider)?)?;
            say(&format!(
                "The key of {provider} is in the keychain. Try it: weir key test {provider}"
            ));
            Ok(())
        }
        Key::List(json) => {
            let keys = desk.key_list()?;
            Out::stdout(json.json).answer(&keys, |paint| views::tools::keys(&keys, paint))
        }
        Key::Rm { provider } => {
            desk.key_remove(&provider)?;
            say(&format!("The key of {provider} is gone from the keychain."));
            Ok(())
        }
        Key::Test { provider, json } => {
            let test = desk.key_test(&provider)?;
            Out::stdout(json.json).answer(&test, |paint| views::tools::key_test(&test, paint))?;
            if test.ok { Ok(()) } else { Err(Stop::Said) }
        }
    }
}

/// `weir client`
pub fn client(desk: &dyn Desk, args: Client) -> Done {
    match args {
        Client::Add { name, json } => {
            let added = desk.client_add(&name)?;
            Out::stdout(json.json).answer(&added, |_| format!("{}\n", added.token.expose()))?;
            say(&format!(
                "This token lets {} call Weir. It is shown this once and stored only as a hash.",
                added.name
            ));
            Ok(())
        }
        Client::List(json) => {
            let clients = desk.client_list()?;
            let (now, zone) = moment();
            Out::stdout(json.json)
                .answer(&clients, |paint| views::tools::clients(&clients, now, &zone, paint))
        }
        Client::Rm { name } => {
            desk.client_remove(&name)?;
            say(&format!("The token of {name} is refused from now on."));
            Ok(())
        }
    }
}

/// Whether there is anything to ask a key for.
fn known(desk: &dyn Desk, provider: &str) -> Done {
    let rows = desk.key_list()?;
    let of = provider.strip_suffix(ADMIN).unwrap_or(provider);
    if rows.iter().any(|row| row.provider == provider || row.provider == of) {
        return Ok(());
    }
    let known: Vec<&str> = rows.iter().map(|row| row.provider.as_str()).collect();
    Err(Stop::Failed(format!(
        "no provider is called {provider}. Known: {}. Add [providers.{provider}] to config.toml first",
        known.join(", ")
    )))
}

/// The key: from a hidden prompt on a terminal, else all of stdin without the line end.
fn secret(provider: &str) -> Result<SecretText, Stop> {
    let unread = |e: io::Error| Stop::Failed(format!("cannot read the key: {e}"));
    let text = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Key of {provider} (not shown): ")).map_err(unread)?
    } else {
        let mut text = String::new();
        io::stdin().lock().take(KEY_BYTES_MAX + 1).read_to_string(&mut text).map_err(unread)?;
        text
    };
    let whole = SecretText::new(text);
    let key = whole.expose().trim();
    let wrong = if key.is_empty() {
        "no key came"
    } else if key.len() as u64 > KEY_BYTES_MAX {
        "that is too long for a key"
    } else if key.contains(|c: char| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
        "that is not a key: it holds spaces, line ends or letters no key has"
    } else {
        return Ok(SecretText::new(key.to_owned()));
    };
    Err(Stop::Failed(format!(
        "{wrong}. Type it at the prompt or pipe it: weir key set {provider} < FILE"
    )))
}
