//! `imageSpec`: what is written into the configuration of the image, and
//! `build.imageSpec`, the part of it that all final images share.
//!
//! Nothing is run for it and no layer is made. What can be checked without the base image is checked here;
//! values of `env` are kept as written, because they may refer to the environment of the base.

mod healthcheck;
pub mod label;
pub mod pattern;

use std::collections::BTreeMap;

use diagnostic::{Located, Report, Rule, Span, Spanned, rule};
use serde::{Deserialize, Serialize};

use super::digest::DigestFields;
use super::docker::healthcheck::Healthcheck;
use super::docker::{expose, word};
use super::fields::{Fields, Pair};
use super::schema::Section;
use super::schema::Shape::{Bool, Map, Text, TextMap, Texts};

/// The keys of `imageSpec`.
pub static KEYS: Section = Section {
    keys: &[
        ("author", Text),
        ("clearHistory", Bool),
        ("config", Map(&CONFIG)),
    ],
};

static CONFIG: Section = Section {
    keys: &[
        ("removeLabels", Texts),
        ("removeEnv", Texts),
        ("removeVolumes", Texts),
        ("labels", TextMap),
        ("env", TextMap),
        ("volumes", Texts),
        ("expose", Texts),
        ("user", Text),
        ("workingDir", Text),
        ("stopSignal", Text),
        ("cmd", Texts),
        ("entrypoint", Texts),
        ("clearCmd", Bool),
        ("clearEntrypoint", Bool),
        ("clearUser", Bool),
        ("clearWorkingDir", Bool),
        ("healthcheck", Map(&healthcheck::KEYS)),
        ("keepEssentialWerfLabels", Bool),
        ("clearWerfLabels", Bool),
    ],
};

/// The keys of `build.imageSpec`.
pub static BUILD_KEYS: Section = Section {
    keys: &[
        ("author", Text),
        ("clearHistory", Bool),
        ("config", Map(&BUILD_CONFIG)),
    ],
};

static BUILD_CONFIG: Section = Section {
    keys: &[
        ("keepEssentialWerfLabels", Bool),
        ("clearWerfLabels", Bool),
        ("removeLabels", Texts),
        ("labels", TextMap),
    ],
};

/// The `imageSpec` section of one image, with what it has of `build.imageSpec`. What says nothing is not written into
/// the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageSpec {
    /// The author; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What is emptied, in the order of [`Clear`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clear: Vec<Clear>,
    /// Whether the labels that this frontend adds stay, whatever is removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_service_labels: bool,
    /// Names of labels to remove, or patterns for [`pattern::Patterns`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_labels: Vec<String>,
    /// Names of variables to remove, or patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_env: Vec<String>,
    /// Volumes to remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_volumes: Vec<String>,
    /// Labels to set; names and values are texts for [`label::expand`] until they are those of one image.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Variables to set; values are words for [`word::expand`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Located<String>>,
    /// Volumes to add.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// All ports, as in `80/tcp`; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expose: Option<Vec<String>>,
    /// The user; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The working directory; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// The signal that stops a container; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// The command; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// The entry point; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// The health check; `None` leaves the base's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
}

/// What `imageSpec` can empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Clear {
    /// The texts of history records.
    History,
    /// The labels of this frontend.
    ServiceLabels,
    /// The command.
    Cmd,
    /// The entry point.
    Entrypoint,
    /// The user.
    User,
    /// The working directory.
    WorkingDir,
}

impl Clear {
    fn name(self) -> &'static str {
        match self {
            Clear::History => "history",
            Clear::ServiceLabels => "serviceLabels",
            Clear::Cmd => "cmd",
            Clear::Entrypoint => "entrypoint",
            Clear::User => "user",
            Clear::WorkingDir => "workingDir",
        }
    }
}

impl ImageSpec {
    /// Returns what holds for a final image whose own section is `own`, where `global` is `build.imageSpec`.
    ///
    /// The author and the labels of the project win over those of the image, as in werf; its own
    /// documentation says the opposite.
    pub fn merged(global: Option<&ImageSpec>, own: Option<ImageSpec>) -> Option<ImageSpec> {
        let Some(global) = global else {
            return own;
        };
        let mut merged = own.unwrap_or_default();
        merged.author = global.author.clone().or(merged.author);
        merged.clear.extend(&global.clear);
        merged.clear.sort_unstable();
        merged.clear.dedup();
        merged.keep_service_labels |= global.keep_service_labels;
        for name in &global.remove_labels {
            if !merged.remove_labels.contains(name) {
                merged.remove_labels.push(name.clone());
            }
        }
        let labels = global.labels.iter();
        merged
            .labels
            .extend(labels.map(|(name, value)| (name.clone(), value.clone())));
        Some(merged)
    }

