//! Each template makes a file that is planned without a mistake and without a warning.

use diagnostic::Diagnostic;
use werf_plan::file::{Outcome, PlanFile};

use super::*;
use crate::git::fixture::Fixture;
use crate::helper::plan::{PlanRequest, plan_commit};

/// Makes a repository of these files in a directory of a known name, and returns what is written for it.
fn written(files: &[(&str, &str)], template: Option<&str>) -> (Fixture, Draft) {
    let fixture = Fixture::unborn();
    for (path, content) in files {
        fixture.write(&format!("shop/{path}"), content);
    }
    let project = Project::open(&fixture.path().join("shop")).unwrap();
    let draft = draft(&project, template, "werf/frontend").unwrap();
    fixture.write("shop/werf.yaml", &draft.text);
    fixture.commit();
    (fixture, draft)
}

/// Plans the commit as `check` does.
fn planned(fixture: &Fixture) -> PlanFile {
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        config: crate::helper::locate::ConfigQuery {
            path: Some("shop/werf.yaml".to_owned()),
            ..Default::default()
        },
        ..PlanRequest::default()
    };
    plan_commit(&request, None)
}

/// Returns what is written for these files, which must be as clean as what people should have, and what is said of it.
fn clean(files: &[(&str, &str)]) -> String {
    clean_by(files, None)
}

fn clean_by(files: &[(&str, &str)], template: Option<&str>) -> String {
    let (fixture, draft) = written(files, template);
    let file = planned(&fixture);
    let say = |it: &Diagnostic| file.render(it);
    match &file.outcome {
        Outcome::Plan(_) => {}
        Outcome::Errors(errors) => {
            let errors: String = errors.iter().map(say).collect();
            panic!("{}\n{errors}", draft.text)
        }
        other => panic!("{other:?}"),
    }
    let warnings: String = file.warnings.iter().map(say).collect();
    assert_eq!(warnings, "", "{}", draft.text);
    let notes = draft.notes.join("\n");
    format!(
        "{} by {:?}, image {}, port {:?}, others {:?}\n{notes}\n{}",
        draft.template, draft.found, draft.image, draft.port, draft.others, draft.text
    )
}

#[test]
fn node() {
    let package = r#"{"engines": {"node": ">=20"}, "main": "lib/main.js", "scripts": {"build": "tsc", "start": "node lib/main.js", "prepare": "husky"}}"#;
    insta::assert_snapshot!(
        "npm",
        clean(&[
            ("package.json", package),
            ("package-lock.json", "{}"),
            (".npmrc", "fund=false"),
            ("README.md", "x"),
            ("src/main.ts", "x"),
            ("index.html", "x"),
        ])
    );
    let package = r#"{"packageManager": "pnpm@9.1.0+sha512.ab", "workspaces": ["a"], "scripts": {"postinstall": "patch-package"}}"#;
    insta::assert_snapshot!(
        "pnpm",
        clean(&[
            ("package.json", package),
            ("pnpm-lock.yaml", ""),
            ("pnpm-workspace.yaml", ""),
            ("a/package.json", "{}"),
            (".nvmrc", "v22.1.0\n"),
            ("server.js", "x"),
        ])
    );
    let modern = [
        (
            "package.json",
            r#"{"scripts": {"build": "vite build", "preview": "vite preview"}}"#,
        ),
        ("yarn.lock", "__metadata:\n  version: 8\n"),
        (".yarnrc.yml", "nodeLinker: node-modules\n"),
    ];
    insta::assert_snapshot!("yarn", clean(&modern));
    let classic = [
        ("package.json", "{}"),
        ("yarn.lock", "# yarn lockfile v1\n"),
    ];
    insta::assert_snapshot!("yarn_1", clean(&classic));
    insta::assert_snapshot!(
        "npm_without_lock",
        clean(&[("package.json", "{"), ("x", "")])
    );
}

#[test]
fn python() {
    insta::assert_snapshot!(
        "requirements",
        clean(&[
            ("requirements.txt", "flask\n-r more.txt\n"),
            ("more.txt", "requests==2\n"),
            ("app.py", ""),
            (".python-version", "3.12.1\n"),
        ])
    );
    let editable = [("requirements.txt", "-e .\n"), ("setup.py", "")];
    insta::assert_snapshot!("requirements_of_the_project", clean(&editable));
    let about = "[project]\nname = 'shop'\nrequires-python = '>=3.9,<3.13'\n[project.scripts]\nshop = 'shop:main'\n[build-system]\nrequires = ['hatchling']\n";
    insta::assert_snapshot!(
        "uv",
        clean(&[("pyproject.toml", about), ("uv.lock", ""), ("shop.py", "")])
    );
    let about = "[tool.poetry]\nname = 'shop'\n[tool.poetry.dependencies]\npython = '^3.11'\n";
    let poetry = [
        ("pyproject.toml", about),
        ("poetry.lock", ""),
        ("manage.py", ""),
    ];
    insta::assert_snapshot!("poetry", clean(&poetry));
    insta::assert_snapshot!("pyproject", clean(&[("pyproject.toml", "")]));
}

