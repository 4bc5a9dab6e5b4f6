//! The last stage as a patch beside the image: what it makes, when it is not made, and what a fresh builder fetches.

use e2e::tree::Kind;
use e2e::{Bench, Build, Builder, Built, CountedRegistry, Feature, Repo, Tree, needs};

/// How progress names the steps of a linked image.
const SEAL: &str = " seal]";
const PATCH: &str = " gitLatestPatch]";
const MERGE: &str = "[internal] merge app";

/// Commands change directories, and leave files of their own in those of the mapping.
fn config(base: &str, salt: &str) -> String {
    format!(
        "image: app\nfrom: {base}\ngit:\n- add: /\n  to: /srv/app\n  owner: 33\n  group: www-data\n  excludePaths: [werf.yaml]\nshell:\n  \
         beforeInstall: [\"grep -q ^www-data: /etc/group || echo www-data:x:33: >> /etc/group\"]\n  setup:\n  - \": {salt}\"\n  \
         - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamp\n  - mkdir -p /srv/app/built/deep\n  \
         - echo built > /srv/app/built/deep/file\n  - test ! -d /srv/app/lib || {{ echo own > /srv/app/lib/own; chmod 2750 /srv/app/lib; \
         chown 5:6 /srv/app/lib /srv; }}\n"
    )
}

/// What there is of the commands' own, and the directories that they changed.
const OWN: [&str; 6] = [
    "srv",
    "srv/app",
    "srv/app/built/deep",
    "srv/app/built/deep/file",
    "srv/app/lib",
    "srv/app/lib/own",
];

/// A history with every kind of change.
fn commits(repo: &Repo) -> Vec<Box<dyn Fn() + '_>> {
    vec![
        Box::new(|| repo.write("README.md", "two")),
        Box::new(|| {
            repo.git(&["rm", "--quiet", "-r", "gone"]);
            repo.git(&["update-index", "--chmod=+x", "bin/run"]);
            repo.git(&["checkout", "--", "bin/run"]);
        }),
        Box::new(|| {
            repo.git(&["rm", "--quiet", "kind"]);
            repo.write("kind/now/a/directory", "x");
            repo.write("lib/more", "x");
        }),
        Box::new(|| {
            repo.git(&["rm", "--quiet", "-r", "kind"]);
            repo.write("kind", "a file again");
            repo.git(&["rm", "--quiet", "lib/a", "lib/more"]);
        }),
        Box::new(|| {
            std::os::unix::fs::symlink("README.md", repo.join("link")).unwrap();
            repo.write("built/beside", "in a directory of the commands'");
        }),
        Box::new(|| repo.write("lib/a", "back")),
    ]
}

fn start(base: &str) -> Repo {
    let repo = Repo::new();
    for path in [
        "README.md",
        "gone/deep/a",
        "gone/b",
        "kind",
        "lib/a",
        "bin/run",
    ] {
        repo.write(path, "one");
    }
    repo.commit_config(&config(base, &e2e::salt()));
    repo
}

/// The files of the commit, as the mapping puts them there.
fn mapped(repo: &Repo) -> Tree {
    let archive = repo.archive().0.into_iter();
    let files = archive.filter(|(path, node)| node.kind != Kind::Directory && path != b"werf.yaml");
    let mapped = files.map(|(path, mut node)| {
        node.owner = (33, 33);
        ([b"srv/app/", &path[..]].concat(), node)
    });
    Tree(mapped.collect())
}

/// Asserts that an image has the files of the commit and what the commands of the first build left, and nothing else.
fn is_right(repo: &Repo, tree: &Tree, first: &Tree, context: &str) {
    let mut expected = mapped(repo);
    for path in OWN.map(str::as_bytes) {
        expected.0.insert(path.to_vec(), first.0[path].clone());
    }
    let mut found = tree.at("srv");
    // Directories of the commit are looked at only where commands changed them.
    found
        .0
        .retain(|path, node| node.kind != Kind::Directory || expected.0.contains_key(path));
    let differences = found.differences(&expected.at("srv"));
    assert_eq!(differences, "", "{context}");
    let gone = |tree: &Tree, path: &str| tree.at(path).0.is_empty();
    assert_eq!(gone(tree, "srv/app/gone"), gone(&repo.archive(), "gone"));
    let paths: Vec<&Vec<u8>> = tree
        .0
        .keys()
        .filter(|path| path.starts_with(b".werf"))
        .collect();
    assert!(paths.is_empty(), "{context}: {paths:?}");
    assert_eq!(
        tree.text("/stamp"),
        first.text("/stamp"),
        "{context}: setup reran"
    );
}

