//! Named contexts of all kinds: what each takes the place of.

use std::path::Path;
use std::process::Command;

use e2e::image::docker;
use e2e::{Build, Feature, GitServer, Repo, needs, salt};

/// A salted image that shows what it starts from and what it imports.
fn app() -> Repo {
    Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nimport:\n- {{from: 'docker.io/team/files:1', add: /, to: /files, includePaths: [a], before: install}}\nshell:\n  install: 'cat /origin > /seen; : {}'\n",
        salt()
    ))
}

/// Returns a directory with these files.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    directory
}

fn option(name: &str, value: impl std::fmt::Display) -> String {
    format!("--build-context={name}={value}")
}

/// Makes a directory that an image can start from: a shell, and files of its own.
fn base_directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = directory(files);
    let output = format!("--output=type=local,dest={}", directory.path().display());
    let repo = Repo::with_config("image: app\nfrom: busybox:latest\n");
    Build::of(&repo).untagged().args([output.as_str()]).ok();
    directory
}

#[test]
fn a_directory_is_a_base_and_an_imported_image() {
    let repo = app();
    let base = base_directory(&[
        ("origin", "a directory"),
        ("left-out", "x"),
        (".dockerignore", "/left-out\n"),
    ]);
    let files = directory(&[("a", "imported"), ("b", "x")]);
    let options = [
        option("busybox", base.path().display()),
        option("team/files:1", files.path().display()),
    ];
    let built = Build::of(&repo)
        .args(options.iter().map(String::as_str))
        .ok();
    assert_eq!(built.image.file("/seen").as_deref(), Some("a directory"));
    assert_eq!(built.image.file("/files/a").as_deref(), Some("imported"));
    assert_eq!(built.image.file("/left-out"), None);
    assert!(!built.log.contains("BuildContextUnused"), "{}", built.log);
    // The same again runs nothing; another content does.
    let again = Build::of(&repo)
        .args(options.iter().map(String::as_str))
        .ok();
    assert_eq!(again.cached("3/3 install"), Some(true), "{}", again.log);
    std::fs::write(files.path().join("a"), "another").unwrap();
    let changed = Build::of(&repo)
        .args(options.iter().map(String::as_str))
        .ok();
    assert_eq!(
        changed.cached("3/3 install"),
        Some(false),
        "{}",
        changed.log
    );
    assert_eq!(changed.image.file("/files/a").as_deref(), Some("another"));
}

#[test]
fn an_image_of_an_oci_layout_is_a_base_with_its_configuration() {
    if !needs(&[Feature::OciLayouts]) {
        return;
    }
    let origin = Repo::with_config(&format!(
        "image: origin\nfrom: busybox:latest\nshell:\n  install: 'echo a layout > /origin; : {}'\ndocker:\n  ENV: {{MADE: there}}\n",
        salt()
    ));
    let layout = tempfile::tempdir().unwrap();
    let archive = layout.path().join("archive.tar");
    let image = Build::of(&origin).ok().image;
    // What it saves is a layout, too.
    docker(&["save", "--output", archive.to_str().unwrap(), image.tag()]);
    let unpacked = layout.path().join("layout");
    std::fs::create_dir(&unpacked).unwrap();
    let mut tar = tar::Archive::new(std::fs::File::open(&archive).unwrap());
    tar.unpack(&unpacked).unwrap();
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  install: 'cat /origin > /seen; echo $MADE >> /seen; : {}'\n",
        salt()
    ));
    let digest = manifest_of(&unpacked);
    let context = option(
        "busybox",
        format!("oci-layout://{}@{digest}", unpacked.display()),
    );
    let built = Build::of(&repo).args([context.as_str()]).ok();
    let seen = built.image.file("/seen");
    assert_eq!(seen.as_deref(), Some("a layout\nthere\n"));
    let env = built.image.config()["Env"].to_string();
    assert!(env.contains("MADE=there"), "{env}");
}

