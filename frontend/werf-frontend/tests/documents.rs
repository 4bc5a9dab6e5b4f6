//! The documents: what they refer to is there, what they show is right, and what they quote is said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diagnostic::SourceText;

use crate::overview::{project, write};
use crate::program::{git_all, told};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn is_document(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == "md")
}

/// Returns the documents with their paths below the root.
fn documents() -> Vec<(String, String)> {
    let mut paths = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if is_document(&name) {
            paths.push(format!("docs/{name}"));
        }
    }
    paths.sort();
    let read = |path: String| {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// Returns the blocks of a language with their indentation taken away.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(at) = line.find("```").filter(|at| line[at + 3..] == *language) else {
            continue;
        };
        let inside = lines.by_ref().take_while(|line| line.trim() != "```");
        let inside: Vec<&str> = inside.map(|line| line.get(at..).unwrap_or("")).collect();
        blocks.push(inside.join("\n") + "\n");
    }
    blocks
}

/// Returns what stands between backquotes outside of blocks.
fn quoted(text: &str) -> Vec<&str> {
    let outside = text.split("```").step_by(2);
    outside
        .flat_map(|part| part.split('`').skip(1).step_by(2))
        .collect()
}

/// A block of commands, and what stands in the line before it: `<!-- … -->`.
struct Commands {
    mark: String,
    lines: Vec<String>,
}

/// Returns the blocks of commands of a document.
fn commands(text: &str) -> Vec<Commands> {
    let mut all: Vec<Commands> = Vec::new();
    let (mut before, mut inside) = ("", None);
    for line in text.lines() {
        let trimmed = line.trim();
        if inside.is_none() && ["```console", "```sh", "```bash"].contains(&trimmed) {
            let mark = before.strip_prefix("<!-- ");
            let mark = mark.and_then(|mark| mark.strip_suffix(" -->"));
            all.push(Commands {
                mark: mark.unwrap_or_default().to_owned(),
                lines: Vec::new(),
            });
            inside = Some(trimmed == "```console");
        } else if trimmed == "```" {
            inside = None;
        } else if let Some(is_console) = inside {
            let command = if is_console {
                trimmed.strip_prefix("$ ")
            } else {
                Some(trimmed)
            };
            let block = all.last_mut().unwrap();
            block.lines.extend(command.map(str::to_owned));
        }
        before = trimmed;
    }
    all
}

/// Whether a test of this name is in a module of the tests of a package.
fn is_test(package: &str, name: &str) -> bool {
    let Some((module, test)) = name.split_once("::") else {
        return false;
    };
    let file = root()
        .join(package)
        .join("tests")
        .join(format!("{module}.rs"));
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.contains(&format!("#[test]\nfn {test}() {{"))
}

/// What a command can need that no test has.
const NEEDS: [&str; 3] = [
    "the internet: ",
    "a cluster",
    "a daemon that sees the files of this machine",
];

