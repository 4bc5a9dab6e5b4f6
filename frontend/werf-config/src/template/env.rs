//! `env NAME [DEFAULT]`: reads the build arguments, as far as `werf-giterminism.yaml` allows it.
//!
//! A variable that may not be read or is not given does not end the rendering: all of them are told at once.

use std::collections::BTreeMap;

use diagnostic::{Diagnostic, TemplateFile};
use gotemplate::{FuncError, FuncMap, Location, Type, Value};
use serde::{Deserialize, Serialize};

use crate::giterminism::{Giterminism, Rule};

use super::{SharedTraces, failure, with};

/// A variable that could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Unread {
    name: String,
    is_allowed: bool,
    /// Whether it is given, or has a default.
    has_value: bool,
    /// Where it is read first.
    at: Location,
}

impl Unread {
    /// Returns where it is read first.
    pub(super) fn place(&self) -> &Location {
        &self.at
    }
}

/// How a variable is read first.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    /// Where.
    at: Location,
    /// What it is if it is not given.
    default: Option<String>,
}

impl Read {
    /// Returns where.
    pub(super) fn place(&self) -> &Location {
        &self.at
    }
}

/// A variable that templates read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// What it is if it is not given; `None` if it has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Where it is read first, if that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<diagnostic::Location>,
    /// Whether the template could not be rendered without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_missing: bool,
}

/// Returns the variables that were read, with their places in `files`.
pub(super) fn arguments(
    used: &BTreeMap<String, Read>,
    unread: &[Unread],
    files: &[TemplateFile],
) -> Vec<Argument> {
    let arguments = used.iter().map(|(name, read)| Argument {
        name: name.clone(),
        default: read.default.clone(),
        at: failure::place_of(&read.at, "env", files),
        is_missing: unread.iter().any(|it| it.name == *name),
    });
    arguments.collect()
}

/// What becomes of a variable that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The template fails, as with werf.
    Fails,
    /// It is empty and told with all others in the end.
    IsTold,
}

/// Adds the function.
pub(super) fn register(
    functions: &mut FuncMap,
    variables: &BTreeMap<String, String>,
    giterminism: &Giterminism,
    traces: &SharedTraces,
    missing: Missing,
) {
    let (variables, giterminism) = (variables.clone(), giterminism.clone());
    let traces = traces.clone();
    functions.add_variadic("env", [Type::Any, Type::String], move |call, args| {
        let name = call.text(&args[0])?.to_text().into_owned();
        let default = args.get(1).and_then(Value::as_str);
        with(&traces, |traces| {
            traces.used.entry(name.clone()).or_insert_with(|| Read {
                at: call.place(),
                default: default.as_ref().map(|text| text.to_text().into_owned()),
            });
        });
        if args.len() > 2 {
            return Err(FuncError::new("more than 1 optional argument prohibited"));
        }
        let given = variables.get(&name);
        let is_allowed = giterminism.allows_env(&name);
        if is_allowed {
            let value = given.filter(|value| !value.is_empty() || default.is_none());
            if let Some(value) = value {
                with(&traces, |traces| traces.followed.add(value));
                return Ok(Value::string(value.as_str()));
            }
            if let Some(default) = default {
                return Ok(Value::from(default.clone()));
            }
            if giterminism.is_loose() {
                return Ok(Value::string(""));
            }
        }
        let unread = Unread {
            name,
            is_allowed,
            has_value: given.is_some() || default.is_some(),
            at: call.place(),
        };
        if missing == Missing::Fails {
            return Err(FuncError::new(message(&[&unread])));
        }
        with(&traces, |traces| {
            let known = traces.unread.iter().any(|it| it.name == unread.name);
            if !known && traces.unread.len() < MOST_TOLD {
                traces.unread.push(unread);
            }
        });
        Ok(match default {
            Some(default) => Value::from(default.clone()),
            None => Value::string(""),
        })
    });
}

/// More names than this help nobody.
const MOST_TOLD: usize = 100;

/// Says what is wrong with variables that are all not allowed, or all not given, as werf says it of one.
fn message(unread: &[&Unread]) -> String {
    let names: Vec<String> = unread.iter().map(|it| format!("{:?}", it.name)).collect();
    let names = names.join(", ");
    match (unread, unread.iter().all(|it| it.is_allowed)) {
        ([_], false) => format!("env name {names} not allowed by giterminism"),
        ([_], true) => {
            format!("the environment variable {names} must be set or default must be provided")
        }
        (_, false) => format!("env names {names} not allowed by giterminism"),
        (_, true) => {
            format!("the environment variables {names} must be set or defaults must be provided")
        }
    }
}

/// Returns one mistake for all variables that could not be read: with the lines for the file of rules, and the
/// arguments of the command.
pub(super) fn diagnostic(
    unread: &[Unread],
    rules: &Giterminism,
    files: &[TemplateFile],
) -> Option<Diagnostic> {
    let first = unread.first()?;
    let forbidden: Vec<&Unread> = unread.iter().filter(|it| !it.is_allowed).collect();
    let not_given: Vec<&Unread> = unread.iter().filter(|it| !it.has_value).collect();
    let options: Vec<String> = not_given
        .iter()
        .map(|it| format!("--build-arg {}=…", it.name))
        .collect();
    let options = options.join(" ");
    let mut told = if forbidden.is_empty() {
        let name = &not_given.first()?.name;
        let hint = format!("pass `{options}`, or write `env {name:?} \"default\"`");
        Diagnostic::error(message(&not_given)).hint(hint)
    } else {
        let names: Vec<&str> = forbidden.iter().map(|it| it.name.as_str()).collect();
        let them = if names.len() == 1 { "it" } else { "them" };
        let told = Diagnostic::error(message(&forbidden)).hint(format!(
            "allow {them} in `{}`, or try without such rules: `--build-arg WERF_LOOSE_GITERMINISM=1`",
            rules.file()
        ));
        let told = told.note(rules.advice_for(Rule::TemplateEnv, &names));
        if options.is_empty() {
            told
        } else {
            told.note(format!("the build has to be given, too: `{options}`"))
        }
    };
    let place = |it: &Unread| failure::place_of(&it.at, "env", files);
    if let Some(at) = place(first) {
        told = told.at(at);
    }
    for other in &unread[1..] {
        if let Some(at) = place(other) {
            let (name, file, line) = (&other.name, at.file, at.start.line);
            told = told.note(format!("`{name}` is read in {file}:{line}"));
        }
    }
    Some(told)
}
