//! Secrets, the network and the SSH agent: what commands see of them, and what is left behind.

use e2e::{Build, Repo};

/// A repository with this section, whose `werf-giterminism.yaml` allows its secrets.
fn repo(section: &str) -> Repo {
    let repo = Repo::new();
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  secrets:\n    allowEnvVariables: [TOKEN]\n    allowFiles: [~/.netrc]\n",
    );
    repo.commit_config(section);
    repo
}

const BOTH: &str = "secrets:\n- env: TOKEN\n- {src: ~/.netrc, id: netrc}\n";

#[test]
fn commands_see_secrets_and_the_image_does_not() {
    let salt = e2e::salt();
    let repo = repo(&format!(
        "image: app\nfrom: busybox:latest\n{BOTH}shell:\n  beforeInstall: ': {salt}; sha256sum /run/secrets/* > /sums; stat -c \"%a %u\" /run/secrets/TOKEN >> /sums'\n"
    ));
    let netrc = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(netrc.path(), "machine x").unwrap();
    let secret = format!("id=netrc,src={}", netrc.path().display());
    let build = |token: &str| {
        Build::of(&repo)
            .args(["--secret", "id=TOKEN,env=TOKEN", "--secret", &secret])
            .env("TOKEN", token)
            .ok()
    };
    let built = build("abc");
    let sums = built.image.run(&["cat", "/sums"]);
    assert!(
        sums.starts_with(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  /run/secrets/TOKEN\n"
        ),
        "{sums}"
    );
    assert!(
        sums.contains("/run/secrets/netrc\n") && sums.ends_with("400 0\n"),
        "{sums}"
    );
    assert!(
        !built
            .image
            .paths()
            .iter()
            .any(|path| path.starts_with("run/secrets")),
        "nothing is left of the places"
    );
    let again = build("other");
    assert_eq!(
        again.image.run(&["cat", "/sums"]),
        sums,
        "another value reruns nothing"
    );
    assert_eq!(
        Build::of(&repo).ok().image.run(&["cat", "/sums"]),
        sums,
        "and what is cached needs no secret"
    );
}

#[test]
fn a_secret_that_is_not_given_is_asked_for() {
    let salt = e2e::salt();
    let repo = repo(&format!(
        "image: app\nfrom: busybox:latest\n{BOTH}shell:\n  install: ': {salt}'\n"
    ));
    Build::of(&repo)
        .args(["--secret", "id=TOKEN,env=TOKEN"])
        .env("TOKEN", "x")
        .fails()
        .says(&[
            "image `app` needs the secret `netrc`, which the build was not given; add `--secret id=netrc,src=$HOME/.netrc`",
            ">>> - {src: ~/.netrc, id: netrc}",
        ]);
}

#[test]
fn a_secret_needs_a_rule() {
    let repo = Repo::with_config("image: app\nfrom: busybox:latest\nsecrets:\n- env: TOKEN\n");
    Build::of(&repo).fails().says(&[
        "the variable `TOKEN` as a secret of image `app` is not allowed by giterminism; `werf-giterminism.yaml`: commit it with these lines:",
        "    - TOKEN",
        ">>> - env: TOKEN",
    ]);
    Build::of(&repo)
        .args(["--build-arg", "WERF_LOOSE_GITERMINISM=1"])
        .ok();
}

#[test]
fn an_image_chooses_its_network() {
    let salt = e2e::salt();
    let section = |network: &str| {
        format!(
            "image: app\nfrom: busybox:latest\n{network}shell:\n  install: ': {salt}; ls /sys/class/net > /net'\n"
        )
    };
    let repo = Repo::with_config(&section("network: none\n"));
    let offline = Build::of(&repo).ok();
    assert_eq!(offline.image.run(&["cat", "/net"]), "lo\n");
    repo.commit_config(&section(""));
    let usual = Build::of(&repo).ok().image.run(&["cat", "/net"]);
    assert!(usual.contains("eth0"), "{usual}");
    repo.commit_config(&section("network: host\n"));
    Build::of(&repo).fails().says(&[
        "`network: host` of image `app` is not allowed for this build; add `--allow network.host`",
        ">>> network: host",
    ]);
    let host = Build::of(&repo).args(["--allow", "network.host"]).ok();
    let mut ours: Vec<String> = std::fs::read_dir("/sys/class/net")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    ours.sort();
    let theirs = host.image.run(&["cat", "/net"]);
    assert!(
        theirs.lines().count() > 1 && theirs != usual || ours.len() == 1,
        "{theirs}"
    );
}

#[test]
fn commands_reach_the_agent_that_the_client_gives() {
    let salt = e2e::salt();
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  install: ': {salt}; echo \"${{SSH_AUTH_SOCK:-none}}\" > /agent; test -z \"$SSH_AUTH_SOCK\" || test -S \"$SSH_AUTH_SOCK\"'\n"
    ));
    let without = Build::of(&repo).ok();
    assert_eq!(without.image.run(&["cat", "/agent"]), "none\n");
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("agent").display().to_string();
    let _agent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let build = || {
        Build::of(&repo)
            .args(["--ssh", "default"])
            .env("SSH_AUTH_SOCK", &socket)
    };
    assert_eq!(
        build().ok().image.run(&["cat", "/agent"]),
        "none\n",
        "an agent is no reason to run again"
    );
    let with = build().args(["--no-cache"]).ok();
    assert_eq!(with.image.run(&["cat", "/agent"]), "/.werf/ssh-agent\n");
    let env = with.image.config()["Env"].to_string();
    assert!(!env.contains("SSH"), "{env}");
}
