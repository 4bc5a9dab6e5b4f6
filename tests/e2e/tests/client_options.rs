//! More of what the client can ask for: what reaches stages and is in no key, and which images are taken.

use std::process::Command;

use e2e::{Bench, Build, Repo, image, salt};

#[test]
fn proxies_reach_the_commands_and_are_in_no_key() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  install: 'echo ${{HTTP_PROXY:-none}} ${{no_proxy:-none}} > /seen; : {}'\n",
        salt()
    ));
    let build = |proxy: &str| {
        let proxy = format!("--build-arg=HTTP_PROXY={proxy}");
        Build::of(&repo)
            .args([proxy.as_str(), "--build-arg=no_proxy=localhost"])
            .ok()
    };
    let first = build("http://one.invalid:1");
    let seen = first.image.file("/seen");
    assert_eq!(seen.as_deref(), Some("http://one.invalid:1 localhost\n"));
    let second = build("http://two.invalid:2");
    assert_eq!(second.image.file("/seen"), seen, "{}", second.log);
    let env = second.image.config()["Env"].to_string();
    assert!(!env.to_lowercase().contains("proxy"), "{env}");
    assert!(!second.log.contains("BuildArgUnused"), "{}", second.log);
}

#[test]
fn the_host_has_the_name_that_is_asked_for() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  install: 'hostname > /seen; : {}'\n",
        salt()
    ));
    let name = "BUILDKIT_SANDBOX_HOSTNAME=elsewhere";
    let built = Build::of(&repo).args(["--build-arg", name]).ok();
    assert_eq!(built.image.file("/seen").as_deref(), Some("elsewhere\n"));
}

#[test]
fn a_scope_sets_the_stages_of_builds_apart() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  install: 'cat /proc/sys/kernel/random/uuid > /seen; : {}'\n",
        salt()
    ));
    let seen = |arguments: &[&str]| {
        let built = Build::of(&repo).args(arguments.iter().copied()).ok();
        built.image.file("/seen").expect("the stage wrote it")
    };
    let scope = ["--build-arg", "WERF_CACHE_SCOPE=pr-7"];
    let (first, scoped) = (seen(&[]), seen(&scope));
    assert_ne!(scoped, first);
    assert_eq!(seen(&scope), scoped);
    assert_eq!(seen(&[]), first);
}

#[test]
fn pull_asks_the_registry_for_a_base_that_has_moved() {
    let reference = format!("{}/moving:{}", Bench::from_env().registry, salt());
    let push = |content: &str| image::push_origin(&reference, content);
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: {reference}\nshell:\n  install: cp /origin /seen\n"
    ));
    push("one");
    let first = Build::of(&repo).args(["--pull"]).ok();
    assert_eq!(first.image.file("/seen").as_deref(), Some("one\n"));
    push("two");
    let second = Build::of(&repo).args(["--pull"]).ok();
    assert_eq!(second.image.file("/seen").as_deref(), Some("two\n"));
}

#[test]
fn the_frontend_can_be_pinned_by_its_digest() {
    let frontend = Bench::from_env().frontend;
    let output = Command::new("docker")
        .args(["buildx", "imagetools", "inspect", &frontend])
        .output()
        .unwrap();
    let described = String::from_utf8_lossy(&output.stdout);
    let mut lines = described.lines();
    let digest = lines.find_map(|line| line.strip_prefix("Digest:"));
    let digest = digest.unwrap_or_else(|| panic!("{output:?}")).trim();
    let repo = Repo::new();
    repo.write(
        "werf.yaml",
        format!("# syntax={frontend}@{digest}\nproject: test\nconfigVersion: 1\n---\nimage: app\nfrom: busybox:latest\nshell:\n  install: echo here > /name\n"),
    );
    repo.commit("pinned");
    let built = Build::of(&repo).ok();
    assert_eq!(built.image.file("/name").as_deref(), Some("here\n"));
}
