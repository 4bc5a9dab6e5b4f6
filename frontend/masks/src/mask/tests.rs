use super::super::glob;
use super::*;

/// The masks of one row, the path and whether it matches: what werf's matcher was seen to answer.
const TABLE: &[(&[&str], &str, bool)] = &[
    (&["*"], "file", true),
    (&["*"], "a/b/c.txt", true),
    (&["*"], ".hidden", true),
    (&["**", "**/*", "*/*"], "file", true),
    (&["*.php"], "index.php", true),
    (&["*.php"], "src/index.php", false),
    (&["*.php"], ".php", true),
    (&["*.php"], "x.php5", false),
    (&["*.php"], "dir.php/readme.txt", true),
    (&["*.php*"], "index.php5", true),
    (&["*.php*"], "a/index.php5", false),
    (&["**/*.php"], "index.php", true),
    (&["**/*.php"], "a/b/c.php", true),
    (&["**/*.php"], "a/x.php/readme", true),
    (&["**/*.php"], "a/x.phtml", false),
    (&["dir"], "dir/file", true),
    (DIR, "dir/a/b", true),
    (DIR, "dirx", false),
    (DIR, "other/dir", false),
    (DIR, "dir", true),
    (&["dir/*/file"], "dir/a/file", true),
    (&["dir/*/file"], "dir/file", false),
    (&["dir/*/file"], "dir/a/b/file", false),
    (&["dir/*/file"], "dir/a/file/x", true),
    (&["dir/**/file"], "dir/file", true),
    (&["dir/**/file"], "dir/a/b/file", true),
    (&["dir/**/file"], "other/file", false),
    (&["**/dir"], "a/b/dir", true),
    (&["**/dir"], "a/dir/x", true),
    (&["**/dir"], "a/dirx", false),
    (&["**/dir/*.js"], "a/dir/x.js", true),
    (&["**/dir/*.js"], "a/dir/b/x.js", false),
    (&["src/**/*.js"], "src/x.js", true),
    (&["src/**/*.js"], "src/a/b/x.js", true),
    (&["src/**/*.js"], "src/x.jsx", false),
    (&["src/**/*.js"], "lib/x.js", false),
    (&["a**b"], "axxb", true),
    (&["a**b"], "axx/yb", false),
    (&["a/**b"], "a/xb", true),
    (&["a/**b"], "a/x/b", false),
    (&["**.js"], "a.js", true),
    (&["**.js"], "a/b.js", false),
    (&["?"], "é", true),
    (&["?"], "ab", false),
    (&["?"], "a/b", true),
    (&["fil?.txt"], "fil.txt", false),
    (&["fil?.txt"], "file.txt", true),
    (&["[abc].txt"], "a.txt", true),
    (&["[abc].txt"], "ab.txt", false),
    (&["[a-c]*.txt"], "bz.txt", true),
    (&["[a-c]*.txt"], "d.txt", false),
    (&["[^a-c].txt", "[!a-c].txt"], "d.txt", true),
    (&["[^a-c].txt"], "a.txt", false),
    (&["\\*.txt"], "*.txt", true),
    (&["\\*.txt"], "a.txt", false),
    (&["\\[x\\]"], "[x]", true),
    (&["a\\?b"], "axb", false),
    (&["{a,b}.txt"], "b.txt", true),
    (&["{a,b}.txt"], "c.txt", false),
    (&[IMAGES], "images/x/Dockerfile", true),
    (&[IMAGES], "images/x/y/Dockerfile", false),
    (&[".*"], ".env", true),
    (&[".*"], ".git/config", true),
    (&[".*"], "a/.env", false),
    (&["**/.env"], ".env", true),
    (&["**/.env"], "a/b/.env/x", true),
    (&["package*.json"], "package-lock.json", true),
    (&["package*.json"], "a/package.json", false),
    (&["Gemfile"], "Gemfile.lock", false),
    (&["Gemfile"], "gemfile", false),
    (&["./x"], "x", true),
    (&["a/../b"], "b", true),
    (&["a/*b*/c"], "a/xbx/c", true),
    (&["a/*b*/c"], "a/x/c", false),
    (&["*/*.txt"], "x.txt", false),
    (&["*/*.txt"], "a/x.txt", true),
    (&["*/*.txt"], "a/b/x.txt", false),
    (&["**/**/x"], "x", true),
    (&["a/**/**/b"], "a/x/y/b", true),
    (&["a]"], "a]", true),
];

const DIR: &[&str] = &["dir", "dir/", "dir/*", "dir/**", "dir/**/*", "dir/*/*"];

const IMAGES: &str = "images/*/{Dockerfile,werf.inc.yaml}";

fn mask(text: &str) -> Mask {
    Mask::new(text).unwrap()
}

fn masks(texts: &[&str]) -> Vec<Mask> {
    texts.iter().map(|text| mask(text)).collect()
}

#[test]
fn the_documented_table_holds() {
    for (row, path, wanted) in TABLE {
        for text in *row {
            assert_eq!(
                mask(text).matches(path.as_bytes()),
                *wanted,
                "{text} {path}"
            );
        }
    }
}

fn all_masks() -> Vec<&'static str> {
    let more = [
        "",
        ".",
        "a/{b,c/**}/*",
        "{a,dir}/**",
        "***",
        "a/***",
        "../x",
        "{,a}b",
        "/a",
    ];
    let rows = TABLE.iter().flat_map(|(row, ..)| row.iter().copied());
    rows.chain(more).collect()
}

