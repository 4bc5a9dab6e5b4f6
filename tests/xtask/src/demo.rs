//! `cargo xtask demo`: an example through the frontend and a real `docker buildx build`, run, and built again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::checkout::{self, Profile};
use crate::env::Env;
use crate::phases;
use crate::process::{capture, line, show, signs_of_life};
use crate::talk::{pass_on, print, say};

/// The example, and the one image in it.
pub const EXAMPLE: &str = "examples/shell-app";
const IMAGE: &str = "catalog";
const TAG: &str = "werf-frontend-demo";

/// Builds, runs, builds again and says what was cached.
pub fn run() -> Result<()> {
    let env = Env::with_frontend(Profile::Demo)?;
    let frontend = env.frontend_image()?;
    let project = tempfile::tempdir().context("make a directory for the example")?;
    commit_example(project.path(), &frontend)?;

    phases::begin("the first build");
    say(format_args!(
        "building {EXAMPLE}, a commit of its own, with `# syntax={frontend}`"
    ));
    build(&env, project.path())?;
    phases::begin("running the image");
    say(format_args!("docker run --rm {TAG}"));
    show(env.docker.command().args(["run", "--rm", TAG]))?;
    phases::begin("the second build");
    say("building it again, nothing changed");
    let again = build(&env, project.path())?;

    let took = phases::end();
    let stages = stages(&again, IMAGE);
    if stages.is_empty() {
        bail!("the second build shows no stage of the image `{IMAGE}`");
    }
    for (name, cached) in &stages {
        print(format_args!(
            "{} {name}",
            if *cached { "CACHED" } else { "  ran " }
        ))?;
    }
    if stages.values().any(|cached| !cached) {
        bail!("the second build ran stages that should have been cached");
    }
    print(format_args!(
        "the second build took all {} steps of `{IMAGE}` from the cache",
        stages.len()
    ))?;
    say(format_args!("how long it took on this machine:\n{took}"));
    Ok(())
}

/// Makes the example a git repository of one commit, with the frontend named in its `werf.yaml`: the
/// frontend reads what is committed.
pub fn commit_example(project: &Path, frontend: &str) -> Result<()> {
    let example = checkout::root().join(EXAMPLE);
    capture(
        Command::new("cp")
            .arg("--recursive")
            .arg(example.join("."))
            .arg(project),
    )?;
    let config = project.join("werf.yaml");
    let text = fs::read_to_string(&config).with_context(|| format!("read {}", config.display()))?;
    fs::write(&config, with_syntax(&text, frontend))?;
    commit_all(project)
}

/// Makes a directory a git repository of one commit.
pub fn commit_all(project: &Path) -> Result<()> {
    capture(&mut git(
        project,
        &["init", "--quiet", "--initial-branch=main"],
    ))?;
    commit_again(project)
}

/// Commits all changes of a directory that [`commit_all`] made a repository.
pub fn commit_again(project: &Path) -> Result<()> {
    for arguments in [
        &["add", "--all"][..],
        &["commit", "--quiet", "--message", "Example"],
    ] {
        capture(&mut git(project, arguments))?;
    }
    Ok(())
}

/// Returns git in a directory, with fixed dates and deaf to the person's own settings.
fn git(dir: &Path, arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "demo")
            .env(format!("GIT_{who}_EMAIL"), "demo@example.com")
            .env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
    }
    // Set when this runs from a git hook, and then they name another repository.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(variable);
    }
    git
}

/// Replaces the syntax line, or puts one first.
fn with_syntax(text: &str, frontend: &str) -> String {
    let rest = match text.split_once('\n') {
        Some((first, rest)) if first.replace(' ', "").starts_with("#syntax=") => rest,
        _ => text,
    };
    format!("# syntax={frontend}\n{rest}")
}

/// Builds the example in full view and returns what the client printed.
fn build(env: &Env, project: &Path) -> Result<String> {
    let mut build = env.docker.command();
    build
        .current_dir(project)
        .args([
            "buildx",
            "build",
            "--progress=plain",
            "--load",
            "--tag",
            TAG,
        ])
        .args(["--file", "werf.yaml", "--target", IMAGE, "."])
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = build
        .spawn()
        .with_context(|| format!("start `{}`", line(&build)))?;
    let progress = child
        .stderr
        .take()
        .context("standard error was asked for")?;
    let (sender, rows) = mpsc::channel();
    thread::spawn(move || {
        // Once the other side is gone, so is the reason to read on.
        let mut lines = BufReader::new(progress).lines();
        lines.try_for_each(|row| sender.send(row).ok())
    });
    let mut seen = String::new();
    while let Some(row) = signs_of_life("waiting for the build", &rows) {
        let row = row?;
        pass_on(&row);
        seen.push_str(&row);
        seen.push('\n');
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(&build));
    }
    Ok(seen)
}

/// Reads plain progress: the steps of an image by name, and whether each was cached.
///
/// A step is introduced by `#7 [catalog 3/5 install]`, and `#7 CACHED` or `#7 DONE 1.2s` tells its end.
/// The base image is no step: it is resolved in every build.
fn stages(progress: &str, image: &str) -> BTreeMap<String, bool> {
    let mut names = BTreeMap::new();
    let mut stages = BTreeMap::new();
    for row in progress.lines() {
        let Some((number, text)) = row.strip_prefix('#').and_then(|row| row.split_once(' ')) else {
            continue;
        };
        if let Some(name) = text
            .strip_prefix('[')
            .and_then(|text| text.strip_prefix(image))
            && name.starts_with(' ')
            && !name.starts_with(" 1/")
        {
            names.insert(number, text);
        } else if let Some(name) = names.get(number)
            && (text == "CACHED" || text.starts_with("DONE"))
        {
            *stages.entry((*name).to_owned()).or_insert(true) &= text == "CACHED";
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_syntax_line_is_replaced_or_put_first() {
        for before in [
            "# syntax=a/b:1\nproject: x\n",
            "#syntax = c\nproject: x\n",
            "project: x\n",
        ] {
            assert_eq!(
                with_syntax(before, "r/f:t"),
                "# syntax=r/f:t\nproject: x\n",
                "{before:?}"
            );
        }
    }

    #[test]
    fn cached_and_executed_steps_are_told_apart() {
        let progress = "#1 [internal] load plan\n#1 DONE 0.2s\n\
                        #2 [app 1/3 from] debian\n#2 DONE 0.0s\n\n\
                        #3 [app 2/3 install] make\n#3 CACHED\n\
                        #4 [app 3/3 setup] make\n#4 0.1 hello\n#4 DONE 0.3s\n\
                        #5 [application 1/1 x]\n#5 DONE 0.1s\n";
        let expected = [
            ("[app 2/3 install] make", true),
            ("[app 3/3 setup] make", false),
        ];
        let expected = expected.map(|(name, cached)| (name.to_owned(), cached));
        assert_eq!(stages(progress, "app"), BTreeMap::from(expected));
    }
}
