//! `.Files`: what templates read of the commit (spec 2.2).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use gotemplate::{Args, Call, FuncError, Kind, Map, Object, Signature, Type, Value};
use masks::mask::Mask;

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
pub struct FilesObject(pub Arc<dyn Files>);

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
        let kind = || self.0.kind(&path).map_err(failed);
        match name {
            "Exists" => Ok(Value::Bool(kind()?.is_some())),
            "IsDir" => Ok(Value::Bool(kind()? == Some(FileKind::Directory))),
            "Get" => Ok(Value::string(self.0.read(&path).map_err(failed)?)),
            _ => {
                let mask = Mask::new(path.trim_start_matches('/'))
                    .map_err(|error| failed(error.to_string()))?;
                let found = Map::new();
                for file in self.0.glob(&mask).map_err(failed)? {
                    let content = self.0.read(&file).map_err(failed)?;
                    call.charge_bytes((file.len() + content.len()) as u64)?;
                    found.set(file, Value::string(content));
                }
                Ok(Value::from(found))
            }
        }
    }
}
