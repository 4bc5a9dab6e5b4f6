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
