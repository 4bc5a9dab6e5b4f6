//! Instructions that are others in every commit or every run of a CI system.

use diagnostic::{Diagnostic, Location, rule};

use super::{Facts, Found, instructions};
use crate::{Image, UserStage};

/// Variables of CI systems that are others in every commit or every run: GitLab's, GitHub's, Jenkins', Drone's,
/// CircleCI's, Azure's and Bitbucket's.
const OF_A_RUN: [&str; 27] = [
    "CI_COMMIT_SHA",
    "CI_COMMIT_SHORT_SHA",
    "CI_COMMIT_BEFORE_SHA",
    "CI_COMMIT_TIMESTAMP",
    "CI_COMMIT_MESSAGE",
    "CI_COMMIT_TITLE",
    "CI_PIPELINE_ID",
    "CI_PIPELINE_IID",
    "CI_PIPELINE_URL",
    "CI_PIPELINE_CREATED_AT",
    "CI_JOB_ID",
    "CI_JOB_URL",
    "CI_JOB_TOKEN",
    "GITHUB_SHA",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "GIT_COMMIT",
    "BUILD_ID",
    "BUILD_NUMBER",
    "BUILD_TAG",
    "BUILD_URL",
    "DRONE_BUILD_NUMBER",
    "DRONE_COMMIT_SHA",
    "CIRCLE_SHA1",
    "CIRCLE_BUILD_NUM",
    "BITBUCKET_COMMIT",
    "BITBUCKET_BUILD_NUMBER",
];

/// A shorter value may be part of a text by chance.
const SHORTEST_VALUE: usize = 5;

/// The fewest digits by which a commit is named.
const SHORTEST_ID: usize = 7;

/// Warns of instructions and cache versions that hold the commit, its time or what a CI system calls the run.
pub(super) fn check(image: &Image, facts: &Facts<'_>, found: &mut Found) {
    for it in instructions(image) {
        if let Some(what) = held(it.text, facts) {
            let of = format!("an instruction of `{}`", it.stage.name());
            say(image, &of, &what, it.at, found);
        }
    }
    for version in cache_versions(image) {
        if let Some(what) = held(version, facts) {
            say(image, "a cache version", &what, &image.at, found);
        }
    }
}

fn say(image: &Image, of: &str, what: &str, at: &Location, found: &mut Found) {
    let message = format!(
        "{of} of image `{}` holds {what}, so the stage and all that follow run in every build",
        image.name
    );
    let warning = Diagnostic::warning(&rule::COMMIT_IN_INSTRUCTION, message)
        .at(at.clone())
        .hint(
            "take it when the image runs: put it into a label or a variable by `imageSpec.config`, which reruns nothing",
        );
    found.add(warning);
}

/// Returns what of a build `text` holds, in words.
fn held(text: &str, facts: &Facts<'_>) -> Option<String> {
    let is_id = |word: &str| word.len() >= SHORTEST_ID && facts.commit.starts_with(word);
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let mut words = words.filter(|word| !word.is_empty());
    if words.clone().any(is_id) {
        return Some("the id of the commit".to_owned());
    }
    if words.any(|word| word == facts.unix_time) {
        return Some("the time of the commit".to_owned());
    }
    let of_run = OF_A_RUN.iter().find(|name| {
        let value = facts.variables.get(**name);
        value.is_some_and(|value| value.len() >= SHORTEST_VALUE && is_word_of(text, value))
    })?;
    Some(format!("the value of `{of_run}`"))
}

fn is_word_of(text: &str, value: &str) -> bool {
    text.match_indices(value).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + value.len()..].chars().next();
        let is_apart = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        is_apart(before) && is_apart(after)
    })
}

/// Returns the cache versions that are in digests of user stages or of the stage `from`.
fn cache_versions(image: &Image) -> Vec<&str> {
    let mut versions = vec![
        image.cache_version.as_str(),
        image.from_cache_version.as_str(),
    ];
    if let Some(instructions) = &image.instructions {
        versions.push(instructions.cache_version());
        versions.extend(UserStage::ORDER.map(|stage| instructions.version(stage)));
    }
    versions
}
