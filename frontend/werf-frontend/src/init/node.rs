//! Node: npm, yarn and pnpm, by their lock files.

use serde_json::Value;

use super::section::{Config, Mapping, Section, Stage, words};
use super::versions::{self, Parts, current};
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "node",
    told_by: "package.json, with package-lock.json, yarn.lock or pnpm-lock.yaml",
    found: |project| {
        if !project.has("package.json") {
            return Vec::new();
        }
        project.present(&[
            "package.json",
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
        ])
    },
    images,
    leftovers: &["node_modules", ".next", "dist"],
};

/// What package managers read before they install, besides `package.json` and their lock files.
const SETTINGS: [&str; 8] = [
    ".npmrc",
    ".pnpmfile.cjs",
    ".yarn",
    ".yarnrc",
    ".yarnrc.yml",
    "patches",
    "pnpm-workspace.yaml",
    "lerna.json",
];

/// Scripts that an installation runs, which may read any file.
const HOOKS: [&str; 5] = [
    "preinstall",
    "install",
    "postinstall",
    "prepare",
    "prepublish",
];

/// Hooks that do nothing where there is no repository.
const HARMLESS_HOOKS: [&str; 3] = ["husky", "husky install", "husky || true"];

/// The first version whose image has no corepack.
const WITHOUT_COREPACK: u32 = 25;

/// A package manager, and how it is called.
struct Manager {
    name: &'static str,
    locks: &'static [&'static str],
    /// What makes it available in the image.
    prepare: Option<String>,
    install: &'static str,
}

fn images(project: &Project) -> Images {
    let package = project.json("package.json").unwrap_or_default();
    let version = version(project, &package);
    let manager = manager(project, &package, &version);
    let mut notes = Vec::new();
    let mut section = Section::new("app", format!("node:{version}-slim"));
    if let Some(prepare) = manager.prepare {
        section = section.run(Stage::BeforeInstall, prepare);
    }
    section = section.run(Stage::Install, format!("cd /app && {}", manager.install));
    if manager.install == NPM_WITHOUT_LOCK {
        notes.push("there is no lock file: what is installed may be another thing each time; commit package-lock.json and write `npm ci`".to_owned());
    }
    let scripts = &package["scripts"];
    let builds = scripts["build"].is_string();
    if builds {
        let build = format!("cd /app && {} run build", manager.name);
        section = section.run(Stage::Setup, build);
    }
    section.git = vec![mapping(project, &package, manager.locks, builds)];
    let (cmd, comment) = command(project, &package, manager.name);
    section.config = Config {
        comment,
        env: vec![("NODE_ENV".to_owned(), "production".to_owned())],
        working_dir: Some("/app".to_owned()),
        cmd,
        ..Config::default()
    };
    Images {
        sections: vec![section],
        notes,
        port: None,
    }
}

/// Installs without a lock file.
const NPM_WITHOUT_LOCK: &str = "npm install --no-audit --no-fund";

fn version(project: &Project, package: &Value) -> String {
    let exact = |file: &str| versions::exact(&project.word(file)?, Parts::One);
    let engines = || {
        let wanted = package["engines"]["node"].as_str()?;
        versions::allowed(wanted, current::NODE, Parts::One)
    };
    let found = exact(".nvmrc").or_else(|| exact(".node-version"));
    let found = found.or_else(engines);
    found.unwrap_or_else(|| current::NODE.to_owned())
}

fn manager(project: &Project, package: &Value, node: &str) -> Manager {
    // `pnpm@9.1.0+sha512.…`
    let pinned = package["packageManager"].as_str().unwrap_or_default();
    let pinned = pinned.split('+').next().unwrap_or_default();
    if project.has("pnpm-lock.yaml") {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "@.-".contains(c);
        let wanted = pinned.starts_with("pnpm@") && pinned.chars().all(is_plain);
        let package = if wanted {
            pinned.to_owned()
        } else {
            format!("pnpm@{}", current::PNPM)
        };
        return Manager {
            name: "pnpm",
            locks: &["pnpm-lock.yaml"],
            prepare: Some(format!("npm install --global {package}")),
            install: "pnpm install --frozen-lockfile",
        };
    }
    if let Some(lock) = project.text("yarn.lock") {
        // The lock file of yarn 1 has no such entry.
        if !lock.contains("__metadata:") {
            return Manager {
                name: "yarn",
                locks: &["yarn.lock"],
                prepare: None,
                install: "yarn install --frozen-lockfile",
            };
        }
        let has_corepack = node.parse::<u32>().is_ok_and(|it| it < WITHOUT_COREPACK);
        let prepare = if has_corepack {
            "corepack enable"
        } else {
            "npm install --global --force corepack && corepack enable"
        };
        return Manager {
            name: "yarn",
            locks: &["yarn.lock"],
            prepare: Some(prepare.to_owned()),
            install: "yarn install --immutable",
        };
    }
    let has_lock = project.has("package-lock.json") || project.has("npm-shrinkwrap.json");
    Manager {
        name: "npm",
        locks: &["package-lock.json", "npm-shrinkwrap.json"],
        prepare: None,
        install: if has_lock { "npm ci" } else { NPM_WITHOUT_LOCK },
    }
}

/// Maps the project to `/app`. Packages depend on what names them; what is built depends on everything.
fn mapping(project: &Project, package: &Value, locks: &[&str], builds: bool) -> Mapping {
    let has_workspaces = !package["workspaces"].is_null() || project.has("pnpm-workspace.yaml");
    let scripts = &package["scripts"];
    let hook = HOOKS.into_iter().find(|name| {
        let script = scripts[name].as_str();
        script.is_some_and(|script| !HARMLESS_HOOKS.contains(&script.trim()))
    });
    let mut sources = project.sources("/app");
    if let Some(hook) = hook {
        let comment = format!(
            "`{hook}` of package.json runs with the installation, and may read any file. If it reads none,\n[package.json, {}] is enough.",
            project.present(locks).join(", ")
        );
        sources = sources.depends(Stage::Install, &comment, ["**"]);
    } else {
        let mut masks = vec![if has_workspaces {
            "**/package.json".to_owned()
        } else {
            "package.json".to_owned()
        }];
        masks.extend(project.present(locks));
        masks.extend(project.present(&SETTINGS));
        sources = sources.depends(Stage::Install, "What names the packages.", masks);
    }
    if builds {
        sources = sources.depends(
            Stage::Setup,
            "All files, so that nothing old is built. Name directories instead if others change often.",
            ["**"],
        );
    }
    sources
}

/// Returns what the image runs, or a comment that nothing is known.
fn command(project: &Project, package: &Value, manager: &str) -> (Option<Vec<String>>, String) {
    let main = package["main"].as_str();
    let main = main.filter(|path| project.has(path));
    let usual = ["server.js", "index.js", "app.js", "main.js"];
    let usual = usual.into_iter().find(|path| project.has(path));
    let scripts = &package["scripts"];
    if scripts["start"].is_string() {
        (Some(words(&[manager, "start"])), String::new())
    } else if let Some(file) = main.or(usual) {
        (Some(words(&["node", file])), String::new())
    } else if scripts["preview"].is_string() {
        (
            Some(words(&[manager, "run", "preview"])),
            "Pages that only have to be served are better off in an image of a web server, with an `import` of what is built here."
                .to_owned(),
        )
    } else {
        (
            None,
            "cmd: [node, FILE]  # nothing says what the image is to run".to_owned(),
        )
    }
}
