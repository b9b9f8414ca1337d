//! `weir price`

use super::named;
use crate::args::Price;
use crate::out::{Done, Out, Stop};
use crate::views;
use weir_engine::api::Desk;

/// `weir price`
pub fn price(desk: &dyn Desk, args: Price) -> Done {
    match args {
        Price::Show { model, json } => {
            let prices = desk.price_show(&model)?;
            Out::stdout(json.json).answer(&prices, |paint| views::prices::show(&prices, paint))?;
            if prices.rows.is_empty() { Err(Stop::Said) } else { Ok(()) }
        }
        Price::Cost { model, usage, at, json } => {
            let at = named("--at", at.as_deref())?;
            let cost = desk.price_cost(&model, &usage, at)?;
            Out::stdout(json.json).answer(&cost, |paint| views::prices::cost(&cost, paint))
        }
        Price::Update { file, json } => {
            // The engine may run in another folder.
            let file = std::path::absolute(&file).unwrap_or(file);
            let update = desk.price_update(&file)?;
            Out::stdout(json.json).answer(&update, |paint| views::prices::update(&update, paint))
        }
    }
}
