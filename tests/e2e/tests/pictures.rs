//! Pictures of what people see in a terminal, for the documents. `WERF_PICTURES=write cargo xtask test --engine docker-28
//! -p e2e --test all -- pictures::` makes them anew; without that a test compares.

use std::path::Path;

use e2e::{Build, Feature, Repo, needs};

/// What a person types, then what is printed, as a picture.
fn draw(command: &str, printed: &str) -> String {
    let text = format!("$ {command}\n{printed}");
    anstyle_svg::Term::new().render_svg(&text)
}

/// Replaces what differs from run to run: the seconds before a line of a log, and commits.
fn steady(printed: &str) -> String {
    let line = |line: &str| {
        let is_seconds = |word: &str| {
            let is_part = |c: char| c.is_ascii_digit() || c == '.';
            word.contains('.') && word.chars().all(is_part)
        };
        let line = match line.split_once(' ') {
            Some((word, rest)) if is_seconds(word) => format!("0.100 {rest}"),
            _ => line.to_owned(),
        };
        let is_commit =
            |word: &str| word.len() == 12 && word.chars().all(|c| c.is_ascii_hexdigit());
        let words = line.split(' ').map(|word| {
            let bare = word.trim_end_matches([',', ';', ':', '.']);
            if is_commit(bare) {
                word.replace(bare, "1f0c2a9d7b3e")
            } else {
                word.to_owned()
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<String> = printed.lines().map(line).collect();
    lines.join("\n")
}

fn is_current(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/terminal")
        .join(name);
    if std::env::var_os("WERF_PICTURES").is_some_and(|value| value == "write") {
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        std::fs::write(&path, picture).expect("written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == picture,
        "{} is not what is printed today; `WERF_PICTURES=write` draws it anew:\n{picture}",
        path.display()
    );
}

#[test]
fn of_a_stage_that_fails_and_of_a_check() {
    // The client's own words are those of one version.
    if !needs(&[Feature::Metadata]) {
        return;
    }
    let repo = Repo::new();
    repo.write("src/main.c", "int main(void) { return 0; }\n");
    repo.commit_config(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /src\n  to: /src\n  stageDependencies:\n    setup: ['**/*']\nshell:\n  setup:\n  - cd /src\n  - gcc -o /app main.c\n  - strip /app\n",
    );
    let failed = Build::of(&repo).untagged().fails().error();
    is_current(
        "failed-stage.svg",
        &draw("docker buildx build -f werf.yaml .", &steady(&failed)),
    );
    let repo = Repo::with_config(
        "image: app\nfrom: busybox\nshell:\n  install:\n  - cat /etc/passwd | sort > /users\n",
    );
    let found = Build::of(&repo).args(["--check"]).untagged().run().error();
    is_current(
        "check.svg",
        &draw(
            "docker buildx build -f werf.yaml --check .",
            &steady(&found),
        ),
    );
}
