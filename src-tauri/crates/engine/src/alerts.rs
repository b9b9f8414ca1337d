//! What a user is told of money: marks that were passed, spikes, forecasts, subscriptions that run
//! low. Owns that each is told once; a thread of its own delivers, so that no request waits for a
//! notification server, a webhook or a command.

mod deliver;
mod desktop;
mod inbox;
mod worker;

pub use deliver::{Alert, Command, Notifier, Webhook};
pub use desktop::{Act, Desktop, ICON, say};
pub use inbox::Inbox;
pub use worker::{Alerts, Opener, Settings};
