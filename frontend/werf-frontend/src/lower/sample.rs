//! Plans that tests can do something with.

use diagnostic::Location;
use werf_config::ImageName;
use werf_plan::dockerfile::{Context, Dockerfile, DockerfilePlan};

/// Returns the plan of the image `name`, made from a Dockerfile.
pub fn dockerfile(name: &str) -> DockerfilePlan {
    let at = Location::point("werf.yaml", 1, 1);
    let dockerfile = Dockerfile {
        path: "app/Dockerfile".into(),
        text: "FROM scratch".into(),
    };
    let context = Context::new("0".repeat(64));
    DockerfilePlan::new(ImageName::new(name), at, dockerfile, context)
}
