//! The configuration of the resulting image: the base's, then `docker:`, then what the client asked for.
//!
//! It is kept as JSON, so that fields of the base that nobody here knows survive.

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, Located};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use werf_config::CommandLine;
use werf_config::Docker;
use werf_config::docker::{expose, healthcheck, word};

/// What marks our entries in `docker history`.
pub const HISTORY_COMMENT: &str = "werf.frontend.v0";

/// What container runtimes use where an image sets no PATH.
pub(super) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An image configuration (the OCI image specification's, with Docker's additions).
#[derive(Clone, Debug, PartialEq)]
pub struct ImageConfig {
    root: Map<String, Value>,
    /// How many layers the base has.
    layers: usize,
}

/// A base image configuration that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadConfig(pub String);

impl ImageConfig {
    /// Returns the configuration of an image that starts from nothing.
    pub fn scratch() -> ImageConfig {
        ImageConfig {
            root: Map::new(),
            layers: 0,
        }
    }

    /// Reads the configuration of a base image.
    ///
    /// # Errors
    /// Bytes that are not a JSON object of the expected shape.
    pub fn from_base(bytes: &[u8]) -> Result<ImageConfig, BadConfig> {
        let Ok(Value::Object(mut root)) = serde_json::from_slice(bytes) else {
            return Err(BadConfig(
                "the image configuration is not a JSON object".to_owned(),
            ));
        };
        for (key, is_right) in [
            ("config", Value::is_object as fn(&Value) -> bool),
            ("history", Value::is_array),
        ] {
            match root.get(key) {
                None => {}
                Some(Value::Null) => {
                    root.remove(key);
                }
                Some(value) if is_right(value) => {}
                Some(_) => {
                    return Err(BadConfig(format!(
                        "`{key}` in the image configuration has the wrong type"
                    )));
                }
            }
        }
        // Both describe the base, not what is built on it; BuildKit writes its own.
        root.remove("created");
        let layers = root.remove("rootfs");
        let layers = layers.as_ref().and_then(|rootfs| rootfs.get("diff_ids"));
        let layers = layers.and_then(Value::as_array).map_or(0, Vec::len);
        Ok(ImageConfig { root, layers })
    }

    /// Reads the configuration of an image that is described but not stored: its layers are only in its history.
    ///
    /// # Errors
    /// As for [`ImageConfig::from_base`].
    pub fn from_built(bytes: &[u8]) -> Result<ImageConfig, BadConfig> {
        let mut config = ImageConfig::from_base(bytes)?;
        config.layers = config.records_of_layers();
        Ok(config)
    }

    /// Whether layers are known.
    pub fn has_layers(&self) -> bool {
        self.layers != 0
    }

    fn records_of_layers(&self) -> usize {
        let history = self.root.get("history").and_then(Value::as_array);
        let of_layers = history.into_iter().flatten().filter(|record| {
            let is_empty = record.get("empty_layer").and_then(Value::as_bool);
            is_empty != Some(true)
        });
        of_layers.count()
    }

