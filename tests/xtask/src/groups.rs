//! `cargo xtask groups`: runs the tests that `tests/tally/groups` names, and writes what they have tried, group by group, as the table
//! of `docs/security.md`.
//!
//! Numbers are those that the tests say themselves, by the package `tally`; nothing is written unless all of them pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::checkout;
use crate::talk::{pass_on, say};
use crate::written_table::{WrittenTable, read_row};

/// What the groups are, and the tests of each.
const GROUPS: &str = "tests/tally/groups";

/// Where the table is, between two lines.
const TABLE: WrittenTable = WrittenTable {
    document: "docs/security.md",
    begin: "<!-- written by `cargo xtask groups` -->\n",
    end: "<!-- end -->\n",
};

/// A group of hostile inputs.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    what: String,
    tests: Vec<Test>,
}

/// A test: the package and the function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    package: String,
    name: String,
}

/// How many inputs were tried, and what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    right: usize,
    refused: usize,
}

/// Runs the tests and writes the table.
pub fn run() -> Result<()> {
    let text = fs::read_to_string(checkout::root().join(GROUPS))
        .with_context(|| format!("read {GROUPS}"))?;
    let groups = parse(&text)?;
    let mut packages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for test in groups.iter().flat_map(|group| &group.tests) {
        let names = packages.entry(&test.package).or_default();
        names.insert(&test.name);
    }
    let mut counts = BTreeMap::new();
    for (package, names) in packages {
        say(format_args!("{} tests of `{package}`", names.len()));
        run_in(package, &names, &mut counts)?;
    }
    TABLE.write(&table(&groups, &counts)?)
}

/// Runs tests of a package, which all must pass, and adds what they have tried.
fn run_in(
    package: &str,
    names: &BTreeSet<&str>,
    counts: &mut BTreeMap<Test, Counts>,
) -> Result<()> {
    let tally = tempfile::NamedTempFile::new().context("make a file for counts")?;
    let mut cargo = checkout::cargo();
    cargo
        .args(["test", "--quiet", "--locked", "--package", package, "--"])
        .arg("--format=pretty")
        .args(names)
        .env("WERF_TEST_TALLY", tally.path())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = cargo.output().context("start cargo test")?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        pass_on(&said);
        bail!("tests of `{package}` failed");
    }
    let passed = passed(&said);
    for &name in names {
        if !passed.contains(name) {
            bail!("{GROUPS} names `{package}::{name}`, which did not run");
        }
    }
    let recorded = fs::read_to_string(tally.path()).context("read counts")?;
    for (name, count) in sums(&recorded)? {
        let package = package.to_owned();
        counts.insert(Test { package, name }, count);
    }
    Ok(())
}

/// Returns the last parts of the names of tests that passed.
fn passed(said: &str) -> BTreeSet<&str> {
    said.lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... ok"))
        .filter_map(|name| name.rsplit("::").next())
        .collect()
}

/// Adds up what tests have recorded: `TEST RIGHT REFUSED`, any number of times.
fn sums(recorded: &str) -> Result<BTreeMap<String, Counts>> {
    let mut sums: BTreeMap<String, Counts> = BTreeMap::new();
    for line in recorded.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [test, right, refused] = words[..] else {
            bail!("a count is `TEST RIGHT REFUSED`, and not `{line}`");
        };
        let sum = sums.entry(test.to_owned()).or_default();
        sum.right += right.parse::<usize>().context("read a count")?;
        sum.refused += refused.parse::<usize>().context("read a count")?;
    }
    Ok(sums)
}

/// Reads the file of groups: `what | package::test, package::test`; lines with `#` are for readers.
fn parse(text: &str) -> Result<Vec<Group>> {
    let lines = text.lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let groups = lines.map(|line| {
        let (what, tests) = read_row(GROUPS, line)?;
        let tests = tests.into_iter();
        let tests = tests
            .map(|(package, name)| Test { package, name })
            .collect();
        Ok(Group { what, tests })
    });
    groups.collect()
}

/// Returns the table in Markdown. A test that has tried nothing is a mistake.
fn table(groups: &[Group], counts: &BTreeMap<Test, Counts>) -> Result<String> {
    let mut table = String::from(
        "| group | tried | right | refused | tests |\n| --- | --- | --- | --- | --- |\n",
    );
    let mut all = Counts::default();
    for Group { what, tests } in groups {
        let mut sum = Counts::default();
        for test in tests {
            let count = counts.get(test).with_context(|| {
                let Test { package, name } = test;
                format!("`{package}::{name}` does not say what it has tried")
            })?;
            sum.right += count.right;
            sum.refused += count.refused;
        }
        all.right += sum.right;
        all.refused += sum.refused;
        let names: Vec<String> = tests
            .iter()
            .map(|test| format!("`{}`", test.name))
            .collect();
        let _ = writeln!(table, "| {what} | {} | {} |", row(sum), names.join(", "));
    }
    let _ = writeln!(table, "| **all** | {} | |", row(all));
    Ok(table)
}

fn row(Counts { right, refused }: Counts) -> String {
    format!("{} | {right} | {refused}", right + refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_the_sums_of_its_tests() {
        let groups = parse("# for readers\n\nbombs | a::one, b::two\nlinks | a::three\n").unwrap();
        let recorded = sums("one 1 0\none 0 2\nthree 0 4\n").unwrap();
        let test = |package: &str, name: &str| Test {
            package: package.to_owned(),
            name: name.to_owned(),
        };
        let mut counts = BTreeMap::new();
        counts.insert(test("a", "one"), recorded["one"]);
        counts.insert(test("a", "three"), recorded["three"]);
        let error = table(&groups, &counts).unwrap_err().to_string();
        assert_eq!(error, "`b::two` does not say what it has tried");
        counts.insert(
            test("b", "two"),
            Counts {
                right: 5,
                refused: 0,
            },
        );
        let shown = table(&groups, &counts).unwrap();
        let rows: Vec<&str> = shown.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| bombs | 8 | 6 | 2 | `one`, `two` |",
                "| links | 4 | 0 | 4 | `three` |",
                "| **all** | 12 | 6 | 6 | |",
            ]
        );
    }

    #[test]
    fn a_broken_line_is_named() {
        for bad in ["no bar", "what | test"] {
            assert!(
                parse(bad).unwrap_err().to_string().contains(GROUPS),
                "{bad}"
            );
        }
        assert!(sums("one 1\n").is_err());
    }

    #[test]
    fn tests_that_passed_are_known_by_their_last_name() {
        let said = "test a::b::one ... ok\ntest two ... FAILED\ntest three ... ok\n";
        assert_eq!(passed(said), BTreeSet::from(["one", "three"]));
    }

    #[test]
    fn every_group_is_in_the_document() {
        let read = |path: &str| fs::read_to_string(checkout::root().join(path)).unwrap();
        let groups = parse(&read(GROUPS)).unwrap();
        let document = read(TABLE.document);
        assert_eq!(groups.len(), 33);
        for group in groups {
            let row = format!("| {} | ", group.what);
            assert!(
                document.contains(&row),
                "{}: run `cargo xtask groups`",
                group.what
            );
        }
    }
}
