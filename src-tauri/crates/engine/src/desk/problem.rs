//! Problems of the layers below in the API's terms.

use crate::api::{ApiProblem, Code};
use std::fmt::Display;

pub fn ledger_read(problem: impl Display) -> ApiProblem {
    ApiProblem::new(Code::Ledger, problem.to_string())
}

pub fn bad(message: impl Display) -> ApiProblem {
    ApiProblem::new(Code::BadRequest, message.to_string())
}

pub fn not_found(message: impl Display) -> ApiProblem {
    ApiProblem::new(Code::NotFound, message.to_string())
}