fn layers(built: &Built) -> usize {
    let layers = built.image.inspect()["RootFS"]["Layers"].take();
    layers.as_array().unwrap().len()
}

#[test]
fn every_commit_is_a_patch_beside_the_image() {
    let repo = start("busybox:latest");
    let (built, first) = Build::of(&repo).tree();
    let is_linked = Feature::Merges.is_there();
    assert_eq!(
        built.cached(SEAL),
        is_linked.then_some(false),
        "{}",
        built.log
    );
    is_right(&repo, &first, &first, "first");
    let count = layers(&Build::of(&repo).ok());
    for (number, commit) in commits(&repo).into_iter().enumerate() {
        commit();
        repo.commit("next");
        let context = format!("commit {number}");
        let (built, tree) = Build::of(&repo).tree();
        is_right(&repo, &tree, &first, &context);
        assert_eq!(
            built.cached(SEAL),
            is_linked.then_some(true),
            "{}",
            built.log
        );
        assert_eq!(built.cached(PATCH), Some(false), "{}", built.log);
        assert_eq!(built.log.contains(MERGE), is_linked, "{}", built.log);
        let image = Build::of(&repo).ok();
        assert_eq!(image.cached(PATCH), Some(true), "{}", image.log);
        assert_eq!(layers(&image), count, "{context}");
        // What was unpacked of layers is what was merged here.
        let list = [
            "sh",
            "-c",
            "cd /srv && find . ! -type d | sort | xargs stat -c '%n %F %a %u %g %Y'",
        ];
        let paths = tree
            .at("srv")
            .0
            .into_iter()
            .filter(|(_, node)| node.kind != Kind::Directory);
        assert_eq!(
            image.image.run(&list).lines().count(),
            paths.count(),
            "{context}"
        );
    }
}

#[test]
fn the_history_has_a_record_for_each_layer() {
    let repo = start("busybox:latest");
    let built = Build::of(&repo).ok();
    let tag = built.image.tag();
    let history = ["history", "--no-trunc", "--format", "{{.CreatedBy}}", tag];
    let history = built.image.docker(&history);
    let lines: Vec<&str> = history.lines().collect();
    if Feature::Merges.is_there() {
        let steps = ["[app 5/5 gitLatestPatch]", "[app seal]", "[app check]"];
        assert_eq!(lines[..3], steps, "{history}");
    } else {
        assert_eq!(lines[0], "[app 5/5 gitLatestPatch]", "{history}");
    }
}

#[test]
fn what_a_patch_cannot_do_a_sync_does() {
    let repo = Repo::new();
    repo.write("a", "one");
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit: [{{to: /srv/app}}]\nshell:\n  beforeInstall: [\"mkdir /data && ln -s data /srv\"]\n  \
         setup: [\": {}\"]\n",
        e2e::salt()
    ));
    Build::of(&repo).ok();
    repo.write("a", "two");
    repo.commit("next");
    for _ in 0..2 {
        let (built, tree) = Build::of(&repo).tree();
        assert_eq!(tree.text("/data/app/a").as_deref(), Some("two"));
        assert!(
            !tree.0.keys().any(|path| path.starts_with(b".werf")),
            "{}",
            built.log
        );
        assert!(!built.log.contains(MERGE), "{}", built.log);
        if Feature::Merges.is_there() {
            built.says(&["`/srv` is a symbolic link"]);
        }
    }
}

/// The seal is that of the layer that is patched, also if the stage was made again from another commit.
#[test]
fn a_stage_that_is_made_anew_is_patched_from_what_it_has() {
    let repo = start("busybox:latest");
    Build::of(&repo).ok();
    repo.write("README.md", "two");
    repo.write("new", "two");
    repo.commit("next");
    let (_, old) = Build::of(&repo).tree();
    let (forced, tree) = Build::of(&repo).args(["--no-cache"]).tree();
    assert_ne!(tree.text("/stamp"), old.text("/stamp"), "{}", forced.log);
    is_right(&repo, &tree, &tree, "forced");
    let (_, again) = Build::of(&repo).tree();
    assert_eq!(
        again.text("/stamp"),
        tree.text("/stamp"),
        "what was made last counts"
    );
    repo.git(&["rm", "--quiet", "new"]);
    repo.write("README.md", "three");
    repo.commit("less");
    let (_, less) = Build::of(&repo).tree();
    is_right(&repo, &less, &tree, "less");
}