/// Returns the digest of the first manifest of a layout.
fn manifest_of(layout: &Path) -> String {
    let index = std::fs::read(layout.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    index["manifests"][0]["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_git_repository_is_a_base_and_an_imported_image() {
    let server = GitServer::start();
    let files = Repo::new();
    files.write("deep/a", "of a repository");
    files.write("b", "x");
    files.commit("files");
    let url = server.publish(&files, "team/files.git");
    let repo = Repo::with_config(
        "image: app\nfrom: team/tree:1\nimport:\n- {from: 'team/files:1', add: /, to: /files, includePaths: ['**/a'], before: install}\n",
    );
    let options = [
        option("team/tree:1", &url),
        option("team/files:1", format!("{url}#main:deep")),
    ];
    let image = Build::of(&repo)
        .args(options.iter().map(String::as_str))
        .ok()
        .image;
    assert_eq!(image.file("/deep/a").as_deref(), Some("of a repository"));
    assert_eq!(image.file("/files/a").as_deref(), Some("of a repository"));
    assert_eq!(image.file("/files/b"), None);
    assert!(image.paths().iter().all(|path| !path.contains(".git")));
}

#[test]
fn an_image_of_the_file_is_not_built_where_a_context_stands_for_it() {
    let repo = Repo::with_config(&format!(
        "image: base\nfrom: busybox:latest\nshell:\n  install: exit 7\n---\nimage: app\nfrom: base\nshell:\n  install: ': {0}'\n---\nimage: taker\nfrom: scratch\nimport:\n- {{image: base, stage: install, add: /bin/busybox, to: /taken, before: install}}\n---\nimage: dock\ndockerfile: Dockerfile\ndependencies:\n- {{image: base, imports: [{{type: ImageName, targetBuildArg: BASE}}]}}\n",
        salt()
    ));
    repo.write(
        "Dockerfile",
        "ARG BASE\nFROM $BASE\nRUN echo dock > /dock\n",
    );
    repo.commit("a Dockerfile");
    let context = option("base", "docker-image://busybox:latest");
    for (target, file) in [("app", "bin/busybox"), ("taker", "taken"), ("dock", "dock")] {
        Build::of(&repo).args(["--target", target]).fails();
        let built = Build::of(&repo).args(["--target", target, &context]).ok();
        let paths = built.image.paths();
        assert!(paths.iter().any(|path| path == file), "{target}: {paths:?}");
        assert!(!built.log.contains("BuildContextUnused"), "{}", built.log);
    }
    Build::of(&repo)
        .args(["--target", "base", &context])
        .fails()
        .says(&[
            "`--build-context base` takes the place of image `base`",
            "leave the option out",
        ]);
}

#[test]
fn a_clone_of_the_client_stands_for_a_remote_repository() {
    let server = GitServer::start();
    let lib = Repo::new();
    lib.write("a", "published");
    lib.commit("first");
    lib.git(&["tag", "v1"]);
    let url = server.publish(&lib, "team/lib.git");
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: scratch\ngit:\n- {{url: {url}, tag: v1, to: /lib}}\n"
    ));
    let file = |options: &[&str]| {
        let built = Build::of(&repo).args(options.iter().copied()).ok();
        assert!(!built.log.contains("BuildContextUnused"), "{}", built.log);
        built.image.file("/lib/a")
    };
    assert_eq!(file(&[]).as_deref(), Some("published"));
    // Not published yet.
    lib.write("a", "local");
    lib.commit("second");
    let name = url.strip_prefix("http://").unwrap();
    for (name, directory) in [
        (name, lib.path().to_owned()),
        (name.strip_suffix(".git").unwrap(), lib.join(".git/")),
    ] {
        let context = option(name, directory.display());
        assert_eq!(file(&[&context]).as_deref(), Some("local"), "{context}");
    }
    let other = server.publish(&lib, "fork/lib.git");
    let context = option(name, format!("{other}#main"));
    assert_eq!(file(&[&context]).as_deref(), Some("local"));
    let image = option(name, "docker-image://busybox");
    Build::of(&repo)
        .args([image.as_str()])
        .fails()
        .says(&["is an image, and stands for a git repository"]);
}

#[test]
fn what_cannot_be_is_said_with_its_line() {
    let repo = app();
    Build::of(&repo)
        .args(["--build-context=busybox=https://host.invalid/archive.zip"])
        .fails()
        .says(&[
            "werf.yaml:6:",
            "`--build-context busybox=https://host.invalid/archive.zip` is nothing that a build can take files from",
        ]);
    let unused = Build::of(&Repo::with_config("image: app\nfrom: busybox:latest\n"))
        .args(["--build-context=debian=docker-image://busybox"])
        .ok();
    unused.says(&["BuildContextUnused", "--build-context debian"]);
}

