//! `asLayers`: one layer for each command, each from the cache on its own.

use e2e::{Build, Feature, Repo};

/// Three commands that leave random values, and `extra` as further lines of the third.
fn section(salt: &str, third: &str) -> String {
    let stamp =
        |name: &str| format!("read -r id < /proc/sys/kernel/random/uuid; echo $id > /{name}");
    format!(
        "image: app\nfrom: busybox:latest\nasLayers: true\ngit:\n- {{add: /, to: /app, stageDependencies: {{install: dep}}}}\nshell:\n  install:\n  - ': {salt}; {}'\n  - |\n    {}\n    echo $WERF_COMMIT_HASH > /commit\n  - {third}{}\n",
        stamp("one"),
        stamp("two"),
        stamp("three"),
    )
}

const STAMPS: [&str; 4] = ["cat", "/one", "/two", "/three"];

/// Which commands ran again.
fn reran(before: &str, after: &str) -> Vec<usize> {
    let pairs = before.lines().zip(after.lines()).enumerate();
    pairs
        .filter(|(_, (before, after))| before != after)
        .map(|(index, _)| index + 1)
        .collect()
}

#[test]
fn an_edited_command_reruns_itself_and_what_follows() {
    let salt = e2e::salt();
    let repo = Repo::new();
    repo.write("dep", "1");
    repo.write("src", "1");
    repo.commit_config(&section(&salt, ""));
    let built = Build::of(&repo).ok();
    built.says(&["AsLayers: every command of image `app` is a layer"]);
    let layers = |built: &e2e::Built| {
        let inspect = built.image.inspect();
        inspect["RootFS"]["Layers"].as_array().unwrap().len()
    };
    let base: serde_json::Value =
        serde_json::from_str(&e2e::image::docker(&["image", "inspect", "busybox:latest"])).unwrap();
    let base = base[0]["RootFS"]["Layers"].as_array().unwrap().len();
    assert_eq!(
        layers(&built),
        base + 5 + 2 * usize::from(Feature::Merges.is_there()),
        "the sources, three commands, the check and the seal where there is one, the latest patch"
    );
    assert_eq!(
        built.image.run(&["cat", "/commit"]),
        repo.git(&["rev-parse", "HEAD"]) + "\n",
        "later commands know the commit, too"
    );
    let first = built.image.run(&STAMPS);

    repo.commit_config(&section(&salt, "touch /more; "));
    let second = Build::of(&repo).ok().image.run(&STAMPS);
    assert_eq!(reran(&first, &second), [3]);

    repo.write("src", "2");
    repo.commit("a source that nothing depends on");
    let built = Build::of(&repo).ok();
    assert_eq!(reran(&second, &built.image.run(&STAMPS)), [0; 0]);
    assert_eq!(built.image.run(&["cat", "/app/src"]), "2");

    repo.write("dep", "2");
    repo.commit("a dependency");
    let third = Build::of(&repo).ok().image.run(&STAMPS);
    assert_eq!(reran(&second, &third), [1, 2, 3]);
}

#[test]
fn a_failed_command_keeps_those_before_it_and_says_its_line() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&section(&salt, "test -e /nowhere; "));
    let failed = Build::of(&repo).fails();
    failed.says(&[
        "stage `install` of image `app` failed with exit code 1",
        ">>>   - test -e /nowhere",
    ]);
    repo.commit_config(&section(&salt, ""));
    let built = Build::of(&repo).ok();
    assert_eq!(built.cached("4/6 install]"), Some(true), "{}", built.log);
    assert_eq!(built.cached("5/6 install]"), Some(false), "{}", built.log);
}

#[test]
fn every_command_has_a_shell_of_its_own() {
    let repo = Repo::with_config(
        "image: app\nfrom: busybox:latest\nasLayers: true\nshell:\n  install:\n  - cd /tmp; export COLOUR=blue\n  - echo ${COLOUR:-none} in $PWD > /seen\n",
    );
    assert_eq!(
        Build::of(&repo).ok().image.run(&["cat", "/seen"]),
        "none in /\n"
    );
}

#[test]
fn the_example_builds_and_runs() {
    let image = Build::of(&Repo::example("layers-app")).ok().image;
    assert_eq!(image.run(&[]), "3 words, 2 of them twice: green tea\n");
}
