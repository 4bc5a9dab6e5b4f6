//! Rust: a program that is compiled in one image and is alone in another.

use toml::{Table, Value};

use super::section::{Config, Import, Section, Stage};
use super::versions::{self, Parts, current};
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "rust",
    told_by: "Cargo.toml",
    found: |project| {
        if !project.has("Cargo.toml") {
            return Vec::new();
        }
        project.present(&["Cargo.toml", "Cargo.lock"])
    },
    images,
    leftovers: &["target"],
};

/// What decides how dependencies are compiled, besides `Cargo.toml`.
const SETTINGS: [&str; 4] = [
    ".cargo",
    "Cargo.lock",
    "rust-toolchain",
    "rust-toolchain.toml",
];

/// The first version whose image there is on Debian 12, as 1.NUMBER.
const FIRST_ON_BOOKWORM: u32 = 70;

fn images(project: &Project) -> Images {
    let manifest = project.toml("Cargo.toml").unwrap_or_default();
    let has_lock = project.has("Cargo.lock");
    let locked = if has_lock { " --locked" } else { "" };
    let version = version(project, &manifest);
    let debian = debian(&version);
    let mut build = Section::new("build", format!("rust:{version}-{debian}"));
    build.is_intermediate = true;
    build.comment = "Compiles; nothing of it but the programs is in the image below.".to_owned();
    build = build
        .run_saying(
            Stage::Install,
            "Compiles the dependencies, and the project as it is then.",
            format!("cd /src && cargo build --release{locked}"),
        )
        .run_saying(
            Stage::Setup,
            "Files have the time of their commit, by which cargo would take a changed one for compiled.",
            "cd /src")
        .run(Stage::Setup, "find . -path ./target -prune -o -type f -exec touch {} +",
        )
        .run(Stage::Setup, format!("cargo build --release{locked}"))
        .run(Stage::Setup, "mkdir -p /out")
        .run(
            Stage::Setup,
            "find target/release -maxdepth 1 -type f -executable -exec cp -t /out {} +",
        );
    let mut masks = vec!["**/Cargo.toml".to_owned()];
    masks.extend(project.present(&SETTINGS));
    let sources = project.sources("/src");
    let sources = sources.depends(Stage::Install, "What names the dependencies.", masks);
    build.git = vec![sources.depends(
        Stage::Setup,
        "All files: what is included counts, too.",
        ["**"],
    )];

    let programs = programs(project, &manifest);
    let mut app = Section::new("app", format!("debian:{debian}-slim"));
    app.imports = vec![Import::at_install(
        "build",
        "/out",
        "/usr/local/bin",
        "after",
    )];
    app.config = match programs.first() {
        None => Config {
            comment: "imageSpec: {config: {entrypoint: [/usr/local/bin/PROGRAM]}}  # nothing says which program it is to run"
                .to_owned(),
            ..Config::default()
        },
        Some(first) => Config {
            comment: match &programs[..] {
                [] | [_] => String::new(),
                [_, others @ ..] => format!("There is also {}.", others.join(", ")),
            },
            entrypoint: Some(vec![format!("/usr/local/bin/{first}")]),
            ..Config::default()
        },
    };
    let mut notes = Vec::new();
    if !has_lock {
        notes.push("there is no Cargo.lock: commit it, and write `--locked` behind `cargo build --release`".to_owned());
    }
    Images {
        sections: vec![build, app],
        notes,
        port: None,
    }
}

fn version(project: &Project, manifest: &Table) -> String {
    let channel = project.toml("rust-toolchain.toml").and_then(|file| {
        let channel = file.get("toolchain")?.get("channel")?;
        Some(channel.as_str()?.to_owned())
    });
    let channel = channel.or_else(|| project.word("rust-toolchain"));
    let channel = channel.and_then(|it| versions::exact(&it, Parts::Two));
    let workspace = manifest.get("workspace").and_then(|it| it.get("package"));
    let least = [manifest.get("package"), workspace];
    let mut least = least.into_iter().flatten();
    let least = least.find_map(|it| it.get("rust-version")?.as_str());
    let least = || versions::allowed(&format!(">={}", least?), current::RUST, Parts::Two);
    let found = channel.or_else(least);
    found.unwrap_or_else(|| current::RUST.to_owned())
}

/// Returns the Debian that both images are made on: programs need a C library that is no older than that of their compiler's image.
fn debian(rust: &str) -> &'static str {
    let minor = rust.split('.').nth(1).and_then(|it| it.parse::<u32>().ok());
    if minor.is_some_and(|it| it < FIRST_ON_BOOKWORM) {
        "bullseye"
    } else {
        "bookworm"
    }
}

/// Returns the names of the programs of the package in the root, the one with the name of the package first.
fn programs(project: &Project, manifest: &Table) -> Vec<String> {
    let name = manifest.get("package").and_then(|it| it.get("name"));
    let name = name.and_then(Value::as_str);
    let named = manifest.get("bin").and_then(Value::as_array);
    let named = named.into_iter().flatten();
    let mut programs: Vec<String> = named
        .filter_map(|it| Some(it.get("name")?.as_str()?.to_owned()))
        .collect();
    if let Some(name) = name.filter(|_| programs.is_empty() && project.has("src/main.rs")) {
        programs.push(name.to_owned());
    }
    for file in project.names_in("src/bin") {
        let program = file.strip_suffix(".rs").unwrap_or(&file).to_owned();
        if !programs.contains(&program) {
            programs.push(program);
        }
    }
    programs
}
