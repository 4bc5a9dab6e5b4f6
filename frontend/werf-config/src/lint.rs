//! What a configuration says that is no mistake and is seldom meant: one module a rule, over images that have been read.
//!
//! Each looks at plain values and says [`Diagnostic`]s; none changes what is built. Images of one section, and of one loop of a
//! template, share their text: of what is found at one place, the first is said.

mod commit;
mod pipeline;
mod removed;
mod rendered;
mod secret;
mod shell;
mod stale;
mod tag;

use std::collections::{BTreeMap, HashSet};

use diagnostic::{Diagnostic, Located, Location, Position, SourceText};

use super::instructions::{Instructions, UserStage};
use super::{Config, Image};

/// What is known of a build besides its configuration.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The id of the commit, as hexadecimal digits.
    pub commit: &'a str,
    /// When it was made, in seconds since 1970; nothing if it does not say.
    pub unix_time: &'a str,
    /// The variables of the client.
    pub variables: &'a BTreeMap<String, String>,
}

/// Returns what is odd about a configuration, in the order of the text. `text` is what it was read from.
pub fn check(config: &Config, text: &SourceText, facts: &Facts<'_>) -> Vec<Diagnostic> {
    let mut found = Found::default();
    rendered::check(text, &mut found);
    removed::check(config, &mut found);
    for image in &config.images {
        tag::check(image, &mut found);
        stale::check(image, &mut found);
        pipeline::check(image, &mut found);
        commit::check(image, facts, &mut found);
        secret::check(image, &mut found);
    }
    let place = |warning: &Diagnostic| warning.at.as_ref().map(|at| at.start);
    found.warnings.sort_by_key(place);
    found.warnings
}

/// A place: its file, and where it begins and ends.
type Place = (String, Position, Position);

/// What was found.
#[derive(Default)]
struct Found {
    warnings: Vec<Diagnostic>,
    /// Which rules have been said of which places.
    said: HashSet<(Option<String>, Option<Place>)>,
}

impl Found {
    /// Adds `warning`, unless its rule has been said of the same place.
    fn add(&mut self, warning: Diagnostic) {
        let at = warning.at.as_ref();
        let place = at.map(|at| (at.file.clone(), at.start, at.end));
        if self.said.insert((warning.rule.clone(), place)) {
            self.warnings.push(warning);
        }
    }
}

/// An instruction of a user stage: a command as it is written, or a task in canonical form.
struct Instruction<'a> {
    stage: UserStage,
    text: &'a str,
    at: &'a Location,
    is_command: bool,
}

/// Returns the instructions of an image in the order in which they run.
fn instructions(image: &Image) -> Vec<Instruction<'_>> {
    let stages = UserStage::ORDER.into_iter();
    match &image.instructions {
        None => Vec::new(),
        Some(Instructions::Shell(written)) => stages
            .flat_map(|stage| {
                let commands = written.of(stage).iter();
                commands.map(move |command| Instruction {
                    stage,
                    text: &command.value,
                    at: &command.at,
                    is_command: true,
                })
            })
            .collect(),
        Some(Instructions::Tasks(written)) => stages
            .flat_map(|stage| {
                let tasks = written.of(stage).iter();
                tasks.map(move |task| Instruction {
                    stage,
                    text: &task.value.yaml,
                    at: &task.at,
                    is_command: false,
                })
            })
            .collect(),
    }
}

/// Returns the variables that the configuration of an image sets, with their values.
fn environment(image: &Image) -> Vec<(&str, &Located<String>)> {
    let of_docker = image.docker.iter().flat_map(|docker| &docker.env);
    let of_docker = of_docker.map(|(name, value)| (name.as_str(), value));
    let of_spec = image.image_spec.iter().flat_map(|spec| &spec.env);
    let of_spec = of_spec.map(|(name, value)| (name.as_str(), value));
    of_docker.chain(of_spec).collect()
}

#[cfg(test)]
mod tests;
