//! Directives that werf 2 still reads and werf 3 no longer has.

use diagnostic::{Diagnostic, Location, rule};

use super::Found;
use crate::{Config, Image, Instructions};

/// A directive, what to write instead, and whether an image has it.
type Directive = (&'static str, &'static str, fn(&Image) -> bool);

const DIRECTIVES: [Directive; 3] = [
    (
        "`docker`",
        "write `imageSpec`, which can do more and works in werf 2, too",
        |image| image.docker.is_some(),
    ),
    (
        "`ansible`",
        "it goes on working here; for werf 3 write the tasks as commands of `shell`",
        |image| matches!(image.instructions, Some(Instructions::Tasks(_))),
    ),
    (
        "image without a name",
        "write `image: NAME`; the name is then what `--target` and imports say",
        |image| image.name.as_str().is_empty(),
    ),
];

/// Warns of each such directive once, at the first image that has it.
pub(super) fn check(config: &Config, found: &mut Found) {
    for (name, instead, has) in DIRECTIVES {
        let images = config.images.iter().filter(|image| has(image));
        let mut places: Vec<&Location> = images.map(|image| &image.at).collect();
        places.dedup();
        let Some(&first) = places.first() else {
            continue;
        };
        let more = match places.len() {
            1 => String::new(),
            2 => " (and one more image here has it)".to_owned(),
            several => format!(" (and {} more images here have it)", several - 1),
        };
        let message = format!("werf 3 has no {name} any more{more}");
        let warning = Diagnostic::warning(&rule::REMOVED_IN_WERF_3, message)
            .at(first.clone())
            .hint(instead);
        found.warnings.push(warning);
    }
}