/// More masks, in which doublestar sees other things than a plain reader of its rules.
const ODD_MASKS: [&str; 6] = [
    "{a/**/,b}",
    "{*/**/}",
    "{dir/,b}/**",
    "a[^q]*b",
    "*[!q]*/x",
    "x{**/y,b}",
];

/// The paths of the table, and every directory above one.
fn all_paths() -> Vec<Vec<u8>> {
    let more = [
        "",
        "dir/x.php/y",
        "a/c/d/e",
        "b",
        "ab",
        "a/x/yb/c",
        "dir/b/x.js/z",
    ];
    let mut paths: Vec<Vec<u8>> = vec![b"a/\xff/\n \"b\"".to_vec(), b"\xff".to_vec()];
    for path in TABLE.iter().map(|&(_, path, _)| path).chain(more) {
        let ends = path.match_indices('/').map(|(at, _)| at);
        paths.extend(
            ends.chain([path.len()])
                .map(|end| path.as_bytes()[..end].to_vec()),
        );
    }
    paths.sort();
    paths.dedup();
    paths
}

#[test]
fn a_slow_matcher_agrees_on_every_mask_and_path() {
    for text in all_masks() {
        for path in all_paths() {
            assert_eq!(
                mask(text).matches(&path),
                reference::matches(text, &path),
                "{text} {}",
                path.escape_ascii()
            );
        }
    }
}

#[test]
fn pruning_loses_no_match() {
    let paths = all_paths();
    for text in all_masks().into_iter().chain(ODD_MASKS) {
        let mask = mask(text);
        for path in &paths {
            for end in (0..path.len()).filter(|&at| path[at] == b'/') {
                let dir = &path[..end];
                if mask.matches(path) {
                    let dir = dir.escape_ascii();
                    assert!(mask.may_match_below(&path[..end]), "{text} {dir}");
                }
                if mask.covers(dir) {
                    assert!(
                        mask.matches(path),
                        "{text}: all below {}",
                        dir.escape_ascii()
                    );
                }
            }
        }
    }
}

#[test]
fn a_scope_answers_as_the_whole_matcher_does() {
    let texts: Vec<&str> = all_masks().into_iter().chain(ODD_MASKS).collect();
    let paths = all_paths();
    for (index, include) in texts.iter().enumerate() {
        for exclude in texts.iter().skip(index % 3).step_by(3) {
            for include in [vec![mask(include)], Vec::new()] {
                let matcher = PathMatcher::new(include, vec![mask(exclude)]);
                for path in &paths {
                    let wanted = matcher.matches(path);
                    let ends = (0..path.len()).filter(|&at| path[at] == b'/');
                    let mut scope = Some(matcher.scope());
                    for end in ends {
                        scope = scope.and_then(|scope| scope.enter(&path[..end]));
                    }
                    let answer = scope.is_some_and(|scope| scope.matches(path));
                    assert_eq!(answer, wanted, "{matcher:?} {}", path.escape_ascii());
                }
            }
        }
    }
}

#[test]
fn subtrees_without_a_match_are_not_entered() {
    let matcher = PathMatcher::new(
        masks(&["src/*.js", "docs", "images/*/{Dockerfile,x}"]),
        masks(&["docs/old", "**/secret"]),
    );
    for (dir, wanted) in [
        ("src", true),
        ("src/a", false),
        ("src/a.js", true),
        ("docs", true),
        ("docs/a/b", true),
        ("docs/old", false),
        ("docs/a/secret", false),
        ("images/x", true),
        ("images/x/y", false),
        ("images/x/Dockerfile", true),
        ("vendor", false),
        ("sr", false),
        ("srcs", false),
    ] {
        assert_eq!(matcher.may_match_below(dir.as_bytes()), wanted, "{dir}");
    }
}

#[test]
fn a_single_file_is_matched_by_universal_masks_only() {
    for (text, wanted) in [
        ("", true),
        ("*", true),
        ("**/*", true),
        ("./", true),
        ("*.js", false),
        ("app.js", false),
        ("**/app.js", false),
        ("?", false),
    ] {
        assert_eq!(mask(text).matches(b""), wanted, "{text}");
    }
}

#[test]
fn malformed_masks_are_refused_when_they_are_read() {
    for text in ["[a", "{a", "a\\", "[]a]", "x[", "a}", "b/\\/*"] {
        tally::refused(1);
        let error = Mask::new(text).unwrap_err();
        assert_eq!(error.mask, text);
    }
    assert_eq!(
        Mask::new("src/[a").unwrap_err().to_string(),
        "`src/[a` is not a mask: `[` is not closed; write `\\[` for the character itself"
    );
}

#[test]
fn paths_are_cleaned_as_go_does() {
    for (raw, wanted) in [
        ("", "."),
        (".", "."),
        ("./x", "x"),
        ("a/../b", "b"),
        ("a/b/../../..", ".."),
        ("../../a/", "../../a"),
        ("//a/./b//", "/a/b"),
        ("/..", "/"),
        ("/../a", "/a"),
    ] {
        assert_eq!(clean(raw), wanted, "{raw}");
    }
}

#[test]
fn doublestar_agrees_with_the_slow_matcher_on_plain_patterns() {
    for pattern in ["a/**", "**/x", "a/*/b", "{a,b}/c", "a?c", "*"] {
        for path in ["a", "a/x", "x", "a/q/b", "b/c", "abc", "a/c"] {
            let answer = glob::is_match(pattern, path.as_bytes());
            assert_eq!(answer, Ok(reference::glob(pattern, path.as_bytes())));
        }
    }
}
