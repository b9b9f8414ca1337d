//! `weir report` as it is typed.

use super::Json;
use clap::Args;
use std::path::PathBuf;

/// `weir report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The month, as 2026-11; this one without
    #[arg(long, value_name = "MONTH")]
    pub month: Option<String>,
    /// The file; its name ends in .html or .png
    #[arg(long, value_name = "FILE", required_unless_present = "json")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub json: Json,
}
