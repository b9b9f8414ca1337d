//! `weir profile`: named configurations. Works on the home itself where nothing serves it, so that a
//! profile that is gone or broken can always be left.

use super::failed;
use crate::args::Profile;
use crate::out::{Done, Out, say};
use crate::views;
use weir_engine::Home;
use weir_engine::api::Desk;
use weir_engine::control::Remote;
use weir_engine::profiles;

/// `weir profile`
pub fn profile(home: &Home, args: Profile) -> Done {
    home.prepare().map_err(failed)?;
    let remote = Remote::find(home.root())?;
    let (profiles, json, said) = match args {
        Profile::List(json) => {
            let all = match &remote {
                Some(desk) => desk.profiles()?,
                None => profiles::list(home)?,
            };
            (all, json, None)
        }
        Profile::Use { name, json } => {
            let all = match &remote {
                Some(desk) => desk.profile_use(&name)?,
                None => {
                    profiles::choose(home, None, &name)?;
                    profiles::list(home)?
                }
            };
            let when =
                if remote.is_some() { "in force now" } else { "used from the next start on" };
            (all, json, Some(format!("The profile {name} is {when}.")))
        }
        Profile::Add { name, json } => {
            let all = match &remote {
                Some(desk) => desk.profile_add(&name)?,
                None => {
                    profiles::add(home, &name)?;
                    profiles::list(home)?
                }
            };
            (all, json, Some(format!("Edit its file, then: weir profile use {name}")))
        }
    };
    Out::stdout(json.json).answer(&profiles, |paint| views::profile::profiles(&profiles, paint))?;
    if let Some(said) = said {
        say(&said);
    }
    Ok(())
}
