//! The steps of one `FROM` as the stages of an image.
//!
//! Commands in front of all files are `beforeInstall`; those behind the last files are `setup`, those between `install` and `beforeSetup`. A stage depends on the
//! files that have come since the one before. In a Dockerfile a command sees the files that were copied so far, in a stage all of them.

use super::super::section::{Base, Command, Config, Dependencies, Import, Mapping, Section, Stage};
use super::shell;

/// One `FROM` and what is below it.
#[derive(Debug, Default)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// The image that it starts from.
    pub base: String,
    /// Its line.
    pub line: usize,
    /// What makes layers, and what commands see.
    pub steps: Vec<Step>,
    /// What is written into the configuration.
    pub config: Config,
}

/// What an instruction does.
#[derive(Debug)]
pub enum Step {
    /// `RUN`.
    Run {
        /// The command.
        text: String,
        /// The directory, if one is set.
        directory: Option<String>,
    },
    /// `ENV`, for the commands below.
    Export {
        /// The name.
        name: String,
        /// The value as it is written.
        written: String,
        /// The value with what the Dockerfile has set before.
        expanded: String,
    },
    /// `COPY` of files of the context.
    Copy(Copied),
    /// `COPY --from`, without its place.
    Import(Import),
}

/// Files of the context.
#[derive(Debug)]
pub struct Copied {
    /// The path in the project; empty for all of it.
    pub path: String,
    /// The same, as `add` names it.
    pub add: String,
    /// A pattern of names in `path`.
    pub pattern: Option<String>,
    /// The path in the image.
    pub to: String,
    /// Whether that is a directory.
    pub is_directory: bool,
    /// What is left out.
    pub exclude: Vec<String>,
    /// Whose they are.
    pub owner: Option<String>,
    /// Their group.
    pub group: Option<String>,
}

/// Commands, and what comes in front of them.
#[derive(Default)]
struct Segment<'a> {
    arrivals: Vec<&'a Step>,
    commands: Vec<&'a Step>,
    /// The variables that are set before.
    env: Vec<(&'a str, &'a str)>,
}

impl Segment<'_> {
    fn runs(&self) -> bool {
        let runs = |step: &&&Step| matches!(step, Step::Run { .. });
        self.commands.iter().any(|step| runs(&step))
    }
}

/// Returns the image.
///
/// # Errors
/// Commands between more groups of files than there are stages.
pub fn section(draft: &Draft, is_last: bool) -> Result<Section, String> {
    let segments = segments(&draft.steps);
    let stages = stages(&segments)?;
    let mut section = Section {
        name: draft.name.clone(),
        is_intermediate: !is_last,
        base: Base::Image(draft.base.clone()),
        config: draft.config.clone(),
        git: mappings(&draft.steps),
        ..Section::default()
    };
    for (segment, stage) in segments.iter().zip(stages) {
        for step in &segment.arrivals {
            match (step, stage) {
                (Step::Import(import), stage) => section.imports.push(placed(import, stage)),
                (Step::Copy(copied), Some(stage)) => depend(&mut section.git, copied, stage),
                _ => {}
            }
        }
        if let Some(stage) = stage {
            let texts = commands(segment, stage, &section.git);
            section
                .commands
                .extend(texts.into_iter().map(|text| Command {
                    stage,
                    comment: String::new(),
                    text,
                }));
        }
    }
    Ok(section)
}

fn segments(steps: &[Step]) -> Vec<Segment<'_>> {
    let mut env: Vec<(&str, &str)> = Vec::new();
    let mut segments = vec![Segment::default()];
    for step in steps {
        let last = segments.last_mut().expect("there is always one");
        match step {
            Step::Copy(_) | Step::Import(_) if last.runs() => segments.push(Segment {
                arrivals: vec![step],
                env: env.clone(),
                ..Segment::default()
            }),
            Step::Copy(_) | Step::Import(_) => last.arrivals.push(step),
            Step::Run { .. } => last.commands.push(step),
            Step::Export { name, expanded, .. } => {
                last.commands.push(step);
                match env.iter_mut().find(|(known, _)| known == name) {
                    Some((_, value)) => *value = expanded,
                    None => env.push((name, expanded)),
                }
            }
        }
    }
    segments
}

