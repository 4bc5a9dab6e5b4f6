//! `imageSpec` applied to an image's configuration, in the order of werf's `pkg/build/stage/image_spec.go`.

use std::collections::BTreeMap;

use diagnostic::Diagnostic;
use serde_json::{Map, Value, json};
use werf_config::ImageSpec;
use werf_config::docker::word;
use werf_config::image_spec::Clear;
use werf_config::image_spec::pattern::Patterns;
use werf_plan::service_labels;

use super::image_config::{DEFAULT_PATH, ImageConfig, healthcheck_json};

/// Variables of a build by werf itself, which it leaves in its images. As a base such an image should not
/// hand them on.
const BUILD_VARIABLES: [&str; 3] = [
    "WERF_COMMIT_HASH",
    "WERF_COMMIT_TIME_HUMAN",
    "WERF_COMMIT_TIME_UNIX",
];
/// The socket of werf's own builds, in the same case.
const WERF_SSH_SOCKET: (&str, &str) = ("SSH_AUTH_SOCK", "/.werf/tmp/ssh-auth-sock");

impl ImageConfig {
    /// Applies `imageSpec`, but for the history, which [`ImageConfig::clear_history`] empties at the end.
    ///
    /// # Errors
    /// Every value of `env` that makes no sense with the base's variables, with its line.
    pub fn apply_image_spec(&mut self, spec: &ImageSpec) -> Result<(), Vec<Diagnostic>> {
        self.spec_labels(spec);
        self.spec_env(spec)?;
        let volumes = self.object("Volumes");
        for volume in &spec.remove_volumes {
            volumes.remove(volume);
        }
        for volume in &spec.volumes {
            volumes.insert(volume.clone(), json!({}));
        }
        if let Some(ports) = &spec.expose {
            let ports: Map<String, Value> =
                ports.iter().map(|port| (port.clone(), json!({}))).collect();
            self.field("ExposedPorts", Value::Object(ports));
        }
        for empty in ["Volumes", "ExposedPorts", "Labels"] {
            if self.object(empty).is_empty() {
                self.field(empty, Value::Null);
            }
        }
        self.spec_command(spec);
        for (what, name) in [(Clear::User, "User"), (Clear::WorkingDir, "WorkingDir")] {
            if spec.clear.contains(&what) {
                self.field(name, Value::Null);
            }
        }
        for (name, value) in [
            ("User", &spec.user),
            ("WorkingDir", &spec.working_dir),
            ("StopSignal", &spec.stop_signal),
        ] {
            if let Some(value) = value {
                self.field(name, json!(value));
            }
        }
        if let Some(author) = &spec.author {
            self.set_author(author);
        }
        if let Some(check) = &spec.healthcheck {
            self.field("Healthcheck", healthcheck_json(check));
        }
        Ok(())
    }

    fn spec_labels(&mut self, spec: &ImageSpec) {
        let remove = Patterns::new(&spec.remove_labels);
        let is_cleared = spec.clear.contains(&Clear::ServiceLabels);
        let labels = self.object("Labels");
        labels.retain(|name, _| {
            let is_service = service_labels::ALL.contains(&name.as_str());
            if is_service {
                spec.keep_service_labels || !(is_cleared || remove.matches(name))
            } else {
                !remove.matches(name)
            }
        });
        for (name, value) in &spec.labels {
            labels.insert(name.clone(), json!(value));
        }
    }

    /// Values see the variables as they were, also those that are removed, and not each other.
    fn spec_env(&mut self, spec: &ImageSpec) -> Result<(), Vec<Diagnostic>> {
        let mut env = self.env();
        let before: BTreeMap<String, String> = env.iter().cloned().collect();
        let remove = Patterns::new(&spec.remove_env);
        env.retain(|(name, value)| {
            let is_werf_socket = (name.as_str(), value.as_str()) == WERF_SSH_SOCKET;
            !(remove.matches(name) || BUILD_VARIABLES.contains(&name.as_str()) || is_werf_socket)
        });
        let lookup = |name: &str| match before.get(name) {
            None if name == "PATH" => Some(DEFAULT_PATH.to_owned()),
            value => value.cloned(),
        };
        let mut wrong = Vec::new();
        for (name, value) in &spec.env {
            match word::expand(&value.value, lookup) {
                Ok(text) => match env.iter_mut().find(|(present, _)| present == name) {
                    Some((_, present)) => *present = text,
                    None => env.push((name.clone(), text)),
                },
                Err(error) => {
                    let message = format!("`imageSpec.config.env.{name}`: {error}");
                    wrong.push(Diagnostic::error(message).at(value.at.clone()));
                }
            }
        }
        self.replace_env(env);
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// An entry point without a command empties the command; what is given wins over what is cleared.
    fn spec_command(&mut self, spec: &ImageSpec) {
        if spec.entrypoint.is_some() || spec.clear.contains(&Clear::Cmd) {
            self.field("Cmd", Value::Null);
        }
        if spec.clear.contains(&Clear::Entrypoint) {
            self.field("Entrypoint", Value::Null);
        }
        for (name, words) in [("Entrypoint", &spec.entrypoint), ("Cmd", &spec.cmd)] {
            if let Some(words) = words {
                self.field(name, json!(words));
            }
        }
    }
}