    /// Returns it for the image `name` of `project`: with the variables of labels replaced.
    pub fn of_image(&self, name: &str, project: &str) -> ImageSpec {
        let expand =
            |text: &String| label::expand(text, name, project).unwrap_or_else(|_| text.clone());
        let labels = self.labels.iter();
        ImageSpec {
            labels: labels
                .map(|(name, value)| (expand(name), expand(value)))
                .collect(),
            ..self.clone()
        }
    }

    /// Returns what it adds to the digest of `imageSpec`; the order of what is removed or added does not matter. Labels
    /// enter as written, so that the name of an image is in no digest.
    pub fn digest_fields(&self) -> DigestFields {
        let sorted = |texts: &[String]| {
            let mut texts = texts.to_vec();
            texts.sort_unstable();
            texts
        };
        let plain = |text: &Option<String>| text.clone().unwrap_or_default();
        let keeps = if self.keep_service_labels { "true" } else { "" };
        let mut fields = DigestFields::new()
            .optional("author", &plain(&self.author))
            .fields("clear", self.clear.iter().map(|clear| clear.name()))
            .optional("keepEssentialWerfLabels", keeps)
            .fields("removeLabels", sorted(&self.remove_labels))
            .fields("removeEnv", sorted(&self.remove_env))
            .fields("removeVolumes", sorted(&self.remove_volumes));
        for (name, value) in &self.labels {
            fields = fields.field("labels", name).field("value", value);
        }
        for (name, value) in &self.env {
            fields = fields.field("env", name).field("value", &value.value);
        }
        fields = fields
            .fields("volumes", sorted(&self.volumes))
            .optional("user", &plain(&self.user))
            .optional("workingDir", &plain(&self.working_dir))
            .optional("stopSignal", &plain(&self.stop_signal));
        // An empty list is something else than none.
        for (name, list) in [
            ("expose", self.expose.as_deref().map(sorted)),
            ("cmd", self.cmd.clone()),
            ("entrypoint", self.entrypoint.clone()),
        ] {
            if let Some(list) = list {
                fields = fields.field(name, json(&list));
            }
        }
        match &self.healthcheck {
            Some(check) => fields.field("healthcheck", json(check)),
            None => fields,
        }
    }

    /// Reads the section, which is called `section` and belongs to whatever `report` is about.
    pub(crate) fn read(section: &str, fields: &Fields<'_>, report: &mut Report<'_>) -> ImageSpec {
        let author = fields.text("author").map(|author| author.value);
        let mut clear = Vec::new();
        if fields.on("clearHistory").is_some() {
            clear.push(Clear::History);
        }
        let Some(config) = fields.get("config").map(Fields::of) else {
            return ImageSpec {
                author,
                clear,
                ..ImageSpec::default()
            };
        };
        for (key, what) in [
            ("clearWerfLabels", Clear::ServiceLabels),
            ("clearCmd", Clear::Cmd),
            ("clearEntrypoint", Clear::Entrypoint),
            ("clearUser", Clear::User),
            ("clearWorkingDir", Clear::WorkingDir),
        ] {
            if config.on(key).is_some() {
                clear.push(what);
            }
        }
        let texts = |name: &str| config.texts(name).unwrap_or_default();
        let words = |name: &str| {
            let words = config.texts(name)?;
            Some(words.into_iter().map(|word| word.value).collect())
        };
        let mut check = Check { section, report };
        ImageSpec {
            author,
            clear,
            keep_service_labels: config.on("keepEssentialWerfLabels").is_some(),
            remove_labels: check.patterns("removeLabels", texts("removeLabels")),
            remove_env: check.patterns("removeEnv", texts("removeEnv")),
            remove_volumes: check.given("removeVolumes", texts("removeVolumes")),
            labels: check.labels(config.text_map("labels")),
            env: check.env(config.text_map("env")),
            volumes: check.given("volumes", texts("volumes")),
            expose: config.texts("expose").map(|ports| check.ports(ports)),
            user: config.text("user").map(|user| user.value),
            working_dir: config.text("workingDir").map(|path| check.directory(path)),
            stop_signal: config.text("stopSignal").map(|signal| check.signal(signal)),
            cmd: words("cmd"),
            entrypoint: words("entrypoint"),
            healthcheck: config.section("healthcheck").map(|fields| {
                healthcheck::read(&fields, |rule, problem, at, hint| match rule {
                    Some(rule) => check.warn(rule, "healthcheck", problem, at, hint),
                    None => check.wrong("healthcheck", problem, &Spanned::new((), at), hint),
                })
            }),
        }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers can be written")
}

/// Checks values and says what is wrong with them.
struct Check<'r, 't> {
    section: &'r str,
    report: &'r mut Report<'t>,
}

impl Check<'_, '_> {
    fn wrong<T>(&mut self, name: &str, problem: &str, value: &Spanned<T>, hint: &str) {
        let message = format!(
            "`{}.config.{name}` of {}: {problem}",
            self.section,
            self.report.called()
        );
        self.report.error(value.span, message).hint(hint);
    }

