//! A plan as a table: of each image its stages, and what feeds them.
//!
//! Pure: a plan and the files behind it in, text out.

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use diagnostic::{Located, printable};
use werf_config::{Base, ImageName, Import, ImportFrom};
use werf_frontend::helper::inventory::{Inventory, MappingFiles};
use werf_plan::differing;
use werf_plan::dockerfile::DockerfilePlan;
use werf_plan::file::{ImagePlan, Plan, StagePlan};
use werf_plan::script::ScriptKind;
use werf_plan::stage::StageKind;

use super::words;

/// Fewer columns than these hold no table.
const NARROWEST: u16 = 60;

/// Where less can have changed there is no `gitCache`.
const MEBIBYTE: u64 = 1 << 20;

/// Fields of a digest that are said in other words, or say nothing to people.
const NO_PART: [&str; 5] = ["format", "stage", "parent", "value", "tools"];

/// Returns the table of `plan`, in lines of at most `width` columns if that is known.
pub fn table(plan: &Plan, inventory: &Inventory, width: Option<u16>) -> String {
    let mut text = format!("project {}, commit {}\n", plan.project, short(&plan.commit));
    let dockerfiles = plan.dockerfiles.iter().map(|image| {
        let title = title(&image.name, None, image.is_final, &image.platforms);
        (title, of_dockerfile(image, inventory))
    });
    let images = plan.images.iter().map(|image| {
        let base = base(&image.base);
        let title = title(&image.name, Some(&base), image.is_final, &image.platforms);
        let stages = image.stages.iter();
        let rows = stages.map(|stage| Row {
            name: stage.kind.name().to_owned(),
            digest: stage.digest.short(),
            made_of: of_stage(image, stage, inventory),
        });
        (title, rows.collect())
    });
    for (title, rows) in dockerfiles.chain(images) {
        let _ = write!(
            text,
            "\n{}\n{}\n",
            printable::line(&title),
            draw(rows, width)
        );
    }
    text
}

/// Returns the first digits of a commit, which is enough to know it by.
pub fn short(commit: &str) -> &str {
    &commit[..commit.len().min(12)]
}

/// A line of the table: a stage.
struct Row {
    name: String,
    digest: String,
    /// Each on a line of its own.
    made_of: Vec<String>,
}

fn draw(rows: Vec<Row>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width.max(NARROWEST));
    }
    for row in rows {
        let lines = row.made_of.iter().map(|line| printable::line(line));
        let lines: Vec<_> = lines.collect();
        table.add_row([row.name, row.digest, lines.join("\n")]);
    }
    table.trim_fmt()
}

fn title(
    name: &ImageName,
    base: Option<&str>,
    is_final: bool,
    platforms: &[Located<String>],
) -> String {
    let mut text = format!("image {name}");
    if let Some(base) = base {
        let _ = write!(text, " on {base}");
    }
    if !is_final {
        text.push_str(", not final");
    }
    if !platforms.is_empty() {
        let names: Vec<&str> = platforms.iter().map(|it| it.value.as_str()).collect();
        let _ = write!(text, ", for {}", names.join(" and "));
    }
    text
}

fn base(base: &Base) -> String {
    match base {
        Base::Scratch => "scratch".to_owned(),
        Base::Image { reference, .. } => reference.clone(),
        Base::Sibling { image, .. } => format!("image {image}"),
    }
}

fn of_dockerfile(image: &DockerfilePlan, inventory: &Inventory) -> Vec<Row> {
    let mut made_of = vec![image.dockerfile.path.clone()];
    if !image.target.is_empty() {
        made_of.push(format!("up to its stage `{}`", image.target));
    }
    if !image.args.is_empty() {
        let names: Vec<&str> = image.args.keys().map(String::as_str).collect();
        made_of.push(format!("build arguments {}", names.join(", ")));
    }
    made_of.extend(image.images.values().map(|name| format!("image {name}")));
    let context = inventory.contexts.get(&image.name);
    let mut files = vec![words::files(context.into_iter().flatten())];
    let added = image.added_files.iter();
    files.extend(added.map(|file| format!("{} of the client", file.from)));
    let row = |name: &str, digest: String, made_of| Row {
        name: name.to_owned(),
        digest,
        made_of,
    };
    vec![
        row("dockerfile", String::new(), made_of),
        row("context", image.context.slot.short(), files),
    ]
}

