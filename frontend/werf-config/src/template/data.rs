//! The dot of the main template: a map of strings to anything, which templates may change.

use std::sync::Arc;

use gotemplate::{Map, Value};

use super::files::FilesObject;
use super::{Inputs, SharedTraces};

/// The variable that `.Env` comes from.
pub const ENV: &str = "WERF_ENV";

/// Returns the dot.
pub(super) fn root(inputs: &Inputs, traces: &SharedTraces) -> Value {
    let date = Map::strings([
        ("Human", inputs.commit.human.as_str()),
        ("Unix", inputs.commit.unix.as_str()),
    ]);
    let commit = Map::dict([
        ("Hash", Value::string(inputs.commit.hash.as_str())),
        ("Date", Value::from(date)),
    ]);
    let environment = inputs.variables.get(ENV).map_or("", String::as_str);
    Value::from(Map::dict([
        (
            "Files",
            Value::object(FilesObject {
                files: Arc::clone(&inputs.files),
                giterminism: inputs.giterminism.clone(),
                traces: traces.clone(),
            }),
        ),
        ("Env", Value::string(environment)),
        ("Commit", Value::from(commit)),
    ]))
}
