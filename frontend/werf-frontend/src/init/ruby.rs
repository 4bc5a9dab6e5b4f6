//! Ruby with bundler.

use super::section::{Config, Section, Stage, words};
use super::versions::{self, Parts, current};
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "ruby",
    told_by: "Gemfile",
    found: |project| {
        if !project.has("Gemfile") {
            return Vec::new();
        }
        project.present(&["Gemfile", "Gemfile.lock"])
    },
    images,
    leftovers: &["vendor/bundle", ".bundle"],
};

fn images(project: &Project) -> Images {
    let gemfile = project.text("Gemfile").unwrap_or_default();
    let has_lock = project.has("Gemfile.lock");
    let mut section = Section::new("app", format!("ruby:{}", version(project, &gemfile)))
        .run(Stage::Install, "cd /app")
        .run(
            Stage::Install,
            "bundle config set --local without 'development test'",
        );
    if has_lock {
        section = section.run(Stage::Install, "bundle config set --local frozen true");
    }
    section = section.run(Stage::Install, "bundle install");
    let sources = project.sources("/app");
    let names_sources = gemfile.contains("gemspec") || gemfile.contains("path:");
    let mut sources = if names_sources {
        let comment = "The Gemfile names files of the project.";
        sources.depends(Stage::Install, comment, ["**"])
    } else {
        let files = ["Gemfile", "Gemfile.lock", ".ruby-version", ".bundle/config"];
        sources.depends(
            Stage::Install,
            "What names the gems.",
            project.present(&files),
        )
    };
    let is_rails = project.has("bin/rails");
    let has_assets = is_rails && project.is_directory("app/assets");
    if has_assets {
        section = section.run_saying(
            Stage::Setup,
            "Assets need no secret, and Rails asks for one in production.",
            "cd /app && SECRET_KEY_BASE_DUMMY=1 RAILS_ENV=production ruby bin/rails assets:precompile",
        );
        sources = sources.depends(
            Stage::Setup,
            "All files, so that nothing old is built.",
            ["**"],
        );
    }
    section.git = vec![sources];
    let usual = ["main.rb", "app.rb", "server.rb"];
    let usual = usual.into_iter().find(|file| project.has(file));
    let mut config = Config {
        working_dir: Some("/app".to_owned()),
        ..Config::default()
    };
    let mut port = None;
    if is_rails {
        config.env = vec![("RAILS_ENV".to_owned(), "production".to_owned())];
        config.cmd = Some(words(&[
            "ruby",
            "bin/rails",
            "server",
            "--binding",
            "0.0.0.0",
        ]));
        port = Some(3000);
    } else if project.has("config.ru") {
        config.env = vec![("RACK_ENV".to_owned(), "production".to_owned())];
        config.cmd = Some(words(&["bundle", "exec", "rackup", "--host", "0.0.0.0"]));
        port = Some(9292);
    } else if let Some(file) = usual {
        config.cmd = Some(words(&["bundle", "exec", "ruby", file]));
    } else {
        config.comment =
            "cmd: [bundle, exec, ruby, FILE]  # nothing says what the image is to run".to_owned();
    }
    config.expose = port.iter().map(u16::to_string).collect();
    section.config = config;
    let mut notes = Vec::new();
    if !has_lock {
        notes.push(
            "there is no Gemfile.lock: what is installed may be another thing each time; commit it"
                .to_owned(),
        );
    }
    Images {
        sections: vec![section],
        notes,
        port,
    }
}

fn version(project: &Project, gemfile: &str) -> String {
    let file = project.word(".ruby-version");
    let file = file.and_then(|it| versions::exact(it.trim_start_matches("ruby-"), Parts::Two));
    // `ruby "3.3.1"`, `ruby "~> 3.3.0"`
    let line = || {
        let line = gemfile
            .lines()
            .find_map(|line| line.trim().strip_prefix("ruby "))?;
        let quoted = line.split(['"', '\'']).nth(1)?;
        versions::allowed(quoted, current::RUBY, Parts::Two)
    };
    let found = file.or_else(line);
    found.unwrap_or_else(|| current::RUBY.to_owned())
}
