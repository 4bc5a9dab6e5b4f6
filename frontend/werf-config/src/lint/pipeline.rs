//! Failures that a pipeline hides.

use std::collections::BTreeSet;

use diagnostic::{Diagnostic, rule};

use super::{Found, instructions, shell};
use crate::Image;

/// Programs that only write, and do not fail.
const WRITERS: [&str; 6] = ["echo", "printf", "yes", "true", ":", "set"];

/// Warns, once a stage, of a pipeline whose first command may fail unseen: a shell looks at the last one only, unless
/// `pipefail` is set.
pub(super) fn check(image: &Image, found: &mut Found) {
    let mut is_settled = BTreeSet::new();
    for it in instructions(image) {
        if !it.is_command || is_settled.contains(&it.stage) {
            continue;
        }
        if it.text.contains("pipefail") {
            is_settled.insert(it.stage);
            continue;
        }
        // `a|b)` of a `case` is no pipeline.
        if it.text.split_whitespace().any(|word| word == "case") {
            continue;
        }
        let commands = shell::commands(it.text);
        let Some(hides) = commands.iter().find(|command| hides(command)) else {
            continue;
        };
        is_settled.insert(it.stage);
        let message = format!(
            "where `{}` fails in `{}` of image `{}`, nobody sees it: of a pipeline only the last command counts",
            hides.program(),
            it.stage.name(),
            image.name
        );
        let warning = Diagnostic::warning(&rule::PIPELINE_HIDES_FAILURE, message)
            .at(it.at.clone())
            .hint("write `set -o pipefail` as the first command of the stage");
        found.add(warning);
    }
}

/// Whether it is the first of a pipeline and its failure matters.
fn hides(command: &shell::Simple<'_>) -> bool {
    let is_first = command.is_piped && !command.takes_input;
    let only_writes = WRITERS.contains(&command.program())
        || command.program().is_empty()
        || command.text.contains("<<");
    is_first && !only_writes && !command.is_condition()
}