/// Adds a linked worktree of `repo`.
fn worktree(repo: &Repo) -> (tempfile::TempDir, std::path::PathBuf) {
    let linked = tempfile::tempdir().unwrap();
    let path = linked.path().join("tree");
    repo.git(&["worktree", "add", "--quiet", path.to_str().unwrap()]);
    (linked, path)
}

/// Runs `git` in any directory, which must succeed.
fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(directory)
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// Returns the option that a failed build advises.
fn advised(log: &str) -> String {
    let (_, rest) = log.split_once("add `").unwrap_or_else(|| panic!("{log}"));
    rest.split('`').next().unwrap().to_owned()
}

const FILES: &str = "image: app\nfrom: scratch\ngit: [{to: /}]\n";

#[test]
fn a_linked_worktree_is_built_with_the_option_that_is_advised() {
    let repo = Repo::with_config(FILES);
    let (_kept, path) = worktree(&repo);
    std::fs::write(path.join("only"), "here").unwrap();
    git(&path, &["add", "--all"]);
    git(
        &path,
        &["commit", "--quiet", "--message", "of the worktree"],
    );
    let failed = Build::in_directory(&path).fails();
    failed.says(&["`.git` is a file that points to", "linked worktree"]);
    let option = advised(&failed.log);
    let (name, value) = option.split_once(' ').unwrap();
    let built = Build::in_directory(&path).args([name, value]).ok();
    assert_eq!(built.image.file("/only").as_deref(), Some("here"));
    assert!(!built.log.contains("BuildContextUnused"), "{}", built.log);
    // That of another repository is not taken for it.
    let other = Repo::with_config(FILES);
    let context = format!("--build-context=git-dir={}", other.join(".git/").display());
    Build::in_directory(&path)
        .args([context.as_str()])
        .fails()
        .says(&["leads to no repository with the worktree `tree`", &option]);
}

#[test]
fn a_submodule_is_built_as_a_project_with_the_option_that_is_advised() {
    let inner = Repo::with_config(FILES);
    inner.write("only", "here");
    inner.commit("a file");
    let outer = Repo::new();
    let url = format!("file://{}", inner.path().display());
    git(outer.path(), &["submodule", "add", "--quiet", &url, "sub"]);
    let path = outer.join("sub");
    let failed = Build::in_directory(&path).fails();
    let option = advised(&failed.log);
    let (name, value) = option.split_once(' ').unwrap();
    let built = Build::in_directory(&path).args([name, value]).ok();
    assert_eq!(built.image.file("/only").as_deref(), Some("here"));
}

#[test]
fn a_git_directory_elsewhere_is_given_by_name() {
    let repo = Repo::with_config(FILES);
    repo.write("only", "here");
    repo.commit("a file");
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    std::fs::rename(repo.join(".git"), &moved).unwrap();
    let is_built = |value: &str| {
        let context = format!("--build-context=git-dir={value}");
        let image = Build::of(&repo).args([context.as_str()]).ok().image;
        assert_eq!(image.file("/only").as_deref(), Some("here"), "{value}");
    };
    is_built(&moved.display().to_string());
    // By a link, and as the `.git` of another directory.
    std::os::unix::fs::symlink(&moved, repo.join(".git")).unwrap();
    let failed = Build::of(&repo).fails();
    failed.says(&["`.git` is a symbolic link to"]);
    let option = advised(&failed.log);
    is_built(option.split_once("git-dir=").unwrap().1);
    std::fs::remove_file(repo.join(".git")).unwrap();
    std::fs::rename(&moved, elsewhere.path().join(".git")).unwrap();
    is_built(&elsewhere.path().display().to_string());
}

#[test]
fn borrowed_objects_are_said_with_what_to_do() {
    let origin = Repo::with_config(FILES);
    let clones = tempfile::tempdir().unwrap();
    let clone = clones.path().join("clone");
    let path = clone.to_str().unwrap();
    git(origin.path(), &["clone", "--quiet", "--shared", ".", path]);
    let failed = Build::in_directory(&clone).fails();
    failed.says(&["the repository takes objects from", "copy them:"]);
    let (_, remedy) = failed.log.split_once("copy them: `").unwrap();
    let status = Command::new("sh")
        .args(["-c", remedy.split('`').next().unwrap()])
        .current_dir(&clone)
        .status()
        .unwrap();
    assert!(status.success());
    Build::in_directory(&clone).ok();
}