fn of_stage(image: &ImagePlan, stage: &StagePlan, inventory: &Inventory) -> Vec<String> {
    let mappings = inventory.mappings.get(&image.name);
    let mappings = mappings.map_or(&[][..], Vec::as_slice);
    let mut lines = Vec::new();
    match stage.kind {
        StageKind::From => {
            lines.push(base(&image.base));
            let mounts = image.mounts.iter();
            lines.extend(mounts.map(|mount| format!("mount at {}", mount.to)));
        }
        StageKind::GitArchive => lines.extend(mappings.iter().map(|mapping| {
            let files = words::files(&mapping.files);
            format!("{}: {files}", arrow(mapping))
        })),
        StageKind::GitLatestPatch => {
            let files = mappings.iter().flat_map(|mapping| &mapping.files);
            let bytes: u64 = files.clone().filter_map(|file| file.bytes).sum();
            lines.push(format!("{}, as in the commit", words::files(files)));
            if bytes >= MEBIBYTE {
                lines.push(
                    "after a gitCache, once 1 MiB has changed since the stage before was built"
                        .to_owned(),
                );
            }
        }
        StageKind::DockerInstructions | StageKind::ImageSpec => {
            let mut names: Vec<&str> = Vec::new();
            for field in &stage.fields {
                if !NO_PART.contains(&field.name.as_str()) && !names.contains(&&*field.name) {
                    names.push(&field.name);
                }
            }
            lines.push(names.join(", "));
        }
        _ => {}
    }
    lines.extend(commands(stage));
    let versions = stage.fields.iter().filter(|it| is_version(&it.name));
    lines.extend(versions.map(|field| {
        let name = differing::written_as(&field.name, stage.kind);
        format!("{name} {}", field.value)
    }));
    lines.extend(stage.imports.iter().map(import));
    lines.extend(stage.env.iter().map(|(name, _)| format!("variable {name}")));
    lines.extend(dependencies(stage, mappings));
    lines
}

fn is_version(name: &str) -> bool {
    name.ends_with("acheVersion") || name == "cacheScope"
}

/// Returns where the files of a mapping come from and where they go.
pub fn arrow(mapping: &MappingFiles) -> String {
    match &mapping.url {
        Some(url) => format!("{} of {url} -> {}", mapping.add, mapping.to),
        None => format!("{} -> {}", mapping.add, mapping.to),
    }
}

fn commands(stage: &StagePlan) -> Option<String> {
    let script = stage.script.as_ref()?;
    let thing = match script.kind {
        ScriptKind::Shell => "command",
        ScriptKind::Playbook => "task",
    };
    let count = words::count(stage.at.len(), thing);
    Some(format!("{count}: {}", script.summary))
}

fn import(import: &Import) -> String {
    let Import { from, add, to, .. } = import;
    match from {
        ImportFrom::Image { reference } => format!("{add} of {reference} -> {to}"),
        ImportFrom::Sibling { image, stage: None } => format!("{add} of image {image} -> {to}"),
        ImportFrom::Sibling {
            image,
            stage: Some(stage),
        } => format!("{add} of image {image} after {} -> {to}", stage.name()),
    }
}

/// Returns what of the commit reruns a stage: of each mask the files that it matches.
fn dependencies(stage: &StagePlan, mappings: &[MappingFiles]) -> Vec<String> {
    let Some(user_stage) = stage.kind.user_stage().filter(|_| stage.sources.is_some()) else {
        return Vec::new();
    };
    let masks = mappings.iter().flat_map(|mapping| {
        let masks = mapping.dependencies.get(&user_stage).into_iter().flatten();
        masks.map(move |mask| {
            let files = mask.files.iter().map(|&number| &mapping.files[number]);
            let files = words::files(files);
            format!("depends on {} in {}: {files}", mask.mask.value, mapping.add)
        })
    });
    let mut lines: Vec<String> = masks.collect();
    if lines.is_empty() {
        lines.push("depends on no file, so changed sources do not rerun it".to_owned());
    }
    lines
}
