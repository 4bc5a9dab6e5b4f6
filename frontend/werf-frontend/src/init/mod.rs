//! `init`: a directory in, the text of a first `werf.yaml` out.
//!
//! ```text
//! Project ──► template (what is found, or what is asked for) ──► sections ──► text
//! ```
//!
//! A template knows one kind of project. It says by which files it is found, and makes the sections of the images. Nothing is asked, nothing is
//! fetched, and what a project itself says (its versions, its scripts) wins over the tables here. What a stage depends on is rather named too broadly
//! than too narrowly: a stage that runs once too often costs time, one that does not run leaves something old in the image.

mod dockerfile;
mod go;
mod java;
mod node;
mod php;
mod project;
mod python;
mod ruby;
mod rust;
mod section;
mod site;
mod text;
mod versions;

use std::fmt;

use diagnostic::closest;

pub use project::Project;
use section::Section;

/// A kind of project.
#[derive(Debug)]
pub struct Template {
    /// Its name, for `--template`.
    pub name: &'static str,
    /// By what it is found, for a list.
    pub told_by: &'static str,
    /// Returns the files by which it is found; none if it is not.
    found: fn(&Project) -> Vec<String>,
    /// Returns the images.
    images: fn(&Project) -> Images,
    /// What tools leave in the working directory and nobody commits.
    leftovers: &'static [&'static str],
}

/// All templates. Of several that are found the first is taken: a Dockerfile says best how a project is built, and a project in another language often has
/// scripts and pages besides.
pub static TEMPLATES: [Template; 9] = [
    dockerfile::TEMPLATE,
    go::TEMPLATE,
    rust::TEMPLATE,
    java::TEMPLATE,
    php::TEMPLATE,
    ruby::TEMPLATE,
    python::TEMPLATE,
    node::TEMPLATE,
    site::TEMPLATE,
];

/// What a template has made.
#[derive(Debug, Default)]
struct Images {
    sections: Vec<Section>,
    /// What a person should know of it.
    notes: Vec<String>,
    /// The port that the application listens to, if it is known.
    port: Option<u16>,
}

/// A configuration, and what there is to say about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Draft {
    /// The name of the template.
    pub template: &'static str,
    /// The files by which it was found; none if it was asked for without them.
    pub found: Vec<String>,
    /// Other templates that would do.
    pub others: Vec<&'static str>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// The name of the final image.
    pub image: String,
    /// The port that the application listens to, if it is known.
    pub port: Option<u16>,
    /// The text of `werf.yaml`.
    pub text: String,
}

/// Why there is no configuration.
#[derive(Debug, PartialEq, Eq)]
pub enum InitError {
    /// No template has this name.
    UnknownTemplate(String),
    /// Nothing is known of a project in this directory.
    NothingFound(String),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InitError::UnknownTemplate(name) => {
                let names: Vec<&str> = TEMPLATES.iter().map(|it| it.name).collect();
                write!(f, "there is no template `{name}`")?;
                match closest(name, names.iter().copied()) {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => write!(f, "; there are {}", names.join(", ")),
                }
            }
            InitError::NothingFound(directory) => write!(
                f,
                "nothing in `{directory}` says what is to be built; `--list` says what is looked for, `--template NAME` writes one all the same"
            ),
        }
    }
}

impl std::error::Error for InitError {}

/// Returns the templates that are found in `project`, each with the files that told it, in the order of [`TEMPLATES`].
pub fn found(project: &Project) -> Vec<(&'static Template, Vec<String>)> {
    let all = TEMPLATES.iter().map(|it| (it, (it.found)(project)));
    all.filter(|(_, files)| !files.is_empty()).collect()
}

/// Returns a first configuration for `project`: by the template `wanted`, or else by the first one that is found. `syntax` is the frontend image, for
/// the first line.
///
/// # Errors
/// A template that does not exist; nothing that could be built.
pub fn draft(project: &Project, wanted: Option<&str>, syntax: &str) -> Result<Draft, InitError> {
    let mut all = found(project);
    let place = match wanted {
        None => (!all.is_empty()).then_some(0),
        Some(name) => all.iter().position(|(it, _)| it.name == name),
    };
    let (template, files) = match (place, wanted) {
        (Some(place), _) => all.remove(place),
        (None, Some(name)) => {
            let known = TEMPLATES.iter().find(|it| it.name == name);
            let known = known.ok_or_else(|| InitError::UnknownTemplate(name.to_owned()))?;
            (known, Vec::new())
        }
        (None, None) => return Err(InitError::NothingFound(project.place())),
    };
    let mut images = (template.images)(project);
    let uncommitted = template.leftovers.iter();
    let uncommitted = uncommitted.filter(|name| project.has(name) && !project.ignores(name));
    images.notes.extend(uncommitted.map(|name| {
        format!("`{name}` is not in .gitignore: do not commit it, or the image has it")
    }));
    let last = images.sections.last();
    Ok(Draft {
        template: template.name,
        found: files,
        others: all.iter().map(|(it, _)| it.name).collect(),
        image: last.map(|it| it.name.clone()).unwrap_or_default(),
        port: images.port,
        text: text::configuration(syntax, &project.name(), &images.sections),
        notes: images.notes,
    })
}

#[cfg(test)]
mod tests;
