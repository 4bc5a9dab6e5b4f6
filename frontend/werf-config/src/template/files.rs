//! `.Files`: what templates read of the commit.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use gotemplate::{
    Args, Call, FuncError, Kind, LimitError, Map, Object, Signature, Str, Type, Value,
};
use masks::mask::{Mask, clean};

use super::{Advice, SharedTraces, with};
use crate::giterminism::{Giterminism, Uncommitted};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// The files of the commit below the project directory.
///
/// Paths are relative to that directory, with slashes; a leading one is harmless. Links are followed within
/// the repository.
pub trait Files: Send + Sync {
    /// Returns what is at `path`, or `None`.
    ///
    /// # Errors
    /// A repository that cannot be read.
    fn kind(&self, path: &str) -> Result<Option<FileKind>, String>;

    /// Returns the content of the file at `path`.
    ///
    /// # Errors
    /// No file, one that is too large, or a repository that cannot be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// Returns the paths of the files that `mask` matches, sorted.
    ///
    /// # Errors
    /// A repository that cannot be read.
    fn glob(&self, mask: &Mask) -> Result<Vec<String>, String>;

    /// Returns the name by which people know the file at `path`.
    fn name(&self, path: &str) -> String {
        clean(path.trim_start_matches('/'))
    }
}

/// Files that are in no repository: their paths and texts.
pub struct TextFiles(pub BTreeMap<String, String>);

impl Files for TextFiles {
    fn kind(&self, path: &str) -> Result<Option<FileKind>, String> {
        let path = path.trim_matches('/');
        if self.0.contains_key(path) {
            return Ok(Some(FileKind::File));
        }
        let below = format!("{path}/");
        let is_directory = self.0.keys().any(|file| file.starts_with(&below));
        Ok(is_directory.then_some(FileKind::Directory))
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let content = self.0.get(path.trim_start_matches('/'));
        content
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| format!("file {path:?} not found"))
    }

    fn glob(&self, mask: &Mask) -> Result<Vec<String>, String> {
        let paths = self.0.keys().filter(|path| mask.matches(path.as_bytes()));
        Ok(paths.cloned().collect())
    }
}

/// The value of `.Files`.
pub(super) struct FilesObject {
    pub files: Arc<dyn Files>,
    pub giterminism: Giterminism,
    pub traces: SharedTraces,
}

impl FilesObject {
    /// Says of a file that is not there what to do, if a rule allows it to be uncommitted.
    fn explain(&self, path: &str, message: String) {
        if let Some(hint) = self
            .giterminism
            .advice_for_missing(Uncommitted::Files, path)
        {
            let advice = Advice {
                message,
                hint,
                note: None,
            };
            with(&self.traces, |traces| traces.advice = Some(advice));
        }
    }

    /// Returns the text of the file at `path`, which is traced to its lines wherever it is handed on unchanged.
    fn read(&self, path: &str, call: &mut Call<'_>) -> Result<Value, Failure> {
        let content = self.files.read(path)?;
        call.charge_bytes((path.len() + content.len()) as u64)?;
        let text = Str::from(content);
        let name = self.files.name(path);
        call.comes_from(&text, &template_name(&name));
        with(&self.traces, |traces| {
            traces.files.insert(name, text.clone())
        });
        Ok(Value::String(text))
    }
}

/// Returns what origins call the file that people know as `name`. No template's own name begins with a slash.
pub(super) fn template_name(name: &str) -> String {
    format!("/{name}")
}

/// Why a file was not read.
enum Failure {
    File(String),
    Limit(LimitError),
}

impl From<String> for Failure {
    fn from(reason: String) -> Failure {
        Failure::File(reason)
    }
}

impl From<LimitError> for Failure {
    fn from(limit: LimitError) -> Failure {
        Failure::Limit(limit)
    }
}

const METHODS: [&str; 4] = ["Exists", "Get", "Glob", "IsDir"];

impl Object for FilesObject {
    fn type_name(&self) -> Cow<'_, str> {
        Cow::Borrowed("config.files")
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn method(&self, name: &str) -> Option<Signature> {
        METHODS
            .contains(&name)
            .then(|| Signature::new([Type::String]))
    }

    fn call(&self, name: &str, call: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
        let path = args.str(0).to_text().into_owned();
        // werf says in front of the reason what was written.
        let failed =
            |reason: String| FuncError::new(format!("{{{{ .Files.{name} {path:?} }}}}: {reason}"));
        let failed_to_read = |failure: Failure| match failure {
            Failure::File(reason) => failed(reason),
            Failure::Limit(limit) => limit.into(),
        };
        let kind = || self.files.kind(&path).map_err(failed);
        match name {
            "Exists" => Ok(Value::Bool(kind()?.is_some())),
            "IsDir" => Ok(Value::Bool(kind()? == Some(FileKind::Directory))),
            "Get" => self.read(&path, call).map_err(|failure| {
                let is_file = matches!(failure, Failure::File(_));
                let error = failed_to_read(failure);
                if is_file {
                    self.explain(&path, error.to_string());
                }
                error
            }),
            _ => {
                let mask = Mask::new(path.trim_start_matches('/'))
                    .map_err(|error| failed(error.to_string()))?;
                let found = Map::new();
                for file in self.files.glob(&mask).map_err(failed)? {
                    let text = self.read(&file, call).map_err(failed_to_read)?;
                    found.set(file, text);
                }
                Ok(Value::from(found))
            }
        }
    }
}
