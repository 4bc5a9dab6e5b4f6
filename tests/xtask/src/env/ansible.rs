//! The ansible tool chain: built from `Dockerfile.frontend` when something first needs it, and kept in the local
//! registry under a tag that names what it is made of.

use std::fs;

use anyhow::{Context, Result};

use super::Env;
use super::recipe::{self, RECIPE};
use crate::checkout;
use crate::process::{capture, logged};
use crate::talk::{print, say};

/// The target of the recipe, which is also the name of the image.
const NAME: &str = "stapel-ansible";

/// Makes sure that the image is in the registry and prints its name, with its digest.
pub fn run() -> Result<()> {
    let env = Env::bare()?;
    let _lock = env.home.lock()?;
    print(ensure(&env)?)
}

/// Makes sure that the image is in the registry and returns its name, with its digest.
pub fn ensure(env: &Env) -> Result<String> {
    let tag = recipe::tag(&checkout::root(), &[RECIPE, "stapel/ansible"])?;
    let image = format!("{}/{NAME}:{tag}", env.registry);
    let name = format!("{}/{NAME}", env.registry);
    // The digest of what was pushed; the tag alone would have to be asked for in every build.
    let record = env.home.join(format!("{NAME}-{tag}"));
    if env.registry.holds(NAME, &tag)
        && let Ok(digest) = fs::read_to_string(&record)
    {
        return Ok(format!("{name}@{digest}"));
    }
    say(format_args!(
        "building the ansible tool chain as {image}: two minutes, once"
    ));
    build(env, &image)?;
    capture(env.docker.command().args(["push", "--quiet", &image]))?;
    let digests = capture(env.docker.command().args([
        "image",
        "inspect",
        "--format",
        "{{range .RepoDigests}}{{println .}}{{end}}",
        &image,
    ]))?;
    let digest = digests
        .lines()
        .find_map(|line| line.strip_prefix(&name)?.strip_prefix('@'))
        .with_context(|| format!("{image} has no digest: {digests}"))?;
    fs::write(&record, digest).with_context(|| format!("write {}", record.display()))?;
    Ok(format!("{name}@{digest}"))
}

fn build(env: &Env, image: &str) -> Result<()> {
    let mut build = recipe::build(&env.docker);
    build.args(["--target", NAME, "--load"]);
    // The mirror may be ahead of the locked versions, which are for releases.
    build.args(["--build-arg", "DEBIAN_PACKAGES=newest"]);
    let settings = pip_settings(|name| std::env::var(name).ok());
    let file = tempfile::NamedTempFile::new().context("make a file for pip's settings")?;
    if !settings.is_empty() {
        fs::write(file.path(), settings).context("write pip's settings")?;
        build.args(["--secret", &format!("id=pip,src={}", file.path().display())]);
    }
    build.args(["--tag", image, "."]);
    logged(
        "building the ansible tool chain",
        &env.home.logs()?.join("ansible.log"),
        &mut build,
    )
}

/// Returns a configuration file for pip with the index that the environment names, or nothing.
fn pip_settings(variable: impl Fn(&str) -> Option<String>) -> String {
    let lines: String = [
        ("PIP_INDEX_URL", "index-url"),
        ("PIP_EXTRA_INDEX_URL", "extra-index-url"),
        ("PIP_TRUSTED_HOST", "trusted-host"),
    ]
    .into_iter()
    .filter_map(|(name, key)| Some(format!("{key} = {}\n", variable(name)?)))
    .collect();
    if lines.is_empty() {
        return variable("PIP_CONFIG_FILE")
            .and_then(|path| fs::read_to_string(path).ok())
            .unwrap_or_default();
    }
    format!("[global]\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_learns_of_an_index_from_the_environment() {
        let none = pip_settings(|_| None);
        assert_eq!(none, "");
        let some =
            pip_settings(|name| (name == "PIP_INDEX_URL").then(|| "https://x/simple".into()));
        assert_eq!(some, "[global]\nindex-url = https://x/simple\n");
    }
}
