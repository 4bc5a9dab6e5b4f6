use boon::{Compiler, Schemas};
use diagnostic::{Diagnostics, SourceText};
use yaml_v2::untyped;

use super::descriptions::{self, DEPRECATED, description};
use super::*;
use crate::document;

/// A compiled schema.
struct Checker {
    schemas: Schemas,
    index: boon::SchemaIndex,
}

impl Checker {
    fn new(schema: Value) -> Checker {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler
            .add_resource("schema.json", schema)
            .expect("a schema");
        let index = compiler
            .compile("schema.json", &mut schemas)
            .expect("it is well-formed");
        Checker { schemas, index }
    }

    fn takes(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }
}

/// The schema of `werf.yaml`.
fn checker() -> &'static Checker {
    static CHECKER: std::sync::OnceLock<Checker> = std::sync::OnceLock::new();
    CHECKER.get_or_init(|| Checker::new(werf_yaml()))
}

/// Returns the documents of a file as an editor sees them.
fn documents(text: &str) -> Vec<Value> {
    let source = SourceText::new("werf.yaml", text).expect("text");
    let read = document::read_all(&source, &mut Diagnostics::new());
    let trees = read.list.iter().filter_map(|document| document.tree.root());
    trees
        .map(|root| json_of(&untyped::read(root, untyped::Keys::Text).0))
        .collect()
}

fn json_of(value: &yaml_v2::Value) -> Value {
    use yaml_v2::Value as Yaml;
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => json!(value),
        Yaml::Int(value) => json!(value),
        Yaml::Uint(value) => json!(value),
        Yaml::Float(value) => json!(value),
        Yaml::String(text) => json!(text),
        Yaml::Bytes(bytes) => json!(String::from_utf8_lossy(bytes)),
        Yaml::List(items) => items.iter().map(json_of).collect(),
        Yaml::Map(fields) => {
            let fields = fields.iter().map(|(key, value)| {
                let key = match key {
                    Yaml::String(text) => text.clone(),
                    other => json_of(other).to_string(),
                };
                (key, json_of(value))
            });
            Value::Object(fields.collect())
        }
    }
}

/// Whether a whole file is one for its schema, and one for its reader.
fn verdicts(text: &str) -> (bool, bool) {
    let source = SourceText::new("werf.yaml", text).expect("text");
    let is_taken = documents(text).iter().all(|it| checker().takes(it));
    (is_taken, crate::load(&source).is_ok())
}

const META: &str = "project: p\nconfigVersion: 1\n---\n";

#[test]
fn what_is_read_is_taken() {
    for images in [
        "image: app\nfrom: alpine:3\n",
        "image: [a, b]\nfrom: alpine:3\nshell: {install: x, setup: [w, z], cacheVersion: 1}\n",
        "image: ~\nfrom: alpine:3\nfromLatest: yes\ndocker: {ENV: {A: 1, B: true}, EXPOSE: \"80\", CMD: [a]}\n",
        "image: app\nfrom: scratch\ngit: [{add: /, to: /app, stageDependencies: {install: a, setup: [b]}}]\nansible: {setup: [{command: x}]}\n",
        "image: app\ndockerfile: Dockerfile\nargs: {A: 1}\naddHost: a:10.0.0.1\nsecrets: [{id: a, env: A}]\nimageSpec: {config: {user: 1}}\n",
        "image: app\nfrom: scratch\nimageSpec: {config: {healthcheck: {test: [CMD, x], interval: 3}, expose: ['80']}}\nplatform: [linux/amd64]\nmount: [{from: tmp_dir, to: /tmp}]\n",
    ] {
        let text = format!("{META}{images}");
        assert_eq!(verdicts(&text), (true, true), "{text}");
    }
    assert_eq!(
        verdicts(
            "project: p\nconfigVersion: 1\ndeploy: {namespace: x}\nbuild: {platform: [linux/amd64]}\n"
        ),
        (true, true)
    );
}

#[test]
fn every_key_is_taken() {
    let text = include_str!("../../tests/every-key.yaml");
    for document in documents(text) {
        assert!(checker().takes(&document), "{document:#}");
    }
}

#[test]
fn what_is_refused_by_the_schema_is_refused() {
    for images in [
        "image: app\nform: alpine:3\n",
        "image: app\nfrom: [alpine:3]\n",
        "image: app\nfrom: alpine:3\nshell: install\n",
        "image: app\nfrom: alpine:3\nshell: {install: {a: b}}\n",
        "image: app\nfrom: alpine:3\ngit: {add: /}\n",
        "image: app\nfrom: alpine:3\ngit: [{ad: /, to: /}]\n",
        "image: app\nfrom: alpine:3\nfinal: maybe\n",
        "image: app\nfrom: alpine:3\ndocker: {ENV: [A]}\n",
        "image: app\ndockerfile: Dockerfile\nshell: {install: x}\n",
        "image: app\nfrom: alpine:3\nimageSpec: {config: {healthcheck: {interval: 3s}}}\n",
    ] {
        let text = format!("{META}{images}");
        assert_eq!(verdicts(&text), (false, false), "{text}");
    }
    assert_eq!(
        verdicts("configVersion: 1\nproject: p\nbuild: {x: 1}\n"),
        (false, false)
    );
    assert_eq!(verdicts("configVersion: 1\n"), (false, false));
}

