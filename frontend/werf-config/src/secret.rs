//! `secrets`: files of the client that commands see at `/run/secrets/ID` (spec 1.14 and 9.2).
//!
//! werf reads them itself. Here the client hands them to BuildKit, so that they are in no definition, cache or
//! image; a section says which ones there are, and messages say how to give them.

use std::collections::HashMap;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, Spanned};
use yaml_v2::NodeRef;

use super::raw::Fields;

/// Where secrets are in a stage.
pub const DIRECTORY: &str = "/run/secrets";

/// One entry of `secrets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its name in the build, and the name of its file.
    pub id: String,
    /// Its first key.
    pub at: Span,
    /// Where the client finds it.
    pub from: SecretSource,
}

/// Where the client finds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of the environment.
    Env(Spanned<String>),
    /// A file.
    File(Spanned<String>),
}

impl Secret {
    /// Returns the option by which a build gets it.
    pub fn option(&self) -> String {
        match &self.from {
            SecretSource::Env(name) => format!("--secret id={},env={}", self.id, name.value),
            SecretSource::File(path) => {
                // The client does not know what a tilde means when it stands inside of an option.
                let path = match path.value.strip_prefix("~/") {
                    Some(rest) => format!("$HOME/{rest}"),
                    None => path.value.clone(),
                };
                format!("--secret id={},src={path}", self.id)
            }
        }
    }
}

/// One entry of `secrets` as written.
#[derive(Debug, Default)]
pub struct RawSecret {
    /// The first key of the entry.
    at: Span,
    id: Option<Spanned<String>>,
    env: Option<Spanned<String>>,
    src: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
}

impl RawSecret {
    /// Reads an entry.
    pub fn read(entry: NodeRef<'_>) -> RawSecret {
        let fields = Fields::of(entry);
        RawSecret {
            at: fields.first_key().unwrap_or(entry.span()),
            id: fields.text("id"),
            env: fields.text("env"),
            src: fields.text("src"),
            value: fields.text("value"),
        }
    }
}

/// Turns the entries of one image into secrets, and says what is wrong with each and with all together.
/// `called` is what messages call the image.
pub fn resolve_all(
    raws: Vec<RawSecret>,
    called: &str,
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<Secret> {
    let mut wrong = |message: String, at: Span, hint: &str, note: Option<String>| {
        let mut diagnostic = Diagnostic::error(message)
            .at(source.location(at))
            .hint(hint);
        diagnostic.notes.extend(note);
        diagnostics.push(diagnostic);
    };
    let mut first: HashMap<String, Span> = HashMap::new();
    let mut secrets = Vec::new();
    for raw in raws {
        let at = raw.at;
        match resolve(raw, called) {
            Ok(secret) => {
                if let Some(before) = first.insert(secret.id.clone(), at) {
                    let message = format!("{called} has two secrets with the id `{}`", secret.id);
                    let line = source.line(before.start);
                    let note = format!("the first one is in line {line}");
                    wrong(message, at, "give one of them another `id`", Some(note));
                }
                secrets.push(secret);
            }
            Err((message, at, hint)) => wrong(message, at, &hint, None),
        }
    }
    secrets
}

/// A message, its place and what to do.
type Mistake = (String, Span, String);

fn resolve(raw: RawSecret, called: &str) -> Result<Secret, Mistake> {
    let given = [("env", &raw.env), ("src", &raw.src), ("value", &raw.value)];
    let mut names = given
        .iter()
        .filter(|(_, value)| value.is_some())
        .map(|(name, _)| *name);
    if let (Some(one), Some(other)) = (names.next(), names.next()) {
        let message = format!("a secret of {called} has both `{one}` and `{other}`");
        return Err((message, raw.at, "keep one of the two".to_owned()));
    }
    let (from, default_id) = match (raw.env, raw.src, raw.value) {
        (Some(env), ..) => {
            let id = env.value.clone();
            (SecretSource::Env(env), id)
        }
        (_, Some(src), _) => {
            let name = src.value.trim_end_matches('/').rsplit('/').next();
            let id = name.unwrap_or_default().to_owned();
            (SecretSource::File(src), id)
        }
        (_, _, Some(value)) => {
            let message = format!(
                "a secret of {called} has a `value`, which would be readable in the cache and in the build's history"
            );
            let id = raw.id.map_or_else(|| "ID".to_owned(), |id| id.value);
            let hint = format!(
                "write `env: NAME` with `id: {id}`, and give the value to the build: `--secret id={id},env=NAME`"
            );
            return Err((message, value.span, hint));
        }
        (None, None, None) => {
            let message = format!("a secret of {called} comes from nowhere");
            return Err((
                message,
                raw.at,
                "add `env: VARIABLE` or `src: PATH`".to_owned(),
            ));
        }
    };
    let id = raw.id.unwrap_or_else(|| Spanned::new(default_id, raw.at));
    if let Some(problem) = id_problem(&id.value) {
        let message = format!("`{}` cannot be the id of a secret: {problem}", id.value);
        let hint = format!("add `id: NAME`; commands find it at `{DIRECTORY}/NAME`");
        return Err((message, id.span, hint));
    }
    Ok(Secret {
        id: id.value,
        at: raw.at,
        from,
    })
}

/// Returns why `id` cannot be the name of a file and a word in an option of the client.
fn id_problem(id: &str) -> Option<&'static str> {
    match id {
        "" => Some("it is empty"),
        "." | ".." | "~" => Some("it is not a file name"),
        _ if id.contains('/') => Some("it contains `/`"),
        _ if id.contains(|c: char| c == ',' || c == '"' || c.is_control()) => {
            Some("it contains a character that the client's option cannot have")
        }
        _ => None,
    }
}
