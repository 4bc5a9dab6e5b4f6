//! What a command of a stage learns of other projects from STORE, which it sees as a whole.

use e2e::{Build, Repo};

/// Writes how often a directory has one of `words`, in names and in contents, to `file`.
fn count(words: &[&str], directory: &str, file: &str) -> String {
    let patterns: Vec<String> = words.iter().map(|word| format!("-e {word}")).collect();
    let patterns = patterns.join(" ");
    // What this grep takes for a line ends at a NUL.
    format!(
        "  - \"(find {directory}; find {directory} -type f -exec cat '{{}}' +) | tr '\\\\000' '\\\\n' | grep -c -F {patterns} > {file} || true\"\n"
    )
}

#[test]
fn a_stage_finds_nothing_of_another_project() {
    let canary = format!("canary-{}", e2e::salt());
    let victim = Repo::new();
    victim.write(
        "private.txt",
        format!("{canary} of the private repository\n"),
    );
    victim.write(&format!("names/{canary}"), "a\n");
    victim.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit: [{{to: /app}}]\nshell:\n  install: \"cat /app/private.txt; : {}\"\n",
        e2e::salt()
    ));
    let log = Build::of(&victim).ok().log;
    assert!(log.contains(&canary), "its own stage reads it:\n{log}");

    let head = victim.git(&["rev-parse", "HEAD"]);
    let blob = victim.git(&["rev-parse", "HEAD:private.txt"]);
    let words = [canary.as_str(), head.trim(), blob.trim()];
    let other = Repo::new();
    other.write(&canary, [b"a\0", canary.as_bytes()].concat());
    other.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit: [{{to: /app, excludePaths: [werf.yaml]}}]\nshell:\n  install:\n{}{}  - ls -R /.werf/store > /listing\n",
        count(&words, "/app", "/own"),
        count(&words, "/.werf/store", "/found"),
    ));
    let built = Build::of(&other).ok();
    let read = |path| built.image.file(path).unwrap();
    assert_eq!(
        read("/own"),
        "2\n",
        "it knows how to look, also behind a NUL"
    );
    assert_eq!(read("/found"), "0\n");
    let listing = read("/listing");
    assert!(
        listing.contains(".pack") && listing.contains("stapel-sync"),
        "{listing}"
    );
}
