//! `render`: the configuration with all templates rendered.

use std::process::ExitCode;

use werf_frontend::helper::render;

use super::{Checkout, build_args, terminal};

/// What `render` is told.
#[derive(clap::Args)]
pub struct Render {
    #[command(flatten)]
    checkout: Checkout,
    /// Print only the document of this image; may be repeated
    #[arg(long, value_name = "NAME")]
    image: Vec<String>,
    /// A build argument, which `env` reads; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    build_arg: Vec<String>,
}

impl Render {
    /// Prints the text.
    pub fn run(self) -> ExitCode {
        let request = self.checkout.request(build_args(&self.build_arg));
        terminal::show(&render::render_commit(&request, &self.image))
    }
}
