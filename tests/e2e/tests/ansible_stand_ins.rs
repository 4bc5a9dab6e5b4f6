//! Modules of ansible whose programs and services no test machine has: they run against stand-ins, which answer as the
//! real ones would, remember what was done, and note in `/calls` how they were called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::ansible::with_ansible;
use e2e::{Build, Repo};

/// An image with a python and a library. This stage is the same in each run, and comes from the cache.
const WITH_PYTHON: &str = "from: debian:bookworm-slim
ansible:
  beforeInstall:
  - copy: {dest: /etc/apt/apt.conf.d/retries, content: 'Acquire::Retries \"9\";'}
  - apt: {name: [python3, python3-lxml], update_cache: yes, install_recommends: no}";

/// Returns a path beside this file.
fn beside(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(path)
}

/// Returns the configuration of an image that runs `tasks` as its stage `install`, where `start` is what comes before.
/// The image `calls` has nothing but the calls, so that the other need not leave the builder.
fn config(start: &str, tasks: &str) -> String {
    format!(
        "image: app\n{start}\n  install:\n  - command: \"true\"\n    name: {}\n  {}\n---\nimage: calls\nfrom: scratch\nimport:\n- image: app\n  add: /calls\n  to: /calls\n  after: install\n",
        e2e::salt(),
        tasks.trim_end().replace('\n', "\n  ")
    )
}

/// Builds, and returns the calls.
fn calls_of(repo: &Repo) -> String {
    let build = with_ansible(Build::of(repo)).args(["--target", "calls"]);
    build.ok().image.file("/calls").unwrap()
}

/// Runs the tasks of `ansible/stand-ins/SYSTEM.yaml` in an image that has the files below `ansible/stand-ins/SYSTEM`,
/// and returns the calls.
fn calls(system: &str) -> String {
    calls_in(system, "from: busybox:latest\nansible:")
}

/// The same, where `start` is the image's configuration up to the stage `install`.
fn calls_in(system: &str, start: &str) -> String {
    let stand_ins = beside("ansible/stand-ins");
    let tasks = std::fs::read_to_string(stand_ins.join(format!("{system}.yaml"))).unwrap();
    let repo = Repo::new();
    for entry in [system, "stand-in.sh"] {
        let copied = Command::new("cp")
            .arg("--recursive")
            .arg(stand_ins.join(entry))
            .arg(repo.path())
            .status();
        assert!(copied.unwrap().success(), "copy {entry}");
    }
    let git = format!("git:\n- add: /{system}\n  to: /\n- add: /stand-in.sh\n  to: /stand-in.sh");
    repo.commit_config(&config(&format!("{git}\n{start}"), &tasks));
    calls_of(&repo)
}

#[test]
fn managers_of_rpm_packages() {
    insta::assert_snapshot!(calls("rpm"));
}

#[test]
fn managers_of_bsd() {
    insta::assert_snapshot!(calls("bsd"));
}

#[test]
fn managers_of_solaris_and_hp_ux() {
    insta::assert_snapshot!(calls("unix"));
}

#[test]
fn managers_of_macos() {
    insta::assert_snapshot!(calls("macos"));
}

#[test]
fn managers_of_small_linux_distributions() {
    insta::assert_snapshot!(calls("linux"));
}

#[test]
fn managers_of_languages() {
    insta::assert_snapshot!(calls("languages"));
}

#[test]
fn services_of_red_hat() {
    insta::assert_snapshot!(calls_in("services", WITH_PYTHON));
}

#[test]
fn modules_with_libraries_of_the_image() {
    insta::assert_snapshot!(calls_in("libraries", WITH_PYTHON));
}

/// The stand-ins of these have no memory: each module is called once.
#[test]
fn package_managers_are_called_as_they_expect() {
    let tasks = include_str!("ansible/stand-ins.yaml");
    let repo = Repo::with_config(&config("from: debian:bookworm-slim\nansible:", tasks));
    insta::assert_snapshot!(calls_of(&repo));
}

#[test]
fn what_an_image_lacks_is_named() {
    let tasks = include_str!("ansible/missing.yaml");
    let repo = Repo::with_config(&config("from: busybox:latest\nansible:", tasks));
    let build = with_ansible(Build::of(&repo)).args(["--target", "app"]);
    let built = build.untagged().ok();
    insta::assert_snapshot!(failures(&built.log));
}

/// Returns of a log each task and why it failed. Of a traceback that is the last line.
fn failures(log: &str) -> String {
    let mut found = String::new();
    let mut module = "";
    let mut exception = "";
    // Lines are `#STEP SECONDS TEXT`.
    for line in log.lines().filter_map(|line| line.splitn(3, ' ').nth(2)) {
        if let Some(heading) = line.strip_prefix("* ") {
            module = heading.split(' ').next().unwrap_or_default();
            exception = "";
        } else if let Some(failed) = line.strip_prefix("  failed, ignored (") {
            let (_, why) = failed.split_once("): ").unwrap();
            let why = if why.contains("MODULE FAILURE") {
                exception
            } else {
                why
            };
            found += &format!("{module}: {why}\n");
        } else if let Some(printed) = line.strip_prefix("    ") {
            exception = printed;
        }
    }
    found
}

#[test]
fn every_module_is_in_the_table_and_run_by_a_test_or_known_to_fail() {
    let list = include_str!("../../../stapel/ansible/modules.txt");
    let modules: BTreeSet<&str> = list.split_whitespace().collect();
    let rows = table_of_modules(include_str!("../../../docs/ansible.md"));
    let named: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
    let listed: Vec<&str> = modules.iter().copied().collect();
    assert_eq!(
        named, listed,
        "the table has each module once, in this order"
    );

    let mut run = BTreeSet::new();
    let mut files = yaml_files(&beside("ansible"));
    // There the modules do nothing but fail.
    files.retain(|file| !file.ends_with("missing.yaml"));
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        run.extend(keys_of_tasks(&text).map(str::to_owned));
    }
    let untested: Vec<&str> = rows
        .iter()
        .filter(|(name, state)| *state != "fails" && !run.contains(*name))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(untested, [""; 0], "modules that no test runs");
}

/// Returns the first two cells of the rows of the section "Modules".
fn table_of_modules(text: &str) -> Vec<(&str, &str)> {
    let (_, section) = text.split_once("\n## Modules\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let name = cells.next().unwrap().trim_matches('`');
        (name, cells.next().unwrap())
    })
    .collect()
}

/// Returns the YAML files below a directory.
fn yaml_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(yaml_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.push(path);
        }
    }
    found
}

/// Returns the keys of the items of lists in block style, which tasks are; what is nested in an item is deeper.
fn keys_of_tasks(text: &str) -> impl Iterator<Item = &str> {
    let mut column = 0;
    text.lines().filter_map(move |line| {
        let key = line.trim_start();
        let indent = line.len() - key.len();
        let key = match key.strip_prefix("- ") {
            Some(key) => {
                column = indent + 2;
                key
            }
            None if indent == column => key,
            None => return None,
        };
        key.split_once(':').map(|(key, _)| key)
    })
}
