//! Images made of images of the same file.

use e2e::{Build, Repo};

/// Commands that leave a random value in `/stamps/NAME`.
fn stamp(name: &str) -> String {
    format!(
        "mkdir -p /stamps; read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamps/{name}"
    )
}

/// `base`, and `app` and `web` on it, which share nothing else. Only `base` and `app` have sources.
fn family(salt: &str, base_docker: &str) -> String {
    let command = |name: &str| format!("\"{}; : {salt}\"", stamp(name));
    format!(
        "image: app\nfrom: base\ngit:\n- {{add: /app, to: /app}}\nshell:\n  install: {}\ndocker:\n  CMD: [sh, -c, 'echo $WHO $APP; cat /base/file /app/file']\n  ENV: {{APP: \"of $WHO\"}}\n---\nimage: web\nfrom: base\nshell:\n  setup: {}\n---\nimage: base\nfinal: false\nfrom: busybox:latest\ngit:\n- {{add: /base, to: /base, stageDependencies: {{install: tools}}}}\nshell:\n  install: {}\ndocker:\n  ENV: {{WHO: base}}\n{base_docker}---\nimage: broken\nfrom: base\nshell:\n  install: exit 3\n",
        command("app"),
        command("web"),
        command("base"),
    )
}

fn family_repo(salt: &str) -> Repo {
    let repo = Repo::new();
    repo.write("app/file", "app\n");
    repo.write("base/file", "base\n");
    repo.write("base/tools", "1");
    repo.commit_config(&family(salt, ""));
    repo
}

fn value(built: &e2e::Built, name: &str) -> String {
    built.image.run(&["cat", &format!("/stamps/{name}")])
}

#[test]
fn two_images_on_one_base() {
    let repo = family_repo(&e2e::salt());
    let app = Build::of(&repo).args(["--target", "app"]).ok();
    assert_eq!(app.image.run(&[]), "base of base\nbase\napp\n");
    assert!(
        !app.log.contains("[web ") && !app.log.contains("[broken "),
        "only what it needs:\n{}",
        app.log
    );
    assert!(
        !app.image.paths().iter().any(|path| path.contains("werf")),
        "{:?}",
        app.image.paths()
    );
    let web = Build::of(&repo).args(["--target", "web"]).ok();
    assert_eq!(value(&app, "base"), value(&web, "base"), "built once");
    assert_eq!(web.cached("[base 3/4 install]"), Some(true), "{}", web.log);
    let config = web.image.config();
    assert!(config["Env"].to_string().contains("WHO=base"), "{config}");
    // Names of the step, the stage and the image in which it fails.
    Build::of(&repo)
        .args(["--target", "broken"])
        .fails()
        .says(&[
            "stage `install` of image `broken` failed with exit code 3",
            "[broken 2/2 install]",
            ">>>   install: exit 3",
        ]);
}

#[test]
fn a_change_of_the_base_reruns_what_is_on_it() {
    let salt = e2e::salt();
    let repo = family_repo(&salt);
    let build = || Build::of(&repo).args(["--target", "app"]).ok();
    let first = build();
    repo.write("app/file", "new\n");
    repo.commit("a file of the child");
    let second = build();
    assert_eq!(second.image.run(&[]), "base of base\nbase\nnew\n");
    assert_eq!(value(&first, "app"), value(&second, "app"));
    // As in werf: the child is built on the last stage of its base, which has the files of the commit.
    repo.write("base/file", "newer\n");
    repo.commit("a file of the base");
    let third = build();
    assert_eq!(third.image.run(&[]), "base of base\nnewer\nnew\n");
    assert_eq!(value(&second, "base"), value(&third, "base"));
    assert_ne!(value(&second, "app"), value(&third, "app"));
    repo.commit_config(&family(&salt, "  USER: \"1000\"\n"));
    let fourth = build();
    assert_eq!(value(&third, "base"), value(&fourth, "base"));
    assert_ne!(value(&third, "app"), value(&fourth, "app"));
    assert_eq!(fourth.image.config()["User"], "1000");
}

