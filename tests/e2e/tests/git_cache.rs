//! `gitCache`: the last layer stays small however much has changed since the last user stage was built.

use e2e::{Bench, Build, Builder, Built, Feature, Repo, needs};

const MEBIBYTE: usize = 1 << 20;

/// `setup` leaves a random value and depends on nothing.
fn config(salt: &str) -> String {
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\nshell:\n  setup:\n  - \": {salt}\"\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamp\n"
    )
}

/// Bytes that differ by `seed` and do not compress.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(bytes).collect()
}

/// The digests of the layers of an image.
fn layers(built: &Built) -> Vec<String> {
    let layers = built.image.inspect()["RootFS"]["Layers"].take();
    serde_json::from_value(layers).unwrap()
}

fn has_git_cache(built: &Built) -> bool {
    built.log.contains(" gitCache]")
}

fn stamp(built: &Built) -> String {
    built.image.run(&["cat", "/stamp"])
}

/// How many bytes are in the files of the last layer. Without a file it has none on one image store, and those of its
/// directories on another.
fn last_layer(built: &Built) -> usize {
    let format = "{{.Size}} {{.CreatedBy}}";
    let tag = built.image.tag();
    let layers = built
        .image
        .docker(&["history", "--human=false", "--format", format, tag]);
    let last = layers
        .lines()
        .find(|layer| layer.contains(" gitLatestPatch]"));
    let (size, _) = last.unwrap().split_once(' ').unwrap();
    size.parse().unwrap()
}

#[test]
fn the_last_layer_stays_small() {
    let repo = Repo::new();
    repo.write("README.md", "one");
    repo.write("assets", noise(2 * MEBIBYTE, 1));
    repo.commit_config(&config(&e2e::salt()));
    let first = Build::of(&repo).ok();
    let id = stamp(&first);
    assert!(!has_git_cache(&first), "{}", first.log);

    repo.write("more", noise(3 * MEBIBYTE, 2));
    repo.commit("3 MiB more");
    let second = Build::of(&repo).ok();
    assert_eq!(stamp(&second), id);
    assert!(has_git_cache(&second), "{}", second.log);
    assert!(last_layer(&second) < 100_000, "{}", last_layer(&second));

    repo.write("README.md", "two");
    repo.commit("within the same mebibyte");
    let third = Build::of(&repo).ok();
    assert_eq!(stamp(&third), id);
    assert_eq!(third.cached(" gitCache]"), Some(true), "{}", third.log);
    let (before, after) = (layers(&second), layers(&third));
    let last = before.len() - 1;
    assert_eq!(before[..last], after[..last], "only the last layer is new");
    assert!(last_layer(&third) < 100_000, "{}", last_layer(&third));
    assert_eq!(third.image.run(&["cat", "/app/README.md"]), "two");

    repo.write("still-more", noise(MEBIBYTE, 3));
    repo.commit("another mebibyte");
    let fourth = Build::of(&repo).ok();
    assert_eq!(stamp(&fourth), id);
    assert_eq!(fourth.cached(" gitCache]"), Some(false), "{}", fourth.log);
    assert!(last_layer(&fourth) < 100_000, "{}", last_layer(&fourth));

    repo.git(&["rm", "--quiet", "more", "still-more"]);
    repo.commit("back to where it was");
    let fifth = Build::of(&repo).ok();
    assert_eq!(stamp(&fifth), id);
    assert!(!has_git_cache(&fifth), "{}", fifth.log);
    assert_eq!(fifth.image.file("/app/more"), None);
    assert_eq!(fifth.image.run(&["cat", "/app/README.md"]), "two");
}

#[test]
fn a_fresh_builder_asks_the_layer() {
    if !needs(&[Feature::CacheExport]) {
        return;
    }
    let registry = Bench::from_env().registry;
    let repo = Repo::new();
    repo.write("README.md", "one");
    repo.write("assets", noise(2 * MEBIBYTE, 4));
    repo.commit_config(&config(&e2e::salt()));
    let cache = format!(
        "type=registry,ref={registry}/git-cache/{}",
        std::process::id()
    );
    let export = format!("{cache},mode=max");
    let first = Build::of(&repo).args(["--cache-to", &export]).ok();
    repo.write("more", noise(2 * MEBIBYTE, 5));
    repo.commit("2 MiB more");
    let second = Build::of(&repo).args(["--cache-to", &export]).ok();
    assert!(has_git_cache(&second), "{}", second.log);
    assert_eq!(stamp(&second), stamp(&first), "{}", second.log);

    repo.write("README.md", "two");
    repo.commit("a little");
    let builder = Builder::start("git-cache");
    let third = builder
        .run(Build::of(&repo).args(["--cache-from", &cache]))
        .ok();
    assert_eq!(stamp(&third), stamp(&first), "{}", third.log);
    let (before, after) = (layers(&second), layers(&third));
    let last = before.len() - 1;
    assert_eq!(before[..last], after[..last], "only the last layer is new");
    assert_eq!(third.image.run(&["cat", "/app/README.md"]), "two");
}

/// The stage is built before PLAN looks at it, and must not be built again after.
#[test]
fn looking_at_a_stage_does_not_run_it_twice() {
    let repo = Repo::new();
    repo.write("assets", noise(2 * MEBIBYTE, 6));
    repo.commit_config(&config(&e2e::salt()));
    let first = Build::of(&repo).ok();
    repo.write("more", noise(2 * MEBIBYTE, 7));
    repo.commit("2 MiB more");
    let second = Build::of(&repo).args(["--no-cache"]).ok();
    assert_ne!(stamp(&second), stamp(&first));
    assert!(
        !has_git_cache(&second),
        "setup has just been built: {}",
        second.log
    );
    let third = Build::of(&repo).ok();
    assert_eq!(layers(&third), layers(&second));
}

#[test]
fn a_failing_stage_is_named_though_it_fails_under_plan() {
    let repo = Repo::new();
    repo.write("assets", noise(2 * MEBIBYTE, 8));
    repo.commit_config(&format!("{}  - exit 7\n", config(&e2e::salt())));
    Build::of(&repo)
        .fails()
        .says(&["stage `setup` of image `app` failed with exit code 7"]);
}
