use std::collections::BTreeMap;

use diagnostic::{Diagnostic, SourceText};

use super::{Facts, check};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Returns what is said of the images `body`, with the warnings of reading it.
fn said_with(body: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let text = format!("project: p\nconfigVersion: 1\n---\n{body}");
    let source = SourceText::new("werf.yaml", text).expect("text");
    let loaded = crate::load(&source).unwrap_or_else(|errors| panic!("{errors:?}"));
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let facts = Facts {
        commit: COMMIT,
        unix_time: "1700000000",
        variables: &variables,
    };
    let found = check(&loaded.config, &source, &facts);
    let all = loaded.warnings.iter().chain(&found);
    all.map(Diagnostic::one_line).collect()
}

fn said(body: &str) -> String {
    said_with(body, &[]).join("\n")
}

/// An image with files at `/app` and these sections.
fn app(sections: &str) -> String {
    format!("image: app\nfrom: alpine:3\ngit:\n- add: /\n  to: /app\n{sections}")
}

/// Checks that of `app` with each of these sections nothing is said.
fn is_quiet(sections: &[&str]) {
    for section in sections {
        assert_eq!(said(&app(section)), "", "{section}");
    }
}

#[test]
fn a_base_without_a_tag() {
    insta::assert_snapshot!(
        "base_without_a_tag",
        said("image: [a, b]\nfrom: registry:5000/x\n")
    );
    for from in [
        "alpine:3",
        "x@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "scratch",
    ] {
        assert_eq!(said(&format!("image: app\nfrom: {from}\n")), "");
    }
    assert_eq!(said("image: a\nfrom: alpine\nfromLatest: true\n"), "");
    assert_eq!(
        said("image: a\nfrom: alpine:3\n---\nimage: b\nfrom: a\n"),
        ""
    );
}

#[test]
fn a_stage_that_does_not_say_what_it_reads() {
    insta::assert_snapshot!(
        "undeclared_commands",
        said(&app(
            "shell:\n  install:\n  - mkdir -p /app/x\n  - cd /app && make\n  - cat /app/y\n  setup: /app/build.sh\n"
        ))
    );
    insta::assert_snapshot!(
        "undeclared_tasks",
        said(&app(
            "ansible:\n  setup:\n  - file: {path: /app, state: directory}\n  - copy: {dest: /etc/x, content: root /app}\n  - shell: make\n    args: {chdir: /app}\n"
        ))
    );
    is_quiet(&[
        "  stageDependencies: {setup: src}\nshell: {setup: cd /app && make}\n",
        "shell:\n  setup:\n  - mkdir -p /app/cache && chown 1 /app/cache\n  - sudo rm -rf /app/tmp; FOO=1 touch /app/x\n",
        "shell: {beforeInstall: ls /app}\n",
        "shell: {setup: \"ls /application /app2 /srv/app /app-old apps\"}\n",
        "shell: {setup: apk add make}\n",
    ]);
    // Nothing names the root.
    let root =
        "image: app\nfrom: alpine:3\ngit:\n- add: /\n  to: /\nshell: {setup: cd / && make}\n";
    assert_eq!(said(root), "");
}

#[test]
fn a_failure_at_the_head_of_a_pipeline() {
    insta::assert_snapshot!(
        "pipeline",
        said(
            "image: a\nfrom: alpine:3\nshell:\n  install:\n  - echo x | cat\n  - cat list | sort\n  - curl x | tar xz\n  setup:\n  - apt list | grep x\n"
        )
    );
    is_quiet(&[
        "shell: {install: [set -o pipefail, cat x | sort]}\n",
        "shell: {install: ['set -euo pipefail; cat x | sort']}\n",
        "shell: {install: ['printf x | tee y', 'a || b', \"echo 'a | b'\", 'x=$(a | b)', 'case $x in a|b) ;; esac']}\n",
        "shell: {install: ['if a | grep b; then c; fi', '! a | grep b']}\n",
        "shell:\n  install:\n  - |\n    cat <<EOF | sh\n    a | b\n    EOF\n",
    ]);
}

#[test]
fn what_is_another_in_every_commit() {
    insta::assert_snapshot!("commit", said_with(
        "image: a\nfrom: alpine:3\nfromCacheVersion: v-0123456789abcdef0123456789abcdef01234567\nshell:\n  setup:\n  - echo 01234567 >/version\n  - echo 1700000000\n  - echo build 778899\n",
        &[("CI_PIPELINE_ID", "778899"), ("CI_PIPELINE_IID", "12")],
    ).join("\n"));
    let spec =
        "imageSpec: {config: {labels: {commit: 0123456789abcdef0123456789abcdef01234567}}}\n";
    is_quiet(&[
        "shell: {setup: echo 012345 12 7788990}\n",
        "shell: {setup: 'echo $WERF_COMMIT_HASH'}\n",
        spec,
    ]);
}

#[test]
fn what_looks_like_a_secret() {
    let token = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
    let text = said(&format!(
        "image: a\nfrom: alpine:3\nshell:\n  install:\n  - git clone https://u:swordfish@host/x\n  - curl -u x:{token} x\n  setup:\n  - |\n    cat >k <<E\n    -----BEGIN RSA PRIVATE KEY-----\n    E\nimageSpec: {{config: {{env: {{DB_PASSWORD: swordfish, A: {token}}}}}}}\n"
    ));
    assert!(
        !text.contains("swordfish") && !text.contains(token),
        "{text}"
    );
    insta::assert_snapshot!("secrets", text);
    is_quiet(&[
        "imageSpec: {config: {env: {DB_PASSWORD_FILE: x, SECRET_PATH: x, PUBLIC_KEY: x, TOKEN: /run/secrets/t, PASSWORD: \"$X\", AUTH: \"\"}}}\n",
        "shell: {setup: 'curl https://host/x; echo ghp_short my-----BEGIN x'}\n",
    ]);
}

#[test]
fn what_werf_3_has_no_more() {
    insta::assert_snapshot!(
        "werf_3",
        said(
            "image: [a, d]\nfrom: alpine:3\ndocker: {USER: a}\n---\nimage: b\nfrom: alpine:3\ndocker: {USER: a}\nansible: {setup: [{command: x}]}\n---\nartifact: c\nfrom: alpine:3\n"
        )
    );
    insta::assert_snapshot!("werf_3_nameless", said("image: ~\nfrom: alpine:3\n"));
}
