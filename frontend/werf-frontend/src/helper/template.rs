//! Finds the configuration in the commit and renders it, if it is a template.

use std::collections::BTreeSet;
use std::sync::Arc;

use diagnostic::redact::{self, Hidden};
use diagnostic::{Checks, Diagnostic, SourceText, TemplateFile};
use masks::mask::Mask;
use werf_config::giterminism::{FILE_NAME, Giterminism, Uncommitted};
use werf_config::template::{self, Argument, CommitData, FileKind, Files, Inputs};
use werf_plan::agreed::{CACHE_SCOPE_ARGUMENT, DEV_ARGUMENT, UNCOMMITTED_ARGUMENT};
use werf_plan::file::{FilesRequest, SourceFile};
use werf_plan::until;

use crate::git::repo::{Repo, RepoError};

use super::changes::{Found, Reads};
use super::commit::commit_facts;
use super::locate::{Located, likely_path, locate};
use super::plan::PlanRequest;
use super::project_files::ProjectFiles;
use super::uncommitted::{ClientFiles, Views, configuration, wanted};

/// The build argument that lifts the prohibitions, for werf's `--loose-giterminism`.
const LOOSE: &str = "WERF_LOOSE_GITERMINISM";

/// The build argument with another directory of templates, for werf's `--config-templates-dir`.
const TEMPLATES_DIR: &str = "WERF_CONFIG_TEMPLATES_DIR";

/// The build argument with another path of `werf-giterminism.yaml`, for werf's `--giterminism-config`.
const GITERMINISM: &str = "WERF_GITERMINISM_CONFIG";

/// The build arguments that always mean something.
pub(super) const KNOWN: [&str; 9] = [
    CACHE_SCOPE_ARGUMENT,
    until::ARGUMENT,
    DEV_ARGUMENT,
    UNCOMMITTED_ARGUMENT,
    "WERF_ENV",
    LOOSE,
    TEMPLATES_DIR,
    GITERMINISM,
    template::DEBUG,
];

/// The directory of the templates, in the project directory.
const TEMPLATES: &str = ".werf";

/// Names other repositories, of which werf takes files that are not here.
const INCLUDES: &str = "werf-includes.yaml";

/// What is to be told besides the result.
#[derive(Debug, Default)]
pub struct Remarks {
    /// The files that locations refer to.
    pub texts: Vec<SourceFile>,
    /// What a person should know.
    pub warnings: Vec<Diagnostic>,
    /// Which of that the configuration wants to be said.
    pub checks: Checks,
    /// The build arguments that were asked for.
    pub used: BTreeSet<String>,
    /// Those that templates read.
    pub arguments: Vec<Argument>,
    /// What none of it may show.
    pub hidden: Hidden,
    /// What the commit was asked for.
    pub reads: Reads,
    /// The configuration, once it was found.
    pub found: Option<Found>,
    /// Whether the working directory was compared with the commit.
    pub is_compared: bool,
    /// Whether STORE gets contents of files when a stage wants them.
    pub is_put_off: bool,
}

