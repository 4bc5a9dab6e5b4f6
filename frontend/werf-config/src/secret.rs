//! `secrets`: files of the client that commands see at `/run/secrets/ID`.
//!
//! werf reads them itself (`pkg/config/secret.go`). Here the client hands them to BuildKit, so that they are in no
//! definition, cache or image; a section says which ones there are, and messages say how to give them. Only one whose
//! `value` is in the configuration is handed over by PLAN, in a file of a cache mount that is in no key, plan or definition.

use std::collections::HashMap;

use diagnostic::{Located, Location, Report, Span, Spanned};
use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::schema::Section;
use super::schema::Shape::Text;

/// The keys of an entry of `secrets`.
pub static KEYS: Section = Section {
    keys: &[("id", Text), ("env", Text), ("src", Text), ("value", Text)],
};

/// Where secrets are in a stage.
pub const DIRECTORY: &str = "/run/secrets";

/// One entry of `secrets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name in the build, and the name of its file.
    pub id: String,
    /// Where the client finds it.
    pub from: SecretSource,
    /// The first key of the entry.
    pub at: Location,
}

/// Where the client finds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretSource {
    /// A variable of the environment.
    Env(Located<String>),
    /// A file.
    File(Located<String>),
    /// The configuration itself.
    Value(SecretValue),
}

/// A value that is in the configuration. Neither a plan nor a message has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretValue {
    /// The value; `None` behind PLAN.
    #[serde(skip)]
    pub text: Option<String>,
    /// The file with the value among those that PLAN hands over, once it has written it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where the value is written.
    pub at: Location,
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretValue")
            .field("file", &self.file)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl Secret {
    /// Returns the option by which a build gets it from the client, if it does.
    pub fn option(&self) -> Option<String> {
        Some(match &self.from {
            SecretSource::Value(_) => return None,
            SecretSource::Env(name) => format!("--secret id={},env={}", self.id, name.value),
            SecretSource::File(path) => {
                // The client does not know what a tilde means when it stands inside of an option.
                let path = match path.value.strip_prefix("~/") {
                    Some(rest) => format!("$HOME/{rest}"),
                    None => path.value.clone(),
                };
                format!("--secret id={},src={path}", self.id)
            }
        })
    }
}

/// Who gets the secrets of an image to its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hands {
    /// The client or PLAN.
    Any,
    /// BuildKit's frontend for Dockerfiles, which only asks the client.
    Client,
}

/// Reads the entries of one image, and says what is wrong with each and with all together.
pub(crate) fn read_all(
    entries: &[Fields<'_>],
    hands: Hands,
    report: &mut Report<'_>,
) -> Vec<Secret> {
    let mut first: HashMap<String, Span> = HashMap::new();
    let mut secrets = Vec::new();
    for entry in entries {
        let Some(secret) = read(entry, hands, report) else {
            continue;
        };
        if let Some(before) = first.insert(secret.id.clone(), entry.at()) {
            let message = format!(
                "{} has two secrets with the id `{}`",
                report.called(),
                secret.id
            );
            let note = format!("the first one is in line {}", report.line(before));
            report
                .error(entry.at(), message)
                .hint("give one of them another `id`")
                .note(note);
        }
        secrets.push(secret);
    }
    secrets
}

fn read(entry: &Fields<'_>, hands: Hands, report: &mut Report<'_>) -> Option<Secret> {
    let (id, env, src, value) = (
        entry.text("id"),
        entry.text("env"),
        entry.text("src"),
        entry.text("value"),
    );
    let given = [("env", &env), ("src", &src), ("value", &value)];
    let mut names = given
        .iter()
        .filter(|(_, value)| value.is_some())
        .map(|(name, _)| *name);
    if let (Some(one), Some(other)) = (names.next(), names.next()) {
        let message = format!(
            "a secret of {} has both `{one}` and `{other}`",
            report.called()
        );
        report
            .error(entry.at(), message)
            .hint("keep one of the two");
        return None;
    }
    let (from, default_id) = match (env, src, value) {
        (Some(env), ..) => {
            let id = env.value.clone();
            (SecretSource::Env(report.locate(env)), id)
        }
        (_, Some(src), _) => {
            let name = src.value.trim_end_matches('/').rsplit('/').next();
            let id = name.unwrap_or_default().to_owned();
            (SecretSource::File(report.locate(src)), id)
        }
        (_, _, Some(value)) if hands == Hands::Client => {
            let message = format!(
                "a secret of {} has a `value`, and the build of a Dockerfile asks the client alone for secrets",
                report.called()
            );
            let id = id.map_or_else(|| "ID".to_owned(), |id| id.value);
            report.error(value.span, message).hint(format!(
                "write `env: NAME` with `id: {id}`, and give the value to the build: `--secret id={id},env=NAME`"
            ));
            return None;
        }
        (_, _, Some(_)) if id.is_none() => {
            let message = format!("a secret of {} has a `value` and no `id`", report.called());
            report.error(entry.at(), message).hint(format!(
                "add `id: NAME`; commands find it at `{DIRECTORY}/NAME`"
            ));
            return None;
        }
        (_, _, Some(value)) => {
            let text = SecretValue {
                text: Some(value.value),
                file: None,
                at: report.location(value.span),
            };
            (SecretSource::Value(text), String::new())
        }
        (None, None, None) => {
            let message = format!("a secret of {} comes from nowhere", report.called());
            report
                .error(entry.at(), message)
                .hint("add `env: VARIABLE` or `src: PATH`");
            return None;
        }
    };
    let id = id.unwrap_or_else(|| Spanned::new(default_id, entry.at()));
    if let Some(problem) = id_problem(&id.value) {
        let message = format!("`{}` cannot be the id of a secret: {problem}", id.value);
        report.error(id.span, message).hint(format!(
            "add `id: NAME`; commands find it at `{DIRECTORY}/NAME`"
        ));
        return None;
    }
    Some(Secret {
        id: id.value,
        from,
        at: report.location(entry.at()),
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
