//! `--build-arg WERF_EXPLAIN=IMAGE`: the steps that run again are those that the note names, and no others.

use e2e::{Bench, Build, Built, Repo, salt};

/// The steps of the image and of the one that it starts from.
const STEPS: [(&str, &str); 6] = [
    ("base", "install"),
    ("app", "beforeInstall"),
    ("app", "gitArchive"),
    ("app", "install"),
    ("app", "setup"),
    ("app", "gitLatestPatch"),
];

fn config(salt: &str) -> String {
    format!(
        "image: base\nfinal: false\nfrom: busybox:latest\nshell: {{install: 'echo base > /base; : {salt}'}}\n---\nimage: app\nfrom: base\ngit:\n- {{add: /, to: /app, stageDependencies: {{install: [list], setup: [src]}}}}\nshell:\n  beforeInstall: 'echo before > /before'\n  install: 'cat /app/list > /installed'\n  setup: 'cat /app/src/* > /made'\n"
    )
}

/// Returns the lines of the note.
fn note(built: &Built) -> Vec<&str> {
    let begin = built
        .log
        .rfind("WERF_EXPLAIN: ")
        .unwrap_or_else(|| panic!("no note in:\n{}", built.log));
    let mut lines = built.log[begin..].lines();
    let first = lines.next();
    let rest = lines.take_while(|line| line.starts_with("   "));
    first.into_iter().chain(rest.map(str::trim)).collect()
}

#[test]
fn the_note_names_what_runs_again() {
    let salt = salt();
    let repo = Repo::with_config(&config(&salt));
    repo.write("list", "one");
    repo.write("src/a", "a");
    repo.commit("first");
    let build = |before: Option<&Built>| {
        let argument = before.map(|it| format!("WERF_EXPLAIN={}", it.image.tag()));
        let build = Build::of(&repo);
        match &argument {
            Some(argument) => build.args(["--build-arg", argument]).ok(),
            None => build.ok(),
        }
    };
    let mut before = build(None);
    let other = |from: &str, to: &str| config(&salt).replace(from, to);
    let edits: [(&str, String, &[&str]); 5] = [
        (
            "README.md",
            salt.clone(),
            &["app/gitLatestPatch: files are different"],
        ),
        (
            "src/a",
            salt.clone(),
            &[
                "app/setup: files of its `stageDependencies` are different",
                "app/gitLatestPatch: files are different; because of setup before it",
            ],
        ),
        (
            "werf.yaml",
            e2e::repo::config_text(&other("cat /app/list", "cat < /app/list")),
            &[
                "app/install: its commands are different (werf.yaml:16)",
                "app/setup: because of install before it",
                "app/gitLatestPatch: files are different; because of setup before it",
            ],
        ),
        (
            "werf.yaml",
            e2e::repo::config_text(&other("echo base", "echo other")),
            &[
                "base/install: its commands are different (werf.yaml:8)",
                "app/from: image `base` is another one",
                "app/beforeInstall: because of from before it",
                "app/gitArchive: because of beforeInstall before it",
                "app/install: its commands are different (werf.yaml:16); because of gitArchive before it",
                "app/setup: because of install before it",
                "app/gitLatestPatch: files are different; because of setup before it",
            ],
        ),
        ("werf.yaml", String::new(), &[]),
    ];
    for (path, content, expected) in edits {
        if !content.is_empty() {
            repo.write(path, content);
            repo.commit("next");
        }
        let built = build(Some(&before));
        let said = note(&built);
        assert_eq!(&said[1..], expected, "{}", built.log);
        let number = expected
            .iter()
            .filter(|line| !line.starts_with("app/from"))
            .count();
        let sum = match number {
            0 => "no step runs again".to_owned(),
            1 => "1 step runs again".to_owned(),
            _ => format!("{number} steps run again"),
        };
        let sum = format!(
            "since `{}` {sum}, {} found in the cache",
            before.image.tag(),
            6 - number
        );
        assert!(said[0].ends_with(&sum), "{said:?}");
        for (image, stage) in STEPS {
            let is_named = said
                .iter()
                .any(|line| line.starts_with(&format!("{image}/{stage}:")));
            // A step that nobody asks for, since what is upon it was found, was found as well.
            let has_run = built.ran(image, stage);
            assert_eq!(has_run, is_named, "{image}/{stage}\n{}", built.log);
        }
        before = built;
    }
}

#[test]
fn what_cannot_be_compared_is_said_and_built() {
    let repo = Repo::with_config(&config(&salt()));
    repo.write("list", "one");
    repo.write("src/a", "a");
    repo.commit("first");
    let nowhere = format!("{}/nothing:1", Bench::from_env().registry);
    for (image, why) in [
        (nowhere.as_str(), "it is not found: "),
        (
            "busybox:latest",
            "it was not built of a `werf.yaml`: it has no label `werf.io/stages`",
        ),
    ] {
        let argument = format!("WERF_EXPLAIN={image}");
        let built = Build::of(&repo).args(["--build-arg", &argument]).ok();
        let said = note(&built);
        let begin = format!("WERF_EXPLAIN: nothing is compared with `{image}`: {why}");
        assert!(said[0].starts_with(&begin), "{}", built.log);
    }
}
