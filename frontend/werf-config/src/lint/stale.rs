//! Stages that use files of the commit and do not run again when these change.

use std::collections::BTreeSet;

use diagnostic::{Diagnostic, rule};

use super::{Found, Instruction, instructions, shell};
use crate::{Image, UserStage};

/// Programs that make, remove or mark files and read none of them.
const MAKERS: [&str; 8] = [
    "mkdir", "rm", "rmdir", "touch", "chmod", "chown", "chgrp", "install",
];

/// Modules of ansible that write a text or mark files; a path in them is seldom one that they read.
const WRITERS: [&str; 5] = ["blockinfile", "copy", "file", "lineinfile", "template"];

/// Warns, once a stage, of instructions that name the place of a mapping where no mapping says on which of its files the stage
/// depends. `beforeInstall` runs before the files are there.
pub(super) fn check(image: &Image, found: &mut Found) {
    let depends = |stage| {
        let mut mappings = image.git.iter();
        mappings.any(|mapping| mapping.stage_dependencies.contains_key(&stage))
    };
    let mut is_settled = BTreeSet::from([UserStage::BeforeInstall]);
    is_settled.extend(UserStage::ORDER.into_iter().filter(|it| depends(*it)));
    for it in instructions(image) {
        if is_settled.contains(&it.stage) {
            continue;
        }
        let mut places = image.git.iter().map(|mapping| &mapping.to.value);
        let Some(place) = places.find(|place| uses(&it, place)) else {
            continue;
        };
        is_settled.insert(it.stage);
        let stage = it.stage.name();
        let message = format!(
            "`{stage}` of image `{}` uses files of the commit at `{place}` and does not run again when they change",
            image.name
        );
        let hint = format!(
            "name those that it reads in the entry of `git`: `stageDependencies: {{{stage}: [\"src/**\"]}}`"
        );
        let warning = Diagnostic::warning(&rule::UNDECLARED_STAGE_DEPENDENCIES, message)
            .at(it.at.clone())
            .hint(hint);
        found.add(warning);
    }
}

/// Whether an instruction names `place` to do more with it than make a directory.
fn uses(it: &Instruction<'_>, place: &str) -> bool {
    let place = place.trim_end_matches('/');
    if place.is_empty() || !names(it.text, place) {
        return false;
    }
    if !it.is_command {
        let is_of = |module: &&str| {
            it.text.lines().any(|line| {
                line.strip_prefix(*module)
                    .is_some_and(|rest| rest.starts_with(':'))
            })
        };
        return !WRITERS.iter().any(is_of);
    }
    let commands = shell::commands(it.text);
    let mut of_place = commands
        .iter()
        .filter(|command| names(command.text, place))
        .peekable();
    // What was not understood is taken for a use.
    of_place.peek().is_none() || of_place.any(|command| !MAKERS.contains(&command.program()))
}

/// Whether `text` has the path `place`, or one below it.
fn names(text: &str, place: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.match_indices(place).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + place.len()..].chars().next();
        !before.is_some_and(|c| is_of_name(c) || c == '/') && !after.is_some_and(is_of_name)
    })
}
