//! The ansible tool chain, which the harness builds when the first test asks for it.

use std::sync::OnceLock;

use crate::Build;
use crate::builder::harness;

/// Returns the image of the tool chain, with its digest.
pub fn toolchain() -> &'static str {
    static REFERENCE: OnceLock<String> = OnceLock::new();
    REFERENCE.get_or_init(|| harness(&["ansible"]).trim().to_owned())
}

/// Has `build` use the tool chain.
pub fn with_ansible(build: Build) -> Build {
    with_toolchain(build, toolchain())
}

/// Has `build` use another tool chain.
pub fn with_toolchain(build: Build, reference: &str) -> Build {
    let argument = format!("WERF_STAPEL_ANSIBLE={reference}");
    build.args(["--build-arg", argument.as_str()])
}
