//! Files of other images.

use e2e::{Bench, Build, Builder, Built, Feature, Repo, needs};

/// `assets` makes files, `app` imports them and leaves a random value afterwards.
fn config(salt: &str, make: &str, import: &str) -> String {
    format!(
        "image: assets\nfinal: false\nfrom: busybox:latest\nshell:\n  install:\n  - \": {salt}\"\n  - mkdir -p /out/dir/deep\n  - echo one > /out/one\n  - echo two > /out/dir/two.txt\n  - echo three > /out/dir/deep/three.js\n  - ln -s one /out/link\n{make}---\nimage: app\nfrom: busybox:latest\nimport:\n{import}shell:\n  setup: read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamp\n"
    )
}

fn stamp(built: &Built) -> String {
    built.image.run(&["cat", "/stamp"])
}

const ALL: &str = "- {image: assets, add: /out, to: /in, before: setup}\n";

#[test]
fn only_what_is_imported_counts() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&config(&salt, "", ALL));
    let first = Build::of(&repo).ok();
    assert_eq!(
        first
            .image
            .run(&["cat", "/in/one", "/in/dir/two.txt", "/in/link"]),
        "one\ntwo\none\n"
    );
    assert_eq!(first.image.run(&["readlink", "/in/link"]), "one\n");
    let change = |make: &str| {
        repo.commit_config(&config(&salt, make, ALL));
        Build::of(&repo).ok()
    };
    let same = change("  - echo other > /elsewhere; touch /out/one\n");
    assert_eq!(stamp(&first), stamp(&same), "{}", same.log);
    for make in [
        "  - echo 1 > /out/one\n",
        "  - chmod 600 /out/one\n",
        "  - ln -sf dir/two.txt /out/link\n",
    ] {
        assert_ne!(stamp(&first), stamp(&change(make)), "{make}");
    }
}

#[test]
fn masks_owners_and_places() {
    let imports = "- {image: assets, add: /out, to: /js, after: install, includePaths: ['**/*.{js,ts}']}\n\
                   - {image: assets, add: /out, to: /rest, after: install, excludePaths: [dir/deep, link]}\n\
                   - {image: assets, add: /out/one, to: /tmp, after: install, owner: \"1000\", group: \"2000\"}\n\
                   - {image: assets, add: /out/one, to: /new/name, after: install}\n\
                   - {from: \"busybox:latest\", add: /bin/busybox, to: /tools/busybox, before: install}\n";
    let repo = Repo::with_config(&config(&e2e::salt(), "", imports));
    let image = Build::of(&repo).ok().image;
    let paths = image.paths();
    let below = |top: &str| -> Vec<&str> {
        let files = paths
            .iter()
            .filter(|path| path.starts_with(top) && !path.ends_with('/'));
        files.map(String::as_str).collect()
    };
    assert_eq!(below("js/"), ["js/dir/deep/three.js"]);
    assert_eq!(below("rest/"), ["rest/dir/two.txt", "rest/one"]);
    assert_eq!(
        image.run(&["stat", "-c", "%u:%g", "/tmp/one"]),
        "1000:2000\n"
    );
    assert_eq!(image.run(&["cat", "/new/name"]), "one\n");
    assert_eq!(image.run(&["/tools/busybox", "echo", "works"]), "works\n");
}

/// A source that was built anew with the same files reruns nothing there either.
#[test]
fn a_fresh_builder_with_a_registry_cache_compares_files() {
    if !needs(&[Feature::CacheExport]) {
        return;
    }
    let salt = e2e::salt();
    let repo = Repo::with_config(&config(&salt, "", ALL));
    let registry = Bench::from_env().registry;
    let cache = format!(
        "type=registry,ref={registry}/imports/{}",
        std::process::id()
    );
    let first = Build::of(&repo)
        .args(["--cache-to", &format!("{cache},mode=max")])
        .ok();
    let again = "  - echo other > /elsewhere; touch /out/one\n";
    repo.commit_config(&config(&salt, again, ALL));
    let builder = Builder::start("imports");
    let second = builder
        .run(Build::of(&repo).args(["--cache-from", &cache]))
        .ok();
    assert_eq!(stamp(&first), stamp(&second), "{}", second.log);
}

