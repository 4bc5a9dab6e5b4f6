//! On a builder that starts with nothing but a cache to import, many files are not written into STORE before a stage wants them.

use e2e::tree::Kind;
use e2e::{Bench, Build, Builder, Built, Feature, Repo, Tree, needs};

/// From 1000 files on PLAN puts it off.
const FILES: usize = 1100;

/// What a stage says that has no files yet.
const WAITS: &str = "sources: waiting until they are in STORE";

fn config(salt: &str) -> String {
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /src\n  to: /app\n  stageDependencies:\n    setup: [version]\nshell:\n  install:\n  \
         - \": {salt}\"\n  setup:\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamp\n  - find /app -type f -exec echo {{}} + | wc -w > /count\n"
    )
}

/// Returns the files in a directory of the root.
fn files(tree: &Tree, directory: &str) -> Tree {
    let nodes = tree.at(directory).0.into_iter();
    let files = nodes.filter(|(_, node)| node.kind != Kind::Directory);
    Tree(
        files
            .map(|(path, node)| (path[directory.len()..].to_vec(), node))
            .collect(),
    )
}

/// Builds on a builder that knows the cache alone, and writes what it has made there.
fn on_fresh_builder(repo: &Repo, cache: &str) -> (Built, Tree) {
    let builder = Builder::start("put-off");
    let import = format!("type=registry,ref={cache}");
    let export = format!("{import},mode=max");
    let build = Build::of(repo).args(["--cache-from", &import, "--cache-to", &export]);
    let (built, tree) = builder.run(build).tree();
    let (found, wanted) = (files(&tree, "app"), files(&repo.archive(), "src"));
    assert_eq!(found.differences(&wanted), "");
    (built, tree)
}

#[test]
fn a_stage_that_runs_after_all_waits_and_is_found_by_others() {
    if !needs(&[Feature::CacheExport]) {
        return;
    }
    let salt = e2e::salt();
    let repo = Repo::new();
    for number in 0..FILES {
        let line = format!("{salt} {number}\n");
        repo.write(&format!("src/{}/{number}", number % 7), line.repeat(50));
    }
    repo.write("src/version", "1");
    repo.commit_config(&config(&salt));
    let registry = Bench::from_env().registry;
    let cache = format!("{registry}/put-off:{}", std::process::id());
    let export = format!("type=registry,ref={cache},mode=max");
    let (_, first) = Build::of(&repo).args(["--cache-to", &export]).tree();

    repo.write("src/3/3", "another");
    repo.git(&["rm", "--quiet", "src/5/5"]);
    repo.commit("no dependency");
    let (patched, tree) = on_fresh_builder(&repo, &cache);
    assert!(!patched.log.contains(WAITS), "{}", patched.log);
    assert_eq!(tree.text("/stamp"), first.text("/stamp"));

    repo.write("src/version", "2");
    repo.commit("a dependency");
    let (built, tree) = on_fresh_builder(&repo, &cache);
    assert!(built.log.contains(WAITS), "{}", built.log);
    assert!(!built.log.contains("plan stages again"), "{}", built.log);
    assert_eq!(tree.text("/count"), Some(format!("{FILES}\n")));
    let stamp = tree.text("/stamp");
    assert_ne!(stamp, first.text("/stamp"));

    repo.write("src/3/3", "once more");
    repo.commit("no dependency");
    let (patched, tree) = on_fresh_builder(&repo, &cache);
    assert!(!patched.log.contains(WAITS), "{}", patched.log);
    assert_eq!(tree.text("/stamp"), stamp, "it has its usual key");
}
