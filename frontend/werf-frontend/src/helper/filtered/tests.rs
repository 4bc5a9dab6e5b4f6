use diagnostic::Diagnostic;

use crate::git::fixture::Fixture;
use crate::helper::plan::{PlanRequest, plan_commit};

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n";

/// Returns what is said of files of an image with these entries of `git`.
fn said(git: &str, files: &[(&str, &str)]) -> String {
    let config =
        format!("project: p\nconfigVersion: 1\n---\nimage: app\nfrom: alpine:3\ngit:\n{git}");
    let mut all = vec![("werf.yaml", config.as_str())];
    all.extend(files);
    let fixture = Fixture::with(&all);
    let request = PlanRequest {
        git_dir: fixture.git_dir(),
        ..PlanRequest::default()
    };
    let file = plan_commit(&request, None);
    let said: Vec<String> = file.warnings.iter().map(Diagnostic::one_line).collect();
    said.join("\n")
}

#[test]
fn files_that_git_filters() {
    let all = "- add: /\n  to: /app\n";
    let lfs = "*.bin filter=lfs diff=lfs merge=lfs -text\n";
    insta::assert_snapshot!(
        "lfs",
        said(
            all,
            &[
                (".gitattributes", lfs),
                ("a.bin", POINTER),
                ("not-one.bin", "real content"),
                ("d/b.bin", POINTER),
                ("d/c.bin", POINTER),
                ("d/e.bin", POINTER),
            ]
        )
    );
    insta::assert_snapshot!(
        "crypt",
        said(
            "- add: /sub\n  to: /app\n",
            &[
                (
                    "sub/.gitattributes",
                    "secret/** filter=git-crypt\n*.txt working-tree-encoding=latin1\n"
                ),
                ("sub/secret/key", "x"),
                ("sub/plain", "x"),
            ]
        )
    );
    insta::assert_snapshot!(
        "encoding",
        said(
            "- add: /a/b\n  to: /app\n  includePaths: ['**/*.txt']\n",
            &[
                ("a/.gitattributes", "*.txt working-tree-encoding=latin1\n"),
                ("a/b/x.txt", "x"),
            ]
        )
    );
    for (attributes, nested) in [
        ("*.bin text eol=lf\n", ""),
        ("*.other filter=lfs\n", ""),
        // The deeper file wins, and a macro is as good as what it stands for.
        (lfs, "*.bin -filter\n"),
        ("[attr]big filter=lfs\n*.bin big\n*.bin !filter\n", ""),
    ] {
        let files = [
            (".gitattributes", attributes),
            ("d/.gitattributes", nested),
            ("d/a.bin", POINTER),
        ];
        assert_eq!(said(all, &files), "", "{attributes} {nested}");
    }
    let by_macro = [
        (".gitattributes", "[attr]big filter=lfs\n*.bin big\n"),
        ("a.bin", POINTER),
    ];
    assert!(said(all, &by_macro).contains("FilteredFile"));
}

#[test]
fn files_whose_place_another_entry_has() {
    let files = [("src/a", "1"), ("other/a", "2"), ("one", "3")];
    insta::assert_snapshot!(
        "hidden",
        said(
            "- add: /\n  to: /app\n- add: /other\n  to: /app/src\n- add: /one\n  to: /app/other/a\n",
            &files
        )
    );
    // The very files that are left out, a place that the commit does not have, one that is left out by hand.
    for git in [
        "- add: /\n  to: /app\n- add: /src\n  to: /app/src\n",
        "- add: /\n  to: /app\n- add: /other\n  to: /app/vendor\n",
        "- add: /\n  to: /app\n  excludePaths: [src]\n- add: /other\n  to: /app/src\n",
        "- add: /\n  to: /app\n  includePaths: [other]\n- add: /one\n  to: /app/src\n",
    ] {
        assert_eq!(said(git, &files), "", "{git}");
    }
}
