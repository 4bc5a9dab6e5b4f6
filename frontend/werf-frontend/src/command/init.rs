//! `init`: a first `werf.yaml`, and what to type next.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use werf_frontend::init::{self, Draft, Project, TEMPLATES};
use werf_plan::agreed::DEFAULT_NAMES;

use super::terminal;

/// The frontend of this version under the name that its releases move (`docs/releases.md`).
const FRONTEND: &str = concat!(
    "werf/frontend:",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR")
);

/// What `init` is told.
#[derive(clap::Args)]
pub struct Init {
    /// The directory with what is to be built
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// The kind of project, where several are found or none is [default: the first of --list that is found]
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// The frontend image, for the first line
    #[arg(long, value_name = "IMAGE", default_value = FRONTEND)]
    syntax: String,
    /// Print the configuration, and write nothing
    #[arg(long)]
    stdout: bool,
    /// List the kinds of projects, by what they are found, and which are found here
    #[arg(long, conflicts_with_all = ["template", "stdout"])]
    list: bool,
}

impl Init {
    /// Writes the file. One that is there stays as it is, and that is a failure.
    pub fn run(self) -> ExitCode {
        let project = match Project::open(&self.directory) {
            Ok(project) => project,
            Err(error) => {
                return terminal::fail(&format!("read `{}`: {error}", self.directory.display()));
            }
        };
        if self.list {
            return terminal::print(&list(&project));
        }
        let draft = match init::draft(&project, self.template.as_deref(), &self.syntax) {
            Ok(draft) => draft,
            Err(error) => return terminal::fail(&error.to_string()),
        };
        if self.stdout {
            terminal::say(&notes(&draft));
            return terminal::print(&draft.text);
        }
        if let Some(present) = DEFAULT_NAMES.iter().find(|name| project.has(name)) {
            return terminal::fail(&format!(
                "`{}` is there, and stays as it is; `--stdout` prints what would be written",
                self.directory.join(present).display()
            ));
        }
        let path = self.directory.join(DEFAULT_NAMES[0]);
        match write_new(&path, &draft.text) {
            Ok(()) => {
                let written = path.strip_prefix(".").unwrap_or(&path).display();
                let found = match draft.found.join(", ") {
                    none if none.is_empty() => "as asked for".to_owned(),
                    files => format!("because of {files}"),
                };
                let head = format!("{written} is written, for `{}`, {found}\n", draft.template);
                let next = next(&self.directory, &project, &draft);
                terminal::say(&format!("{head}{}\n{next}", notes(&draft)));
                ExitCode::SUCCESS
            }
            Err(error) => terminal::fail(&format!("write `{}`: {error}", path.display())),
        }
    }
}

/// Writes a file that must not be there.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::create_new(path)?;
    file.write_all(text.as_bytes()).or_else(|error| {
        // What is half written would be in the way of the next try.
        std::fs::remove_file(path)?;
        Err(error)
    })
}

fn list(project: &Project) -> String {
    let found = init::found(project);
    let mut text = String::new();
    for template in &TEMPLATES {
        let files = found.iter().find(|(it, _)| it.name == template.name);
        let files = files.map(|(_, files)| format!("  found: {}", files.join(", ")));
        text.push_str(&format!(
            "{:<11} {}{}\n",
            template.name,
            template.told_by,
            files.unwrap_or_default()
        ));
    }
    text
}

fn notes(draft: &Draft) -> String {
    let mut text = String::new();
    if !draft.others.is_empty() {
        text.push_str(&format!(
            "also found, and to be had with `--template NAME`: {}\n",
            draft.others.join(", ")
        ));
    }
    for note in &draft.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

/// Returns what to type from here to a running container.
fn next(directory: &Path, project: &Project, draft: &Draft) -> String {
    let mut lines = Vec::new();
    if directory != Path::new(".") {
        lines.push(format!("cd {}", directory.display()));
    }
    if !project.is_in_repository() {
        lines.push("git init".to_owned());
    }
    let add = if project.is_tracked() {
        "werf.yaml"
    } else {
        "--all"
    };
    lines.push(format!("git add {add} && git commit -m \"Build an image\""));
    let name = project.name();
    lines.push(format!(
        "docker buildx build -f werf.yaml -t {name} --load {}",
        project.repository()
    ));
    let publish = draft.port.map(|port| format!(" -p {port}:{port}"));
    lines.push(format!(
        "docker run --rm{} {name}",
        publish.unwrap_or_default()
    ));
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!(
        "next:\n{}a build takes what is committed; `--build-arg WERF_DEV=1` takes what is on the disk\nan editor checks the file with `werf-frontend schema > werf.schema.json`\n",
        lines.concat()
    )
}
