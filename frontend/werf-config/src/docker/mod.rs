//! `docker`: what is written into the configuration of the image.
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

use diagnostic::{Located, Report, Spanned, rule};
use serde::{Deserialize, Serialize};
use yaml_v2::read;

use super::digest::DigestFields;
use super::fields::{Fields, Pair};
use super::schema::Section;
use super::schema::Shape::{Bool, Text, TextMap, TextOrList};

pub use command::CommandLine;

/// The keys of `docker`.
pub static KEYS: Section = Section {
    keys: &[
        ("VOLUME", TextOrList),
        ("EXPOSE", TextOrList),
        ("ENV", TextMap),
        ("LABEL", TextMap),
        ("CMD", TextOrList),
        ("ENTRYPOINT", TextOrList),
        ("WORKDIR", Text),
        ("USER", Text),
        ("HEALTHCHECK", Text),
        ("exactValues", Bool),
    ],
};

/// The `docker` section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Docker {
    /// Paths of volumes to add, one each.
    pub volume: Vec<Located<String>>,
    /// Ports to add, for [`expose::ports`].
    pub expose: Vec<Located<String>>,
    /// Variables to set, sorted by name.
    pub env: Vec<(String, Located<String>)>,
    /// Labels to set, sorted by name.
    pub label: Vec<(String, Located<String>)>,
    /// The command; `None` leaves the base's. Explicitly nothing if there is an entry point alone, as in werf.
    pub cmd: Option<CommandLine>,
    /// The entry point; `None` leaves the base's.
    pub entrypoint: Option<CommandLine>,
    /// The working directory; `None` leaves the base's.
    pub workdir: Option<Located<String>>,
    /// The user; `None` leaves the base's.
    pub user: Option<Located<String>>,
    /// The health check, for [`healthcheck::parse`]; `None` leaves the base's.
    pub healthcheck: Option<Located<String>>,
    /// Whether values are taken literally instead of as Dockerfile words.
    pub exact_values: bool,
}

impl Docker {
    /// Reads the section.
    pub(crate) fn read(fields: &Fields<'_>, report: &mut Report<'_>) -> Docker {
        let exact_values = fields.on("exactValues").is_some();
        let mut check = Check {
            is_exact: exact_values,
            report,
        };
        let volume = check.volumes(fields.text_or_list("VOLUME"));
        let expose = check.ports(fields.text_or_list("EXPOSE"));
        let env = check.named("ENV", fields.text_map("ENV"));
        let label = check.named("LABEL", fields.text_map("LABEL"));
        let workdir = check.word_of(fields, "WORKDIR");
        let user = check.word_of(fields, "USER");
        let healthcheck = fields.text("HEALTHCHECK").map(|text| {
            if let Err(problem) = healthcheck::parse(&text.value) {
                check.wrong("HEALTHCHECK", &problem, &text);
            }
            check.report.locate(text)
        });
        let entrypoint = check.command(fields, "ENTRYPOINT");
        let cmd = check.command(fields, "CMD");
        let cmd = cmd.or_else(|| entrypoint.is_some().then(|| CommandLine::Exec(Vec::new())));
        Docker {
            volume,
            expose,
            env,
            label,
            cmd,
            entrypoint,
            workdir,
            user,
            healthcheck,
            exact_values,
        }
    }

    /// Returns what it adds to the digest of `dockerInstructions`.
    pub fn digest_fields(&self) -> DigestFields {
        let texts = |values: &[Located<String>]| -> Vec<String> {
            values.iter().map(|value| value.value.clone()).collect()
        };
        let mut fields = DigestFields::new()
            .fields("VOLUME", texts(&self.volume))
            .fields("EXPOSE", texts(&self.expose))
            .optional("exactValues", if self.exact_values { "true" } else { "" });
        for (name, pairs) in [("ENV", &self.env), ("LABEL", &self.label)] {
            for (key, value) in pairs {
                fields = fields.field(name, key).field("value", &value.value);
            }
        }
        for (name, line) in [("CMD", &self.cmd), ("ENTRYPOINT", &self.entrypoint)] {
            if let Some(line) = line {
                let json = serde_json::to_vec(line).expect("a command line is plain strings");
                fields = fields.field(name, json);
            }
        }
        for (name, value) in [
            ("WORKDIR", &self.workdir),
            ("USER", &self.user),
            ("HEALTHCHECK", &self.healthcheck),
        ] {
            if let Some(value) = value {
                fields = fields.field(name, &value.value);
            }
        }
        fields
    }
}

