//! Looking around in an image at one of its stages.

use e2e::{Build, Repo};

/// An image whose `setup` fails where `broken` says so; `ansible` says in which language it is written.
fn config(broken: bool, ansible: bool) -> String {
    let salt = e2e::salt();
    let last = if broken {
        "exit 7"
    } else {
        "echo done > /setup"
    };
    let git = "git:\n- {add: /src, to: /app, stageDependencies: {install: [a]}}\n";
    if ansible {
        return format!(
            "image: app\nfrom: debian:bookworm-slim\n{git}ansible:\n  install:\n  - shell: cat /app/a > /install; echo {salt}\n  setup:\n  - shell: {last}\n"
        );
    }
    format!(
        "image: app\nfrom: busybox:latest\n{git}shell:\n  install: 'cat /app/a > /install; : {salt}'\n  setup: '{last}'\nimageSpec: {{config: {{entrypoint: [/nothing]}}}}\n"
    )
}

fn repo(config: &str) -> Repo {
    let repo = Repo::new();
    repo.write("src/a", "first\n");
    repo.write("src/b", "first\n");
    repo.commit_config(config);
    repo
}

#[test]
fn an_image_stops_where_the_client_says() {
    let repo = repo(&config(false, false));
    Build::of(&repo).ok();
    // The next commit is what the stage would see.
    repo.write("src/b", "second\n");
    repo.commit("b");
    let until = |stage: &str| {
        let argument = format!("--build-arg=WERF_UNTIL={stage}");
        Build::of(&repo).args([argument.as_str()]).ok()
    };
    let before = until("before:setup");
    assert_eq!(before.cached("install]"), Some(true), "{}", before.log);
    assert_eq!(
        before.image.run(&["cat", "/install", "/app/a", "/app/b"]),
        "first\nfirst\nsecond\n"
    );
    assert_eq!(before.image.file("/setup"), None);
    let after = until("setup");
    assert_eq!(after.image.file("/setup").as_deref(), Some("done\n"));
    // Its entrypoint would not let anybody in.
    assert!(after.image.config()["Entrypoint"].is_null());
    let none = until("from");
    assert_eq!(none.image.file("/install"), None);
    let wrong = Build::of(&repo)
        .args(["--build-arg=WERF_UNTIL=setpu"])
        .fails();
    wrong.says(&["did you mean `setup`?"]);
}

#[test]
fn the_hint_of_a_failed_stage_leads_to_where_it_began() {
    for ansible in [false, true] {
        let repo = repo(&config(true, ansible));
        let build = || {
            let build = Build::of(&repo);
            if ansible {
                e2e::ansible::with_ansible(build)
            } else {
                build
            }
        };
        let failed = build().fails();
        let error = failed.error();
        let (_, rest) = error.split_once("build with `").expect("a hint");
        let (options, _) = rest.split_once(" --load").expect("an option");
        let look = build().args(options.split(' ')).ok();
        assert_eq!(look.image.run(&["cat", "/install"]), "first\n");
    }
}
