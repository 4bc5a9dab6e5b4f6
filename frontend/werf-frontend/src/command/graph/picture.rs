//! What a graph shows, whatever draws it: a box for each image with a row for each stage, and arrows to those that are made
//! of it.

use diagnostic::printable;
use werf_config::{Base, ImageName, ImportFrom};
use werf_frontend::helper::explain::{Explanation, Reason, StageExplanation, Verdict};
use werf_frontend::helper::inventory::Inventory;
use werf_plan::dockerfile::DockerfilePlan;
use werf_plan::file::{ImagePlan, Plan, StagePlan};
use werf_plan::script::ScriptKind;
use werf_plan::stage::StageKind;

use crate::command::{plan_table, words};

/// Longer rows are cut, in characters.
const WIDEST: usize = 52;

/// A graph.
pub struct Picture {
    /// The title.
    pub title: String,
    /// The boxes; arrows know them by their places.
    pub boxes: Vec<ImageBox>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
    /// Whether colours say what runs again.
    pub is_compared: bool,
}

/// An image.
pub struct ImageBox {
    /// Its name.
    pub name: String,
    /// What kind of image it is.
    pub kind: Kind,
    /// What is in it, a line each.
    pub rows: Vec<Row>,
}

/// What kind of image a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the file that is built for its own sake.
    Final,
    /// Another one of the file.
    Part,
    /// One of a registry.
    Registry,
}

/// A line in a box: a stage, or the sources of an image.
pub struct Row {
    /// The text.
    pub text: String,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// An arrow from an image to one that is made of it.
pub struct Arrow {
    /// The place of the one in the boxes.
    pub from: usize,
    /// The place of the other.
    pub to: usize,
    /// What is taken, if that is not all.
    pub label: String,
    /// Whether the other one starts from it.
    pub is_base: bool,
}

impl Row {
    fn new(text: &str, verdict: Verdict) -> Row {
        let text = printable::line(text);
        let mut short: String = text.chars().take(WIDEST).collect();
        if short.len() < text.len() {
            short.pop();
            short.push('…');
        }
        Row {
            text: short,
            verdict,
        }
    }
}

impl Picture {
    /// Returns the graph of `plan`; with `explained` its rows say what becomes of them.
    pub fn of(plan: &Plan, inventory: &Inventory, explained: Option<&Explanation>) -> Picture {
        let mut picture = Picture {
            title: title(plan, explained),
            boxes: Vec::new(),
            arrows: Vec::new(),
            is_compared: explained.is_some(),
        };
        for target in plan.targets() {
            let of = explained.and_then(|explained| {
                let mut images = explained.images.iter();
                images.find(|image| image.image == *target.name())
            });
            let stages = of.map_or(&[][..], |image| &image.stages);
            let rows = match (target.image(), target.dockerfile()) {
                (Some(image), _) => rows_of_stages(image, inventory, stages),
                (_, Some(image)) => rows_of_dockerfile(image, inventory, stages),
                (None, None) => Vec::new(),
            };
            picture.boxes.push(ImageBox {
                name: printable::line(&target.name().to_string()).into_owned(),
                kind: if target.is_final() {
                    Kind::Final
                } else {
                    Kind::Part
                },
                rows,
            });
        }
        let place = |name: &ImageName| plan.targets().position(|it| it.name() == name);
        for (to, target) in plan.targets().enumerate() {
            if let Some(image) = target.image() {
                match &image.base {
                    Base::Scratch => {}
                    Base::Image { reference, .. } => {
                        let from = picture.registry(reference);
                        picture.arrow(from, to, String::new(), true);
                    }
                    Base::Sibling { image, .. } => {
                        if let Some(from) = place(image) {
                            picture.arrow(from, to, String::new(), true);
                        }
                    }
                }
                for import in image.stages.iter().flat_map(|stage| &stage.imports) {
                    let from = match &import.from {
                        ImportFrom::Image { reference } => Some(picture.registry(reference)),
                        ImportFrom::Sibling { image, .. } => place(image),
                    };
                    if let Some(from) = from {
                        picture.arrow(from, to, Row::new(&import.add, Verdict::Stays).text, false);
                    }
                }
            }
            let named = target
                .dockerfile()
                .into_iter()
                .flat_map(|it| it.images.values());
            for from in named.filter_map(place) {
                picture.arrow(from, to, "as a build argument".to_owned(), false);
            }
        }
        picture
    }

