//! What runs again between two commits, as people read it.
//!
//! Pure: what `explain` has found in, text out.

use std::fmt::Write as _;

use diagnostic::printable;
use werf_frontend::helper::explain::{
    Change, Explanation, FileChange, Line, Reason, StageExplanation, Verdict,
};
use werf_plan::differing;
use werf_plan::stage::StageKind;

use super::plan_table::short;
use super::words;

/// More files than these are counted and not named.
const MOST_FILES: usize = 10;

/// More lines of a diff than these are counted and not shown.
const MOST_LINES: usize = 40;

/// Returns the text. `is_dev` says that the later side is the working directory, `all` that stages which stay are listed, too.
pub fn text(explained: &Explanation, is_dev: bool, all: bool) -> String {
    let to = if is_dev {
        "the working directory".to_owned()
    } else {
        format!("commit {}", short(&explained.to))
    };
    let mut text = format!("{to} after commit {}\n", short(&explained.from));
    for image in &explained.images {
        let stages = image.stages.iter();
        let told: Vec<_> = stages
            .filter(|stage| all || stage.verdict != Verdict::Stays)
            .collect();
        if !told.is_empty() {
            let _ = writeln!(
                text,
                "\nimage {}",
                printable::line(&image.image.to_string())
            );
            for stage in told {
                tell(&mut text, stage);
            }
        }
    }
    let _ = writeln!(text, "\n{}", sum(explained, all));
    text
}

fn sum(explained: &Explanation, all: bool) -> String {
    let stages = || {
        let images = explained.images.iter().flat_map(|image| &image.stages);
        images.filter(|stage| stage.has_step)
    };
    let count = |verdict| stages().filter(|stage| stage.verdict == verdict).count();
    let (reruns, perhaps, stays) = (
        count(Verdict::Reruns),
        count(Verdict::Perhaps),
        count(Verdict::Stays),
    );
    let mut sum = match reruns {
        0 => "no step runs again".to_owned(),
        1 => "1 step runs again".to_owned(),
        _ => format!("{} run again", words::count(reruns, "step")),
    };
    if perhaps > 0 {
        let _ = write!(sum, ", {perhaps} perhaps");
    }
    let hint = if all || stays == 0 {
        ""
    } else {
        "; --unchanged lists them"
    };
    let _ = write!(sum, ", {stays} found in the cache{hint}");
    sum
}

fn tell(text: &mut String, stage: &StageExplanation) {
    let becomes = match (stage.verdict, stage.has_step) {
        (Verdict::Stays, true) => "is found in the cache",
        (Verdict::Stays, false) => "stays as it is",
        (Verdict::Perhaps, true) => "runs again perhaps",
        (Verdict::Perhaps, false) => "is another one perhaps",
        (Verdict::Reruns, true) => "runs again",
        (Verdict::Reruns, false) => "is another one",
        (Verdict::Gone, _) => "is no more",
    };
    let layer = stage.layer.map_or_else(String::new, |it| format!(" {it}"));
    let _ = writeln!(text, "  {}{layer} {becomes}", stage.stage);
    for reason in &stage.reasons {
        for line in why(reason, stage) {
            let _ = writeln!(text, "    {}", printable::line(&line));
        }
    }
    if stage.perhaps_git_cache {
        text.push_str("    perhaps after gitCache: it depends on the files that the layer before was built with\n");
    }
}

fn why(reason: &Reason, stage: &StageExplanation) -> Vec<String> {
    match reason {
        Reason::New => vec!["it is new".to_owned()],
        Reason::Removed => Vec::new(),
        Reason::Earlier { stage, verdict } => vec![match verdict {
            Verdict::Gone => format!("{stage} before it is no more"),
            Verdict::Perhaps => format!("if {stage} does"),
            Verdict::Reruns | Verdict::Stays => format!("because of {stage} before it"),
        }],
        Reason::Text { field, at, lines } => {
            let place = at.as_ref().map_or_else(String::new, |at| {
                format!(", {} line {}", at.file, at.start.line)
            });
            let thing = match field.as_str() {
                "command" => "its commands are",
                "task" => "its tasks are",
                _ => "the Dockerfile is",
            };
            diff(format!("{thing} different{place}:"), lines)
        }
        Reason::Files {
            mapping,
            mask,
            mask_is,
            files,
            ..
        } => {
            let head = match (mask, mask_is) {
                (Some(mask), None) => format!("files of `{mask}` in {mapping}:"),
                (Some(mask), Some(Change::Added)) => {
                    format!("the mask `{mask}` in {mapping} is new:")
                }
                (Some(mask), Some(_)) => format!("the mask `{mask}` in {mapping} is gone:"),
                (None, _) => format!("files of {mapping}, {}:", words::size(total(files))),
            };
            listed(head, files)
        }
        Reason::Field {
            field,
            before,
            after,
        } => {
            let kind = StageKind::ORDER.into_iter();
            let kind = kind.into_iter().find(|kind| kind.name() == stage.stage);
            let name = kind.map_or_else(|| field.into(), |kind| differing::written_as(field, kind));
            let value = |values: &[String]| match values {
                [] => "nothing".to_owned(),
                values => values.join(", "),
            };
            vec![format!("{name}: {} -> {}", value(before), value(after))]
        }
        Reason::Image { image, path } => vec![match path {
            Some(path) => {
                format!("if {path} of image {image}, which is built anew, is another one")
            }
            None => format!("image {image} is another one"),
        }],
    }
}

fn total(files: &[FileChange]) -> u64 {
    files.iter().filter_map(|file| file.bytes).sum()
}

fn listed(head: String, files: &[FileChange]) -> Vec<String> {
    let mut lines = vec![head];
    for file in files.iter().take(MOST_FILES) {
        let change = match file.change {
            Change::Added => "added",
            Change::Changed => "changed",
            Change::Removed => "removed",
        };
        lines.push(format!("  {change} {}", file.path));
    }
    if files.len() > MOST_FILES {
        let more = words::count(files.len() - MOST_FILES, "file");
        lines.push(format!("  and {more} more"));
    }
    lines
}

fn diff(head: String, changed: &[Line]) -> Vec<String> {
    let mut lines = vec![head];
    for line in changed.iter().take(MOST_LINES) {
        let sign = match line.change {
            Change::Removed => '-',
            Change::Added | Change::Changed => '+',
        };
        lines.push(format!("  {sign} {}", line.text));
    }
    if changed.len() > MOST_LINES {
        let more = words::count(changed.len() - MOST_LINES, "line");
        lines.push(format!("  and {more} more"));
    }
    lines
}
