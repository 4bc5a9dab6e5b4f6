//! Mappings with `url`: what BuildKit fetches, how often, and which stages that reruns.

use e2e::{Build, Built, GitServer, Repo};

const ALLOW_BRANCHES: &str =
    "giterminismConfigVersion: 1\nconfig:\n  stapel:\n    git:\n      allowBranch: true\n";

/// Returns a repository with the tag `v1`, whose commits no other repository has: BuildKit would not fetch them again.
fn library() -> Repo {
    let lib = Repo::new();
    lib.write("salt", e2e::salt());
    lib.write("src/a", "one");
    lib.write("src/dep", "one");
    lib.commit("first");
    lib.git(&["tag", "v1"]);
    lib
}

fn image(entries: &str) -> String {
    format!("image: app\nfrom: scratch\ngit:\n{entries}")
}

fn steps(built: &Built, part: &str) -> usize {
    let is_step = |line: &&str| line.starts_with('#') && line.contains(part);
    let lines = built.log.lines().filter(is_step);
    let numbers: std::collections::BTreeSet<&str> = lines
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, name)| name.starts_with('['))
        .map(|(number, _)| number)
        .collect();
    numbers.len()
}

#[test]
fn a_tag_a_commit_and_the_own_repository_side_by_side() {
    let server = GitServer::start();
    let lib = library();
    let first = lib.git(&["rev-parse", "HEAD"]);
    lib.write("src/a", "two");
    lib.commit("second");
    lib.git(&["tag", "--annotate", "--message", "two", "v2"]);
    // A branch of the same name must not be taken for the tag.
    lib.write("src/a", "three");
    lib.commit("third");
    lib.git(&["branch", "v2"]);
    let url = server.publish(&lib, "team/lib.git");

    let repo = Repo::new();
    repo.write("own", "own");
    repo.commit_config(&image(&format!(
        "- url: {url}\n  commit: {first}\n  add: /src/a\n  to: /first\n- url: {url}\n  tag: v1\n  to: /v1\n- url: {url}\n  tag: v2\n  add: /src\n  to: /v2\n- add: /own\n  to: /own\n"
    )));
    let built = Build::of(&repo).ok();
    for (path, content) in [
        ("/first", "one"),
        ("/v1/src/a", "one"),
        ("/v2/a", "two"),
        ("/own", "own"),
    ] {
        assert_eq!(built.image.file(path).as_deref(), Some(content), "{path}");
    }
    assert!(
        !built
            .image
            .paths()
            .iter()
            .any(|path| path.contains(".git") || path.contains("werf")),
        "{:?}",
        built.image.paths()
    );
}

#[test]
fn mappings_of_one_repository_fetch_it_once() {
    let server = GitServer::start();
    let url = server.publish(&library(), "team/lib.git");
    let entry = |to: &str| format!("- url: {url}\n  tag: v1\n  add: /src\n  to: {to}\n");
    let repo = Repo::with_config(&image(&[entry("/x"), entry("/y")].concat()));
    let built = Build::of(&repo).ok();
    assert_eq!(built.image.file("/x/a").as_deref(), Some("one"));
    assert_eq!(built.image.file("/y/a").as_deref(), Some("one"));
    assert_eq!(
        steps(&built, "load git repository http"),
        1,
        "{}",
        built.log
    );
    assert_eq!(server.fetches(), 1);

    repo.commit_config(&image(&[entry("/x"), entry("/z")].concat()));
    let built = Build::of(&repo).ok();
    assert_eq!(built.image.file("/z/a").as_deref(), Some("one"));
    assert_eq!(server.fetches(), 1, "what is there is not fetched again");
}

/// What a configuration says by itself is fetched for the first PLAN. The rest PLAN has to ask for.
#[test]
fn what_the_configuration_names_takes_one_plan() {
    let server = GitServer::start();
    let url = server.publish(&library(), "team/lib.git");
    let entry = |tag: &str| image(&format!("- url: {url}\n  tag: {tag}\n  to: /lib\n"));
    let repo = Repo::new();
    repo.write("tag", "v1");
    for (tag, plans) in [
        ("v1", 1),
        ("{{ list \"v1\" | first }}", 1),
        ("{{ .Files.Get \"tag\" }}", 2),
    ] {
        repo.commit_config(&entry(tag));
        let built = Build::of(&repo).ok();
        assert_eq!(built.image.file("/lib/src/a").as_deref(), Some("one"));
        assert_eq!(steps(&built, "plan stages"), plans, "{tag}: {}", built.log);
    }
}

