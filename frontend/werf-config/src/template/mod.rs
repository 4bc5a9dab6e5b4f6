//! A `werf.yaml` that is a template: its data, werf's own functions, and where each line came from.
//!.
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
mod follow;
pub(super) mod from_yaml;
mod functions;
pub(super) mod to_yaml;
mod unstable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use diagnostic::redact::Hidden;
use diagnostic::{Diagnostic, SourceText, TemplateFile};
use gotemplate::{FuncMap, Limits, Rendered, Str, Templates, Value};

use super::giterminism::Giterminism;

pub use debug::DEBUG;
pub use env::Argument;
pub use files::{FileKind, Files, TextFiles};

/// The name of the main template.
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
    /// The variables that were asked for, sorted by name.
    pub used: Vec<Argument>,
    /// What no message may show: the values of variables, and what was made of them.
    pub hidden: Hidden,
    /// The files whose lines are among those of the result or of a message, besides the templates.
    pub files: Vec<SourceText>,
}

/// What running functions leave behind.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// The variables that `env` was asked for.
    used: BTreeMap<String, env::Read>,
    /// The variables that could not be read, each at the first call.
    unread: Vec<env::Unread>,
    /// The values of the variables that were read.
    followed: follow::Followed,
    /// The files that were read, by the names that people know them under.
    files: BTreeMap<String, Str>,
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
    let engine = Engine::with_traces(inputs, &traces, env::Missing::IsTold);
    let result = engine.execute(texts);
    let mut traces = with(&traces, std::mem::take);
    let templates = files.len();
    files.extend(read_files(&traces, result.as_ref()));
    let unread = env::diagnostic(&traces.unread, &inputs.giterminism, &files);
    let result = match (unread, result) {
        // Whatever else went wrong may be because of what is not known.
        (Some(unread), _) => Err(Box::new(unread)),
        (None, Ok(rendered)) => {
            SourceText::rendered(rendered, files.clone(), MAIN).map_err(Box::new)
        }
        (None, Err(error)) => {
            let advice = traces.advice.take();
            Err(Box::new(failure::diagnostic(&error, &files, advice)))
        }
    };
    let mut warnings = debug::warnings(&traces.debug, &files);
    warnings.extend(unstable::warnings(&traces.unstable, &files));
    let mut hidden = traces.followed.into_hidden();
    match &result {
        Ok(rendered) => hide_lines(rendered, &mut hidden),
        // Nobody knows what of a value has got into a message, so it is looked for in this one.
        Err(error) => hide_place(error, &files, &mut hidden),
    }
    let used = env::arguments(&traces.used, &traces.unread, &files);
    let files = files.split_off(templates);
    Outcome {
        result,
        warnings,
        used,
        hidden,
        files: files.into_iter().map(|file| file.source).collect(),
    }
}

/// Files of more bytes than this are not shown.
const MOST_SHOWN_BYTES: usize = 1 << 20;

/// Returns the files that were read and from which text of the result, or an error, comes.
fn read_files(traces: &Traces, result: Result<&Rendered, &gotemplate::Error>) -> Vec<TemplateFile> {
    let of_traces = traces.debug.iter().map(debug::Message::place);
    let of_traces = of_traces.chain(traces.unstable.values());
    let of_traces = of_traces.chain(traces.unread.iter().map(env::Unread::place));
    let of_traces = of_traces.chain(traces.used.values().map(env::Read::place));
    let of_traces = of_traces.filter_map(|at| at.origin.as_ref());
    let mut names: BTreeSet<&str> = of_traces.map(|origin| &*origin.template).collect();
    match result {
        Ok(rendered) => names.extend(rendered.templates()),
        Err(error) => {
            let origins = error.frames().filter_map(|it| it.location.origin.as_ref());
            names.extend(origins.map(|origin| &*origin.template));
        }
    }
    let read = traces.files.iter().filter_map(|(name, text)| {
        let template = files::template_name(name);
        if !names.contains(template.as_str()) || text.len() > MOST_SHOWN_BYTES {
            return None;
        }
        Some(TemplateFile {
            name: template,
            source: SourceText::new(name, text.to_vec()).ok()?,
        })
    });
    read.collect()
}

/// Adds the line in which a template failed.
fn hide_place(error: &Diagnostic, files: &[TemplateFile], hidden: &mut Hidden) {
    let Some(at) = &error.at else { return };
    let line = at.start.line;
    if let Some(file) = files.iter().find(|file| file.source.name() == at.file) {
        hidden.add_line(&at.file, line, file.source.text_of_line(line), "");
    }
}

/// Adds the lines of templates from which rendered lines with hidden values come.
fn hide_lines(rendered: &SourceText, hidden: &mut Hidden) {
    if hidden.is_empty() {
        return;
    }
    let mut offset = 0;
    for line in rendered.text().split_inclusive('\n') {
        for at in hidden.offsets_in(line) {
            for at in [offset, offset + at] {
                if let Some((file, number, written)) = rendered.template_line(at) {
                    hidden.add_line(file, number, written, line);
                }
            }
        }
        offset += line.len();
    }
}

/// What a template is executed with.
pub struct Engine {
    data: Value,
    functions: FuncMap,
    traces: SharedTraces,
}

impl Engine {
    /// Returns what templates with these inputs are executed with.
    pub fn new(inputs: &Inputs) -> Engine {
        Engine::with_traces(inputs, &SharedTraces::default(), env::Missing::Fails)
    }

    fn with_traces(inputs: &Inputs, traces: &SharedTraces, missing: env::Missing) -> Engine {
        Engine {
            traces: traces.clone(),
            data: data::root(inputs, traces),
            functions: functions::all(inputs, traces, missing),
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
        // werf is built with a Go that does not range over integers in templates.
        let traces = self.traces;
        let templates = Templates::new(MAIN)
            .with_observer(move |name, args, result| {
                with(&traces, |traces| {
                    traces.followed.observe(name, args, result);
                });
            })
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
