//! Patterns, each with something to match: an input is the pattern, the byte 0xff, and the text.

use goregexp::Regexp;
use gotemplate::{Map, Templates, Value};
use masks::dockerignore::{Dockerignore, patterns};
use masks::glob::Glob;
use masks::mask::{Mask, PathMatcher};

/// A mask: what it says of directories has to be true of the paths in them.
pub fn mask(data: &[u8]) {
    let (pattern, path) = crate::halves(data);
    let Some(mask) = str::from_utf8(pattern)
        .ok()
        .and_then(|it| Mask::new(it).ok())
    else {
        return;
    };
    let matches = mask.matches(path);
    if matches {
        assert!(path.starts_with(mask.literal_prefix()), "another prefix");
        for dir in parents(path) {
            assert!(
                mask.may_match_below(dir),
                "matches `{}`, and nothing below `{}`",
                path.escape_ascii(),
                dir.escape_ascii()
            );
        }
    }
    let cleaned = Mask::new(mask.as_str()).expect("a mask is one when it is clean");
    assert_eq!(cleaned.matches(path), matches, "cleaning changed the mask");
    let included = PathMatcher::new(vec![mask.clone()], Vec::new());
    let excluded = PathMatcher::new(Vec::new(), vec![mask]);
    assert_eq!(included.matches(path), matches);
    assert_eq!(excluded.matches(path), !matches);
}

/// A glob, as `.Files.Glob` and rules have it.
pub fn glob(data: &[u8]) {
    let (pattern, path) = crate::halves(data);
    let Ok(pattern) = str::from_utf8(pattern) else {
        return;
    };
    let lazily = masks::glob::is_match(pattern, path);
    let Ok(glob) = Glob::new(pattern) else {
        return;
    };
    assert_eq!(lazily.ok(), Some(glob.is_match(path)), "read in two ways");
    if glob.is_match(path) {
        assert!(path.starts_with(&glob.literal_prefix()), "another prefix");
        for dir in parents(path) {
            assert!(glob.may_match_below(dir), "nothing below a parent");
        }
    }
}

/// A `.dockerignore`: what a client is told of it means the same.
pub fn dockerignore(data: &[u8]) {
    let (text, path) = crate::halves(data);
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    let Ok(file) = Dockerignore::parse(text) else {
        return;
    };
    let leaves_out = file.judge().leaves_out(path);
    let mut twice = file.judge();
    assert_eq!(twice.leaves_out(path), leaves_out);
    assert_eq!(
        twice.leaves_out(path),
        leaves_out,
        "the second answer differs"
    );
    let told = patterns(text).join("\n");
    if let Ok(again) = Dockerignore::parse(&told) {
        assert_eq!(
            again.judge().leaves_out(path),
            leaves_out,
            "the client is told {told:?}"
        );
    }
}

/// A regular expression of Go.
pub fn regexp(data: &[u8]) {
    let (pattern, text) = crate::halves(data);
    let Ok(regexp) = Regexp::new(pattern) else {
        return;
    };
    let found = regexp.find_all(text, 50);
    assert_eq!(
        regexp.is_match(text),
        !found.is_empty(),
        "found, and not found"
    );
    let _ = regexp.replace_all(text, b"<$0$1${name}>", 1 << 16);
    let parts: usize = regexp.split(text, -1).iter().map(|part| part.len()).sum();
    assert!(parts <= text.len(), "splitting made something up");
    let quoted = Regexp::new(&goregexp::quote_meta(text));
    if let Ok(quoted) = quoted
        && str::from_utf8(text).is_ok()
    {
        assert!(quoted.is_match(text), "quoted text does not match itself");
    }
}

/// Versions and conditions on them: a version is no later than itself.
pub fn semver(data: &[u8]) {
    let Some((condition, version)) = crate::texts(data) else {
        return;
    };
    let of = |condition: &str| compare(condition, version);
    let _ = of(condition);
    if of(&format!("={version}")).is_some_and(|answer| answer == "true") {
        assert_eq!(
            of(&format!(">{version}")).as_deref(),
            Some("false"),
            "{version:?} is later than itself"
        );
    }
}

fn compare(condition: &str, version: &str) -> Option<String> {
    let templates = Templates::new("main").with_funcs(sprig::functions());
    let text = b"{{ semverCompare .C .V }}";
    templates.parse("main", text).expect("a template");
    let dot = Map::dict([
        ("C", Value::string(condition)),
        ("V", Value::string(version)),
    ]);
    let rendered = templates.execute("main", Value::from(dot)).ok()?;
    Some(String::from_utf8_lossy(rendered.bytes()).into_owned())
}

/// Returns the directories above a path, without the root; none of what can be no path of a tree.
fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_path = path
        .split(|byte| *byte == b'/')
        .all(|name| !name.is_empty());
    let slashes = path.iter().enumerate();
    let slashes = slashes.filter(move |(_, byte)| is_path && **byte == b'/');
    slashes
        .map(|(at, _)| &path[..at])
        .filter(|dir| !dir.is_empty())
}
