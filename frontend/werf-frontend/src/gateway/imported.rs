//! Imports with masks that brought nothing: said where the image is made, and where a command fails right behind them.
//!
//! Such an import is no mistake, in werf neither, and its copy is as good as any other. So what is looked at is the file system that
//! BuildKit has at hand anyway, at the place where the files would be: nothing is built, fetched or copied for that, and no key knows
//! of it. BuildKit since 0.26 can be told which paths a copy requires (`file.copy.requiredpaths`). It ends the build then, and the paths are in
//! the key of the copy: all that follows would run again on every newer daemon.

use diagnostic::{Diagnostic, rule};
use masks::mask::Mask;
use werf_config::{Import, ImportFrom};
use werf_plan::file::ImagePlan;
use werf_plan::stage::StageKind;

use crate::lower::Step;

use super::bridge::{Bridge, CallError, Ref};
use super::rounds::TargetGraph;

/// What BuildKit says of a directory that is not there.
const NOT_THERE: &str = "no such file or directory";
/// What means something in the pattern of a listing.
const SPECIAL: [char; 6] = ['*', '?', '[', ']', '\\', '!'];

/// Returns a warning for each import that brought nothing into the finished image `reference` of `image`. Those that have commands
/// behind them are left out: these may have moved what came, and have found what they need.
pub(super) async fn warnings(
    bridge: &mut Bridge,
    reference: &Ref,
    image: &ImagePlan,
) -> Vec<Diagnostic> {
    let imports = latest(image, None);
    let empty = without_files(bridge, reference, &imports).await;
    empty.into_iter().map(warning).collect()
}

/// Returns a note for each import that brought nothing for the commands of `step`, which have failed.
pub(super) async fn notes(
    bridge: &mut Bridge,
    step: &Step,
    target_graph: &TargetGraph,
) -> Vec<String> {
    let lowered = &target_graph.lowered;
    let mut images = target_graph.images.iter();
    let Some(image) = images.find(|image| image.name == step.image) else {
        return Vec::new();
    };
    let imports = latest(image, Some(step.kind));
    let of_image = lowered.steps.iter().filter(|it| it.image == step.image);
    let before = of_image.take_while(|it| it.node != step.node).last();
    // What the stage is upon was made for it, so that asking for it makes nothing.
    let below = match before {
        Some(before) if before.kind != step.kind && !imports.is_empty() => before,
        _ => return Vec::new(),
    };
    let definition = lowered.graph.definition(below.node);
    let Ok(reference) = bridge.solve(definition).await else {
        return Vec::new();
    };
    let empty = without_files(bridge, &reference, &imports).await;
    let note = |import: &Import| {
        let at = &import.at;
        format!("{}:{}: {}", at.file, at.start.line, message(import))
    };
    empty.into_iter().map(note).collect()
}

/// Returns the imports with masks that come before the stage `end`, or before the end of the image, and that no commands come between.
fn latest(image: &ImagePlan, end: Option<StageKind>) -> Vec<&Import> {
    let mut imports = Vec::new();
    for stage in &image.stages {
        if Some(stage.kind) == end {
            break;
        }
        if stage.kind.user_stage().is_some() && stage.script.is_some() {
            imports.clear();
        }
        let of_stage = stage.imports.iter();
        imports.extend(of_stage.filter(|import| !import.include_paths.is_empty()));
    }
    imports
}

/// Returns those of `imports` that surely brought nothing into the file system `reference`.
async fn without_files<'i>(
    bridge: &mut Bridge,
    reference: &Ref,
    imports: &[&'i Import],
) -> Vec<&'i Import> {
    let mut empty = Vec::new();
    for import in imports {
        if brought_nothing(bridge, reference, import).await {
            empty.push(*import);
        }
    }
    empty
}

/// Whether there is nothing at any place that a mask of `import` could have files at.
async fn brought_nothing(bridge: &mut Bridge, reference: &Ref, import: &Import) -> bool {
    for mask in &import.include_paths {
        let Ok(mask) = Mask::new(mask) else {
            return false;
        };
        let place = Place::of(&import.to, &mask);
        match bridge
            .entries(reference, &place.directory, &place.pattern())
            .await
        {
            Ok(names) if names.iter().any(|name| place.has(name)) => return false,
            Ok(_) => {}
            Err(CallError::Status(status)) if status.message.contains(NOT_THERE) => {}
            // Nothing is known.
            Err(_) => return false,
        }
    }
    true
}

/// Where all that a mask matches is, in the image that it is imported into.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    directory: String,
    /// What the names there are or begin with.
    start: String,
    is_whole: bool,
}

