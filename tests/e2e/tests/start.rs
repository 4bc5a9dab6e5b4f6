//! A person's way from an empty directory to a running container: what `README.md` says, typed, and what `werf-frontend init` writes, built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::image::{docker, tag};
use e2e::tree::Kind;
use e2e::{Bench, Build, Repo, Tree};

/// A command of a block of a console, and what is shown below it.
struct Typed {
    command: String,
    shown: String,
}

/// Returns what the section of `README.md` with this title has one type.
fn typed(title: &str) -> Vec<Typed> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, section) = readme.split_once(&format!("\n## {title}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut typed: Vec<Typed> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => typed.push(Typed {
                    command: command.to_owned(),
                    shown: String::new(),
                }),
                None => typed.last_mut().unwrap().shown += &format!("{line}\n"),
            }
        }
    }
    typed
}

/// The frontend as the documents call it.
pub const FRONTEND: &str = concat!(
    "werf/frontend:",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// Gives what a daemon knows by name another name, which only this process uses, and its programs what the harness has.
fn of_this_process(command: &str, frontend: &str) -> String {
    let own = |name: &str| format!("start-{}-{name}", std::process::id());
    if command.contains("-f Dockerfile.frontend ") {
        // `cargo xtask image --full` builds it; here is the one that the other tests have.
        return format!(
            "docker pull --quiet {frontend} && docker tag {frontend} {}",
            tag("frontend")
        );
    }
    let words = command.split(' ').map(|word| match word {
        FRONTEND => tag("frontend"),
        "hello" if command.starts_with("docker ") => tag("hello"),
        "page" | "tool" => own(word),
        "tool:/werf-frontend" => format!("{}:/werf-frontend", own("tool")),
        "8080:8080" => "8080".to_owned(),
        _ => word.to_owned(),
    });
    let command = words.collect::<Vec<_>>().join(" ");
    command
        .replace(
            "werf-frontend init",
            &format!("werf-frontend init --syntax {}", tag("frontend")),
        )
        .replace(
            "buildx build -f werf.yaml",
            "buildx build --build-context busybox:1.37=docker-image://busybox:latest -f werf.yaml",
        )
}

/// Removes what was left where a command failed.
struct Leftovers;

impl Drop for Leftovers {
    fn drop(&mut self) {
        for name in ["page", "tool"] {
            let name = format!("start-{}-{name}", std::process::id());
            // It is only there if something went wrong.
            let _ = Command::new("docker")
                .args(["rm", "--force", &name])
                .stderr(Stdio::null())
                .stdout(Stdio::null())
                .status();
        }
    }
}

#[test]
fn the_commands_of_the_readme_lead_to_a_running_container() {
    let frontend = Bench::from_env().frontend;
    let _leftovers = Leftovers;
    let home = tempfile::tempdir().unwrap();
    let typed = typed("The first five minutes");
    assert!(typed.len() > 10, "{} commands", typed.len());
    let mut script = "set -e\ncd\nexport PATH=\"$HOME/.local/bin:$PATH\"\n".to_owned();
    for (number, it) in typed.iter().enumerate() {
        let command = of_this_process(&it.command, &frontend);
        // In braces, so that a change of directory stays.
        let shown = command.replace('\'', "'\\''");
        script += &format!("echo 'typed: {shown}' >&2\n{{ {command}\n}} > ~/{number}.out\n");
    }
    let ran = Command::new("bash")
        .args(["-c", &script])
        .env("HOME", home.path())
        .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_COMMITTER_NAME", "Ada")])
        .envs([
            ("GIT_AUTHOR_EMAIL", "ada@example.org"),
            ("GIT_COMMITTER_EMAIL", "ada@example.org"),
        ])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{log}");
    let mut compared = 0;
    for (number, it) in typed
        .iter()
        .enumerate()
        .filter(|(_, it)| !it.shown.is_empty())
    {
        let out = std::fs::read_to_string(home.path().join(format!("{number}.out"))).unwrap();
        assert_eq!(out, it.shown, "{}\n{log}", it.command);
        compared += 1;
    }
    assert!(
        compared > 1,
        "the section shows what comes of {compared} commands"
    );
    assert!(!log.contains("WARN"), "{log}");
}

/// Takes the program out of the frontend image.
pub fn program() -> &'static Path {
    static PROGRAM: std::sync::OnceLock<(tempfile::TempDir, PathBuf)> = std::sync::OnceLock::new();
    let (_, path) = PROGRAM.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("werf-frontend");
        let container = docker(&["create", &Bench::from_env().frontend]);
        let container = container.trim();
        docker(&[
            "cp",
            &format!("{container}:/werf-frontend"),
            path.to_str().unwrap(),
        ]);
        docker(&["rm", container]);
        (directory, path)
    });
    path
}