    /// Returns the place of the box of a registry's image, which is made where there is none yet.
    fn registry(&mut self, reference: &str) -> usize {
        let name = printable::line(reference).into_owned();
        let is_it = |it: &ImageBox| it.kind == Kind::Registry && it.name == name;
        self.boxes.iter().position(is_it).unwrap_or_else(|| {
            self.boxes.push(ImageBox {
                name,
                kind: Kind::Registry,
                rows: Vec::new(),
            });
            self.boxes.len() - 1
        })
    }

    fn arrow(&mut self, from: usize, to: usize, label: String, is_base: bool) {
        let mut arrows = self.arrows.iter_mut();
        let is_it = |it: &&mut Arrow| (it.from, it.to, it.is_base) == (from, to, is_base);
        match arrows.find(is_it) {
            Some(known) if known.label != label => {
                known.label = format!("{}, {label}", known.label);
            }
            Some(_) => {}
            None => self.arrows.push(Arrow {
                from,
                to,
                label,
                is_base,
            }),
        }
    }
}

fn title(plan: &Plan, explained: Option<&Explanation>) -> String {
    match explained {
        None => plan.project.clone(),
        Some(explained) => format!(
            "{}: commit {} after commit {}",
            plan.project,
            plan_table::short(&explained.to),
            plan_table::short(&explained.from)
        ),
    }
}

fn rows_of_stages(
    image: &ImagePlan,
    inventory: &Inventory,
    explained: &[StageExplanation],
) -> Vec<Row> {
    let mappings = inventory.mappings.get(&image.name);
    let mappings = mappings.map_or(&[][..], Vec::as_slice);
    let mut rows = Vec::new();
    for (number, stage) in image.stages.iter().enumerate() {
        // Those that are no more come after the others.
        let said = explained.get(number);
        let verdict = said.map_or(Verdict::Stays, |said| said.verdict);
        match stage.kind {
            StageKind::From => {}
            StageKind::GitArchive => {
                rows.push(Row::new(stage.kind.name(), verdict));
                for mapping in mappings {
                    let files = words::files(&mapping.files);
                    let text = format!("  {}: {files}", plan_table::arrow(mapping));
                    rows.push(Row::new(&text, verdict));
                }
            }
            _ => rows.push(Row::new(&row(stage, said), verdict)),
        }
    }
    rows
}

fn row(stage: &StagePlan, said: Option<&StageExplanation>) -> String {
    let name = stage.kind.name();
    if stage.kind == StageKind::GitLatestPatch {
        return match changed(said) {
            Some(changed) => format!("{name}: {changed}"),
            None => name.to_owned(),
        };
    }
    if let Some(script) = &stage.script {
        let thing = match script.kind {
            ScriptKind::Shell => "command",
            ScriptKind::Playbook => "task",
        };
        return format!("{name}: {}", words::count(stage.at.len(), thing));
    }
    match stage.imports.as_slice() {
        [] => name.to_owned(),
        imports => {
            let places: Vec<&str> = imports.iter().map(|import| import.to.as_str()).collect();
            format!("{name}: {}", places.join(", "))
        }
    }
}

/// Returns what of the sources is different, and how long that is.
fn changed(said: Option<&StageExplanation>) -> Option<String> {
    let reasons = said?.reasons.iter();
    let files = reasons.flat_map(|reason| match reason {
        Reason::Files { files, .. } => files.as_slice(),
        _ => &[],
    });
    let bytes: u64 = files.clone().filter_map(|file| file.bytes).sum();
    let count = files.count();
    let text = format!(
        "{} changed, {}",
        words::count(count, "file"),
        words::size(bytes)
    );
    (count > 0).then_some(text)
}

fn rows_of_dockerfile(
    image: &DockerfilePlan,
    inventory: &Inventory,
    explained: &[StageExplanation],
) -> Vec<Row> {
    let said = explained.first();
    let verdict = said.map_or(Verdict::Stays, |said| said.verdict);
    let files = inventory.contexts.get(&image.name).into_iter().flatten();
    let context = match changed(said) {
        Some(changed) => format!("context: {changed}"),
        None => format!("context: {}", words::files(files)),
    };
    vec![
        Row::new(&image.dockerfile.path, verdict),
        Row::new(&context, verdict),
    ]
}
