//! PHP with composer.

use super::section::{Config, Import, Section, Stage, words};
use super::versions::{self, Parts, current};
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "php",
    told_by: "composer.json",
    found: |project| {
        if !project.has("composer.json") {
            return Vec::new();
        }
        project.present(&["composer.json", "composer.lock"])
    },
    images,
    leftovers: &["vendor"],
};

/// Directories with the pages of usual frameworks.
const PUBLIC: [&str; 3] = ["public", "web", "www"];

/// The port of the server.
const PORT: u16 = 8080;

fn images(project: &Project) -> Images {
    let package = project.json("composer.json").unwrap_or_default();
    let wanted = [
        &package["config"]["platform"]["php"],
        &package["require"]["php"],
    ];
    let wanted = wanted.into_iter().find_map(|it| it.as_str());
    let version = wanted.and_then(|it| versions::allowed(it, current::PHP, Parts::Two));
    let version = version.unwrap_or_else(|| current::PHP.to_owned());

    let mut section = Section::new("app", format!("php:{version}-cli"))
        .run_saying(
            Stage::BeforeInstall,
            "composer unpacks with it.",
            "apt-get update && apt-get install -y --no-install-recommends unzip && rm -rf /var/lib/apt/lists/*",
        )
        .run(Stage::Install, "cd /app")
        .run(
            Stage::Install,
            "composer install --no-interaction --no-progress --prefer-dist --no-dev --no-scripts --no-autoloader",
        )
        .run(Stage::Setup, "cd /app")
        .run(
            Stage::Setup,
            "composer dump-autoload --no-interaction --no-dev --no-scripts --optimize",
        );
    let sources = project.sources("/app");
    let sources = sources.depends(
        Stage::Install,
        "What names the packages.",
        project.present(&["composer.json", "composer.lock", "auth.json"]),
    );
    section.git = vec![sources.depends(
        Stage::Setup,
        "All files: the loader lists every class.",
        ["**"],
    )];
    section.imports = vec![Import::at_install(
        &format!("composer:{}", current::COMPOSER),
        "/usr/bin/composer",
        "/usr/local/bin/composer",
        "before",
    )];
    let public = PUBLIC
        .into_iter()
        .find(|directory| project.has(&format!("{directory}/index.php")));
    let pages = public.map(|directory| format!("/app/{directory}"));
    let pages = pages.or_else(|| project.has("index.php").then(|| "/app".to_owned()));
    section.config = match pages {
        None => Config {
            comment: "cmd: [php, FILE]  # nothing says what the image is to run".to_owned(),
            working_dir: Some("/app".to_owned()),
            ..Config::default()
        },
        Some(pages) => Config {
            comment: "This is the server for development: `php:…-fpm` or `php:…-apache` is for others to use."
                .to_owned(),
            expose: vec![PORT.to_string()],
            working_dir: Some("/app".to_owned()),
            cmd: Some(words(&["php", "-S", &format!("0.0.0.0:{PORT}"), "-t", &pages])),
            ..Config::default()
        },
    };
    let has_pages = section.config.cmd.is_some();
    let mut notes = Vec::new();
    if !project.has("composer.lock") {
        notes.push("there is no composer.lock: what is installed may be another thing each time; commit it".to_owned());
    }
    let needs = package["require"].as_object();
    let extensions: Vec<&str> = needs
        .into_iter()
        .flatten()
        .filter_map(|(name, _)| name.strip_prefix("ext-"))
        .collect();
    if !extensions.is_empty() {
        notes.push(format!(
            "composer.json asks for extensions ({}): where the image lacks one, add `docker-php-ext-install NAME` to `beforeInstall`",
            extensions.join(", ")
        ));
    }
    Images {
        sections: vec![section],
        notes,
        port: has_pages.then_some(PORT),
    }
}
