//! The applications of `examples/apps`: built and run both ways, with packages of real registries, then built after a commit of sources and
//! after one of another package.

use std::process::Command;

use e2e::applications::{APPLICATIONS, Application};
use e2e::{Bench, Build, Built, Repo};

fn check(name: &str) {
    let application = APPLICATIONS.iter().find(|it| it.name == name).unwrap();
    let contexts = application.contexts(&Bench::from_env().registry, &|| Command::new("docker"));
    let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
    let repo = Repo::example(&format!("apps/{name}"));
    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    let project = format!("project: t{}-", std::process::id());
    repo.write("werf.yaml", text.replacen("project: ", &project, 1));
    repo.commit("another project");
    for target in application.targets {
        let mut build = Build::of(&repo)
            .config(Some("Dockerfile"))
            .args(contexts.clone());
        if let Some(stage) = target.stage {
            build = build.args(["--target", stage]);
        }
        assert_eq!(build.ok().image.run(target.run), target.prints);
    }
    let build = || -> Vec<Built> {
        let targets = application.targets.iter();
        let build = |image| {
            Build::of(&repo)
                .args(contexts.clone())
                .args(["--target", image])
        };
        targets.map(|target| build(target.image).ok()).collect()
    };
    let runs = |built: &[Built]| -> Vec<String> {
        let targets = application.targets.iter().zip(built);
        targets
            .map(|(target, built)| built.image.run(target.run))
            .collect()
    };
    let first = build();
    let prints: Vec<&str> = application.targets.iter().map(|it| it.prints).collect();
    assert_eq!(runs(&first), prints);

    application.source.make(repo.path());
    repo.commit("sources");
    let second = build();
    let (before, after) = (application.source.from, application.source.to);
    let changed = if name == "rust" {
        vec!["22,40\n".to_owned()]
    } else {
        prints.iter().map(|it| it.replace(before, after)).collect()
    };
    assert_eq!(runs(&second), changed);
    assert!(!has_fetched(application, &second), "{}", second[0].log);

    for edit in application.packages {
        edit.make(repo.path());
    }
    repo.commit("another package");
    let third = build();
    assert_eq!(runs(&third), changed);
    assert!(has_fetched(application, &third), "{}", third[0].log);
}

fn has_fetched(application: &Application, built: &[Built]) -> bool {
    built
        .iter()
        .any(|it| it.ran(application.fetches, "install"))
}

#[test]
fn node() {
    check("node");
}

#[test]
fn python() {
    check("python");
}

#[test]
fn rust() {
    check("rust");
}

#[test]
fn php() {
    check("php");
}

#[test]
fn static_site() {
    check("static");
}

#[test]
fn monorepo() {
    check("monorepo");
}