/// Makes a repository of these files and of what is written for them, and returns what is written.
fn started(files: &[(&str, &str)]) -> (Repo, String) {
    let repo = Repo::new();
    for (path, content) in files {
        repo.write(path, content);
    }
    let frontend = Bench::from_env().frontend;
    let out = Command::new(program())
        .args(["init", "--stdout", "--syntax", &frontend])
        .current_dir(repo.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    (repo, String::from_utf8(out.stdout).unwrap())
}

/// Returns what one of two images has and the other has in another way, a line each.
fn differences(one: Tree, other: &Tree) -> Vec<String> {
    // The runtime makes these for every command.
    let of_runtime = [&b"dev"[..], b"proc", b"sys"];
    let nodes = one.0.into_iter();
    let nodes = nodes.filter(|(path, _)| !of_runtime.contains(&path.as_slice()));
    let differs = nodes.filter(|(path, node)| other.0.get(path) != Some(node));
    let lines = differs.map(|(path, node)| {
        let content = match node.kind {
            Kind::File(bytes) => bytes.escape_ascii().to_string(),
            kind => format!("{kind:?}"),
        };
        let path = path.escape_ascii();
        format!("{path} {:o} {:?} {content}", node.mode, node.owner)
    });
    lines.collect()
}

#[test]
fn a_translated_dockerfile_makes_the_same_image() {
    let dockerfile = "FROM busybox:latest AS build\nWORKDIR /src\nENV LEVEL=1 WHERE=/out\nRUN mkdir -p /out \\\n  && echo $LEVEL > /out/level\nCOPY *.list ./\nRUN cat names.list > $WHERE/names\nENV LEVEL=2\nCOPY . .\nRUN cat text/a >> $WHERE/names && echo $LEVEL >> $WHERE/level && pwd > $WHERE/place\n\nFROM busybox:latest\nCOPY --from=build /out /srv/data\nCOPY --chown=1000:1000 text /srv/text\nCOPY names.list /srv/\nENV PATH=/srv/bin:$PATH\nWORKDIR /srv\nLABEL org.example.team=\"the shop\"\nEXPOSE 80 9000/udp\nVOLUME /cache\nSTOPSIGNAL SIGQUIT\nUSER 1000\nENTRYPOINT [\"cat\"]\nCMD [\"data/names\"]\n";
    let salt = e2e::salt();
    let (repo, text) = started(&[
        ("Dockerfile", dockerfile),
        (".dockerignore", "*.md\n**/*.log\n"),
        ("names.list", salt.as_str()),
        ("README.md", "x"),
        ("text/a", "a\n"),
        ("text/b.log", "b\n"),
    ]);
    assert!(!text.contains("dockerfile:"), "{text}");
    repo.write("werf.yaml", &text);
    repo.commit("start");
    let as_stages = Build::of(&repo).ok();
    let as_it_is = Build::of(&repo).config(Some("Dockerfile")).ok();
    let config = |built: &e2e::Built| {
        let mut config = built.image.config();
        // Ours, and what the engine fills in.
        for label in [
            "werf.io/project",
            "werf.io/image",
            "werf.io/stage-digest",
            "werf.io/stages",
        ] {
            config["Labels"].as_object_mut().unwrap().remove(label);
        }
        [
            "Env",
            "Cmd",
            "Entrypoint",
            "WorkingDir",
            "User",
            "ExposedPorts",
            "Volumes",
            "Labels",
            "StopSignal",
        ]
        .map(|name| (name, config[name].take()))
    };
    assert_eq!(config(&as_stages), config(&as_it_is), "{text}");
    assert_eq!(as_stages.image.run(&[]), format!("{salt}a\n"));
    let (_, stages) = Build::of(&repo).tree();
    let (_, original) = Build::of(&repo).config(Some("Dockerfile")).tree();
    let missing = differences(original.clone(), &stages);
    assert_eq!(missing, [""; 0], "{text}");
    assert_eq!(differences(stages, &original), [""; 0], "{text}");
}

/// The programs that base images of languages have, as Debian has them. The instructions are those of the tests of ansible, so a daemon makes
/// them once.
fn stand_in(of: &str, more: &str) -> String {
    let managers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ansible/managers");
    let dockerfile = std::fs::read_to_string(managers.join(of).join("Dockerfile")).unwrap();
    let (programs, _) = dockerfile.split_once("COPY ").unwrap();
    format!("{programs}{more}")
}

/// Builds what is written for a project, on `programs` in place of the images `bases`, and returns what `run` prints in the directory of
/// the application.
fn built_on(programs: &str, bases: &[&str], files: &[(&str, &str)], run: &str) -> String {
    let (repo, text) = started(files);
    let mut text = text;
    for base in bases {
        let named = format!("from: {base}\n");
        assert!(text.contains(&named), "no `{base}` in\n{text}");
        text = text.replace(&named, "from: programs\n");
    }
    // The programs are many: nothing but what was printed is exported.
    text = text.replace("\nimage: app\n", "\nimage: app\nfinal: false\n");
    text += "---\nimage: programs\nfinal: false\ndockerfile: Dockerfile\ncontext: .programs\n";
    text += &format!(
        "---\nimage: ran\nfinal: false\nfrom: app\nshell:\n  install:\n  - cd /app || cd /\n  - ({run}) > /report  # {}\n",
        e2e::salt()
    );
    text += "---\nimage: report\nfrom: scratch\nimport:\n- {image: ran, add: /report, to: /report, before: setup}\n";
    repo.write(".programs/Dockerfile", programs);
    repo.write("werf.yaml", text);
    repo.commit("start");
    let (_, tree) = Build::of(&repo).tree();
    tree.text("report").unwrap()
}

#[test]
fn what_is_written_for_node_is_built() {
    let package = r#"{"name": "shop", "version": "1.0.0", "scripts": {"build": "node make.js", "start": "node made.js"}}"#;
    let lock = r#"{"name": "shop", "version": "1.0.0", "lockfileVersion": 2, "requires": true, "packages": {"": {"name": "shop", "version": "1.0.0"}}}"#;
    let files = [
        ("package.json", package),
        ("package-lock.json", lock),
        (
            "make.js",
            "require('fs').writeFileSync('made.js', 'console.log(\"made of \" + __dirname)')",
        ),
    ];
    let printed = built_on(
        &stand_in("node", ""),
        &["node:24-slim"],
        &files,
        "npm start --silent",
    );
    assert_eq!(printed, "made of /app\n");
}

#[test]
fn what_is_written_for_python_is_built() {
    let files = [
        ("requirements.txt", "./greeting\n"),
        (
            "greeting/setup.py",
            "from setuptools import setup\nsetup(name='greeting', version='1', py_modules=['greeting'])\n",
        ),
        ("greeting/greeting.py", "TEXT = 'hello'\n"),
        ("app.py", "import greeting\nprint(greeting.TEXT)\n"),
    ];
    // Debian wants its own packages only; the images of Python do not mind. Nothing is fetched.
    let settings = "ENV PIP_BREAK_SYSTEM_PACKAGES=1 PIP_NO_INDEX=1 PIP_NO_BUILD_ISOLATION=0\n";
    let programs = stand_in("languages", settings);
    let printed = built_on(&programs, &["python:3.13-slim"], &files, "python3 app.py");
    assert_eq!(printed, "hello\n");
}

#[test]
fn what_is_written_for_ruby_is_built() {
    let files = [
        ("Gemfile", "source 'https://rubygems.org'\n"),
        (
            "Gemfile.lock",
            "GEM\n  remote: https://rubygems.org/\n  specs:\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n\nBUNDLED WITH\n   2.3.15\n",
        ),
        ("app.rb", "puts 'hello from ' + Dir.pwd\n"),
    ];
    let programs = stand_in("languages", "");
    let printed = built_on(&programs, &["ruby:3.4"], &files, "bundle exec ruby app.rb");
    assert_eq!(printed, "hello from /app\n");
}

#[test]
fn what_is_written_for_php_is_built() {
    let files = [
        (
            "composer.json",
            r#"{"name": "a/shop", "autoload": {"psr-4": {"Shop\\": "src/"}}, "require": {}}"#,
        ),
        (
            "src/Page.php",
            "<?php namespace Shop; class Page { function text() { return \"a page\\n\"; } }\n",
        ),
        (
            "index.php",
            "<?php require 'vendor/autoload.php'; echo (new Shop\\Page)->text();\n",
        ),
    ];
    // The program of Debian finds its libraries beside the place it is at.
    let programs = stand_in(
        "languages",
        "RUN printf '#!/bin/sh\\nexec /usr/share/composer-run \"$@\"\\n' > /tmp/composer && mv /usr/bin/composer /usr/share/composer-run && chmod 755 /tmp/composer && mv /tmp/composer /usr/bin/composer\n",
    );
    let bases = ["php:8.4-cli", "composer:2"];
    let printed = built_on(&programs, &bases, &files, "php index.php");
    assert_eq!(printed, "a page\n");
}

#[test]
fn what_is_written_for_go_is_built() {
    let programs = "FROM debian:bookworm-slim\nRUN echo 'Acquire::Retries \"9\";' > /etc/apt/apt.conf.d/retries \\\n && apt-get update \\\n && apt-get install --yes --no-install-recommends golang-go ca-certificates \\\n && rm -rf /var/lib/apt/lists/*\n";
    let files = [
        ("go.mod", "module example.com/shop\n\ngo 1.19\n"),
        (
            "main.go",
            "package main\n\nfunc main() { println(\"hello\") }\n",
        ),
    ];
    let bases = ["golang:1.19", "alpine:3.22"];
    let printed = built_on(programs, &bases, &files, "shop 2>&1");
    assert_eq!(printed, "hello\n");
}

#[test]
fn what_is_written_for_rust_is_built() {
    let programs = "FROM debian:bookworm-slim\nRUN echo 'Acquire::Retries \"9\";' > /etc/apt/apt.conf.d/retries \\\n && apt-get update \\\n && apt-get install --yes --no-install-recommends cargo gcc libc6-dev \\\n && rm -rf /var/lib/apt/lists/*\n";
    let files = [
        (
            "Cargo.toml",
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        ),
        (
            "Cargo.lock",
            "version = 3\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n",
        ),
        // Debian's cargo does not heed it.
        ("rust-toolchain", "1.75\n"),
        ("src/main.rs", "fn main() { println!(\"hello\") }\n"),
    ];
    let printed = built_on(programs, &["rust:1.75-bookworm"], &files, "shop");
    assert_eq!(printed, "hello\n");
}
