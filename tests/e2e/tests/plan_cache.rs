//! The plan of a commit comes from the cache, and what a build makes of it is what PLAN would have it be.

use e2e::{Bench, Build, Built, Repo, image, salt};

/// The step that is PLAN.
const PLAN: &str = "[internal] plan stages";

fn stamp(built: &Built) -> String {
    built.image.run(&["cat", "/stamp"])
}

#[test]
fn the_same_commit_is_planned_once() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  setup: echo {} > /stamp\n",
        salt()
    ));
    let first = Build::of(&repo).ok();
    assert_eq!(first.cached(PLAN), Some(false), "{}", first.log);
    let again = Build::of(&repo).ok();
    assert_eq!(again.cached(PLAN), Some(true), "{}", again.log);
    repo.write("README.md", "more");
    repo.commit("more");
    let next = Build::of(&repo).ok();
    assert_eq!(next.cached(PLAN), Some(false), "{}", next.log);
    let argument = Build::of(&repo).args(["--build-arg", "WERF_ENV=x"]).ok();
    assert_eq!(argument.cached(PLAN), Some(false), "{}", argument.log);
}

#[test]
fn a_template_that_asks_for_the_time_is_rendered_in_every_build() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  setup: echo {} {{{{ now | unixEpoch }}}} {{{{ randAlpha 9 }}}} > /stamp\n",
        salt()
    ));
    let first = Build::of(&repo).ok();
    let second = Build::of(&repo).ok();
    assert_ne!(stamp(&first), stamp(&second), "{}", second.log);
}

/// Its base has moved, so a stage of a commit that was planned before runs, when another commit with that stage was planned last.
#[test]
fn a_stage_of_an_earlier_commit_sees_its_own_files() {
    let reference = format!("{}/plan-cache:{}", Bench::from_env().registry, salt());
    let push = |content: &str| image::push_origin(&reference, content);
    let repo = Repo::new();
    repo.write("file", "one\n");
    repo.commit_config(&format!(
        "image: app\nfrom: {reference}\ngit:\n- add: /\n  to: /app\nshell:\n  setup:\n  - cat /origin /app/file > /stamp\n  \
         - echo $WERF_COMMIT_HASH $FTP_PROXY $ftp_proxy >> /stamp\n"
    ));
    let commit = repo.git(&["rev-parse", "HEAD"]);
    push("old");
    let build = |repo: &Repo, arguments: &[&str]| {
        let arguments = ["--pull"].iter().chain(arguments).copied();
        Build::of(repo).args(arguments).ok()
    };
    build(&repo, &[]);
    let other = Repo::clone_of(&repo, &[]);
    other.write("file", "two\n");
    other.commit("two");
    build(&other, &[]);

    push("new");
    let built = build(&repo, &[]);
    let log = &built.log;
    assert_eq!(built.cached("[internal] plan stages"), Some(true), "{log}");
    assert!(!log.contains("[internal] plan stages again"), "{log}");
    assert_eq!(stamp(&built), format!("new\none\n{}\n", commit.trim()));
    assert_eq!(built.image.file("/app/file").as_deref(), Some("one\n"));
    let again = build(&repo, &[]);
    assert_eq!(stamp(&again), stamp(&built));
    assert_eq!(again.cached(" setup]"), Some(true), "{}", again.log);

    // The script has its own proxy.
    push("newest");
    let built = build(&repo, &["--build-arg", "FTP_PROXY=http://host:21"]);
    assert!(!built.log.contains("plan stages again"), "{}", built.log);
    let stamp = stamp(&built);
    assert!(
        stamp.ends_with(" http://host:21 http://host:21\n"),
        "{stamp}"
    );
}

/// What the stage made in spite of the cache is what later builds find, though they plan `gitCache` by what a stage holds.
#[test]
fn a_build_after_one_without_the_cache_finds_what_that_has_made() {
    let repo = Repo::new();
    repo.write("assets", vec![b'x'; 1 << 20]);
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\nshell:\n  setup:\n  - \": {}\"\n  \
         - cat /proc/sys/kernel/random/uuid > /stamp\n",
        salt()
    ));
    let first = Build::of(&repo).ok();
    for name in ["more", "most"] {
        repo.write(name, vec![b'y'; 3 << 20]);
        repo.commit(name);
        let second = Build::of(&repo).ok();
        assert!(second.log.contains(" gitCache]"), "{}", second.log);
        assert_eq!(stamp(&second), stamp(&first), "{}", second.log);
    }
    let anew = Build::of(&repo).args(["--no-cache-filter", "setup"]).ok();
    assert_ne!(stamp(&anew), stamp(&first), "{}", anew.log);
    for _ in 0..2 {
        let later = Build::of(&repo).ok();
        assert_eq!(stamp(&later), stamp(&anew), "{}", later.log);
    }
}
