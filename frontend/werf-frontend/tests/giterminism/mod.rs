//! What giterminism lets through and what it refuses, case by case as werf's own tests have it
//! (`test/legacy_e2e/suites/giterminism`, those of charts left out): the same files in the same state, and whether werf
//! goes on. Where we differ, [`ON_PURPOSE`] says why.

mod cases;
mod project;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cases::Case;

/// The cases in which we go on and werf does not, or the other way, and the reason.
const ON_PURPOSE: &[(&str, &str)] = &[
    ("werf-giterminism.yaml: is not committed", COMMITS),
    ("werf-giterminism.yaml: is committed and changed", COMMITS),
    ("werf.yaml: is committed and changed", COMMITS),
    (
        "werf.yaml of a project in a directory: is committed and changed",
        COMMITS,
    ),
    (
        "linked werf.yaml: -> a -> dir/werf.yaml, then leads to dir/werf.yaml itself",
        COMMITS,
    ),
    (
        "linked werf.yaml of a project in a directory: -> a -> dir/werf.yaml, then leads to dir/werf.yaml itself",
        COMMITS,
    ),
    ("templates: one is committed and changed", COMMITS),
    (
        "directive: git.branch with its rule",
        "the rule lets it through; a command on a person's machine fetches nothing and says how to give it a clone",
    ),
    ("Dockerfile: is committed and changed", COMMITS),
    (
        "linked Dockerfile: -> a -> dir/Dockerfile, then leads to dir/Dockerfile itself",
        COMMITS,
    ),
    (".dockerignore: is not committed", COMMITS),
    (".dockerignore: is committed and changed", COMMITS),
    (".dockerignore: is not committed, rule docker*", COMMITS),
    (
        ".dockerignore: of a context is not committed, rule .dockerignore",
        COMMITS,
    ),
    (".Files.Get: of a committed file that is changed", COMMITS),
    (".Files.Glob: of a file that is not committed", COMMITS),
    (".Files.Glob: of files that are not committed", COMMITS),
    (".Files.Glob: of a committed file that is changed", COMMITS),
];

const COMMITS: &str =
    "the commit has all that is needed; it is built, and a warning names what differs";

#[test]
fn every_case_of_werf_comes_out_as_there_or_differs_on_purpose() {
    let on_purpose: BTreeMap<_, _> = ON_PURPOSE.iter().copied().collect();
    let mut table = String::new();
    let mut unlike = Vec::new();
    let cases = cases::all();
    for case in &cases {
        let came = case.run();
        let end = if came.succeeded { "goes on" } else { "refused" };
        writeln!(table, "{}: {end}", case.name).unwrap();
        for line in messages(&came.err) {
            writeln!(table, "    {line}").unwrap();
        }
        if case.allowed != came.succeeded {
            unlike.push(case.name.as_str());
            match on_purpose.get(case.name.as_str()) {
                Some(why) => writeln!(table, "    unlike werf: {why}").unwrap(),
                None => writeln!(table, "    UNLIKE WERF").unwrap(),
            }
        }
        if came.succeeded {
            for part in &case.shows {
                assert!(came.out.contains(part), "{}: {}", case.name, came.out);
            }
        }
    }
    insta::assert_snapshot!("cases", table);
    let expected: Vec<_> = cases
        .iter()
        .map(|case: &Case| case.name.as_str())
        .filter(|name| on_purpose.contains_key(name))
        .collect();
    assert_eq!(unlike, expected);
    assert_eq!(expected.len(), on_purpose.len(), "a reason for no case");
}

/// Returns the messages without frames.
fn messages(text: &str) -> impl Iterator<Item = &str> {
    let is_message = |line: &&str| line.starts_with("ERROR:") || line.starts_with("WARNING:");
    text.lines().filter(is_message)
}
