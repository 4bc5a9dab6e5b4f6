//! A git URL as the build context.

use e2e::repo::config_text;
use e2e::{Build, Built, Feature, GitServer, Repo, needs};

/// Returns a repository with the tag `v1`; its stages leave random values.
fn app() -> Repo {
    let repo = Repo::new();
    repo.write("src/a", "one");
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /src\n  to: /src\n  stageDependencies: {{setup: a}}\nshell:\n  install: ': {}'\n  setup: read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamp; echo $WERF_COMMIT_HASH > /commit\n",
        e2e::salt()
    ));
    repo.git(&["tag", "v1"]);
    repo
}

/// Builds somewhere else: what is there has no say.
fn build(url: &str) -> Build {
    let elsewhere = std::env::temp_dir();
    Build::in_directory(&elsewhere).context(url)
}

/// Returns the same with a second commit, and the id of the first, which a branch and two tags lead to.
fn app_of_two_commits() -> (Repo, String) {
    let repo = app();
    let first = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["branch", "old"]);
    repo.git(&["tag", "--annotate", "--message", "x", "v1-annotated"]);
    repo.write("src/a", "two");
    repo.commit("second");
    (repo, first)
}

/// Builds, and looks at what tells the commits apart.
fn has_content(url: &str, content: &str) {
    let image = build(url).ok().image;
    assert_eq!(image.file("/src/a").as_deref(), Some(content), "{url}");
}

fn files(built: &Built) -> String {
    built.image.run(&["cat", "/src/a", "/stamp"])
}

#[test]
fn a_clone_and_the_url_share_every_stage() {
    let server = GitServer::start();
    let repo = app();
    let url = server.publish(&repo, "team/app.git");
    let of_clone = Build::of(&repo).ok();
    let of_url = build(&url).ok();
    assert_eq!(files(&of_clone), files(&of_url), "{}", of_url.log);

    // A new commit of other files is one small layer, as in the clone.
    repo.write("src/b", "new");
    repo.commit("another");
    server.publish(&repo, "team/app.git");
    let next = build(&url).ok();
    assert_eq!(files(&of_clone), files(&next), "{}", next.log);
    assert_eq!(next.image.file("/src/b").as_deref(), Some("new"));
    assert_eq!(files(&build(&format!("{url}#main")).ok()), files(&next));
}

#[test]
fn a_branch_a_tag_and_a_commit() {
    let server = GitServer::start();
    let (repo, commit) = app_of_two_commits();
    let url = server.publish(&repo, "team/app.git");
    for (reference, content) in [
        ("", "two"),
        ("#main", "two"),
        ("#old", "one"),
        ("#v1", "one"),
        ("#v1-annotated", "one"),
        ("#refs/heads/old", "one"),
        (&format!("#{commit}"), "one"),
    ] {
        has_content(&format!("{url}{reference}"), content);
    }
}

#[test]
fn parameters_of_the_url() {
    if !needs(&[Feature::GitQueries]) {
        return;
    }
    let server = GitServer::start();
    let (repo, commit) = app_of_two_commits();
    repo.write(
        "below/werf.yaml",
        config_text("image: app\nfrom: scratch\ngit:\n- {add: /src, to: /src}\n"),
    );
    repo.commit("third");
    let url = server.publish(&repo, "team/app.git");
    for (parameters, content) in [
        ("branch=main", "two"),
        ("branch=old", "one"),
        ("tag=v1", "one"),
        ("tag=v1-annotated", "one"),
        ("subdir=below", "two"),
        ("keep-git-dir=false&ref=old", "one"),
        (&format!("commit={commit}&branch=old"), "one"),
        (&format!("commit={commit}"), "one"),
    ] {
        has_content(&format!("{url}?{parameters}"), content);
    }
}

#[test]
fn a_project_in_a_subdirectory() {
    let server = GitServer::start();
    let repo = Repo::new();
    repo.write("lib/shared", "shared");
    repo.write("app/own", "own");
    repo.write(
        "app/werf.yaml",
        config_text(
            "image: app\nfrom: scratch\ngit:\n- {add: /app, to: /app, excludePaths: [werf.yaml]}\n- {add: /lib, to: /lib}\n",
        ),
    );
    repo.write("werf.yaml", "this is not read");
    repo.commit("first");
    let url = server.publish(&repo, "team/app.git");
    for (context, config) in [
        (format!("{url}#:app"), "werf.yaml"),
        (format!("{url}#main:app"), "werf.yaml"),
        (url.clone(), "app/werf.yaml"),
    ] {
        let image = build(&context).config(Some(config)).ok().image;
        assert_eq!(image.file("/app/own").as_deref(), Some("own"), "{context}");
        let around = image.file("/lib/shared");
        assert_eq!(around.as_deref(), Some("shared"), "{context}");
    }
}

#[test]
fn submodules_come_along() {
    let server = GitServer::start();
    let lib = Repo::new();
    lib.write("salt", e2e::salt());
    lib.write("inner", "inner");
    lib.commit("first");
    let lib_url = server.publish(&lib, "team/lib.git");
    let repo = Repo::new();
    repo.git(&["submodule", "add", "--quiet", &lib_url, "vendor/lib"]);
    repo.commit_config("image: app\nfrom: scratch\ngit:\n- {add: /vendor, to: /vendor}\n");
    let url = server.publish(&repo, "team/app.git");
    let image = build(&url).ok().image;
    assert_eq!(image.file("/vendor/lib/inner").as_deref(), Some("inner"));
}

#[test]
fn a_private_repository_needs_the_secret() {
    // `x-access-token:hunter2`
    let server = GitServer::with_authorization("basic eC1hY2Nlc3MtdG9rZW46aHVudGVyMg==");
    let url = server.publish(&app(), "team/app.git");
    let built = build(&url)
        .args(["--secret=id=GIT_AUTH_TOKEN,env=TOKEN"])
        .env("TOKEN", "hunter2")
        .ok();
    assert_eq!(built.image.file("/src/a").as_deref(), Some("one"));
    assert!(!built.log.contains("hunter2"), "{}", built.log);
}

#[test]
fn a_dockerfile_image_takes_the_files_of_the_commit_and_none_of_the_client() {
    let server = GitServer::start();
    let repo = Repo::new();
    repo.write("Dockerfile", "FROM scratch\nCOPY a /a\n");
    repo.write("a", "one");
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  dockerfile: {allowContextAddFiles: [dist]}\n",
    );
    repo.commit_config("image: app\ndockerfile: Dockerfile\n---\nimage: added\ndockerfile: Dockerfile\ncontextAddFiles: [dist]\n");
    let url = server.publish(&repo, "team/app.git");
    let built = build(&url).args(["--target", "app"]).ok();
    assert_eq!(built.image.file("/a").as_deref(), Some("one"));
    build(&url).args(["--target", "added"]).fails().says(&[
        "`contextAddFiles` of image `added` takes files of the client, and the build context is the repository `http://",
        "build in a clone",
    ]);
}

/// A context that is neither a directory nor a repository.
#[test]
fn an_archive_is_refused() {
    let repo = app();
    let archive = std::process::Command::new("git")
        .args(["archive", "--format=tar", "HEAD"])
        .current_dir(repo.path())
        .output()
        .unwrap();
    build("-").stdin(archive.stdout).fails().says(&[
        "neither a local directory nor a git repository",
        "the URL of the repository, which ends in `.git`",
    ]);
}