/// Builds and exports a cache, then builds each following commit on a builder that has nothing but that cache.
///
/// What counts is which bytes went where, and what came out. How progress calls an operation that was found in a cache, whose result
/// nothing needs, depends on what was asked first: it is cached, or cancelled, or not shown.
fn fetches_little(mode: &str, length: usize) {
    let registry = CountedRegistry::of(&Bench::from_env().registry);
    let name = format!("{}/linked/{mode}-{}", registry.address, std::process::id());
    let base = format!("{name}-base");
    let directory = tempfile::tempdir().unwrap();
    let dockerfile = "FROM busybox:latest\nRUN dd if=/dev/urandom of=/noise bs=1M count=24\n";
    std::fs::write(directory.path().join("Dockerfile"), dockerfile).unwrap();
    e2e::image::push(directory.path(), &base);
    let repo = start(&base);
    let (_, first) = Build::of(&repo).tree();
    let (cache, push) = (
        format!("{name}-cache"),
        format!("type=image,push=true,name={name}"),
    );
    let local = directory.path().join("cache");
    let (export, import) = match mode {
        "inline" => (
            "type=inline".to_owned(),
            format!("type=registry,ref={name}"),
        ),
        "local" => (
            format!("type=local,mode=max,dest={}", local.display()),
            format!("type=local,src={}", local.display()),
        ),
        mode => {
            let cache = format!("type=registry,ref={cache}");
            (format!("{cache},mode={mode}"), cache)
        }
    };
    let build = |output: &str| {
        let build = Build::of(&repo).untagged();
        build.args(["--cache-from", &import, "--output", output])
    };
    build(&push).args(["--cache-to", &export]).ok();
    let mut count = None;
    let various = commits(&repo);
    for number in 0..length_of_chain(length) {
        match various.get(number) {
            Some(commit) => commit(),
            None => repo.write(&format!("more/{}", number % 7), number.to_string()),
        }
        repo.commit("next");
        let builder = Builder::start(&format!("linked-{mode}"));
        registry.sent();
        // Whatever is exported as an image Docker unpacks into its own store, for which it fetches all of it.
        let built = build("type=cacheonly").args(["--cache-to", &export]);
        let built = builder.run(built).ok();
        let sent = registry.sent();
        let context = format!("{mode}, commit {number}: {sent} bytes\n{}", built.log);
        assert!(sent < 1 << 20, "{context}");
        assert!(built.log.contains(MERGE), "{context}");
        let pushed = build(&push).args(
            (mode == "inline")
                .then_some(["--cache-to", &export])
                .into_iter()
                .flatten(),
        );
        let pushed = builder.run(pushed).ok();
        let unpacked = registry.sent();
        assert!(
            unpacked > 24 << 20 || mode == "local",
            "what is unpacked is counted, where it comes from the registry"
        );
        let copy = Repo::new();
        copy.write("Dockerfile", format!("FROM {name}\n"));
        let copied = Build::of(&copy).config(Some("Dockerfile")).args(["--pull"]);
        let context = format!("{context}\n{}", pushed.log);
        is_right(&repo, &copied.tree().1, &first, &context);
        let pushed = pushed_layers(&name);
        assert_eq!(*count.get_or_insert(pushed), pushed, "{context}");
    }
}

/// How many commits a chain has: what the variable `WERF_TEST_CHAIN` says, else `usual`.
fn length_of_chain(usual: usize) -> usize {
    match std::env::var("WERF_TEST_CHAIN") {
        Ok(text) => text.parse().expect("WERF_TEST_CHAIN is a number"),
        Err(_) => usual,
    }
}

fn pushed_layers(name: &str) -> usize {
    let raw = ["buildx", "imagetools", "inspect", "--raw", name];
    let manifest: serde_json::Value = serde_json::from_str(&e2e::image::docker(&raw)).unwrap();
    manifest["layers"].as_array().unwrap().len()
}

#[test]
fn a_fresh_builder_fetches_no_image_to_patch_it() {
    if !needs(&[Feature::CacheExport, Feature::Merges]) {
        return;
    }
    fetches_little("max", 4);
}

#[test]
fn nor_does_it_with_other_caches() {
    if !needs(&[Feature::CacheExport, Feature::Merges]) {
        return;
    }
    for mode in ["min", "inline", "local"] {
        fetches_little(mode, 2);
    }
}