/// BuildKit asks a server which commit a branch is at, and then fetches the branch: it may have moved in between.
#[test]
fn a_branch_that_moves_while_it_is_fetched_gives_one_commit() {
    let server = GitServer::start();
    let lib = library();
    server.publish(&lib, "team/lib.git");
    lib.git(&["checkout", "--quiet", "-b", "next"]);
    lib.write("src/a", "two");
    lib.write("src/dep", "two");
    lib.commit("second");
    let url = server.publish(&lib, "team/lib.git");
    let next = lib.git(&["rev-parse", "HEAD"]);
    let repo = Repo::new();
    repo.write("werf-giterminism.yaml", ALLOW_BRANCHES);
    let entry = |to: &str| format!("- url: {url}\n  branch: main\n  add: /src\n  to: {to}\n");
    repo.commit_config(&image(&[entry("/x"), entry("/y")].concat()));
    server.move_branch("team/lib.git", "main", &next, 1);
    let image = Build::of(&repo).ok().image;
    let content = image.file("/x/a");
    assert!(content.is_some());
    for path in ["/x/dep", "/y/a", "/y/dep"] {
        assert_eq!(image.file(path), content, "{path}");
    }
    // The next build has what the branch is at now.
    let image = Build::of(&repo).ok().image;
    assert_eq!(image.file("/x/a").as_deref(), Some("two"));
}

#[test]
fn a_branch_that_moves_reruns_only_what_it_touches() {
    let salt = e2e::salt();
    let server = GitServer::start();
    let lib = library();
    let url = server.publish(&lib, "team/lib.git");
    let config = format!(
        "image: app\nfrom: busybox:latest\ngit:\n- url: {url}\n  branch: main\n  add: /src\n  to: /lib\n  stageDependencies: {{install: dep}}\nshell:\n  install:\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamp\n  - cp /lib/a /seen\n  - \": {salt}\"\n"
    );
    let repo = Repo::with_config(&config);
    Build::of(&repo).fails().says(&[
        "werf.yaml:9",
        "`branch: main` moves without a commit of this repository",
        "allowBranch: true",
    ]);
    repo.write("werf-giterminism.yaml", ALLOW_BRANCHES);
    repo.commit("allow branches");
    let stamp = |built: &Built| built.image.run(&["cat", "/stamp"]);
    let first = Build::of(&repo).ok();

    lib.write("other", "not taken");
    lib.commit("a file that is not taken");
    server.publish(&lib, "team/lib.git");
    let second = Build::of(&repo).ok();
    assert_eq!(stamp(&second), stamp(&first));
    assert_eq!(
        second.cached("gitLatestPatch]"),
        Some(true),
        "{}",
        second.log
    );

    lib.write("src/a", "two");
    lib.commit("a file that no stage depends on");
    server.publish(&lib, "team/lib.git");
    let third = Build::of(&repo).ok();
    assert_eq!(stamp(&third), stamp(&first));
    assert_eq!(third.image.run(&["cat", "/lib/a", "/seen"]), "twoone");

    lib.write("src/dep", "two");
    lib.commit("a dependency");
    server.publish(&lib, "team/lib.git");
    let fourth = Build::of(&repo).ok();
    assert_ne!(stamp(&fourth), stamp(&first));
    assert_eq!(fourth.image.run(&["cat", "/lib/a", "/seen"]), "twotwo");

    // Back to an older commit, as after a reset.
    lib.git(&["reset", "--quiet", "--hard", "v1"]);
    server.publish(&lib, "team/lib.git");
    let fifth = Build::of(&repo).ok();
    assert_eq!(fifth.image.run(&["cat", "/lib/a"]), "one");
}

/// BuildKit 0.13 cannot fetch `refs/tags/v2` behind a commit, which brings all tags with it.
#[test]
fn an_annotated_tag_is_fetched_behind_a_commit() {
    let server = GitServer::start();
    let lib = library();
    let first = lib.git(&["rev-parse", "HEAD"]);
    lib.write("src/a", "two");
    lib.commit("second");
    lib.git(&["tag", "--annotate", "--message", "two", "v2"]);
    let url = server.publish(&lib, "team/lib.git");
    for (reference, content) in [
        (format!("commit: {first}"), "one"),
        ("tag: v2".to_owned(), "two"),
    ] {
        let entry = format!("- url: {url}\n  {reference}\n  add: /src/a\n  to: /a\n");
        let image = Build::of(&Repo::with_config(&image(&entry))).ok().image;
        assert_eq!(image.file("/a").as_deref(), Some(content));
    }
}

#[test]
fn a_tag_that_moves_is_followed() {
    let server = GitServer::start();
    let lib = library();
    let url = server.publish(&lib, "team/lib.git");
    let entry = format!("- url: {url}\n  tag: v1\n  add: /src/a\n  to: /a\n");
    // The commit brings the tag as it is now.
    let commit = lib.git(&["rev-parse", "HEAD"]);
    let pinned = entry.replace("tag: v1", &format!("commit: {commit}"));
    Build::of(&Repo::with_config(&image(&pinned))).ok();
    let repo = Repo::with_config(&image(&entry));
    assert_eq!(
        Build::of(&repo).ok().image.file("/a").as_deref(),
        Some("one")
    );
    for (content, tag) in [
        ("two", &["tag", "--force", "v1"][..]),
        (
            "three",
            &["tag", "--force", "--annotate", "--message", "x", "v1"],
        ),
    ] {
        lib.write("src/a", content);
        lib.commit("another");
        lib.git(tag);
        server.publish(&lib, "team/lib.git");
        let image = Build::of(&repo).ok().image;
        assert_eq!(image.file("/a").as_deref(), Some(content));
    }
}

