//! `weir local`: what runs on machines of the user's, the switch, and orders to servers.

use crate::args::Local;
use crate::out::{Done, Out};
use crate::views;
use weir_engine::api::{Desk, LocalOrder};

fn switch(model: Option<String>, on: bool) -> LocalOrder {
    match model {
        Some(model) => LocalOrder::SwitchModel { model, on },
        None => LocalOrder::Switch { on },
    }
}

/// `weir local`
pub fn local(desk: &dyn Desk, args: Local) -> Done {
    let (order, json) = match args {
        Local::Status(json) => {
            let status = desk.local_status()?;
            return Out::stdout(json.json)
                .answer(&status, |paint| views::local::status(&status, paint));
        }
        Local::On(one) => (switch(one.model, true), one.json),
        Local::Off(one) => (switch(one.model, false), one.json),
        Local::Only(json) => (LocalOrder::Only { on: true }, json),
        Local::Load { model, context, json } => (LocalOrder::Load { model, context }, json),
        Local::Unload { model, json } => (LocalOrder::Unload { model }, json),
        Local::Start { server, json } => (LocalOrder::Start { server }, json),
        Local::Stop { server, json } => (LocalOrder::Stop { server }, json),
    };
    let done = desk.local(&order)?;
    Out::stdout(json.json).answer(&done, |_| views::local::done(&done))
}
