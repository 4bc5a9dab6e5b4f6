//! Go: a program that is compiled in one image and is alone in another.

use super::section::{Config, Import, Section, Stage};
use super::versions::{self, Parts, current};
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "go",
    told_by: "go.mod",
    found: |project| project.present(&["go.work", "go.mod", "go.sum"]),
    images,
    leftovers: &[],
};

fn images(project: &Project) -> Images {
    let commands: Vec<String> = project
        .names_in("cmd")
        .into_iter()
        .filter(|name| project.is_directory(&format!("cmd/{name}")))
        .collect();
    let module = project.text("go.mod").unwrap_or_default();
    let is_workspace = project.has("go.work");
    let (packages, programs) = if commands.is_empty() {
        (".", vec![program(&module, &project.name())])
    } else {
        ("./cmd/...", commands)
    };
    let mut build = Section::new("build", format!("golang:{}", version(project, &module)));
    build.is_intermediate = true;
    build.comment = "Compiles; nothing of it but the program is in the image below.".to_owned();
    let compile = format!("CGO_ENABLED=0 go build -trimpath -o /out/ {packages}");
    let mut sources = project.sources("/src");
    if !project.has("vendor") {
        build = build.run(Stage::Install, "cd /src && go mod download");
        let masks: Vec<String> = if is_workspace {
            let mut masks = project.present(&["go.work", "go.work.sum"]);
            masks.push("**/go.mod".to_owned());
            masks
        } else {
            project.present(&["go.mod", "go.sum"])
        };
        sources = sources.depends(Stage::Install, "What names the modules.", masks);
    }
    build = build
        .run(Stage::Setup, "mkdir -p /out")
        .run(Stage::Setup, "cd /src")
        .run(Stage::Setup, compile);
    let everything = "All files: what is embedded counts, too.";
    build.git = vec![sources.depends(Stage::Setup, everything, ["**"])];

    let mut app = Section::new("app", format!("alpine:{}", current::ALPINE));
    app.imports = vec![Import::at_install(
        "build",
        "/out",
        "/usr/local/bin",
        "after",
    )];
    app.config = Config {
        comment: match &programs[..] {
            [] | [_] => String::new(),
            [_, others @ ..] => format!("There is also {}.", others.join(", ")),
        },
        entrypoint: programs
            .first()
            .map(|name| vec![format!("/usr/local/bin/{name}")]),
        ..Config::default()
    };
    Images {
        sections: vec![build, app],
        ..Images::default()
    }
}

/// Returns the name of the program of the package in the root: the last part of the module's path that is no version.
fn program(module: &str, otherwise: &str) -> String {
    let path = word_after(module, "module").unwrap_or_default();
    let is_version = |part: &&str| {
        let digits = part.strip_prefix('v').unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
    };
    let mut parts = path
        .trim_matches('"')
        .rsplit('/')
        .filter(|it| !is_version(it));
    match parts.next() {
        None | Some("") => otherwise.to_owned(),
        Some(name) => name.to_owned(),
    }
}

fn version(project: &Project, module: &str) -> String {
    let workspace = project.text("go.work").unwrap_or_default();
    let of = |text: &str| {
        let toolchain = word_after(text, "toolchain");
        let toolchain = toolchain.and_then(|it| it.strip_prefix("go"));
        versions::exact(toolchain.or_else(|| word_after(text, "go"))?, Parts::Two)
    };
    let found = of(&workspace).or_else(|| of(module));
    found.unwrap_or_else(|| current::GO.to_owned())
}

/// Returns the word behind a directive of `go.mod`.
fn word_after<'a>(text: &'a str, directive: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == directive).then(|| words.next())?
    })
}
