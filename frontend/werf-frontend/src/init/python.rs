//! Python: `requirements.txt`, poetry, uv, and projects with a `pyproject.toml` alone.

use toml::{Table, Value};

use super::section::{Config, Mapping, Section, Stage, words};
use super::versions::{self, Parts, current};
use super::{Images, Project, Template};

/// The template.
pub const TEMPLATE: Template = Template {
    name: "python",
    told_by: "requirements.txt, or pyproject.toml, with uv.lock or poetry.lock",
    found: |project| {
        project.present(&[
            "uv.lock",
            "poetry.lock",
            "requirements.txt",
            "pyproject.toml",
        ])
    },
    images,
    leftovers: &[".venv", "venv", "__pycache__"],
};

/// Where uv puts the packages.
const ENVIRONMENT: &str = "/app/.venv/bin:${PATH}";

fn images(project: &Project) -> Images {
    let about = project.toml("pyproject.toml").unwrap_or_default();
    let version = version(project, &about);
    let section = Section::new("app", format!("python:{version}-slim"));
    let mut env = vec![("PYTHONUNBUFFERED".to_owned(), "1".to_owned())];
    let mut section = if project.has("uv.lock") {
        env.push(("PATH".to_owned(), ENVIRONMENT.to_owned()));
        with_uv(project, &about, section)
    } else if project.has("poetry.lock") {
        with_poetry(project, &about, section)
    } else if project.has("requirements.txt") {
        with_requirements(project, section)
    } else {
        with_pip(project, section)
    };
    let (cmd, comment) = command(project, &about);
    section.config = Config {
        comment,
        env,
        working_dir: Some("/app".to_owned()),
        cmd,
        ..Config::default()
    };
    Images {
        sections: vec![section],
        ..Images::default()
    }
}

fn version(project: &Project, about: &Table) -> String {
    let file = || versions::exact(&project.word(".python-version")?, Parts::Two);
    let constraint = text(about, &["project", "requires-python"])
        .or_else(|| text(about, &["tool", "poetry", "dependencies", "python"]));
    let constraint = || versions::allowed(constraint?, current::PYTHON, Parts::Two);
    let found = file().or_else(constraint);
    found.unwrap_or_else(|| current::PYTHON.to_owned())
}

/// Returns the text at a path of keys.
fn text<'a>(table: &'a Table, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    let value = table.get(*first)?;
    rest.iter()
        .try_fold(value, |value, key| value.get(key))?
        .as_str()
}

fn with_uv(project: &Project, about: &Table, section: Section) -> Section {
    let mut section = section
        .run(Stage::BeforeInstall, "pip install --no-cache-dir uv")
        .run(
            Stage::Install,
            "cd /app && uv sync --frozen --no-dev --no-install-project",
        );
    let mut sources = names_packages(project, &["uv.lock", "pyproject.toml", ".python-version"]);
    // Without a build system there is no package to install.
    if about.contains_key("build-system") {
        section = section.run(Stage::Setup, "cd /app && uv sync --frozen --no-dev");
        sources = depends_on_all(sources);
    }
    section.git = vec![sources];
    section
}

fn with_poetry(project: &Project, about: &Table, section: Section) -> Section {
    let mut section = section
        .run(Stage::BeforeInstall, "pip install --no-cache-dir poetry")
        .run(Stage::Install, "cd /app")
        .run(Stage::Install, "poetry config virtualenvs.create false")
        .run(
            Stage::Install,
            "poetry install --no-interaction --no-root --only main",
        );
    let masks = ["pyproject.toml", "poetry.lock", "poetry.toml"];
    let mut sources = names_packages(project, &masks);
    let poetry = about.get("tool").and_then(|tool| tool.get("poetry"));
    let is_package = poetry.and_then(|it| it.get("package-mode")) != Some(&Value::Boolean(false));
    if is_package {
        section = section.run(
            Stage::Setup,
            "cd /app && poetry install --no-interaction --only-root",
        );
        sources = depends_on_all(sources);
    }
    section.git = vec![sources];
    section
}

/// Files that a `requirements.txt` names are read with it; where it names a directory, that is everything.
fn with_requirements(project: &Project, section: Section) -> Section {
    let mut files = vec!["requirements.txt".to_owned()];
    let mut names_sources = false;
    let mut next = 0;
    while let Some(file) = files.get(next) {
        let text = project.text(file).unwrap_or_default();
        next += 1;
        for line in text.lines().map(str::trim) {
            let named = ["-r", "--requirement", "-c", "--constraint"];
            let named = named.iter().find_map(|option| line.strip_prefix(option));
            let named = named.map(|rest| rest.trim_start_matches(['=', ' ']).to_owned());
            match named {
                Some(path) if path.contains("..") => names_sources = true,
                Some(path) if !files.contains(&path) && project.has(&path) => files.push(path),
                Some(_) => {}
                None => {
                    names_sources |= line.starts_with(['.', '/'])
                        || line.starts_with("-e")
                        || line.starts_with("--editable")
                        || line.contains("file:");
                }
            }
        }
    }
    let mut section = section.run(
        Stage::Install,
        "cd /app && pip install --no-cache-dir -r requirements.txt",
    );
    let sources = project.sources("/app");
    section.git = vec![if names_sources {
        let comment = "requirements.txt names files of the project.";
        sources.depends(Stage::Install, comment, ["**"])
    } else {
        sources.depends(Stage::Install, "What names the packages.", files)
    }];
    section
}

fn with_pip(project: &Project, section: Section) -> Section {
    let mut section = section.run(Stage::Setup, "pip install --no-cache-dir /app");
    section.git = vec![depends_on_all(project.sources("/app"))];
    section
}

fn names_packages(project: &Project, files: &[&str]) -> Mapping {
    let sources = project.sources("/app");
    sources.depends(
        Stage::Install,
        "What names the packages.",
        project.present(files),
    )
}

fn depends_on_all(mapping: Mapping) -> Mapping {
    mapping.depends(
        Stage::Setup,
        "All files, so that nothing old is installed.",
        ["**"],
    )
}

fn command(project: &Project, about: &Table) -> (Option<Vec<String>>, String) {
    let scripts = about
        .get("project")
        .and_then(|it| it.get("scripts"))
        .or_else(|| about.get("tool")?.get("poetry")?.get("scripts"));
    let script = scripts.and_then(Value::as_table);
    let script = script.and_then(|it| it.keys().next());
    let usual = ["main.py", "app.py", "run.py", "server.py"];
    let usual = usual.into_iter().find(|file| project.has(file));
    if project.has("manage.py") {
        (
            Some(words(&["python", "manage.py", "runserver", "0.0.0.0:8000"])),
            "This is the server for development: name another one before others use it.".to_owned(),
        )
    } else if let Some(script) = script {
        (Some(words(&[script])), String::new())
    } else if let Some(file) = usual {
        (Some(words(&["python", file])), String::new())
    } else {
        (
            None,
            "cmd: [python, FILE]  # nothing says what the image is to run".to_owned(),
        )
    }
}