#[test]
fn without_a_reference_the_default_branch_is_taken() {
    let server = GitServer::start();
    let url = server.publish(&library(), "team/lib.git");
    let repo = Repo::new();
    repo.write("werf-giterminism.yaml", ALLOW_BRANCHES);
    repo.commit_config(&image(&format!("- url: {url}\n  to: /lib\n")));
    let built = Build::of(&repo).ok();
    assert_eq!(built.image.file("/lib/src/a").as_deref(), Some("one"));
}

#[test]
fn a_private_repository_needs_the_secret() {
    // `x-access-token:hunter2`
    let server = GitServer::with_authorization("basic eC1hY2Nlc3MtdG9rZW46aHVudGVyMg==");
    let url = server.publish(&library(), "team/lib.git");
    let repo = Repo::with_config(&image(&format!(
        "- url: {url}\n  tag: v1\n  to: /lib\n  basicAuth:\n    username: ada\n    password: {{env: LIB_TOKEN}}\n"
    )));
    let flag = format!("--secret=id=GIT_AUTH_TOKEN.{},env=LIB_TOKEN", server.host());
    let refused = Build::of(&repo).fails();
    refused.says(&[
        "werf.yaml:9: repository `http://",
        "(tag v1)",
        &format!(
            "`--secret id=GIT_AUTH_TOKEN.{},env=LIB_TOKEN`",
            server.host()
        ),
        ">>>   tag: v1",
    ]);
    assert!(!refused.log.contains(">>> # syntax="), "{}", refused.log);
    let built = Build::of(&repo)
        .args([flag.as_str()])
        .env("LIB_TOKEN", "hunter2")
        .ok();
    assert_eq!(built.image.file("/lib/src/a").as_deref(), Some("one"));
    assert!(!built.log.contains("hunter2"), "{}", built.log);
}

#[test]
fn a_server_that_wants_a_name_gets_a_whole_header() {
    // `ada:hunter2`
    let header = "basic YWRhOmh1bnRlcjI=";
    let server = GitServer::with_authorization(header);
    let url = server.publish(&library(), "team/lib.git");
    let repo = Repo::with_config(&image(&format!("- url: {url}\n  tag: v1\n  to: /lib\n")));
    let flag = format!("--secret=id=GIT_AUTH_HEADER.{},env=HEADER", server.host());
    let built = Build::of(&repo)
        .args([flag.as_str()])
        .env("HEADER", header)
        .ok();
    assert_eq!(built.image.file("/lib/src/a").as_deref(), Some("one"));
}

#[test]
fn what_cannot_be_fetched_is_an_error_with_its_line() {
    let server = GitServer::start();
    let url = server.publish(&library(), "team/lib.git");
    let host = server.host();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    for (entry, says) in [
        (
            format!("- url: {url}\n  tag: v9\n"),
            "does not contain ref ",
        ),
        (
            format!("- url: {url}\n  commit: {commit}\n"),
            "0123456789ab",
        ),
        (
            format!("- url: http://{host}/no.git\n  tag: v1\n"),
            "not found",
        ),
        (
            "- url: http://127.0.0.1:1/a.git\n  tag: v1\n".to_owned(),
            "Failed to connect to 127.0.0.1",
        ),
    ] {
        let repo = Repo::with_config(&image(&format!("{entry}  to: /lib\n")));
        let failed = Build::of(&repo).fails();
        failed.says(&["werf.yaml:9: repository `http://", ">>> ", says]);
    }
}

#[test]
fn over_ssh_the_agent_of_the_client_is_asked_for() {
    let repo = Repo::with_config(&image(
        "- url: git@127.0.0.1:team/lib.git\n  tag: v1\n  to: /lib\n",
    ));
    Build::of(&repo).fails().says(&[
        "werf.yaml:9: repository `git@127.0.0.1:team/lib.git` (tag v1)",
        "give the build an SSH agent with a key for it: `--ssh default`",
    ]);
}

#[test]
fn submodules_are_refused_unless_they_are_left_out() {
    let server = GitServer::start();
    let inner = server.publish(&library(), "team/inner.git");
    let lib = library();
    lib.git(&["submodule", "--quiet", "add", &inner, "deps/inner"]);
    lib.commit("a submodule");
    lib.git(&["tag", "v2"]);
    let url = server.publish(&lib, "team/lib.git");
    let entry = format!("- url: {url}\n  tag: v2\n  to: /lib\n");
    let repo = Repo::with_config(&image(&entry));
    Build::of(&repo).fails().says(&[
        "werf.yaml:8",
        "`deps/inner` is a submodule, and submodules of a repository with `url` are not fetched",
    ]);
    let other = format!("- url: {inner}\n  tag: v1\n  to: /lib/deps/inner\n");
    repo.commit_config(&image(&format!("{entry}{other}")));
    let image = Build::of(&repo).ok().image;
    for path in ["/lib/src/a", "/lib/deps/inner/src/a"] {
        assert_eq!(image.file(path).as_deref(), Some("one"), "{path}");
    }
}
