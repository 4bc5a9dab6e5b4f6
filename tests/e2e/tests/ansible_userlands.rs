//! Ansible stages in other user lands than Debian 12: another C library, an older and a newer one.

use std::collections::BTreeSet;

use e2e::ansible::with_ansible;
use e2e::{Build, Built, Repo};

/// Tasks that every user land runs, and what says what they did.
const TASKS: &str = include_str!("ansible/userlands/tasks.yaml");
const CHECK: &str = include_str!("ansible/userlands/check.sh");

/// Builds an image with the tasks, based on one by `dockerfile`.
struct Userland {
    repo: Repo,
}

impl Userland {
    fn new(dockerfile: &str, args: &str, tasks: &[&str]) -> Userland {
        let repo = Repo::new();
        repo.write("base.Dockerfile", dockerfile);
        let tasks = tasks.concat().replace('\n', "\n  ");
        repo.commit_config(&format!(
            "image: base\ndockerfile: base.Dockerfile\nargs: {{{args}}}\nfinal: false\n---\nimage: app\nfrom: base\nansible:\n  install:\n  - command: \"true\"\n    name: {}\n  {}\n",
            e2e::salt(),
            tasks.trim_end()
        ));
        Userland { repo }
    }

    fn build(&self) -> Built {
        with_ansible(Build::of(&self.repo)).ok()
    }

    /// Returns what the image has and its base has not.
    fn added(&self, built: &Built) -> Vec<String> {
        let base = Build::of(&self.repo).args(["--target", "base"]).ok();
        let before: BTreeSet<String> = base.image.paths().into_iter().collect();
        let mut paths = built.image.paths();
        paths.retain(|path| !before.contains(path));
        paths
    }
}

#[test]
fn with_musl() {
    let musl = Userland::new(
        include_str!("ansible/userlands/musl.Dockerfile"),
        "",
        &[TASKS],
    );
    let built = musl.build();
    insta::assert_snapshot!(built.image.run(&["sh", "-c", CHECK]));
    insta::assert_snapshot!(musl.added(&built).join("\n"));
}

/// Returns what the tasks left in this release of Debian, and which paths are new.
fn debian(release: &str) -> (String, String) {
    let debian = Userland::new(
        include_str!("ansible/userlands/debian.Dockerfile"),
        &format!("RELEASE: {release}"),
        &[TASKS, include_str!("ansible/userlands/debian-tasks.yaml")],
    );
    let built = debian.build();
    let check = format!("{CHECK}\n{}", include_str!("ansible/userlands/debian.sh"));
    let packages = [
        "var/lib/apt/",
        "var/lib/dpkg/",
        "var/cache/",
        "var/log/",
        "usr/share/",
    ];
    let mut added = debian.added(&built);
    added.retain(|path| !packages.iter().any(|place| path.starts_with(place)));
    (built.image.run(&["sh", "-c", &check]), added.join("\n"))
}

#[test]
fn with_an_older_glibc() {
    let (said, added) = debian("bullseye");
    insta::assert_snapshot!(said);
    insta::assert_snapshot!(added);
}

#[test]
fn with_a_newer_glibc() {
    let (said, added) = debian("trixie");
    insta::assert_snapshot!(said);
    insta::assert_snapshot!(added);
}
