//! What a person sees of a stage that fails: the command, and its lines alone.

use e2e::{Build, Repo};

/// Builds an image whose `setup` are these commands, each a line of the file from line 8 on.
fn error(commands: &[&str], more: &str) -> String {
    let salt = e2e::salt();
    let lines: Vec<String> = commands.iter().map(|it| format!("  - {it}\n")).collect();
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nshell:\n  setup:\n{}  install: ': {salt}'\n{more}",
        lines.concat()
    ));
    Build::of(&repo).fails().error()
}

#[test]
fn the_command_that_failed_is_named_and_marked() {
    for (commands, named, marked) in [
        (
            &["'true'", "cat /nothing/here", "echo never"][..],
            "`cat /nothing/here` in stage `setup` of image `app` failed with exit code 1",
            ">>>   - cat /nothing/here",
        ),
        (
            &["nosuchprogram --flag", "'true'"],
            "`nosuchprogram --flag` in stage `setup` of image `app` failed with exit code 127 (a command was not found)",
            ">>>   - nosuchprogram --flag",
        ),
        (
            &[
                "set -u",
                "'f() { echo $nope; }'",
                "g() { f; }",
                "g",
                "'true'",
            ],
            "`echo $nope` in stage `setup` of image `app` failed with exit code 1",
            ">>>   - g",
        ),
        (
            &["'true'", "(exit 9)", "'true'"],
            "`( exit 9 )` in stage `setup` of image `app` failed with exit code 9",
            ">>>   - (exit 9)",
        ),
    ] {
        let error = error(commands, "");
        assert!(error.contains(named), "{error}");
        let all: Vec<&str> = error.lines().filter(|line| line.contains(">>>")).collect();
        assert_eq!(all.len(), 1, "{error}");
        assert!(all[0].contains(marked), "{error}");
    }
}

#[test]
fn a_trap_of_one_s_own_leaves_what_was_there_before() {
    let error = error(&["trap 'echo mine' EXIT", "exit 3"], "");
    assert!(
        error.contains("stage `setup` of image `app` failed with exit code 3"),
        "{error}"
    );
    assert!(error.contains("the end of its log, above"), "{error}");
}

#[test]
fn a_command_with_the_exit_code_of_a_sync_is_no_sync() {
    let error = error(&["'true'", "(exit 93)"], "");
    assert!(
        error.contains("`( exit 93 )` in stage `setup` of image `app` failed with exit code 93"),
        "{error}"
    );
    assert!(!error.contains("STORE"), "{error}");
}

#[test]
fn every_command_of_its_own_layer_is_named_too() {
    let error = error(&["'true'", "cat /nothing/here"], "asLayers: true\n");
    assert!(error.contains("`cat /nothing/here` in stage"), "{error}");
}

/// What is wrong with files is known to the sync alone, and is in the error all the same: in a stage of its own, and before commands.
#[test]
fn a_sync_that_fails_says_why() {
    let repo = Repo::new();
    repo.write("src/sub/a", "a");
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit: [{{add: /src, to: /app, owner: nobody-here}}]\nshell:\n  setup: ': {}'\n",
        e2e::salt()
    ));
    let error = Build::of(&repo).fails().error();
    assert!(
        error.contains("stage `gitArchive` of image `app` failed: ")
            && error.contains("nobody-here"),
        "{error}"
    );
    assert!(
        !error.contains("stapel-sync") && !error.contains("exit code"),
        "{error}"
    );
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit: [{{add: /src, to: /app, stageDependencies: {{setup: [sub]}}}}]\nshell:\n  install: [rm -r /app/sub, ln -s /tmp /app/sub]\n  setup: ': {}'\n",
        e2e::salt()
    ));
    Build::of(&repo).ok();
    repo.write("src/sub/a", "b");
    repo.commit("another");
    let error = Build::of(&repo).fails().error();
    assert!(
        error.contains("stage `setup` of image `app` failed: "),
        "{error}"
    );
}
