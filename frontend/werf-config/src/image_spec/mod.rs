//! `imageSpec`: what is written into the configuration of the image (spec 1.16 and 8.4), and
//! `build.imageSpec`, the part of it that all final images share.
//!
//! Nothing is run for it and no layer is made. What can be checked without the base image is checked here;
//! values of `env` are kept as written, because they may refer to the environment of the base.

mod healthcheck;
pub mod label;
pub mod pattern;
mod raw;

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Spanned};

use super::docker::{expose, word};

pub use healthcheck::SpecHealthcheck;
pub(super) use raw::RawImageSpec;

/// The `imageSpec` section of one image, with what it has of `build.imageSpec`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSpec {
    /// The author; `None` leaves the base's.
    pub author: Option<String>,
    /// Whether history records lose their texts.
    pub clear_history: bool,
    /// Whether the labels that this frontend adds stay whatever `removeLabels` says.
    pub keep_essential_werf_labels: bool,
    /// Whether the labels that this frontend adds are left out.
    pub clear_werf_labels: bool,
    /// Names of labels to remove, or patterns for [`pattern::Patterns`].
    pub remove_labels: Vec<String>,
    /// Names of variables to remove, or patterns.
    pub remove_env: Vec<String>,
    /// Volumes to remove.
    pub remove_volumes: Vec<String>,
    /// Labels to set; names and values are texts for [`label::expand`].
    pub labels: BTreeMap<String, String>,
    /// Variables to set; values are words for [`word::expand`].
    pub env: BTreeMap<String, Spanned<String>>,
    /// Volumes to add.
    pub volumes: Vec<String>,
    /// All ports, as in `80/tcp`; `None` leaves the base's.
    pub expose: Option<Vec<String>>,
    /// The user; `None` leaves the base's.
    pub user: Option<String>,
    /// The working directory; `None` leaves the base's.
    pub working_dir: Option<String>,
    /// The signal that stops a container; `None` leaves the base's.
    pub stop_signal: Option<String>,
    /// The command; `None` leaves the base's.
    pub cmd: Option<Vec<String>>,
    /// The entry point; `None` leaves the base's.
    pub entrypoint: Option<Vec<String>>,
    /// Whether the base's command is dropped.
    pub clear_cmd: bool,
    /// Whether the base's entry point is dropped.
    pub clear_entrypoint: bool,
    /// Whether the base's user is dropped.
    pub clear_user: bool,
    /// Whether the base's working directory is dropped.
    pub clear_working_dir: bool,
    /// The health check; `None` leaves the base's.
    pub healthcheck: Option<SpecHealthcheck>,
}

impl ImageSpec {
    /// Returns what holds for a final image whose own section is `own`, where `global` is `build.imageSpec`.
    ///
    /// The author and the labels of the project win over those of the image, as in werf (spec 8.4); its own
    /// documentation says the opposite.
    pub fn merged(global: Option<&ImageSpec>, own: Option<ImageSpec>) -> Option<ImageSpec> {
        let Some(global) = global else {
            return own;
        };
        let mut merged = own.unwrap_or_default();
        merged.author = global.author.clone().or(merged.author);
        merged.clear_history |= global.clear_history;
        merged.keep_essential_werf_labels |= global.keep_essential_werf_labels;
        merged.clear_werf_labels |= global.clear_werf_labels;
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
}

impl RawImageSpec {
    /// Turns what was written into what is meant. `section` is what it is called, `owner` whose it is.
    pub fn resolve(
        self,
        section: &str,
        owner: &str,
        source: &SourceText,
        diagnostics: &mut Diagnostics,
    ) -> ImageSpec {
        let mut check = Check {
            section,
            owner,
            source,
            diagnostics,
        };
        let text = |value: Option<Spanned<String>>| value.map(|value| value.value);
        let is_on = |value: Option<Spanned<bool>>| value.is_some_and(|value| value.value);
        ImageSpec {
            author: text(self.author),
            clear_history: is_on(self.clear_history),
            keep_essential_werf_labels: is_on(self.keep_essential_werf_labels),
            clear_werf_labels: is_on(self.clear_werf_labels),
            remove_labels: check.patterns("removeLabels", self.remove_labels),
            remove_env: check.patterns("removeEnv", self.remove_env),
            remove_volumes: check.given("removeVolumes", self.remove_volumes),
            labels: check.labels(self.labels),
            env: check.env(self.env),
            volumes: check.given("volumes", self.volumes),
            expose: self.expose.map(|ports| check.ports(ports)),
            user: text(self.user),
            working_dir: self.working_dir.map(|path| check.directory(path)),
            stop_signal: self.stop_signal.map(|signal| check.signal(signal)),
            cmd: self.cmd,
            entrypoint: self.entrypoint,
            clear_cmd: is_on(self.clear_cmd),
            clear_entrypoint: is_on(self.clear_entrypoint),
            clear_user: is_on(self.clear_user),
            clear_working_dir: is_on(self.clear_working_dir),
            healthcheck: self.healthcheck.map(|raw| {
                raw.resolve(|problem, at, hint| {
                    check.wrong("healthcheck", problem, &Spanned::new((), at), hint);
                })
            }),
        }
    }
}

/// Checks values and says what is wrong with them.
struct Check<'a> {
    section: &'a str,
    owner: &'a str,
    source: &'a SourceText,
    diagnostics: &'a mut Diagnostics,
}

impl Check<'_> {
    fn wrong<T>(&mut self, name: &str, problem: &str, value: &Spanned<T>, hint: &str) {
        let message = format!(
            "`{}.config.{name}` of {}: {problem}",
            self.section, self.owner
        );
        self.diagnostics.push(
            Diagnostic::error(message)
                .at(self.source.location(value.span))
                .hint(hint),
        );
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

    fn labels(
        &mut self,
        pairs: Vec<(Spanned<String>, Spanned<String>)>,
    ) -> BTreeMap<String, String> {
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

    fn env(
        &mut self,
        pairs: Vec<(Spanned<String>, Spanned<String>)>,
    ) -> BTreeMap<String, Spanned<String>> {
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
            env.insert(name.value, value);
        }
        env
    }

    fn ports(&mut self, values: Vec<Spanned<String>>) -> Vec<String> {
        let mut all = Vec::new();
        for value in values {
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
