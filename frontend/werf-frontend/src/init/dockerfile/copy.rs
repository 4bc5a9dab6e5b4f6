//! `COPY`: what goes where.

use super::super::Project;
use super::super::project::OUR_OWN;
use super::super::section::{Import, Stage};
use super::arrange::{Copied, Draft, Step};
use super::ignored;

/// Directories that every image has, as far as anything is copied into them.
const USUAL: [&str; 15] = [
    "/",
    "/bin",
    "/etc",
    "/home",
    "/lib",
    "/opt",
    "/sbin",
    "/srv",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/var",
];

/// Where something is copied to.
#[derive(Debug)]
pub struct Destination {
    path: String,
    /// Whether it is surely a directory.
    pub is_directory: bool,
}

impl Destination {
    /// Reads a destination: `written` is what stands there, `path` the same from the root on, `directory` that of `WORKDIR`.
    pub fn new(path: String, written: &str, directory: Option<&str>, draft: &Draft) -> Destination {
        let is_written = written.ends_with('/') || written == "." || written.ends_with("/.");
        let is_above = |inner: &str| {
            let rest = inner.strip_prefix(path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_known = USUAL.contains(&path.as_str())
            || directory.is_some_and(is_above)
            || draft.steps.iter().any(|step| match step {
                Step::Copy(copied) => {
                    is_above(&copied.to) && (copied.is_directory || copied.to != path)
                }
                Step::Import(import) => is_above(&import.to) && import.to != path,
                _ => false,
            });
        Destination {
            is_directory: is_written || is_known,
            path,
        }
    }

    /// Returns the place of a file of this name.
    fn of_file(&self, name: &str) -> Result<String, String> {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        let end = |name: &str| name.rsplit_once('.').map(|it| it.1.to_owned());
        if self.is_directory {
            Ok(format!("{}/{name}", self.path.trim_end_matches('/')))
        } else if last == name || (end(last).is_some() && end(last) == end(name)) {
            Ok(self.path.clone())
        } else {
            Err(format!(
                "whether `{}` is a directory of the base image is not known: write a slash behind it, or name the whole destination",
                self.path
            ))
        }
    }
}

/// Reads the names of `--chown`.
///
/// # Errors
/// A name alone, whose group is a matter of the image.
pub fn owner(written: &str) -> Result<(Option<String>, Option<String>), String> {
    let is_number = !written.is_empty() && written.chars().all(|c| c.is_ascii_digit());
    match written.split_once(':') {
        Some((user, group)) => Ok((Some(user.to_owned()), Some(group.to_owned()))),
        // The group of the same number.
        None if is_number => Ok((Some(written.to_owned()), Some(written.to_owned()))),
        None => Err(format!(
            "the group of `--chown={written}` is not known: write `--chown=NAME:GROUP`"
        )),
    }
}

/// Returns what is copied of the context.
///
/// # Errors
/// What no commit has, and patterns that are no mask.
pub fn copied(project: &Project, source: &str, to: &Destination) -> Result<Copied, String> {
    let path = clean(&format!("/{source}"));
    let path = path.ok_or_else(|| format!("`{source}` leads out of the project"))?;
    let path = path.trim_start_matches('/');
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    if path.contains(['*', '?', '[']) {
        return pattern(project, source, (directory, name), to);
    }
    if !path.is_empty() && !project.has(path) {
        return Err(format!("`{source}` is not there"));
    }
    if project.ignores(path) {
        return Err(format!(
            "`{source}` is left out by .gitignore, so no commit has it"
        ));
    }
    let is_directory = path.is_empty() || project.is_directory(path);
    let mut exclude = Vec::new();
    if is_directory {
        exclude = ignored::masks(project, path)?;
    }
    if path.is_empty() {
        exclude.push(OUR_OWN.to_owned());
    }
    Ok(Copied {
        path: path.to_owned(),
        add: project.in_repository(path),
        pattern: None,
        to: if is_directory {
            to.path.clone()
        } else {
            to.of_file(name)?
        },
        is_directory,
        exclude,
        owner: None,
        group: None,
    })
}

/// Returns what is copied by a pattern of names in a directory.
fn pattern(
    project: &Project,
    source: &str,
    (directory, name): (&str, &str),
    to: &Destination,
) -> Result<Copied, String> {
    let (before, after) = name.split_once('*').unwrap_or((name, ""));
    let is_special = |text: &str| text.contains(['*', '?', '[']);
    if !name.contains('*') || [directory, before, after].into_iter().any(is_special) {
        return Err(format!("`{source}` is more than one `*` in a name"));
    }
    let matches = |it: &str| {
        it.len() >= before.len() + after.len() && it.starts_with(before) && it.ends_with(after)
    };
    let is_directory = |it: &str| {
        let path = format!("{directory}/{it}");
        project.is_directory(path.trim_start_matches('/'))
    };
    let matched = project.names_in(directory);
    if matched.iter().any(|it| matches(it) && is_directory(it)) {
        return Err(format!(
            "`{source}` matches a directory, whose files are put beside one another"
        ));
    }
    Ok(Copied {
        path: directory.to_owned(),
        add: project.in_repository(directory),
        pattern: Some(name.to_owned()),
        to: to.path.clone(),
        is_directory: true,
        exclude: ignored::masks(project, directory)?,
        owner: None,
        group: None,
    })
}

/// Returns what is copied of another image, without its place.
///
/// # Errors
/// Patterns, and files of which it is not known whether they are directories.
pub fn imported(
    from: &str,
    source: &str,
    to: &Destination,
    drafts: &[Draft],
) -> Result<Import, String> {
    let number = from.parse().ok().filter(|it: &usize| *it < drafts.len());
    let image = number.or_else(|| place(drafts, from));
    let image = image.map_or_else(|| from.to_owned(), |it| drafts[it].name.clone());
    if source.contains(['*', '?', '[']) {
        return Err(format!("`{source}` is a pattern in another image"));
    }
    let add =
        clean(&format!("/{source}")).ok_or_else(|| format!("`{source}` leads out of the image"))?;
    if to.is_directory && !source.ends_with('/') && add != "/" {
        return Err(format!(
            "whether `{source}` is a file or a directory is not known: name the whole destination, or write `{source}/`"
        ));
    }
    Ok(Import {
        from: image,
        add,
        to: to.path.clone(),
        when: "after",
        stage: Stage::Setup,
        owner: None,
        group: None,
    })
}

/// Returns where the `FROM` is that is called `name`.
pub fn place(drafts: &[Draft], name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    drafts.iter().position(|draft| draft.name == name)
}

/// Returns an absolute path without what says nothing; `None` if it leads above the root.
pub fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}