/// Every file of the other tests and mutations of each: the schema refuses nothing that is read.
#[test]
fn mutations_of_examples_are_refused_by_both_or_read() {
    let files: Vec<String> = [
        "shell-app",
        "git-app",
        "monorepo",
        "layers-app",
        "compiled-app",
    ]
    .iter()
    .filter_map(|name| {
        let path = format!(
            "{}/../../examples/{name}/werf.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path).ok()
    })
    .filter(|text| !text.contains("{{"))
    .collect();
    assert!(files.len() > 2);
    let mut refused = 0;
    for file in &files {
        assert_eq!(verdicts(file), (true, true), "{file}");
        let lines: Vec<&str> = file.lines().collect();
        for index in 0..lines.len() {
            // A line that is gone, indented, misspelt, or has another value.
            for change in 0..4 {
                let mut changed: Vec<String> =
                    lines.iter().map(|line| (*line).to_owned()).collect();
                match change {
                    0 => drop(changed.remove(index)),
                    1 => changed[index].insert_str(0, "  "),
                    2 => changed[index] = changed[index].replacen(':', "x:", 1),
                    _ => {
                        let head = changed[index].split(": ").next().unwrap_or_default();
                        changed[index] = format!("{head}: [[1]]");
                    }
                }
                let text = changed.join("\n");
                let (is_taken, is_read) = verdicts(&text);
                assert!(
                    is_taken || !is_read,
                    "read, and refused by the schema:\n{text}"
                );
                refused += usize::from(!is_taken);
            }
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn rules_are_taken_and_refused() {
    let checker = Checker::new(werf_giterminism_yaml());
    let verdict = |text: &str| documents_of_rules(text).is_some_and(|it| checker.takes(&it));
    for text in [
        "giterminismConfigVersion: 1\n",
        "giterminismConfigVersion: 1\nconfig: {allowUncommitted: true, secrets: {allowFiles: [a]}}\nother: x\n",
        "giterminismConfigVersion: '1'\nconfig: ~\n",
    ] {
        assert!(verdict(text), "{text}");
    }
    for text in [
        "config: {}\n",
        "giterminismConfigVersion: 2\n",
        "giterminismConfigVersion: 1\nconfig: {allowUncommitted: [a]}\n",
        "giterminismConfigVersion: 1\nconfig: {secrets: {allowFiles: a}}\n",
    ] {
        assert!(!verdict(text), "{text}");
        let source = SourceText::new("r", text).expect("text");
        assert!(
            crate::giterminism::Giterminism::read(&source).is_err(),
            "{text}"
        );
    }
}

fn documents_of_rules(text: &str) -> Option<Value> {
    let tree = yaml_v2::Parser::new(text, 0).next_document().ok()??;
    let root = tree.root()?;
    Some(json_of(&untyped::read(root, untyped::Keys::Text).0))
}

/// Returns the paths of all keys below a schema.
fn paths(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Some(fields) = schema.as_object() else {
        return;
    };
    for (name, below) in fields
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let path = format!("{path}.{name}");
        paths(below, &path, found);
        found.push(path);
    }
    for key in ["items", "anyOf"] {
        for below in fields
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            paths(below, path, found);
        }
        if let Some(below) = fields.get(key) {
            paths(below, path, found);
        }
    }
}

#[test]
fn every_directive_has_a_sentence_and_there_are_no_others() {
    assert!(descriptions::all().is_sorted_by_key(|(name, _)| name));
    let mut all = Vec::new();
    paths(&section(&directives::META, "meta"), "meta", &mut all);
    paths(&section(&directives::IMAGE, "image"), "image", &mut all);
    paths(
        &section(&directives::DOCKERFILE_IMAGE, "dockerfile"),
        "dockerfile",
        &mut all,
    );
    paths(&rules(GITERMINISM, "giterminism"), "giterminism", &mut all);
    // What is for werf alone is described as a whole.
    let is_werfs = |path: &String| {
        ["meta.deploy.", "meta.cleanup.", "meta.gitWorktree."]
            .iter()
            .any(|section| path.starts_with(section))
    };
    let missing: Vec<&String> = all
        .iter()
        .filter(|path| description(path).is_empty() && !is_werfs(path))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let unknown: Vec<&str> = descriptions::all()
        .map(|(name, _)| name)
        .chain(DEPRECATED.iter().copied())
        .filter(|name| !all.iter().any(|path| path == name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
