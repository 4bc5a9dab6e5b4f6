//! The instructions of a Dockerfile, one by one.

use std::collections::BTreeMap;

use parse_dockerfile::{
    Command, CopyInstruction, Dockerfile, Flag, FromInstruction, Instruction, RunInstruction,
    Source, Span, UnescapedString,
};

use super::super::Project;
use super::super::section::{Import, Section};
use super::Reason;
use super::arrange::{self, Copied, Draft, Step};
use super::copy::{self, Destination, clean, place};
use super::{instruction, shell};

/// What a Dockerfile has become.
#[derive(Debug)]
pub struct Translated {
    /// The images; the last is that of the last `FROM`.
    pub sections: Vec<Section>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// The first port that the last image names.
    pub port: Option<u16>,
}

/// Translates a Dockerfile.
///
/// # Errors
/// Everything that has no equal, in the order of its lines.
pub fn translate(project: &Project, text: &str) -> Result<Translated, Vec<Reason>> {
    let parsed = parse_dockerfile::parse(text).map_err(|error| {
        vec![Reason {
            line: None,
            why: error.to_string(),
        }]
    })?;
    let mut reader = Reader::new(project, text);
    reader.head(&parsed);
    let count = parsed.stages().len();
    let mut drafts: Vec<Draft> = Vec::new();
    for (index, stage) in parsed.stages().enumerate() {
        let is_last = index + 1 == count;
        reader.begin(stage.from, index, is_last, &drafts);
        for it in stage.instructions {
            reader.read(it, &drafts);
        }
        drafts.push(std::mem::take(&mut reader.draft));
        let ended = std::mem::take(&mut reader.state);
        reader.ended.insert(index, ended);
    }
    let mut sections = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        match arrange::section(draft, index + 1 == count) {
            Ok(section) => sections.push(section),
            Err(why) => reader.reasons.push(Reason {
                line: Some(draft.line),
                why,
            }),
        }
    }
    if !reader.reasons.is_empty() {
        reader.reasons.sort_by_key(|it| it.line);
        return Err(reader.reasons);
    }
    let last = drafts.last();
    let port = last.and_then(|it| it.config.expose.first()?.split('/').next()?.parse().ok());
    let mut notes = Vec::new();
    if reader.runs_without_directory {
        notes.push("commands of stages run as root in `/`; check those above `WORKDIR` if the base image names another directory or user".to_owned());
    }
    Ok(Translated {
        sections,
        notes,
        port,
    })
}

/// What instructions above leave to those below.
#[derive(Clone, Debug, Default)]
struct State {
    directory: Option<String>,
    has_user: bool,
    has_volumes: bool,
}

struct Reader<'a> {
    project: &'a Project,
    text: &'a str,
    reasons: Vec<Reason>,
    runs_without_directory: bool,
    draft: Draft,
    state: State,
    /// What each `FROM` has left.
    ended: BTreeMap<usize, State>,
}