/// Checks values and says what is wrong with them.
struct Check<'r, 't> {
    is_exact: bool,
    report: &'r mut Report<'t>,
}

impl Check<'_, '_> {
    fn wrong(&mut self, name: &str, problem: &str, value: &Spanned<String>) {
        let message = format!("`docker.{name}` of {}: {problem}", self.report.called());
        self.report.error(value.span, message);
    }

    /// Checks that a value is a word of a Dockerfile, if it is to be one.
    fn word(&mut self, name: &str, value: &Spanned<String>) {
        if !self.is_exact
            && let Err(error) = word::check(&value.value)
        {
            let message = format!("`docker.{name}` of {}: {error}", self.report.called());
            self.report
                .error(value.span, message)
                .hint("a value is a word of a Dockerfile unless `exactValues: true` is given");
        }
    }

    fn word_of(&mut self, fields: &Fields<'_>, name: &str) -> Option<Located<String>> {
        let value = fields.text(name)?;
        self.word(name, &value);
        Some(self.report.locate(value))
    }

    /// Splits values of several paths, which werf takes because a Dockerfile does.
    fn volumes(&mut self, values: Vec<Spanned<String>>) -> Vec<Located<String>> {
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
                volumes.push(self.report.locate(path));
            }
        }
        volumes
    }

    /// Checks ports that do not depend on variables.
    fn ports(&mut self, values: Vec<Spanned<String>>) -> Vec<Located<String>> {
        let mut ports = Vec::new();
        for value in values {
            self.word("EXPOSE", &value);
            let depends = !self.is_exact && value.value.contains(['$', '"', '\'', '\\']);
            if let Err(problem) = expose::check(&value.value)
                && !depends
            {
                self.wrong("EXPOSE", &problem, &value);
            }
            ports.push(self.report.locate(value));
        }
        ports
    }

    fn named(&mut self, directive: &str, pairs: Vec<Pair>) -> Vec<(String, Located<String>)> {
        let mut named = BTreeMap::new();
        for (name, value) in pairs {
            if name.value.is_empty() || name.value.contains(|c: char| c == '=' || c.is_whitespace())
            {
                let problem = "a name must not be empty or contain `=` or blanks";
                self.wrong(directive, problem, &name);
            }
            self.word(&format!("{directive}.{}", name.value), &value);
            named.insert(name.value, self.report.locate(value));
        }
        named.into_iter().collect()
    }

    /// Reads `CMD` or `ENTRYPOINT`: a list, or a text that is one in JSON, or a line for the shell.
    fn command(&mut self, fields: &Fields<'_>, name: &str) -> Option<CommandLine> {
        let node = fields.given(name)?.value;
        let mut words = read::text_or_list(node, &mut Vec::new());
        if read::is_list(node) {
            let words = words.into_iter().map(|word| word.value);
            return Some(CommandLine::Exec(words.collect()));
        }
        let text = words.pop().filter(|text| !text.value.is_empty())?;
        if command::is_almost_exec_form(&text.value) {
            let message = format!(
                "`docker.{name}` of {} looks like a list but is not JSON, so it is a line for `/bin/sh -c`",
                self.report.called()
            );
            self.report
                .warning(&rule::COMMAND_NOT_JSON, text.span, message)
                .hint("write a YAML list, or double quotes");
        }
        Some(CommandLine::parse(&text.value))
    }
}
