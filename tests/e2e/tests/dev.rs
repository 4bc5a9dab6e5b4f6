//! Development mode: the working directory in place of the commit.

use e2e::{Build, GitServer, Repo};

const DEV: [&str; 2] = ["--build-arg", "WERF_DEV=1"];

/// Returns a repository whose stages leave random values, and an image from a Dockerfile.
fn app() -> Repo {
    let repo = Repo::new();
    repo.write("src/main.c", "one");
    repo.write("src/gone.c", "gone");
    repo.write("lib/deep/util.c", "util");
    repo.write(".gitignore", "*.o\n/cache/\n");
    repo.write(
        "web/Dockerfile",
        "FROM busybox:latest\nCOPY . /context\nRUN cat /proc/sys/kernel/random/uuid > /stamp\n",
    );
    repo.write("web/page", "page");
    let stamp =
        |name: &str| format!("read -r id < /proc/sys/kernel/random/uuid; echo $id > /{name}");
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /src\n  to: /src\n  stageDependencies: {{setup: '*.c'}}\n- {{add: /lib, to: /lib}}\nshell:\n  install: {} # {}\n  setup: {}; ls /src > /list\n---\nimage: web\ncontext: web\ndockerfile: Dockerfile\nargs: {{SALT: {}}}\n",
        stamp("install"), e2e::salt(), stamp("setup"), e2e::salt()
    ));
    repo
}

fn edit(repo: &Repo) {
    repo.write("src/main.c", "two");
    repo.write("src/new.c", "new");
    repo.write("src/new.o", "ignored");
    repo.write("cache/large", "ignored");
    std::fs::remove_file(repo.join("src/gone.c")).unwrap();
    repo.write("web/page", "edited");
    repo.write("web/untracked", "untracked");
}

fn build(repo: &Repo, target: &str, arguments: &[&str]) -> e2e::Built {
    let arguments = arguments.iter().copied();
    Build::of(repo)
        .args(["--target", target])
        .args(arguments)
        .ok()
}

#[test]
fn a_working_directory_and_the_commit_of_it_share_every_stage() {
    let repo = app();
    let before = build(&repo, "app", &[]);
    edit(&repo);
    let index = std::fs::metadata(repo.join(".git/index"))
        .unwrap()
        .modified()
        .unwrap();
    let dev = build(&repo, "app", &DEV);
    let list = dev.image.file("/list").unwrap();
    assert_eq!(list, "main.c\nnew.c\n", "{}", dev.log);
    assert_eq!(dev.image.file("/src/main.c").as_deref(), Some("two"));
    assert_eq!(dev.image.file("/lib/deep/util.c").as_deref(), Some("util"));
    let labels = dev.image.config()["Labels"].clone();
    assert_eq!(labels["werf.io/dev"], "true", "{labels}");
    let words = "[internal] development mode: ";
    assert!(dev.log.contains(words), "{}", dev.log);
    // The install stage depends on no file.
    assert_eq!(dev.image.file("/install"), before.image.file("/install"));
    assert_ne!(dev.image.file("/setup"), before.image.file("/setup"));
    let after = std::fs::metadata(repo.join(".git/index"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(index, after);

    repo.commit("the same tree");
    let committed = build(&repo, "app", &[]);
    let layers = |built: &e2e::Built| built.image.inspect()["RootFS"]["Layers"].clone();
    assert_eq!(layers(&committed), layers(&dev), "{}", committed.log);
    assert!(committed.image.config()["Labels"]["werf.io/dev"].is_null());
    assert!(!committed.log.contains(words), "{}", committed.log);
    // Nothing is changed now, and it is the same once more.
    let again = build(&repo, "app", &DEV);
    assert_eq!(layers(&again), layers(&dev), "{}", again.log);
}

#[test]
fn the_context_of_a_dockerfile_is_of_the_working_directory() {
    let repo = app();
    edit(&repo);
    let dev = build(&repo, "web", &DEV);
    let files = dev.image.run(&["sh", "-c", "cd /context; ls; cat page"]);
    assert_eq!(files, "Dockerfile\npage\nuntracked\nedited", "{}", dev.log);
    assert_eq!(dev.image.config()["Labels"]["werf.io/dev"], "true");
    repo.commit("the same tree");
    let committed = build(&repo, "web", &[]);
    assert_eq!(committed.image.file("/stamp"), dev.image.file("/stamp"));
}

#[test]
fn a_repository_as_the_context_has_no_working_directory() {
    let server = GitServer::start();
    let repo = app();
    let url = server.publish(&repo, "team/dev.git");
    Build::in_directory(&std::env::temp_dir())
        .context(&url)
        .args(["--target", "app"])
        .args(DEV)
        .fails()
        .says(&["development mode builds the working directory, and there is none: the build context is the repository"]);
}

#[test]
fn the_working_directory_of_a_submodule_and_allowed_files_that_are_ignored() {
    let library = Repo::new();
    library.write("lib.c", "committed");
    library.commit("library");
    let repo = Repo::new();
    repo.write("werf-giterminism.yaml", "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowUncommittedFiles: [local.txt]}}\n");
    repo.write(".gitignore", "local.txt\n");
    repo.submodule(&library, "vendor");
    repo.commit_config("image: app\nfrom: busybox:latest\ngit: [{add: /vendor, to: /vendor}]\nshell: {setup: ['echo {{ .Files.Get \"local.txt\" }} > /local']}\n");
    repo.write("local.txt", e2e::salt());
    repo.write("vendor/lib.c", "edited");
    let dev = Build::of(&repo).args(DEV).ok();
    assert_eq!(
        dev.image.file("/vendor/lib.c").as_deref(),
        Some("edited"),
        "{}",
        dev.log
    );
    let local = std::fs::read_to_string(repo.join("local.txt")).unwrap();
    assert_eq!(dev.image.file("/local").unwrap().trim(), local);
}
