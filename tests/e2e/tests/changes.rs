//! What is not committed, and so not in the build, is said.

use e2e::{Build, Feature, Repo, needs};

fn app(setup: &str) -> Repo {
    let repo = Repo::new();
    repo.write("src/main.c", "v1");
    repo.write("src/other.c", "same");
    repo.write("conf", "committed");
    repo.write(".gitignore", "*.o\n");
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit: [{{add: /src, to: /src}}]\nshell:\n  setup: '{setup} # {{{{ .Files.Get \"conf\" }}}} {}'\n",
        e2e::salt()
    ));
    repo
}

fn edit(repo: &Repo) {
    // Of the same size: only the content tells.
    repo.write("src/main.c", "v2");
    repo.write("src/new.c", "new");
    repo.write("src/new.o", "ignored");
    repo.write("outside", "nobody takes it");
    repo.write("conf", "edited");
}

const TAKEN: &str = "2 files that the build takes are not as in commit";
const NAMED: &str = "`src/main.c` (changed), `src/new.c` (new)";
const CONFIGURATION: &str = "1 file of the configuration is not as in commit";

#[test]
fn changed_files_of_the_configuration_are_warnings_unless_they_are_to_be_ignored() {
    let repo = app("cat /src/main.c > /built");
    let clean = Build::of(&repo).debug().ok();
    assert!(!clean.log.contains("not as in commit"), "{}", clean.log);
    edit(&repo);
    let built = Build::of(&repo).debug().ok();
    assert_eq!(built.image.file("/built").as_deref(), Some("v1"));
    built.says(&[CONFIGURATION, "`conf` (changed)"]);
    let ignoring = Build::of(&repo)
        .debug()
        .args(["--build-arg", "WERF_UNCOMMITTED=ignore"])
        .ok();
    assert!(!ignoring.log.contains("uncommitted"), "{}", ignoring.log);
    let checked = |check: &str| {
        let argument = format!("BUILDKIT_DOCKERFILE_CHECK={check}");
        Build::of(&repo).debug().args(["--build-arg", &argument])
    };
    let skipped = checked("skip=UncommittedConfiguration").ok();
    assert!(!skipped.log.contains(CONFIGURATION), "{}", skipped.log);
    let stopped = checked("error=true").fails();
    stopped.says(&[CONFIGURATION, "`check=error=true` stops the build"]);
    repo.commit("all");
    let committed = Build::of(&repo).debug().ok();
    assert!(
        !committed.log.contains("not as in commit"),
        "{}",
        committed.log
    );
}

#[test]
fn changed_files_that_the_build_takes_are_warnings() {
    if !needs(&[Feature::Metadata]) {
        return;
    }
    let repo = app("cat /src/main.c > /built");
    // What was only touched is not changed.
    repo.write("src/other.c", "same");
    let touched = Build::of(&repo).debug().ok();
    assert!(!touched.log.contains("not as in commit"), "{}", touched.log);
    edit(&repo);
    Build::of(&repo).debug().ok().says(&[TAKEN, NAMED]);
}

#[test]
fn a_stage_that_fails_names_what_is_not_committed() {
    let repo = app("grep -q v2 /src/main.c");
    edit(&repo);
    let note = format!("note: {CONFIGURATION}");
    Build::of(&repo)
        .fails()
        .says(&["not those of the working directory", &note]);
}

#[test]
fn a_mistake_that_was_corrected_and_not_committed_is_told_with_that() {
    let repo = app("true");
    repo.write("conf", "'");
    repo.commit("a mistake");
    repo.write("conf", "right");
    Build::of(&repo).fails().says(&[
        "werf.yaml",
        &format!("note: {CONFIGURATION}"),
        "`conf` (changed)",
    ]);
    Build::of(&repo).args(["--build-arg", "WERF_DEV=1"]).ok();
}

#[test]
fn a_copy_of_a_file_that_is_not_committed_names_it() {
    if !needs(&[Feature::Metadata]) {
        return;
    }
    let repo = Repo::new();
    repo.write("Dockerfile", "FROM busybox:latest\nCOPY new.txt /\n");
    repo.commit_config("image: app\ndockerfile: Dockerfile\n");
    repo.write("new.txt", "new");
    Build::of(&repo).fails().says(&[
        "new.txt\": not found",
        "note: 1 file that the build takes is not as in commit",
        "`new.txt` (new)",
    ]);
}

#[test]
fn a_stage_that_fails_in_development_mode_saw_the_working_directory() {
    let repo = app("grep -q v3 /src/main.c");
    edit(&repo);
    let failed = Build::of(&repo).args(["--build-arg", "WERF_DEV=1"]).fails();
    failed.says(&["its commands see the files of the working directory"]);
    assert!(!failed.log.contains("not as in commit"), "{}", failed.log);
}
