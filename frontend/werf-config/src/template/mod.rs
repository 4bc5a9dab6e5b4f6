//! A `werf.yaml` that is a template: its data, werf's own functions, and where each line came from
//! (spec `werf-yaml.md` 2).
//!
//! Pure code: whatever a template reads of the commit comes through [`Files`].
//!
//! ```text
//! werf.yaml, .werf/**/*.tmpl → functions (sprig + own) + data → gotemplate → SourceText that knows its origin
//! ```

mod adler32;
mod data;
mod debug;
mod env;
mod failure;
mod files;
pub(super) mod from_yaml;
mod functions;
pub(super) mod to_yaml;
mod unstable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use diagnostic::{Diagnostic, SourceText, TemplateFile};
use gotemplate::{FuncMap, Limits, Rendered, Templates, Value};

use super::giterminism::Giterminism;

pub use debug::DEBUG;
pub use files::{FileKind, Files, TextFiles};

/// The name of the main template (spec 2.1).
pub const MAIN: &str = "werfConfig";

/// Everything that a template can see.
pub struct Inputs {
    /// The files of the commit.
    pub files: Arc<dyn Files>,
    /// The commit itself.
    pub commit: CommitData,
    /// What `env` reads, and `WERF_ENV` for `.Env`.
    pub variables: BTreeMap<String, String>,
    /// What is allowed.
    pub giterminism: Giterminism,
}

/// What `.Commit` says.
#[derive(Clone, Debug, Default)]
pub struct CommitData {
    /// `.Commit.Hash`.
    pub hash: String,
    /// `.Commit.Date.Human`.
    pub human: String,
    /// `.Commit.Date.Unix`.
    pub unix: String,
}

/// What became of a template.
#[derive(Debug)]
pub struct Outcome {
    /// The rendered text, or what went wrong.
    pub result: Result<SourceText, Box<Diagnostic>>,
    /// What a person should know all the same.
    pub warnings: Vec<Diagnostic>,
    /// The variables that were asked for.
    pub used: BTreeSet<String>,
}

/// What running functions leave behind.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// The variables that `env` was asked for.
    used: BTreeSet<String>,
    /// The unstable functions that were called, and where first.
    unstable: BTreeMap<String, gotemplate::Location>,
    /// What debug functions have said.
    debug: Vec<debug::Message>,
    /// What to do about the error that a function is about to return.
    advice: Option<Advice>,
}

/// What a person can do about the error of a function.
#[derive(Clone, Debug)]
struct Advice {
    /// The message of the error it belongs to.
    message: String,
    hint: String,
    note: Option<String>,
}

/// [`Traces`], shared between the functions.
type SharedTraces = Arc<Mutex<Traces>>;

fn with<T>(traces: &SharedTraces, change: impl FnOnce(&mut Traces) -> T) -> T {
    change(&mut traces.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether a text has to be rendered at all.
pub fn is_template(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"{{")
}

/// Renders `main` after parsing `others` in the order of their names.
pub fn render(main: SourceText, others: Vec<TemplateFile>, inputs: &Inputs) -> Outcome {
    let traces = SharedTraces::default();
    let mut files = others;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files.push(TemplateFile {
        name: MAIN.to_owned(),
        source: main,
    });
    let texts = files
        .iter()
        .map(|file| (file.name.as_str(), file.source.text()));
    let result = Engine::with_traces(inputs, &traces).execute(texts);
    let result = match result {
        Ok(rendered) => SourceText::rendered(rendered, files.clone(), MAIN).map_err(Box::new),
        Err(error) => {
            let advice = with(&traces, |traces| traces.advice.take());
            Err(Box::new(failure::diagnostic(&error, &files, advice)))
        }
    };
    let traces = with(&traces, std::mem::take);
    let mut warnings = debug::warnings(&traces.debug, &files);
    warnings.extend(unstable::warnings(&traces.unstable, &files));
    Outcome {
        result,
        warnings,
        used: traces.used,
    }
}

/// What a template is executed with.
pub struct Engine {
    data: Value,
    functions: FuncMap,
}

impl Engine {
    /// Returns what templates with these inputs are executed with.
    pub fn new(inputs: &Inputs) -> Engine {
        Engine::with_traces(inputs, &SharedTraces::default())
    }

    fn with_traces(inputs: &Inputs, traces: &SharedTraces) -> Engine {
        Engine {
            data: data::root(inputs),
            functions: functions::all(inputs, traces),
        }
    }

    /// Returns the value of `.`, which is a map.
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// Returns the names of the functions that are not Go's own.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.names()
    }

    /// Parses texts, each with its name, in their order and executes the one named [`MAIN`].
    ///
    /// # Errors
    /// What Go says of the template, in its words.
    pub fn execute<'a>(
        self,
        texts: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Rendered, gotemplate::Error> {
        let limits = Limits {
            output_bytes: 16 << 20,
            ..Limits::default()
        };
        // werf is built with a Go that does not range over integers in templates (spec 2).
        let templates = Templates::new(MAIN)
            .with_funcs(self.functions)
            .with_limits(limits)
            .with_range_over_int(false);
        for (name, text) in texts {
            templates.parse(name, text)?;
        }
        // A text of nothing but definitions is no template in Go's eyes; werf renders it as nothing.
        templates.execute(MAIN, self.data)
    }
}

#[cfg(test)]
mod tests;