#[test]
fn no_cache_filters_know_all_images_of_the_build() {
    let repo = family_repo(&e2e::salt());
    let build = |filter: &[&str]| {
        let target = ["--target", "web"];
        let arguments: Vec<&str> = target.iter().chain(filter).copied().collect();
        Build::of(&repo).args(arguments).ok()
    };
    let first = build(&[]);
    let second = build(&["--no-cache-filter", "web/setup"]);
    assert_eq!(value(&first, "base"), value(&second, "base"));
    assert_ne!(value(&first, "web"), value(&second, "web"));
    let third = build(&["--no-cache-filter", "base/install"]);
    assert_ne!(value(&second, "base"), value(&third, "base"));
    assert_ne!(value(&second, "web"), value(&third, "web"));
}

#[test]
fn an_artifact_keeps_its_files_until_a_stage_runs() {
    let salt = e2e::salt();
    let repo = Repo::new();
    repo.write("src/a", "1");
    repo.write("src/b", "1");
    repo.commit_config(&format!(
        "artifact: tools\nfrom: busybox:latest\ngit:\n- {{add: /src, to: /src, stageDependencies: {{setup: a}}}}\nshell:\n  setup: \"{}; cp /src/b /seen; : {salt}\"\n---\nimage: app\nfromArtifact: tools\n",
        stamp("tools"),
    ));
    let first = Build::of(&repo).ok();
    assert!(
        !first.image.paths().iter().any(|path| path.contains("werf")),
        "no trace of the sources: {:?}",
        first.image.paths()
    );
    repo.write("src/b", "2");
    repo.commit("no dependency");
    let second = Build::of(&repo).ok();
    assert_eq!(value(&first, "tools"), value(&second, "tools"));
    assert_eq!(
        second.image.run(&["cat", "/src/b"]),
        "1",
        "not the commit's"
    );
    repo.write("src/a", "2");
    repo.commit("a dependency");
    let third = Build::of(&repo).ok();
    assert_ne!(value(&second, "tools"), value(&third, "tools"));
    assert_eq!(
        third.image.run(&["cat", "/src/a", "/src/b", "/seen"]),
        "222"
    );
}

#[test]
fn a_child_with_sources_of_its_own_starts_anew() {
    let repo = Repo::new();
    repo.write("base/x", "base");
    repo.write("app/x", "app");
    repo.commit_config("image: app\nfrom: base\ngit:\n- {add: /app, to: /data}\n---\nimage: base\nfinal: false\ndisableGitAfterPatch: true\nfrom: busybox:latest\ngit:\n- {add: /base, to: /data}\n- {add: /base, to: /kept}\n");
    let image = Build::of(&repo).ok().image;
    assert_eq!(image.run(&["cat", "/data/x", "/kept/x"]), "appbase");
    assert!(!image.paths().iter().any(|path| path.contains("werf")));
}

#[test]
fn the_latest_base_needs_a_permission() {
    let repo = Repo::with_config("image: app\nfrom: busybox:latest\nfromLatest: true\n");
    Build::of(&repo).fails().says(&[
        "`fromLatest` is not allowed by giterminism",
        "allowFromLatest: true",
        ">>> fromLatest: true",
    ]);
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig: {stapel: {allowFromLatest: true}}\n",
    );
    repo.commit("the permission");
    Build::of(&repo).ok();
}

#[test]
fn what_cannot_be_resolved_names_the_image_and_its_line() {
    let repo = Repo::with_config(
        "image: app\nfrom: base\n---\nimage: base\nfinal: false\nfrom: no/such:image\n",
    );
    Build::of(&repo).fails().says(&[
        "werf.yaml:10: base image `no/such:image`",
        ">>> from: no/such:image",
    ]);
    let repo = Repo::with_config("image: app\nfrom: base\n---\nimage: base\nfrom: app\n");
    Build::of(&repo).args(["--target", "app"]).fails().says(&[
        "images need each other: `app` → `base` → `app`",
        "`app` is based on `base` in line 6",
    ]);
}