#[test]
fn go() {
    let module = "module example.com/team/shop/v2\n\ngo 1.22\n";
    insta::assert_snapshot!(
        "go",
        clean(&[("go.mod", module), ("go.sum", ""), ("main.go", "")])
    );
    let module = "module example.com/shop\n\ngo 1.22\n\ntoolchain go1.23.4\n";
    insta::assert_snapshot!(
        "go_with_commands",
        clean(&[
            ("go.mod", module),
            ("cmd/api/main.go", ""),
            ("cmd/worker/main.go", ""),
            ("vendor/modules.txt", ""),
        ])
    );
}

#[test]
fn rust() {
    let manifest = "[package]\nname = 'shop'\nrust-version = '1.80'\n";
    insta::assert_snapshot!(
        "rust",
        clean(&[
            ("Cargo.toml", manifest),
            ("Cargo.lock", ""),
            ("src/main.rs", ""),
            ("rust-toolchain.toml", "[toolchain]\nchannel = '1.86.0'\n"),
            ("target/x", ""),
        ])
    );
    insta::assert_snapshot!(
        "rust_workspace",
        clean(&[("Cargo.toml", "[workspace]\n"), ("a/Cargo.toml", "")])
    );
}

#[test]
fn php() {
    let package = r#"{"require": {"php": "^8.1", "ext-intl": "*"}}"#;
    insta::assert_snapshot!(
        "php",
        clean(&[
            ("composer.json", package),
            ("composer.lock", ""),
            ("public/index.php", ""),
            ("package.json", "{}"),
        ])
    );
}

#[test]
fn java() {
    let pom = "<project><properties><maven.compiler.release>17</maven.compiler.release></properties></project>";
    insta::assert_snapshot!("maven", clean(&[("pom.xml", pom), ("src/App.java", "")]));
    insta::assert_snapshot!(
        "gradle",
        clean(&[
            ("build.gradle.kts", "kotlin { jvmToolchain(21) }"),
            ("settings.gradle.kts", "include(\"app\")"),
            ("gradlew", ""),
            ("gradle/wrapper/gradle-wrapper.properties", ""),
        ])
    );
}

#[test]
fn ruby() {
    insta::assert_snapshot!(
        "rack",
        clean(&[
            ("Gemfile", "source 'https://rubygems.org'\nruby '3.3.1'\n"),
            ("Gemfile.lock", ""),
            ("config.ru", ""),
        ])
    );
    insta::assert_snapshot!(
        "rails",
        clean(&[
            ("Gemfile", ""),
            ("bin/rails", ""),
            ("app/assets/a.css", ""),
            (".ruby-version", "ruby-3.4.2\n"),
        ])
    );
}

#[test]
fn pages() {
    insta::assert_snapshot!("site", clean(&[("index.html", "<h1>Hello</h1>")]));
    insta::assert_snapshot!(
        "site_below",
        clean(&[("public/index.html", "x"), ("a", "")])
    );
}

#[test]
fn a_dockerfile_is_translated_where_that_is_the_same() {
    let dockerfile = "# syntax=docker/dockerfile:1\nFROM node:22-slim AS build\nWORKDIR /app\nENV CI=true\nRUN apt-get update \\\n    && apt-get install -y git\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nENV PATH=/app/bin:$PATH\nRUN npm run build\n\nFROM nginx:1.28\nCOPY --from=build /app/dist /usr/share/nginx/html\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\nLABEL org.example.team=\"the shop\"\nEXPOSE 80\nSTOPSIGNAL SIGQUIT\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n";
    insta::assert_snapshot!(
        "dockerfile",
        clean(&[
            ("Dockerfile", dockerfile),
            (".dockerignore", "node_modules\n**/*.log\n"),
            ("package.json", "{}"),
            ("package-lock.json", "{}"),
            ("nginx.conf", ""),
            ("src/a", ""),
        ])
    );
    let dockerfile = "FROM python:3.13-slim AS base\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nFROM base\nCOPY --chown=www-data:www-data app ./app\nUSER www-data\nENTRYPOINT [\"python\"]\nCMD python -m app\n";
    insta::assert_snapshot!(
        "dockerfile_on_itself",
        clean(&[
            ("Dockerfile", dockerfile),
            ("requirements.txt", ""),
            ("app/a", "")
        ])
    );
}

