//! Plans that tests can do something with.

use diagnostic::{Location, Position};
use werf_config::ImageName;
use werf_plan::dockerfile::{Context, Dockerfile, DockerfilePlan};

/// Returns the plan of the image `name`, made from a Dockerfile.
pub fn dockerfile(name: &str) -> DockerfilePlan {
    let start = Position { line: 1, column: 1 };
    let at = Location {
        file: "werf.yaml".into(),
        start,
        end: start,
        rendered: None,
    };
    let dockerfile = Dockerfile {
        path: "app/Dockerfile".into(),
        text: "FROM scratch".into(),
    };
    let context = Context::new("0".repeat(64));
    DockerfilePlan::new(ImageName::new(name), at, dockerfile, context)
}
