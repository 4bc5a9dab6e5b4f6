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
    /// The environment, as `.Env`
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// A build argument, which `env` reads; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    build_arg: Vec<String>,
}

impl Render {
    /// Prints the text.
    pub fn run(self) -> ExitCode {
        let mut build_args = build_args(&self.build_arg);
        if let Some(env) = self.env {
            build_args.insert("WERF_ENV".to_owned(), env);
        }
        let request = self.checkout.request(build_args);
        terminal::show(&render::render_commit(&request, &self.image))
    }
}
