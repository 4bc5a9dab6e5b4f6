//! JSON Schemas (draft 7) of `werf.yaml` and `werf-giterminism.yaml`, for editors: made of the directives' own tables.
//!
//! What a schema refuses is refused; what it accepts may still mean nothing. A document with a template in it is checked by no
//! editor before it is rendered.

mod descriptions;

use serde_json::{Map, Value, json};

use super::directives;
use super::giterminism::key::{KEYS as GITERMINISM, Key, Kind};
use super::schema::{Section, Shape};
use descriptions::{DEPRECATED, description};

/// Returns the schema of a document of `werf.yaml`: the meta section, an image that is built by stages, or one from a Dockerfile.
pub fn werf_yaml() -> Value {
    let meta = section(&directives::META, "meta");
    let image = section(&directives::IMAGE, "image");
    let dockerfile = section(&directives::DOCKERFILE_IMAGE, "dockerfile");
    let has = |key: &str| json!({ "required": [key] });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "werf.yaml",
        "description": "One document: documents are separated by lines of `---`.",
        "if": has("configVersion"),
        "then": required(meta, &["configVersion", "project"]),
        "else": {
            "if": { "allOf": [has("dockerfile"), { "properties": { "dockerfile": { "type": "string" } } }] },
            "then": dockerfile,
            "else": image,
        },
    })
}

/// Returns the schema of `werf-giterminism.yaml`.
pub fn werf_giterminism_yaml() -> Value {
    let mut schema = rules(GITERMINISM, "giterminism");
    let fields = schema.as_object_mut().expect("it is an object");
    fields.insert(
        "$schema".to_owned(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    fields.insert("title".to_owned(), json!("werf-giterminism.yaml"));
    required(schema, &["giterminismConfigVersion"])
}

fn required(mut schema: Value, keys: &[&str]) -> Value {
    schema["required"] = json!(keys);
    schema
}

/// Returns the schema of a mapping with known keys; `path` names it in the table of descriptions.
fn section(section: &Section, path: &str) -> Value {
    let properties = section.keys.iter().map(|(name, shape)| {
        let below = format!("{path}.{name}");
        let mut schema = of_shape(*shape, &below);
        schema["description"] = json!(description(&below));
        if DEPRECATED.contains(&below.as_str()) {
            // Editors strike it out.
            schema["deprecated"] = json!(true);
        }
        ((*name).to_owned(), schema)
    });
    json!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

/// Null is as good as nothing everywhere.
fn of_shape(shape: Shape, path: &str) -> Value {
    let scalar = || json!(["string", "number", "boolean", "null"]);
    let texts = || json!({ "type": "array", "items": { "type": scalar() } });
    match shape {
        Shape::Text => json!({ "type": scalar() }),
        Shape::Bool => json!({ "enum": [true, false, null, "yes", "no", "on", "off", "y", "n"] }),
        Shape::Integer => json!({ "type": ["integer", "null"] }),
        Shape::Texts => json!({ "anyOf": [{ "type": "null" }, texts()] }),
        Shape::TextOrList => json!({ "anyOf": [{ "type": scalar() }, texts()] }),
        Shape::TextMap => json!({
            "type": ["object", "null"],
            "additionalProperties": { "type": scalar() },
        }),
        Shape::Map(below) => json!({ "anyOf": [{ "type": "null" }, section(below, path)] }),
        Shape::List(below) => json!({
            "anyOf": [{ "type": "null" }, { "type": "array", "items": section(below, path) }],
        }),
        Shape::Anything => json!({}),
    }
}

/// Returns the schema of a section of rules. Unknown keys are warned of and no mistake, since other tools read the file, too.
fn rules(keys: &[Key], path: &str) -> Value {
    let properties = keys.iter().map(|Key(name, kind)| {
        let below = format!("{path}.{name}");
        let texts = || json!({ "type": ["array", "null"], "items": { "type": "string" } });
        let mut schema = match kind {
            Kind::Version => json!({ "enum": [1, "1"] }),
            Kind::Flag => json!({ "type": ["boolean", "null"] }),
            Kind::Texts | Kind::Masks | Kind::Names | Kind::Files => texts(),
            Kind::Section(keys) => {
                let mut schema = rules(keys, &below);
                schema["type"] = json!(["object", "null"]);
                schema
            }
        };
        schema["description"] = json!(description(&below));
        ((*name).to_owned(), schema)
    });
    json!({ "type": "object", "properties": properties.collect::<Map<_, _>>() })
}

#[cfg(test)]
mod tests;
