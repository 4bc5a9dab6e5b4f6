//! Masks, as slow as they can be: every rule of werf's `pkg/path_matcher` that the model uses, one by one.

/// Tells whether `path` counts.
pub fn counts(path: &[u8], include: &[&str], exclude: &[&str]) -> bool {
    let any = |masks: &[&str]| masks.iter().any(|mask| matches(mask, path));
    (include.is_empty() || any(include)) && !any(exclude)
}

/// A mask that matches a directory matches all below it, and trailing asterisks say nothing.
fn matches(mask: &str, path: &[u8]) -> bool {
    braces(mask).iter().any(|mask| {
        let mut pattern: Vec<&[u8]> = mask.as_bytes().split(|&byte| byte == b'/').collect();
        while pattern
            .last()
            .is_some_and(|segment| segment.iter().all(|&byte| byte == b'*'))
        {
            pattern.pop();
        }
        let path: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        (0..=path.len()).any(|length| segments(&pattern, &path[..length]))
    })
}

/// Writes `x{a,b}` as `xa` and `xb`.
fn braces(mask: &str) -> Vec<String> {
    let Some((before, rest)) = mask.split_once('{') else {
        return vec![mask.to_owned()];
    };
    let (inside, after) = rest.split_once('}').unwrap();
    let one = |choice: &str| format!("{before}{choice}{after}");
    inside.split(',').map(one).collect()
}

fn segments(pattern: &[&[u8]], path: &[&[u8]]) -> bool {
    match (pattern, path) {
        ([], path) => path.is_empty(),
        ([b"**", rest @ ..], path) => {
            (0..=path.len()).any(|skipped| segments(rest, &path[skipped..]))
        }
        ([_, ..], []) => false,
        ([first, rest @ ..], [name, below @ ..]) => segment(first, name) && segments(rest, below),
    }
}

fn segment(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], name) => name.is_empty(),
        ([b'*', rest @ ..], name) => {
            (0..=name.len()).any(|skipped| segment(rest, &name[skipped..]))
        }
        ([_, ..], []) => false,
        ([first, rest @ ..], [byte, after @ ..]) => first == byte && segment(rest, after),
    }
}

#[test]
fn the_reference_agrees_with_the_table() {
    for (mask, path, expected) in [
        ("*", "a/b/c.txt", true),
        ("*.php", "src/index.php", false),
        ("*.php", "dir.php/readme.txt", true),
        ("**/*.php", "index.php", true),
        ("dir/*/*", "dir", true),
        ("dir/**", "dirx", false),
        ("dir/*/file", "dir/a/file/x", true),
        ("dir/*/file", "dir/file", false),
        ("dir/**/file", "dir/a/b/file", true),
        ("**/dir", "a/dir/x", true),
        ("{a,b}.txt", "b.txt", true),
        ("{a,b}.txt", "c.txt", false),
        ("Gemfile", "Gemfile.lock", false),
    ] {
        assert_eq!(matches(mask, path.as_bytes()), expected, "{mask} {path}");
    }
}
