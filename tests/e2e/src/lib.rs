//! What only a real daemon can show: repositories are made, built with `docker buildx build`, run and
//! inspected.
//!
//! `cargo xtask test` sets the environment up ([`DOCKER_HOST`](Bench) and others). Without it every test
//! here fails and says so: a test that cannot run is no test that passed.

pub mod ansible;
pub mod applications;
pub mod build;
pub mod builder;
pub mod counted;
pub mod engine;
pub mod git_server;
pub mod image;
pub mod random;
pub mod repo;
pub mod tree;

pub use build::{Build, Built};
pub use builder::Builder;
pub use counted::CountedRegistry;
pub use engine::{Feature, needs};
pub use git_server::GitServer;
pub use image::Image;
pub use random::Random;
pub use repo::Repo;
pub use tree::Tree;

/// Where the daemon is and which frontend to use.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The reference to put after `# syntax=`.
    pub frontend: String,
    /// The `host:port` of a registry that daemon and tests reach.
    pub registry: String,
}

impl Bench {
    /// Reads what `cargo xtask env` prints.
    ///
    /// # Panics
    /// If the environment is not set up.
    pub fn from_env() -> Bench {
        let variable = |name: &str| {
            std::env::var(name).unwrap_or_else(|_| {
                panic!("{name} is not set: run the tests with `cargo xtask test`")
            })
        };
        Bench {
            frontend: variable("WERF_FRONTEND"),
            registry: variable("WERF_REGISTRY"),
        }
    }
}

/// Returns a text that nobody else has, for stages that no other test may have built before.
///
/// # Panics
/// Where the kernel is not Linux.
pub fn salt() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/uuid")
        .expect("Linux gives random identifiers");
    id.trim().to_owned()
}