#[test]
fn a_destination_is_read_as_docker_reads_it() {
    let written = |instructions: &str| {
        let dockerfile = format!("FROM alpine:3\nWORKDIR /srv/app\n{instructions}\n");
        let written = clean(&[("Dockerfile", &dockerfile), ("a.conf", ""), ("b/c", "")]);
        assert!(!written.contains("dockerfile:"), "{written}");
        written
    };
    for (instruction, to) in [
        ("COPY a.conf /etc/b.conf", "to: /etc/b.conf"),
        ("COPY a.conf /srv/app", "to: /srv/app/a.conf"),
        ("COPY a.conf /etc", "to: /etc/a.conf"),
        ("COPY a.conf .", "to: /srv/app/a.conf"),
        ("COPY b /x\nCOPY a.conf /x", "to: /x/a.conf"),
        ("COPY --chown=7 b /x", "group: \"7\""),
        ("CMD echo {{x}}", "echo {{ \"{{\" }}x}}"),
    ] {
        let written = written(instruction);
        assert!(written.contains(to), "{instruction}: {written}");
    }
}

#[test]
fn a_dockerfile_that_is_more_than_stages_is_taken_as_it_is() {
    let dockerfile = "ARG TAG=1\nFROM --platform=$BUILDPLATFORM alpine:$TAG\nRUN --mount=type=cache,target=/x make\nRUN a; b\nRUN curl x | sh\nADD x.tar /\nCOPY missing /\nCOPY dist /dist\nCOPY --from=composer:2 /usr/bin/composer bin/\nSHELL [\"/bin/bash\", \"-c\"]\nHEALTHCHECK CMD true\nUSER me\nRUN make\n";
    insta::assert_snapshot!(
        "dockerfile_as_it_is",
        clean(&[
            ("Dockerfile", dockerfile),
            (".gitignore", "dist/\n"),
            ("dist/a", ""),
        ])
    );
    // Without a tag `check` would warn.
    let untagged = clean(&[("Dockerfile", "FROM alpine\nRUN make\n")]);
    assert!(untagged.contains("dockerfile: Dockerfile"), "{untagged}");
    let broken = clean(&[("Dockerfile", "FORM alpine\n")]);
    for (instruction, why) in [
        ("COPY a.conf /etc/nginx", "a slash behind it"),
        ("COPY --chown=me a.conf /x/", "NAME:GROUP"),
        ("COPY --from=busybox:1 /out/a /usr/bin", "is not known"),
        ("ENV A=1 B=$A", "the same `ENV`"),
        ("LABEL a=%x%", "`%`"),
    ] {
        let dockerfile = format!("FROM alpine:3\n{instruction}\n");
        let written = clean(&[("Dockerfile", &dockerfile), ("a.conf", "")]);
        assert!(written.contains(why), "{instruction}: {written}");
        assert!(written.contains("line 2"), "{instruction}: {written}");
    }
    assert!(broken.contains("dockerfile: Dockerfile"), "{broken}");
}

#[test]
fn a_template_can_be_asked_for() {
    let files = [("go.mod", ""), ("package.json", "{}"), ("index.html", "")];
    let asked = clean_by(&files, Some("static"));
    assert!(asked.contains("static by [\"index.html\"]"), "{asked}");
    assert!(asked.contains("others [\"go\", \"node\"]"), "{asked}");
    let project = Project::open(&std::env::temp_dir()).unwrap();
    let error = draft(&project, Some("nod"), "x").unwrap_err().to_string();
    assert_eq!(error, "there is no template `nod`; did you mean `node`?");
}

#[test]
fn nothing_is_found_in_an_empty_directory() {
    let directory = tempfile::tempdir().unwrap();
    let project = Project::open(directory.path()).unwrap();
    let error = draft(&project, None, "x").unwrap_err().to_string();
    assert!(error.starts_with("nothing in `"), "{error}");
}

#[test]
fn the_name_of_the_directory_becomes_one_of_a_project() {
    let parent = tempfile::tempdir().unwrap();
    for (directory, name) in [("My Shop_2", "my-shop-2"), ("--", "app"), ("é", "app")] {
        let path = parent.path().join(directory);
        std::fs::create_dir(&path).unwrap();
        assert_eq!(Project::open(&path).unwrap().name(), name);
    }
}