    fn warn(&mut self, rule: &'static Rule, name: &str, problem: &str, at: Span, hint: &str) {
        let message = format!(
            "`{}.config.{name}` of {}: {problem}",
            self.section,
            self.report.called()
        );
        self.report.warning(rule, at, message).hint(hint);
    }

    /// Checks texts that must not be empty.
    fn given(&mut self, name: &str, values: Vec<Spanned<String>>) -> Vec<String> {
        for value in &values {
            if value.value.is_empty() {
                let hint = "remove the item, or write a path";
                self.wrong(name, "an item is empty", value, hint);
            }
        }
        values.into_iter().map(|value| value.value).collect()
    }

    fn patterns(&mut self, name: &str, values: Vec<Spanned<String>>) -> Vec<String> {
        for value in &values {
            if let Err(problem) = pattern::check(&value.value) {
                let hint = "write a name, or a regular expression between slashes";
                self.wrong(name, &problem, value, hint);
            }
        }
        values.into_iter().map(|value| value.value).collect()
    }

    fn labels(&mut self, pairs: Vec<Pair>) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        for (name, value) in pairs {
            if name.value.is_empty() {
                self.wrong(
                    "labels",
                    "a label wants a name",
                    &name,
                    "write `NAME: value`",
                );
            }
            for text in [&name, &value] {
                if let Err(problem) = label::check(&text.value) {
                    self.wrong("labels", &problem, text, label::HINT);
                }
            }
            labels.insert(name.value, value.value);
        }
        labels
    }

    fn env(&mut self, pairs: Vec<Pair>) -> BTreeMap<String, Located<String>> {
        let mut env = BTreeMap::new();
        for (name, value) in pairs {
            if name.value.is_empty() || name.value.contains(|c: char| c == '=' || c.is_whitespace())
            {
                let problem = "a name must not be empty or contain `=` or blanks";
                self.wrong("env", problem, &name, "write `NAME: value`");
            }
            if let Err(error) = word::check(&value.value) {
                let hint = "a value is a word of a Dockerfile: write `\\$` for a dollar sign";
                let problem = format!("`{}`: {error}", name.value);
                self.wrong("env", &problem, &value, hint);
            }
            env.insert(name.value, self.report.locate(value));
        }
        env
    }

    fn ports(&mut self, values: Vec<Spanned<String>>) -> Vec<String> {
        let mut all = Vec::new();
        for value in values {
            // In werf it is a port of no number, which no container has; the list still takes the place of the base's.
            if value.value.is_empty() {
                let problem = "an item is empty, which is no port";
                let hint = "remove the item; `expose: []` leaves none of the base's ports";
                self.warn(&rule::EXPOSE_EMPTY, "expose", problem, value.span, hint);
                continue;
            }
            match expose::ports(&value.value) {
                Ok(ports) => all.extend(ports),
                Err(problem) => {
                    let hint = "write a port such as `80/tcp`, or a range";
                    self.wrong("expose", &problem, &value, hint);
                }
            }
        }
        all
    }

    fn directory(&mut self, path: Spanned<String>) -> String {
        if !path.value.starts_with('/') {
            let problem = format!("`{}` is not an absolute path", path.value);
            let hint = format!("write `/{}`", path.value.trim_start_matches("./"));
            self.wrong("workingDir", &problem, &path, &hint);
        }
        path.value
    }

    fn signal(&mut self, signal: Spanned<String>) -> String {
        let is_signal = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '-';
        if !signal.value.chars().all(is_signal) {
            let problem = format!("`{}` is not a signal", signal.value);
            let hint = "write a name such as `SIGTERM`, or a number";
            self.wrong("stopSignal", &problem, &signal, hint);
        }
        signal.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_wins_over_the_image_and_both_remove() {
        let spec = |author: &str, label: &str, remove: &[&str]| ImageSpec {
            author: (!author.is_empty()).then(|| author.to_owned()),
            labels: [("who".to_owned(), label.to_owned())].into(),
            remove_labels: remove.iter().map(|name| (*name).to_owned()).collect(),
            ..ImageSpec::default()
        };
        let own = ImageSpec {
            user: Some("1".to_owned()),
            ..spec("image", "image", &["a", "b"])
        };
        let merged = ImageSpec::merged(Some(&spec("project", "project", &["b", "c"])), Some(own));
        let merged = merged.expect("there are both");
        assert_eq!(merged.author.as_deref(), Some("project"));
        assert_eq!(merged.labels["who"], "project");
        assert_eq!(merged.remove_labels, ["a", "b", "c"]);
        assert_eq!(merged.user.as_deref(), Some("1"));

        let author_of_image = ImageSpec::merged(
            Some(&spec("", "project", &[])),
            Some(spec("image", "image", &[])),
        );
        assert_eq!(
            author_of_image.and_then(|spec| spec.author).as_deref(),
            Some("image")
        );
        assert_eq!(ImageSpec::merged(None, None), None);
        let global = spec("project", "project", &[]);
        assert_eq!(ImageSpec::merged(Some(&global), None), Some(global));
    }
}