    /// Returns the JSON text.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.root).expect("a JSON value can be written")
    }

    /// Sets the platform that the image is for.
    pub fn set_platform(&mut self, os: &str, architecture: &str, variant: &str) {
        self.root.insert("os".to_owned(), json!(os));
        self.root
            .insert("architecture".to_owned(), json!(architecture));
        if variant.is_empty() {
            self.root.remove("variant");
        } else {
            self.root.insert("variant".to_owned(), json!(variant));
        }
    }

    /// Sets the time of creation.
    pub fn set_created(&mut self, time: Timestamp) {
        self.root
            .insert("created".to_owned(), json!(time.to_string()));
    }

    /// Returns the environment in its order, as names and values.
    pub fn env(&self) -> Vec<(String, String)> {
        let list = self
            .config()
            .and_then(|config| config.get("Env"))
            .and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (name.to_owned(), value.to_owned())
            })
            .collect()
    }

    /// Sets a label.
    pub fn set_label(&mut self, name: &str, value: &str) {
        self.object("Labels").insert(name.to_owned(), json!(value));
    }

    /// Adds the history entry of a layer, or of a change that made none.
    pub fn add_history(&mut self, created_by: &str, empty_layer: bool) {
        let mut entry = json!({ "created_by": created_by, "comment": HISTORY_COMMENT });
        if empty_layer {
            entry["empty_layer"] = json!(true);
        }
        let history = self.root.entry("history").or_insert_with(|| json!([]));
        history
            .as_array_mut()
            .expect("checked when the base was read")
            .push(entry);
    }

    /// Sets the author.
    pub(super) fn set_author(&mut self, author: &str) {
        self.root.insert("author".to_owned(), json!(author));
    }

    /// Says how many layers have been added to those of the base.
    pub fn add_layers(&mut self, count: usize) {
        self.layers += count;
    }

    /// Empties the history. One record for each layer stays, without a text: BuildKit would fill the place of a
    /// missing one with the commands of its step.
    pub fn clear_history(&mut self) {
        let records = vec![json!({}); self.layers];
        self.root.insert("history".to_owned(), json!(records));
    }

    /// Applies the `docker` section in werf's order: VOLUME, EXPOSE, ENV, LABEL, WORKDIR, USER, ENTRYPOINT,
    /// CMD, HEALTHCHECK.
    ///
    /// # Errors
    /// Every value that makes no sense, with its line.
    pub fn apply_docker(&mut self, docker: &Docker) -> Result<(), Vec<Diagnostic>> {
        let mut values = Values {
            exact: docker.exact_values,
            env: self.env().into_iter().collect(),
            wrong: Vec::new(),
        };
        for volume in &docker.volume {
            let path = values.read(volume);
            self.object("Volumes").insert(path, json!({}));
        }
        for port in &docker.expose {
            let text = values.read(port);
            match expose::ports(&text) {
                Ok(ports) => {
                    for port in ports {
                        self.object("ExposedPorts").insert(port, json!({}));
                    }
                }
                Err(message) => values.refuse(message, port),
            }
        }
        // Every value sees the variables as they were before the section, so their order has no say.
        let env: Vec<(String, String)> = docker
            .env
            .iter()
            .map(|(name, value)| (name.clone(), values.read(value)))
            .collect();
        let labels: Vec<(String, String)> = docker
            .label
            .iter()
            .map(|(name, value)| (name.clone(), values.read(value)))
            .collect();
        self.set_env(&env);
        for (name, value) in labels {
            self.set_label(&name, &value);
        }
        if let Some(workdir) = &docker.workdir {
            let text = values.read(workdir);
            let before = self
                .config()
                .and_then(|config| config.get("WorkingDir"))
                .and_then(Value::as_str);
            let path = join_directory(before.unwrap_or("/"), &text);
            self.field("WorkingDir", json!(path));
        }
        if let Some(user) = &docker.user {
            let user = values.read(user);
            self.field("User", json!(user));
        }
        if let Some(entrypoint) = &docker.entrypoint {
            self.field("Entrypoint", command_line(entrypoint));
            // A command belongs to its entry point.
            self.field("Cmd", Value::Null);
        }
        if let Some(cmd) = &docker.cmd {
            self.field("Cmd", command_line(cmd));
        }
        if let Some(check) = &docker.healthcheck {
            match healthcheck::parse(&check.value) {
                Ok(check) => self.field("Healthcheck", healthcheck_json(&check)),
                Err(message) => values.refuse(message, check),
            }
        }
        if values.wrong.is_empty() {
            Ok(())
        } else {
            Err(values.wrong)
        }
    }

    /// Sets variables; one that exists keeps its place.
    pub(super) fn set_env(&mut self, variables: &[(String, String)]) {
        if variables.is_empty() {
            return;
        }
        let mut env = self.env();
        for (name, value) in variables {
            match env.iter_mut().find(|(present, _)| present == name) {
                Some((_, present)) => present.clone_from(value),
                None => env.push((name.clone(), value.clone())),
            }
        }
        self.replace_env(env);
    }

    /// Sets the whole environment.
    pub(super) fn replace_env(&mut self, env: Vec<(String, String)>) {
        let list: Vec<Value> = env
            .into_iter()
            .map(|(name, value)| json!(format!("{name}={value}")))
            .collect();
        self.field(
            "Env",
            if list.is_empty() {
                Value::Null
            } else {
                json!(list)
            },
        );
    }

    fn config(&self) -> Option<&Map<String, Value>> {
        self.root.get("config").and_then(Value::as_object)
    }

    fn config_mut(&mut self) -> &mut Map<String, Value> {
        let config = self.root.entry("config").or_insert_with(|| json!({}));
        config
            .as_object_mut()
            .expect("checked when the base was read")
    }

    /// Returns an object field of the configuration, made if it is absent or something else.
    pub(super) fn object(&mut self, name: &str) -> &mut Map<String, Value> {
        let field = self.config_mut().entry(name).or_insert_with(|| json!({}));
        if !field.is_object() {
            *field = json!({});
        }
        field.as_object_mut().expect("just made one")
    }

    pub(super) fn field(&mut self, name: &str, value: Value) {
        if value.is_null() {
            self.config_mut().remove(name);
        } else {
            self.config_mut().insert(name.to_owned(), value);
        }
    }
}

/// Reads values of the `docker` section and collects what is wrong with them.
struct Values {
    exact: bool,
    env: BTreeMap<String, String>,
    wrong: Vec<Diagnostic>,
}

impl Values {
    fn read(&mut self, value: &Located<String>) -> String {
        if self.exact {
            return value.value.clone();
        }
        let lookup = |name: &str| match self.env.get(name) {
            None if name == "PATH" => Some(DEFAULT_PATH.to_owned()),
            value => value.cloned(),
        };
        match word::expand(&value.value, lookup) {
            Ok(text) => text,
            Err(message) => {
                self.refuse(message.to_string(), value);
                String::new()
            }
        }
    }

    fn refuse(&mut self, message: String, value: &Located<String>) {
        self.wrong
            .push(Diagnostic::error(message).at(value.at.clone()));
    }
}

fn command_line(line: &CommandLine) -> Value {
    match line {
        CommandLine::Exec(words) => json!(words),
        CommandLine::Shell(text) => json!(["/bin/sh", "-c", text]),
    }
}

pub(super) fn healthcheck_json(check: &healthcheck::Healthcheck) -> Value {
    let mut object = Map::new();
    object.insert("Test".to_owned(), json!(check.test));
    for (name, nanoseconds) in [
        ("Interval", check.interval),
        ("Timeout", check.timeout),
        ("StartPeriod", check.start_period),
        ("StartInterval", check.start_interval),
    ] {
        if let Some(nanoseconds) = nanoseconds {
            object.insert(name.to_owned(), json!(nanoseconds));
        }
    }
    if let Some(retries) = check.retries {
        object.insert("Retries".to_owned(), json!(retries));
    }
    Value::Object(object)
}

/// Joins a WORKDIR to the one before it, as Docker does: an absolute one replaces it.
fn join_directory(before: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let joined = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{before}/{path}")
    };
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