/// Each block of commands is typed by a test, or says what it needs for that.
#[test]
fn commands_are_typed_or_say_what_they_need() {
    let mut wrong = Vec::new();
    let mut typed = 0;
    for (path, text) in documents() {
        for block in commands(&text) {
            let first = block.lines.first().cloned().unwrap_or_default();
            let is_right = match block.mark.split_once(' ') {
                Some(("typed", name)) => {
                    typed += 1;
                    let name = name.trim_start_matches("by ");
                    is_test("tests/e2e", name) || is_test("frontend/werf-frontend", name)
                }
                Some(("needs", what)) => NEEDS.iter().any(|need| what.starts_with(need)),
                // Its commands are parsed by a test of their own (`tests/xtask`).
                Some(("of", "the harness")) => block.lines.iter().all(|line| {
                    ["cargo xtask ", "bash .ci/run", "$WERF_"]
                        .iter()
                        .any(|part| line.contains(part))
                }),
                _ => false,
            };
            if !is_right {
                wrong.push(format!("{path}: <!-- {} --> {first}", block.mark));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(typed > 15, "only {typed}");
}

#[test]
fn commands_that_need_no_daemon() {
    let name = "typed by documents::commands_that_need_no_daemon";
    let program = Path::new(env!("CARGO_BIN_EXE_werf-frontend"));
    let mut typed = 0;
    for (path, text) in documents() {
        for block in commands(&text).iter().filter(|it| it.mark == name) {
            let script = block.lines.join("\n");
            let project = if script.contains(" init") {
                let package = ("package.json", "{\"name\": \"shop\"}");
                let lock = ("package-lock.json", "{}");
                project(&[package, lock, ("shop/package.json", "{}")])
            } else {
                let project = crate::overview::example("git-app");
                crate::program::git(project.path(), &["update-ref", "refs/heads/main", "HEAD"]);
                write(project.path(), "data/products", "saw;21.00;3\n");
                git_all(project.path());
                project
            };
            let ran = std::process::Command::new("bash")
                .args(["-e", "-c", &script])
                .current_dir(project.path())
                .env(
                    "PATH",
                    format!(
                        "{}:{}",
                        program.parent().unwrap().display(),
                        std::env::var("PATH").unwrap()
                    ),
                )
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&ran.stderr);
            assert!(ran.status.success(), "{path}: {script}\n{said}");
            typed += 1;
        }
    }
    assert!(typed > 5, "only {typed}");
}

/// The small applications are what people copy.
#[test]
fn the_applications_have_no_warnings() {
    let directory = root().join("examples/apps");
    let mut checked = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap();
            let project = crate::overview::example(&format!("apps/{name}"));
            let (code, _, said) = told(project.path(), &["check"]);
            assert_eq!((code, said.as_str()), (Some(0), ""), "{name}");
            checked += 1;
        }
    }
    assert_eq!(checked, 6);
}

