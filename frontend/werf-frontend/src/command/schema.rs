//! `schema`: JSON Schemas for editors.

use std::process::ExitCode;

use werf_config::json_schema;

use super::terminal;

/// What `schema` is told.
#[derive(clap::Args)]
pub struct Schema {
    /// Print the schema of werf-giterminism.yaml in place of that of werf.yaml
    #[arg(long)]
    giterminism: bool,
}

impl Schema {
    /// Prints the schema.
    pub fn run(self) -> ExitCode {
        let schema = if self.giterminism {
            json_schema::werf_giterminism_yaml()
        } else {
            json_schema::werf_yaml()
        };
        terminal::print(&format!("{schema:#}\n"))
    }
}