impl Place {
    fn of(to: &str, mask: &Mask) -> Place {
        let prefix = String::from_utf8_lossy(mask.literal_prefix()).into_owned();
        let (directory, start) = prefix.rsplit_once('/').unwrap_or(("", &prefix));
        let directory = format!("{}/{directory}", to.trim_end_matches('/'));
        Place {
            directory: match directory.trim_end_matches('/') {
                "" => "/".to_owned(),
                directory => directory.to_owned(),
            },
            start: start.to_owned(),
            is_whole: !start.is_empty() && mask.as_str() == prefix,
        }
    }

    fn has(&self, name: &str) -> bool {
        if self.is_whole {
            name == self.start
        } else {
            name.starts_with(&self.start)
        }
    }

    /// Returns a pattern for the listing of the directory; an empty one lists all of it.
    fn pattern(&self) -> String {
        if self.start.is_empty() || self.start.contains(SPECIAL) {
            String::new()
        } else if self.is_whole {
            self.start.clone()
        } else {
            format!("{}*", self.start)
        }
    }
}

fn message(import: &Import) -> String {
    let from = match &import.from {
        ImportFrom::Sibling { image, .. } => image.to_string(),
        ImportFrom::Image { reference } => reference.clone(),
    };
    let masks = import.include_paths.iter();
    let masks: Vec<String> = masks.map(|mask| format!("`{mask}`")).collect();
    format!(
        "`includePaths` matches nothing in `{}` of image `{from}`: {}",
        import.add,
        masks.join(", ")
    )
}

fn warning(import: &Import) -> Diagnostic {
    Diagnostic::warning(&rule::IMPORT_MATCHES_NOTHING, message(import))
        .at(import.at.clone())
        .hint("masks are relative to `add`; a directory is meant with all that is in it")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diagnostic::SourceText;

    use super::*;

    fn place(to: &str, mask: &str) -> (String, String, String) {
        let place = Place::of(to, &Mask::new(mask).expect("a mask"));
        let pattern = place.pattern();
        (place.directory, place.start, pattern)
    }

    #[test]
    fn a_mask_says_where_its_files_would_be() {
        for (to, mask, directory, start, pattern) in [
            ("/in", "dist", "/in", "dist", "dist"),
            ("/in", "dist/**/*", "/in", "dist", "dist*"),
            ("/in", "dist/js/*.js", "/in/dist/js", "", ""),
            ("/in", "lib*", "/in", "lib", "lib*"),
            ("/in", "**/*.js", "/in", "", ""),
            ("/", "bin/app", "/bin", "app", "app"),
            ("/", "app", "/", "app", "app"),
            ("/in", r"a\[b", "/in", "a[b", ""),
        ] {
            let expected = [directory, start, pattern].map(str::to_owned);
            assert_eq!(place(to, mask), expected.into(), "{mask}");
        }
        let dist = Place::of("/in", &Mask::new("dist").expect("a mask"));
        assert!(dist.has("dist") && !dist.has("dist2"));
        let any = Place::of("/in", &Mask::new("dist*").expect("a mask"));
        assert!(any.has("dist2") && !any.has("other"));
    }

    #[test]
    fn only_what_no_command_came_after_is_looked_at() {
        let entry = |to: &str, when: &str, more: &str| {
            format!("- {{image: base, add: /x, to: /{to}, {when}{more}}}\n")
        };
        let masked = ", includePaths: [a]";
        let text = format!(
            "project: p\nconfigVersion: 1\n---\nimage: app\nfrom: scratch\nshell: {{install: a, setup: b}}\nimport:\n{}{}{}{}---\nimage: base\nfrom: scratch\nshell: {{install: a}}\n",
            entry("1", "before: install", masked),
            entry("2", "after: install", masked),
            entry("3", "after: setup", masked),
            entry("4", "after: setup", ""),
        );
        let source = SourceText::new("werf.yaml", text.as_str()).expect("text");
        let config = werf_config::load(&source).expect("right").config;
        let plan = werf_plan::plan(&config, "c", &BTreeMap::new());
        let mut images = plan.images.iter();
        let image = images.find(|image| image.name.as_str() == "app");
        let image = image.expect("the image");
        let places = |end| -> Vec<&str> {
            let imports = latest(image, end).into_iter();
            imports.map(|import| import.to.as_str()).collect()
        };
        assert_eq!(places(None), ["/3"]);
        assert_eq!(places(Some(StageKind::Setup)), ["/2"]);
        assert_eq!(places(Some(StageKind::Install)), ["/1"]);
        assert!(places(Some(StageKind::From)).is_empty());
    }
}