impl<'a> Reader<'a> {
    fn new(project: &'a Project, text: &'a str) -> Reader<'a> {
        Reader {
            project,
            text,
            reasons: Vec::new(),
            runs_without_directory: false,
            draft: Draft::default(),
            state: State::default(),
            ended: BTreeMap::new(),
        }
    }

    fn line(&self, at: &Span) -> usize {
        let before = self.text.get(..at.start).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    fn refuse(&mut self, at: &Span, why: impl Into<String>) {
        let line = Some(self.line(at));
        let why = why.into();
        self.reasons.push(Reason { line, why });
    }

    /// Hands on what is right, and says what is not.
    fn take<T>(&mut self, at: &Span, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(why) => {
                self.refuse(at, why);
                None
            }
        }
    }

    /// Reads what stands above the first `FROM`.
    fn head(&mut self, parsed: &Dockerfile<'_>) {
        if let Some(escape) = &parsed.parser_directives.escape {
            self.refuse(&escape.span(), "`escape` is another character");
        }
        for argument in parsed.global_args() {
            self.refuse(&argument.arg.span, ARGUMENT);
        }
    }

    fn begin(&mut self, from: &FromInstruction<'_>, index: usize, is_last: bool, drafts: &[Draft]) {
        let line = self.line(&from.from.span);
        if let Some(flag) = from.options.first() {
            let why = format!("`--{}` of `FROM` has no equal", flag.name.value);
            self.refuse(&flag.span(), why);
        }
        let base = self.take(&from.image.span, instruction::word(&from.image));
        let base = base.unwrap_or_default();
        if let Some(earlier) = place(drafts, &base) {
            self.state = self.ended.get(&earlier).cloned().unwrap_or_default();
        }
        let name = from.as_.as_ref().map(|(_, name)| name.value.to_lowercase());
        self.draft = Draft {
            name: name.unwrap_or_else(|| {
                if is_last {
                    "app".to_owned()
                } else {
                    format!("stage-{index}")
                }
            }),
            base: place(drafts, &base).map_or(base, |it| drafts[it].name.clone()),
            line,
            ..Draft::default()
        };
    }

    fn read(&mut self, it: &Instruction<'_>, drafts: &[Draft]) {
        match it {
            Instruction::Run(run) => self.run(run),
            Instruction::Copy(copy) => self.copy(copy, drafts),
            Instruction::Env(env) => self.env(&env.arguments),
            Instruction::Label(label) => {
                let pairs = self.take(
                    &label.arguments.span,
                    instruction::pairs(&label.arguments.value),
                );
                for (name, value) in pairs.unwrap_or_default() {
                    if value.contains(['$', '%']) || name.contains('%') {
                        self.refuse(
                            &label.arguments.span,
                            format!(
                                "`{name}` has `$` or `%`, which labels here read in another way"
                            ),
                        );
                    }
                    self.draft.config.labels.push((name, value));
                }
            }
            Instruction::Workdir(workdir) => {
                let path = self.take(
                    &workdir.arguments.span,
                    instruction::word(&workdir.arguments),
                );
                let path = path.and_then(|path| {
                    let absolute = self.absolute(&path);
                    self.take(&workdir.arguments.span, absolute)
                });
                self.state.directory = path;
                self.draft.config.working_dir = self.state.directory.clone();
            }
            Instruction::User(user) => {
                self.state.has_user = true;
                self.draft.config.user =
                    self.take(&user.arguments.span, instruction::word(&user.arguments));
            }
            Instruction::Expose(expose) => {
                for port in &expose.arguments {
                    let port = self.take(&port.span, instruction::word(port));
                    self.draft.config.expose.extend(port);
                }
            }
            Instruction::Cmd(cmd) => {
                self.draft.config.cmd = Some(instruction::words(&cmd.arguments));
            }
            Instruction::Entrypoint(it) => {
                self.draft.config.entrypoint = Some(instruction::words(&it.arguments));
            }
            Instruction::Stopsignal(it) => {
                self.draft.config.stop_signal =
                    self.take(&it.arguments.span, instruction::word(&it.arguments));
            }
            Instruction::Volume(it) => {
                self.state.has_volumes = true;
                self.draft
                    .config
                    .volumes
                    .extend(instruction::list(&it.arguments));
            }
            Instruction::Arg(it) => self.refuse(&it.arg.span, ARGUMENT),
            Instruction::Add(it) => self.refuse(
                &it.add.span,
                "`ADD` also fetches and unpacks: where it only copies, write `COPY`",
            ),
            Instruction::Healthcheck(it) => self.refuse(
                &it.healthcheck.span,
                "`HEALTHCHECK` is written in another way: see `imageSpec`",
            ),
            Instruction::Shell(it) => self.refuse(
                &it.shell.span,
                "`SHELL` has no equal: stages have a bash of their own",
            ),
            Instruction::Onbuild(it) => self.refuse(&it.onbuild.span, "`ONBUILD` has no equal"),
            Instruction::Maintainer(it) => self.refuse(
                &it.maintainer.span,
                "`MAINTAINER` is `imageSpec.author` here",
            ),
            _ => {
                let line = self.draft.line;
                self.reasons.push(Reason {
                    line: Some(line),
                    why: "an instruction that is not known".to_owned(),
                });
            }
        }
    }

    fn run(&mut self, run: &RunInstruction<'_>) {
        let at = &run.run.span;
        if let Some(flag) = run.options.first() {
            self.refuse(
                &flag.span(),
                format!(
                    "`--{}` of `RUN` has no equal of the same form",
                    flag.name.value
                ),
            );
        }
        if !run.here_docs.is_empty() {
            self.refuse(at, "`RUN` has lines of its own (`<<`)");
            return;
        }
        if self.state.has_user {
            self.refuse(
                at,
                "a command below `USER` runs as that user, and stages run as root",
            );
        }
        if self.state.has_volumes {
            self.refuse(
                at,
                "what a command below `VOLUME` writes there is dropped, and in stages it stays",
            );
        }
        let text = match &run.arguments {
            Command::Shell(text) => self.take(at, shell::one_line(text.value)),
            _ => {
                self.refuse(at, "`RUN [\"…\"]` runs without a shell");
                None
            }
        };
        self.runs_without_directory |= self.state.directory.is_none();
        let directory = self.state.directory.clone();
        self.draft
            .steps
            .extend(text.map(|text| Step::Run { text, directory }));
    }

    fn env(&mut self, written: &UnescapedString<'_>) {
        let Some(pairs) = self.take(&written.span, instruction::pairs(&written.value)) else {
            return;
        };
        let before = self.draft.config.env.clone();
        for (name, value) in &pairs {
            let Some(expanded) = self.take(&written.span, instruction::expand(value, &before))
            else {
                continue;
            };
            let names_other = pairs.iter().any(|(other, _)| {
                value.contains(&format!("${other}")) || value.contains(&format!("${{{other}}}"))
            });
            if pairs.len() > 1 && names_other {
                self.refuse(
                    &written.span,
                    format!("`{name}` has a variable that the same `ENV` sets"),
                );
            }
            self.draft.steps.push(Step::Export {
                name: name.clone(),
                written: value.clone(),
                expanded: expanded.clone(),
            });
            let env = &mut self.draft.config.env;
            match env.iter_mut().find(|(known, _)| known == name) {
                Some((_, value)) => *value = expanded,
                None => env.push((name.clone(), expanded)),
            }
        }
    }

    fn copy(&mut self, copy: &CopyInstruction<'_>, drafts: &[Draft]) {
        let at = &copy.copy.span;
        let mut from = None;
        let (mut owner, mut group) = (None, None);
        for flag in &copy.options {
            let value = flag.value.as_ref().map(|it| it.value.to_string());
            let value = value.unwrap_or_default();
            match &*flag.name.value {
                "from" if !value.contains('$') => from = Some(value),
                "chown" if !value.contains('$') => {
                    let names = self.take(&flag.span(), copy::owner(&value));
                    (owner, group) = names.unwrap_or_default();
                }
                // How layers lie upon one another; the files are the same.
                "link" => {}
                _ => self.refuse_flag(flag),
            }
        }
        let mut sources = Vec::new();
        for source in &copy.src {
            match source {
                Source::Path(path) => {
                    sources.extend(self.take(&path.span, instruction::word(path)));
                }
                _ => self.refuse(at, "`COPY` has lines of its own (`<<`)"),
            }
        }
        let Some(written) = self.take(&copy.dest.span, instruction::word(&copy.dest)) else {
            return;
        };
        let absolute = self.absolute(&written);
        let Some(path) = self.take(&copy.dest.span, absolute) else {
            return;
        };
        let to = Destination::new(path, &written, self.state.directory.as_deref(), &self.draft);
        if sources.len() > 1 && !to.is_directory {
            self.refuse(at, "several files have one destination");
            return;
        }
        for source in sources {
            let step = match &from {
                Some(from) => copy::imported(from, &source, &to, drafts).map(|import| {
                    Step::Import(Import {
                        owner: owner.clone(),
                        group: group.clone(),
                        ..import
                    })
                }),
                None => copy::copied(self.project, &source, &to).map(|copied| {
                    Step::Copy(Copied {
                        owner: owner.clone(),
                        group: group.clone(),
                        ..copied
                    })
                }),
            };
            let step = self.take(at, step);
            self.draft.steps.extend(step);
        }
    }

    fn refuse_flag(&mut self, flag: &Flag<'_>) {
        let why = format!(
            "`--{}` of `COPY` has no equal of the same form",
            flag.name.value
        );
        self.refuse(&flag.span(), why);
    }

    /// Returns a path in the image, from its root on.
    fn absolute(&self, written: &str) -> Result<String, String> {
        if !written.starts_with('/') && self.state.directory.is_none() {
            return Err(format!(
                "`{written}` is relative, and the directory of the base image is not known: write `WORKDIR` above it"
            ));
        }
        let whole = match &self.state.directory {
            Some(directory) if !written.starts_with('/') => format!("{directory}/{written}"),
            _ => written.to_owned(),
        };
        clean(&whole).ok_or_else(|| format!("`{written}` leads out of the image"))
    }
}

/// Why there is no `ARG`.
const ARGUMENT: &str =
    "`ARG` has no equal of the same form: templates read build arguments, by `env`";