#[test]
fn links_as_sources_and_in_destinations() {
    let make = "  - ln -s /out/dir /way; ln -s /out/one /name\n";
    let imports = "- {image: assets, add: /way, to: /dir, before: setup}\n\
                   - {image: assets, add: /name, to: /file, before: setup}\n\
                   - {image: assets, add: /out/one, to: /link/below/one, before: setup}\n";
    let text = config(&e2e::salt(), make, imports).replace(
        "shell:\n  setup:",
        "shell:\n  beforeInstall: mkdir /real; ln -s /real /link\n  setup:",
    );
    let image = Build::of(&Repo::with_config(&text)).ok().image;
    assert_eq!(image.run(&["cat", "/dir/two.txt", "/file"]), "two\none\n");
    assert_eq!(
        image.run(&["stat", "-c", "%F", "/dir", "/file"]),
        "directory\nregular file\n",
        "what links point to is taken"
    );
    assert_eq!(
        image.run(&["cat", "/real/below/one"]),
        "one\n",
        "links above the place are followed"
    );
}

#[test]
fn a_missing_source_is_named() {
    let repo = Repo::with_config(&config(
        &e2e::salt(),
        "",
        "- {image: assets, add: /nothing, to: /in, before: setup}\n",
    ));
    Build::of(&repo).fails().says(&[
        "stage `importsBeforeSetup` of image `app` failed",
        "\"/nothing\": not found",
        ">>> - {image: assets, add: /nothing",
    ]);
}

#[test]
fn masks_that_match_nothing_are_said() {
    let salt = e2e::salt();
    let nothing = "- {image: assets, add: /out, to: /none, after: setup, includePaths: [dit, '*.txt']}\n\
                   - {image: assets, add: /out, to: /bin, after: setup, includePaths: [dir/**/*.css]}\n\
                   - {image: assets, add: /out, to: /some, after: setup, includePaths: [nothing, one]}\n\
                   - {image: assets, add: /out, to: /early, before: setup, includePaths: [nothing]}\n";
    let repo = Repo::with_config(&config(&salt, "", nothing));
    let says =
        |mask: &str| format!("`includePaths` matches nothing in `/out` of image `assets`: {mask}");
    // It is said whether anything has run or not.
    for _ in 0..2 {
        let built = Build::of(&repo).ok();
        built.says(&[&says("`dit`, `*.txt`"), &says("`dir/**/*.css`")]);
        let count = built.log.matches("- ImportMatchesNothing").count();
        assert_eq!(count, 2, "{}", built.log);
    }
    let failing = config(
        &salt,
        "",
        "- {image: assets, add: /out, to: /in, before: setup, includePaths: [nothing]}\n",
    );
    repo.commit_config(&failing.replace("setup: ", "setup: cat /in/nothing; "));
    Build::of(&repo).fails().says(&[
        "in stage `setup` of image `app` failed",
        &format!("note: werf.yaml:20: {}", says("`nothing`")),
    ]);
}

#[test]
fn the_monorepo_of_the_examples_is_built() {
    let repo = Repo::new();
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/monorepo");
    for file in ["api/answer.sh", "site/pages/index", "site/pages/about"] {
        repo.write(file, std::fs::read(example.join(file)).unwrap());
    }
    let text = std::fs::read_to_string(example.join("werf.yaml")).unwrap();
    let (_, sections) = text.split_once("---\n").unwrap();
    repo.commit_config(sections);
    let run = |target: &str| {
        Build::of(&repo)
            .args(["--target", target])
            .ok()
            .image
            .run(&[])
    };
    assert_eq!(run("site"), "<p>Welcome</p>\n");
    assert_eq!(run("api"), "Content-Length: 15\n\n<p>Welcome</p>\n");
    Build::of(&repo)
        .fails()
        .says(&["project `test` has several images", "`site`, `api`"]);
}