/// What a commit says about builds.
pub struct Configuration {
    /// The text, rendered if it is a template.
    pub text: SourceText,
    /// What it may depend on besides the commit.
    pub rules: Giterminism,
    /// The repository as what else is read sees it.
    pub views: Views,
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum Unread {
    /// These mistakes.
    Mistakes(Vec<Diagnostic>),
    /// These files of the client were not given.
    NeedsFiles(FilesRequest),
}

impl From<Vec<Diagnostic>> for Unread {
    fn from(mistakes: Vec<Diagnostic>) -> Unread {
        Unread::Mistakes(mistakes)
    }
}

impl From<Unread> for Vec<Diagnostic> {
    fn from(unread: Unread) -> Vec<Diagnostic> {
        match unread {
            Unread::Mistakes(mistakes) => mistakes,
            Unread::NeedsFiles(_) => vec![Diagnostic::error(
                "the configuration takes files of the working directory, which was not given",
            )],
        }
    }
}

/// Returns the configuration and its rules, which are checked even where nothing asks for one.
///
/// # Errors
/// A file that cannot be found, and everything that is wrong with the rules and the templates; files of the client that the
/// rules take.
pub fn read(
    repo: &Repo,
    request: &PlanRequest,
    remarks: &mut Remarks,
) -> Result<Configuration, Unread> {
    remarks.used.extend(KNOWN.map(str::to_owned));
    let located = located(repo, request, remarks)?;
    remarks.add_text(&located.path, &located.content);
    let config_text =
        SourceText::new(&located.path, located.content.clone()).map_err(|error| vec![error])?;
    let (checks, odd) = Checks::of_file(&config_text).map_err(|mistake| vec![mistake])?;
    remarks.checks = checks;
    remarks.warnings.extend(odd);
    warn_of_includes(repo, &located, remarks)?;
    let directory = directory_of(&located.path);
    let rules = giterminism(repo, directory, request, remarks)?;
    remarks.found = Some(Found {
        path: located.path.clone(),
        rules: rules.clone(),
    });
    let views = views(repo, directory, &rules, request, remarks)?;
    let text = if template::is_template(&located.content) {
        render(
            repo,
            &views,
            &located,
            config_text,
            &rules,
            request,
            remarks,
        )?
    } else {
        config_text
    };
    Ok(Configuration { text, rules, views })
}

/// Finds the configuration, in the commit or where the rules allow it to be.
fn located(
    repo: &Repo,
    request: &PlanRequest,
    remarks: &mut Remarks,
) -> Result<Located, Vec<Diagnostic>> {
    let query = &request.config;
    let found = locate(repo, query);
    let path = match &found {
        Ok(located) => Some(located.path.clone()),
        Err(_) => likely_path(repo, query).map_err(|error| vec![error.into()])?,
    };
    if let Some(path) = path {
        // What is wrong with the rules is said by whoever reads them next.
        let rules = giterminism(repo, directory_of(&path), request, &mut Remarks::default());
        let allows = rules.is_ok_and(|rules| rules.allows_uncommitted(Uncommitted::Config));
        let sent = query.content.as_deref();
        if allows && let Some(of_client) = configuration(&path, sent, &request.client_files) {
            return of_client.map_err(|error| vec![*error]);
        }
    }
    found.map_err(|error| {
        // The frame of a difference shows what the person has on screen.
        if let (Some(at), Some(sent)) = (&error.at, &query.content) {
            remarks.add_text(&at.file, sent);
        }
        vec![*error]
    })
}

/// Returns the repository with the files of the client that the rules take.
fn views(
    repo: &Repo,
    directory: &str,
    rules: &Giterminism,
    request: &PlanRequest,
    remarks: &mut Remarks,
) -> Result<Views, Unread> {
    let of_config = usize::from(request.config.content.is_some());
    let without_effect = rules.without_effect(&Uncommitted::ALL[of_config..]);
    remarks.warnings.extend(without_effect);
    let Some(wanted) = wanted(rules, directory) else {
        return Ok(Views::of_commit(repo));
    };
    match &request.client_files {
        ClientFiles::NotGiven => Err(Unread::NeedsFiles(wanted)),
        ClientFiles::None(_) => Ok(Views::of_commit(repo)),
        ClientFiles::At(root) | ClientFiles::Checkout(root) => {
            let views = Views::with(repo, root, directory, rules);
            Ok(views.map_err(|error| vec![error.into()])?)
        }
    }
}

/// werf would add files of other repositories to those of the commit. Nothing here fetches them.
fn warn_of_includes(
    repo: &Repo,
    located: &Located,
    remarks: &mut Remarks,
) -> Result<(), Vec<Diagnostic>> {
    let directory = directory_of(&located.path);
    let files = ProjectFiles::new(repo, directory);
    if files.kind(INCLUDES).map_err(failed)? == Some(FileKind::File) {
        let path = below(directory, INCLUDES);
        let warning = Diagnostic::warning(
            &diagnostic::rule::INCLUDES_IGNORED,
            format!("`{path}` has no effect: files of other repositories are not included"),
        );
        remarks
            .warnings
            .push(warning.hint("commit what the configuration needs of them to this repository"));
    }
    Ok(())
}

fn render(
    repo: &Repo,
    views: &Views,
    located: &Located,
    main: SourceText,
    rules: &Giterminism,
    request: &PlanRequest,
    remarks: &mut Remarks,
) -> Result<SourceText, Vec<Diagnostic>> {
    let directory = directory_of(&located.path);
    let given = path_argument(request, TEMPLATES_DIR)?;
    let of_templates = ProjectFiles::new(&views.templates, directory)
        .telling(&remarks.reads, Uncommitted::Templates);
    let templates = read_templates(&of_templates, directory, given, remarks)?;
    let files =
        ProjectFiles::new(&views.files, directory).telling(&remarks.reads, Uncommitted::Files);
    let inputs = Inputs {
        files: Arc::new(files),
        commit: commit_data(repo).map_err(|error| vec![error.into()])?,
        variables: request.build_args.clone(),
        giterminism: rules.clone(),
    };
    let outcome = template::render(main, templates, &inputs);
    remarks.warnings.extend(outcome.warnings);
    remarks
        .used
        .extend(outcome.used.iter().map(|it| it.name.clone()));
    remarks.arguments = outcome.used;
    remarks.hidden.extend(outcome.hidden);
    for file in outcome.files {
        remarks.add_text(file.name(), file.text().as_bytes());
    }
    outcome.result.map_err(|error| vec![*error])
}

fn giterminism(
    repo: &Repo,
    directory: &str,
    request: &PlanRequest,
    remarks: &mut Remarks,
) -> Result<Giterminism, Vec<Diagnostic>> {
    let files = ProjectFiles::new(repo, directory);
    let given = path_argument(request, GITERMINISM)?;
    let rules = read_giterminism(&files, directory, given, remarks)?.loose(is_loose(request));
    Ok(match &request.client_files {
        ClientFiles::None(why) => rules.without_client(why),
        _ => rules,
    })
}

/// Returns the directory of the file at `path`.
pub(super) fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

fn is_loose(request: &PlanRequest) -> bool {
    let value = request.build_args.get(LOOSE);
    value.is_some_and(|value| werf_plan::agreed::is_on(value))
}

/// Returns the path in a build argument, relative to the project directory and without decoration.
fn path_argument(request: &PlanRequest, name: &str) -> Result<Option<String>, Vec<Diagnostic>> {
    let Some(value) = request
        .build_args
        .get(name)
        .filter(|value| !value.is_empty())
    else {
        return Ok(None);
    };
    let parts: Vec<&str> = value
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if value.starts_with('/') || parts.is_empty() || parts.contains(&"..") {
        let error = Diagnostic::error(format!("`{name}` cannot be `{value}`"));
        return Err(vec![error.hint(
            "give a path below the directory of the configuration, relative to it",
        )]);
    }
    Ok(Some(parts.join("/")))
}

/// Says that what a build argument names is not there.
fn not_there(name: &str, path: &str, what: &str) -> Vec<Diagnostic> {
    let error = Diagnostic::error(format!(
        "`{name}` names `{path}`, which is not {what} of the commit"
    ));
    vec![error.hint("commit it, or correct the build argument")]
}

fn read_giterminism(
    files: &ProjectFiles,
    directory: &str,
    given: Option<String>,
    remarks: &mut Remarks,
) -> Result<Giterminism, Vec<Diagnostic>> {
    let name = given.as_deref().unwrap_or(FILE_NAME);
    let path = below(directory, name);
    match files.kind(name).map_err(failed)? {
        Some(FileKind::Directory) | None if given.is_some() => {
            Err(not_there(GITERMINISM, name, "a file"))
        }
        None => Ok(Giterminism::without_file(&path)),
        Some(_) => {
            let content = files.read(name).map_err(failed)?;
            remarks.add_text(&path, &content);
            let text = SourceText::new(&path, content).map_err(|error| vec![error])?;
            let loaded = Giterminism::read(&text)?;
            remarks.warnings.extend(loaded.warnings);
            Ok(loaded.rules)
        }
    }
}

fn read_templates(
    files: &ProjectFiles,
    directory: &str,
    given: Option<String>,
    remarks: &mut Remarks,
) -> Result<Vec<TemplateFile>, Vec<Diagnostic>> {
    let root = given.as_deref().unwrap_or(TEMPLATES);
    let is_there = files.kind(root).map_err(failed)? == Some(FileKind::Directory);
    if !is_there && given.is_some() {
        return Err(not_there(TEMPLATES_DIR, root, "a directory"));
    }
    // The name is a directory's and not a mask.
    let escaped: String = root
        .chars()
        .flat_map(|c| {
            ["\\", ""][usize::from(!"*?[]{}\\".contains(c))]
                .chars()
                .chain([c])
        })
        .collect();
    let mask = Mask::new(&format!("{escaped}/**/*.tmpl")).expect("the mask is well-formed");
    let mut templates = Vec::new();
    for file in files.glob(&mask).map_err(failed)? {
        let content = files.read(&file).map_err(failed)?;
        let path = below(directory, &file);
        remarks.add_text(&path, &content);
        let text = SourceText::new(&path, content).map_err(|error| vec![error])?;
        let name = file.strip_prefix(root).unwrap_or(&file);
        templates.push(TemplateFile {
            name: name.trim_start_matches('/').to_owned(),
            source: text,
        });
    }
    Ok(templates)
}

fn below(directory: &str, path: &str) -> String {
    match directory {
        "" => path.to_owned(),
        directory => format!("{directory}/{path}"),
    }
}

fn failed(message: String) -> Vec<Diagnostic> {
    vec![Diagnostic::error(message)]
}

/// Returns the hash and the author's time, the latter as Go's `time.Time` prints it where the local zone is UTC.
fn commit_data(repo: &Repo) -> Result<CommitData, RepoError> {
    let facts = commit_facts(repo, "UTC")?;
    Ok(CommitData {
        hash: facts.hash,
        human: facts.time_human,
        unix: facts.time_unix.to_string(),
    })
}

impl Remarks {
    /// Adds a file, once, without the credentials in its URLs: its lines are shown, and kept with the build.
    pub(super) fn add_text(&mut self, name: &str, content: &[u8]) {
        if self.texts.iter().any(|text| text.name == name) {
            return;
        }
        self.texts.push(SourceFile {
            name: name.to_owned(),
            text: redact::credentials(&String::from_utf8_lossy(content)).into_owned(),
        });
    }
}

#[cfg(test)]
mod tests;
