//! `docker`: what is written into the configuration of the image (spec 1.15 and 8.2).
//!
//! Values are kept as written, because what they mean depends on the environment of the base image:
//! without `exactValues` each of them is a word of a Dockerfile, to be expanded with [`word::expand`] when
//! it is applied. With `exactValues: true` they are literal. What can be checked without the base image is
//! checked here.

pub mod command;
pub mod expose;
pub mod healthcheck;
pub mod word;

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Spanned};

use super::raw::{RawCommand, RawDocker};

pub use command::CommandLine;

/// The `docker` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docker {
    /// Paths of volumes, one each.
    pub volume: Vec<Spanned<String>>,
    /// Ports, for [`expose::ports`].
    pub expose: Vec<Spanned<String>>,
    /// Variables by name.
    pub env: BTreeMap<String, Spanned<String>>,
    /// Labels by name.
    pub label: BTreeMap<String, Spanned<String>>,
    /// The command. Explicitly nothing if there is an entry point alone, as in werf.
    pub cmd: Option<CommandLine>,
    /// The entry point.
    pub entrypoint: Option<CommandLine>,
    /// The working directory.
    pub workdir: Option<Spanned<String>>,
    /// The user.
    pub user: Option<Spanned<String>>,
    /// The health check, for [`healthcheck::parse`].
    pub healthcheck: Option<Spanned<String>>,
    /// Whether values are literal.
    pub exact_values: bool,
}

impl RawDocker {
    /// Turns what was written into what is meant. `image` is how messages call the image.
    pub fn resolve(
        self,
        image: &str,
        source: &SourceText,
        diagnostics: &mut Diagnostics,
    ) -> Docker {
        let exact_values = self.exact_values.is_some_and(|exact| exact.value);
        let mut check = Check {
            image,
            is_exact: exact_values,
            source,
            diagnostics,
        };
        let volume = check.volumes(self.volume);
        check.ports(&self.expose);
        let env = check.named("ENV", self.env);
        let label = check.named("LABEL", self.label);
        for (name, value) in [("WORKDIR", &self.workdir), ("USER", &self.user)] {
            if let Some(value) = value {
                check.word(name, value);
            }
        }
        if let Some(text) = &self.healthcheck
            && let Err(problem) = healthcheck::parse(&text.value)
        {
            check.wrong("HEALTHCHECK", &problem, text);
        }
        let entrypoint = self
            .entrypoint
            .map(|command| check.command("ENTRYPOINT", command));
        let cmd = self.cmd.map(|command| check.command("CMD", command));
        let cmd = cmd.or_else(|| entrypoint.is_some().then(|| CommandLine::Exec(Vec::new())));
        Docker {
            volume,
            expose: self.expose,
            env,
            label,
            cmd,
            entrypoint,
            workdir: self.workdir,
            user: self.user,
            healthcheck: self.healthcheck,
            exact_values,
        }
    }
}

/// Checks values and says what is wrong with them.
struct Check<'a> {
    image: &'a str,
    is_exact: bool,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
}

impl Check<'_> {
    fn wrong(&mut self, name: &str, problem: &str, value: &Spanned<String>) {
        let message = format!("`docker.{name}` of {}: {problem}", self.image);
        self.diagnostics
            .push(Diagnostic::error(message).at(self.source.location(value.span)));
    }

    /// Checks that a value is a word of a Dockerfile, if it is to be one.
    fn word(&mut self, name: &str, value: &Spanned<String>) {
        if !self.is_exact
            && let Err(error) = word::check(&value.value)
        {
            let message = format!("`docker.{name}` of {}: {error}", self.image);
            let diagnostic = Diagnostic::error(message).at(self.source.location(value.span));
            self.diagnostics.push(
                diagnostic
                    .hint("a value is a word of a Dockerfile unless `exactValues: true` is given"),
            );
        }
    }

    /// Splits values of several paths, which werf takes because a Dockerfile does.
    fn volumes(&mut self, values: Vec<Spanned<String>>) -> Vec<Spanned<String>> {
        let mut volumes = Vec::new();
        for value in values {
            let paths = match command::exec_form(&value.value) {
                _ if self.is_exact => vec![value.value.clone()],
                Some(paths) => paths,
                None => word::split(&value.value)
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            };
            if paths.iter().all(String::is_empty) {
                self.wrong("VOLUME", "a volume wants a path", &value);
            }
            for path in paths {
                let path = Spanned::new(path, value.span);
                self.word("VOLUME", &path);
                volumes.push(path);
            }
        }
        volumes
    }

    /// Checks ports that do not depend on variables.
    fn ports(&mut self, values: &[Spanned<String>]) {
        for value in values {
            self.word("EXPOSE", value);
            let depends = !self.is_exact && value.value.contains(['$', '"', '\'', '\\']);
            if let Err(problem) = expose::check(&value.value)
                && !depends
            {
                self.wrong("EXPOSE", &problem, value);
            }
        }
    }

    fn named(
        &mut self,
        directive: &str,
        pairs: Vec<(Spanned<String>, Spanned<String>)>,
    ) -> BTreeMap<String, Spanned<String>> {
        let mut named = BTreeMap::new();
        for (name, value) in pairs {
            if name.value.is_empty() || name.value.contains(|c: char| c == '=' || c.is_whitespace())
            {
                self.wrong(
                    directive,
                    "a name must not be empty or contain `=` or blanks",
                    &name,
                );
            }
            self.word(&format!("{directive}.{}", name.value), &value);
            named.insert(name.value, value);
        }
        named
    }

    fn command(&mut self, name: &str, command: RawCommand) -> CommandLine {
        match command {
            RawCommand::List(words) => {
                CommandLine::Exec(words.into_iter().map(|word| word.value).collect())
            }
            RawCommand::Text(text) => {
                if command::is_almost_exec_form(&text.value) {
                    let message = format!(
                        "`docker.{name}` of {} looks like a list but is not JSON, so it is a line for `/bin/sh -c`",
                        self.image
                    );
                    let diagnostic = Diagnostic::warning("CommandNotJson", message)
                        .at(self.source.location(text.span));
                    self.diagnostics
                        .push(diagnostic.hint("write a YAML list, or double quotes"));
                }
                CommandLine::parse(&text.value)
            }
        }
    }
}