/// Until 1.0.0 a minor release may change what a file means, so images are named by both numbers (`docs/releases.md`).
#[test]
fn examples_and_documents_name_this_version() {
    let version = concat!(
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR")
    );
    let mut files = vec![root().join("README.md"), root().join("Dockerfile.frontend")];
    let mut directories = vec![root().join("docs"), root().join("examples")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|it| it.to_str()) {
                _ if path.is_dir() => directories.push(path),
                // That one is about versions to come.
                Some("md") if path.ends_with("docs/releases.md") => {}
                Some("md" | "yaml") => files.push(path),
                _ => {}
            }
        }
    }
    let mut named = 0;
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, name) in text
            .match_indices("werf/frontend")
            .chain(text.match_indices("/werf-frontend:"))
        {
            let rest = text[at + name.len()..].trim_start_matches(':');
            let is_other_word = rest.starts_with(|c: char| c.is_alphanumeric() && !c.is_numeric());
            let tag: String = rest
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            named += 1;
            // `docker cp tool:/werf-frontend`, `/usr/bin/werf-frontend` name the program.
            if tag.trim_end_matches('.') != version && !is_other_word {
                wrong.push(format!(
                    "{}: {name}{}",
                    path.display(),
                    &rest[..rest.len().min(20)]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "not {version}:\n{}", wrong.join("\n"));
    assert!(named > 20, "only {named}");
}

#[test]
fn what_is_referred_to_is_there() {
    let documents: BTreeMap<String, String> = documents().into_iter().collect();
    let mut missing = Vec::new();
    for (path, text) in &documents {
        let here = root().join(path);
        let here = here.parent().unwrap();
        let exists = |target: &str| here.join(target).exists() || root().join(target).exists();
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() && !exists(file) {
                missing.push(format!("{path}: {link}"));
            }
        }
        for name in quoted(text) {
            let is_name = is_document(name) && !name.contains([' ', '*', '…']);
            if is_name && !exists(name) && !root().join("docs").join(name).exists() {
                missing.push(format!("{path}: {name}"));
            }
        }
        // `name.md`, "A heading", or how it begins.
        for (at, _) in text.match_indices(".md`, \"") {
            let name = text[..at].rsplit('`').next().unwrap();
            let name = format!("{}.md", name.rsplit('/').next().unwrap());
            let heading = text[at + 7..].split('"').next().unwrap().replace('\n', " ");
            let target = documents
                .get(&format!("docs/{name}"))
                .or_else(|| documents.get(&name));
            let has = |text: &String| {
                text.lines()
                    .any(|line| line.trim_start_matches('#').trim().starts_with(&heading))
            };
            if !target.is_some_and(has) {
                missing.push(format!("{path}: {name}, \"{heading}\""));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn what_is_shown_of_a_configuration_is_one() {
    let mut shown = 0;
    for (path, text) in documents() {
        for block in blocks(&text, "yaml") {
            let whole = block.contains("configVersion: 1")
                && !block.contains("{{ .")
                && !block.contains("{{-");
            if whole {
                let source = SourceText::new("werf.yaml", block.clone()).unwrap();
                let loaded = werf_config::load(&source);
                assert!(loaded.is_ok(), "{path}: {:?}\n{block}", loaded.err());
                shown += 1;
            }
        }
    }
    assert!(shown >= 4, "only {shown}");
}

#[test]
fn options_that_are_written_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let help = |command: &str| told(directory.path(), &[command, "--help"]).1;
    let (_, commands, _) = told(directory.path(), &["--help"]);
    let mut wrong = Vec::new();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in documents() {
        let lines = blocks(&text, "console");
        let lines = lines.iter().flat_map(|block| block.lines());
        let lines = lines
            .filter_map(|line| line.strip_prefix("$ "))
            .chain(quoted(&text));
        for line in lines {
            // What follows `&&`, `|` or `>` is another command's.
            for part in line.split(['|', '>']).flat_map(|part| part.split("&&")) {
                let words: Vec<&str> = part.split_whitespace().collect();
                let [program, command, options @ ..] = &words[..] else {
                    continue;
                };
                let is_word = command
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                if *program != "werf-frontend" || !is_word || command.starts_with('-') {
                    continue;
                }
                if !commands.contains(&format!("\n  {command} ")) {
                    wrong.push(format!("{path}: {part}"));
                    continue;
                }
                let help = known
                    .entry((*command).to_owned())
                    .or_insert_with(|| help(command));
                for option in options.iter().filter(|word| word.starts_with("--")) {
                    let name = option.split(['=', '\'', '"', ',']).next().unwrap();
                    if !help.contains(name) {
                        wrong.push(format!("{path}: `{name}` in {part}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The messages of `docs/troubleshooting.md` that are ours are in the source.
#[test]
fn messages_that_are_explained_are_said() {
    let text = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let ours = text.split("## From BuildKit").next().unwrap();
    let mut sources = String::new();
    read_all(&root().join("frontend/werf-frontend/src"), &mut sources);
    let mut explained = 0;
    for row in ours.lines().filter(|line| line.starts_with("| `")) {
        let first = row.split(" | ").next().unwrap();
        for message in first.trim_matches(['|', ' ']).split("`, `") {
            let message = message.trim_matches('`').split('`').next().unwrap().trim();
            assert!(sources.contains(message), "{message:?} is said nowhere");
            explained += 1;
        }
    }
    assert!(explained > 10, "only {explained}");
}

fn read_all(directory: &Path, text: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|it| it == "rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// The table of `docs/from-dockerfile.md`: which stages run again after which commit.
#[test]
fn what_a_commit_reruns_beside_a_dockerfile_is_true() {
    let text = std::fs::read_to_string(root().join("docs/from-dockerfile.md")).unwrap();
    let config = &blocks(&text, "yaml")[0];
    let files = [
        ("werf.yaml", config.as_str()),
        ("package.json", "{}"),
        ("package-lock.json", "{}"),
        ("README.md", "shop"),
        ("src/server.js", "0"),
    ];
    let reruns = |path: &str, content: &str| -> Vec<String> {
        let project = project(&files);
        write(project.path(), path, content);
        git_all(project.path());
        let (code, out, err) = told(project.path(), &["explain"]);
        assert_eq!(code, Some(0), "{err}");
        let rerun = out
            .lines()
            .filter_map(|line| line.trim().strip_suffix(" runs again"));
        rerun.map(str::to_owned).collect()
    };
    let table = |row: &str| -> Vec<String> {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("| {row} |")));
        let cell = line.unwrap().split(" | ").nth(2).unwrap();
        let stages = cell.split('`').skip(1).step_by(2);
        stages.map(str::to_owned).collect()
    };
    let other = config.replace("dist/server.js", "dist/other.js");
    for (row, path, content) in [
        ("`README.md`", "README.md", "other"),
        ("`src/server.js`", "src/server.js", "other"),
        ("`package-lock.json`", "package-lock.json", "other"),
        ("`CMD`", "werf.yaml", &other),
    ] {
        let mut expected = table(row);
        expected.retain(|stage| stage != "werf.yaml");
        assert_eq!(reruns(path, content), expected, "{row}");
    }
}