/// Returns the stage of each segment; none for one without commands.
fn stages(segments: &[Segment<'_>]) -> Result<Vec<Option<Stage>>, String> {
    let is_bare = |index: usize| index == 0 && segments[0].arrivals.is_empty();
    let with_files = (0..segments.len()).filter(|it| segments[*it].runs() && !is_bare(*it));
    let names: &[Stage] = match with_files.count() {
        0 => &[],
        1 => &[Stage::Setup],
        2 => &[Stage::Install, Stage::Setup],
        3 => &[Stage::Install, Stage::BeforeSetup, Stage::Setup],
        more => {
            return Err(format!(
                "commands stand between {more} groups of files, and there are three stages that see files"
            ));
        }
    };
    let mut names = names.iter();
    let of = |(index, segment): (usize, &Segment<'_>)| match segment.runs() {
        false => None,
        true if is_bare(index) => Some(Stage::BeforeInstall),
        true => names.next().copied(),
    };
    Ok(segments.iter().enumerate().map(of).collect())
}

fn placed(import: &Import, stage: Option<Stage>) -> Import {
    let (when, stage) = match stage {
        Some(Stage::BeforeInstall | Stage::Install) => ("before", Stage::Install),
        Some(Stage::BeforeSetup) => ("after", Stage::Install),
        Some(Stage::Setup) => ("before", Stage::Setup),
        None => ("after", Stage::Setup),
    };
    Import {
        when,
        stage,
        ..import.clone()
    }
}

/// Returns the mappings: one for each copy, but for those whose files another one brings to the same places.
fn mappings(steps: &[Step]) -> Vec<Mapping> {
    let copied = steps.iter().filter_map(|step| match step {
        Step::Copy(copied) => Some(copied),
        _ => None,
    });
    let mut copied: Vec<&Copied> = copied.collect();
    // Whole directories first, outer ones before inner ones: they may bring the others.
    copied.sort_by_key(|it| (it.pattern.is_some(), it.path.len()));
    let mut mappings: Vec<Mapping> = Vec::new();
    for it in copied {
        if mappings
            .iter()
            .all(|mapping| mask_in(mapping, it).is_none())
        {
            mappings.push(Mapping {
                add: it.add.clone(),
                to: it.to.clone(),
                owner: it.owner.clone(),
                group: it.group.clone(),
                include: it.pattern.iter().cloned().collect(),
                exclude: it.exclude.clone(),
                dependencies: Vec::new(),
            });
        }
    }
    mappings
}

/// Returns the mask of what was copied in a mapping that brings it; `None` if it does not.
fn mask_in(mapping: &Mapping, copied: &Copied) -> Option<String> {
    if (&mapping.owner, &mapping.group) != (&copied.owner, &copied.group) {
        return None;
    }
    let is_itself = mapping.add == copied.add && mapping.to == copied.to;
    if is_itself && mapping.include == copied.pattern.iter().cloned().collect::<Vec<_>>() {
        return Some("**".to_owned());
    }
    let below = below(&copied.add, &mapping.add)?;
    let same_place = self::below(&copied.to, &mapping.to)? == below;
    if !mapping.include.is_empty() || !same_place {
        return None;
    }
    let parts = [Some(below), copied.pattern.as_deref()];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|it| !it.is_empty())
        .collect();
    Some(parts.join("/"))
}

/// Returns what of `path` is below `directory`.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

fn depend(mappings: &mut [Mapping], copied: &Copied, stage: Stage) {
    let found = mappings.iter_mut().find_map(|mapping| {
        let mask = mask_in(mapping, copied)?;
        Some((mapping, mask))
    });
    let Some((mapping, mask)) = found else {
        return;
    };
    let known = mapping.dependencies.iter_mut().find(|it| it.stage == stage);
    match known {
        None => mapping.dependencies.push(Dependencies {
            stage,
            comment: String::new(),
            masks: vec![mask],
        }),
        Some(known) if known.masks.contains(&mask) => {}
        Some(known) => known.masks.push(mask),
    }
}

fn commands(segment: &Segment<'_>, stage: Stage, mappings: &[Mapping]) -> Vec<String> {
    let export = |name: &str, value: &str| format!("export {name}=\"{value}\"");
    let env = segment.env.iter();
    let mut texts: Vec<String> = env.map(|(name, value)| export(name, value)).collect();
    let mut here = "/";
    for step in &segment.commands {
        match step {
            Step::Export { name, written, .. } => texts.push(export(name, written)),
            Step::Run { text, directory } => {
                let directory = directory.as_deref().unwrap_or("/");
                if directory != here {
                    let is_there = stage != Stage::BeforeInstall
                        && mappings.iter().any(|it| it.to == directory);
                    if !is_there && directory != "/" {
                        texts.push(format!("mkdir -p {directory}"));
                    }
                    texts.push(format!("cd {directory}"));
                    here = directory;
                }
                texts.push(shell::apart(text));
            }
            Step::Copy(_) | Step::Import(_) => {}
        }
    }
    texts
}
