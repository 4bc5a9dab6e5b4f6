//! `bake`: a file for `docker buildx bake` that builds all final images at once.
//!
//! Where images are told of others that must be pushed before, there is a group for each step, and the values that are
//! known from earlier steps are arguments of the targets.
//!
//! What templates read with `env` are variables of the file, which bake takes from its environment, and arguments of all
//! targets: no value stands in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use diagnostic::Diagnostic;
use serde_json::{Map, Value, json};
use werf_config::{self, Config, ImageName};
use werf_plan::agreed::DEV_ARGUMENT;

use super::bake_metadata::Metadata;
use super::bake_steps::Steps;
use super::bake_targets::{self, TargetOptions};
use super::changes;
use super::dev;
use super::plan::PlanRequest;
use super::render::Rendering;
use super::template::{self, Remarks};

/// What is asked of the file besides its targets.
#[derive(Clone, Debug, Default)]
pub struct BakeOptions {
    /// What is asked of all targets.
    pub targets: TargetOptions,
    /// What `docker buildx bake --metadata-file` has written in earlier steps.
    pub metadata: Vec<PathBuf>,
    /// The root of the work tree as seen from where `docker buildx bake` runs, if that is another directory.
    pub context: Option<String>,
}

/// Reads the configuration and returns the text of the file.
pub fn bake_commit(request: &PlanRequest, options: &BakeOptions) -> Rendering {
    let mut remarks = Remarks::default();
    let mut result = text(request, options, &mut remarks);
    if result.is_err()
        && let Err(unread) = changes::warn_of_mistaken(request, &mut remarks)
    {
        result = Err(unread.into());
    }
    Rendering::new(result, &remarks)
}

fn text(
    request: &PlanRequest,
    options: &BakeOptions,
    remarks: &mut Remarks,
) -> Result<String, Vec<Diagnostic>> {
    let metadata = Metadata::read(&options.metadata).map_err(|error| vec![error])?;
    let repo = dev::open(request)?;
    let configuration = template::read(&repo, request, remarks)?;
    let loaded = werf_config::load(&configuration.text)?;
    changes::warn_of_all(&repo, request, &configuration, remarks)?;
    let config_text = configuration.text;
    remarks.warnings.extend(loaded.warnings);
    let mut file = bake_file(
        &loaded.config,
        (config_text.name(), &repo.commit()),
        &options.targets,
        &metadata,
    )?;
    if let (Some(context), Some(targets)) = (&options.context, file["target"].as_object_mut()) {
        for target in targets.values_mut() {
            target["context"] = json!(context);
        }
    }
    if dev::is_on(request) {
        for target in file["target"].as_object_mut().into_iter().flatten() {
            target.1["args"][DEV_ARGUMENT] = json!("1");
        }
    }
    let is_given = |name: &&String| {
        !template::KNOWN.contains(&name.as_str()) || request.build_args.contains_key(*name)
    };
    let read = remarks.used.iter().filter(is_given);
    let read: BTreeSet<&String> = read.filter(|name| *name != DEV_ARGUMENT).collect();
    hand_on(&mut file, read.into_iter().map(String::as_str));
    Ok(format!("{file:#}\n"))
}

/// Returns the file: a target for each final image and for those that images are told of, the group `default` of the
/// final ones, and a group for each step if there are several. `path` is that of the configuration from the root of the
/// work tree, which is the context.
fn bake_file(
    config: &Config,
    (path, commit): (&str, &str),
    options: &TargetOptions,
    metadata: &Metadata,
) -> Result<Value, Vec<Diagnostic>> {
    let Targets {
        steps,
        finals,
        groups,
        names,
    } = Targets::of(config);
    let mut wrong = Vec::new();
    let mut targets = Map::new();
    for (image, name) in &names {
        let mut target = json!({
            "context": ".",
            "dockerfile": path,
            "target": image.to_string(),
        });
        let mut arguments = Map::new();
        for wanted in steps.wanted(image) {
            let Some(of) = names.get(wanted.of) else {
                continue;
            };
            match metadata.value(of, wanted.import.fact) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    arguments.insert(wanted.import.target.clone(), json!(value));
                }
                Err(mistake) => wrong.push(mistake.at(wanted.import.at.clone())),
            }
        }
        if !arguments.is_empty() {
            target["args"] = Value::Object(arguments);
        }
        targets.insert(name.clone(), target);
    }
    if let Err(mistakes) = bake_targets::apply(&mut targets, &names, (config, commit), options) {
        wrong.extend(mistakes);
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let group = |is_in: &dyn Fn(&ImageName) -> bool| {
        let mut members: Vec<&String> = names
            .iter()
            .filter(|(image, _)| is_in(image))
            .map(|(_, name)| name)
            .collect();
        members.sort_unstable();
        json!({ "targets": members })
    };
    let mut all_groups = Map::new();
    all_groups.insert(DEFAULT.to_owned(), group(&|image| finals.contains(image)));
    for (number, name) in groups.into_iter().enumerate() {
        let members = group(&|image| steps.number(image) == number + 1);
        all_groups.insert(name, members);
    }
    Ok(json!({ "group": all_groups, "target": targets }))
}

/// The images that are targets.
struct Targets<'a> {
    steps: Steps<'a>,
    finals: BTreeSet<&'a ImageName>,
    /// The groups for steps, if there are several.
    groups: Vec<String>,
    /// What targets are called, by their images.
    names: BTreeMap<&'a ImageName, String>,
}

impl<'a> Targets<'a> {
    fn of(config: &'a Config) -> Targets<'a> {
        let dockerfiles = config
            .dockerfiles
            .iter()
            .map(|image| (&image.name, image.is_final));
        let images = config
            .images
            .iter()
            .map(|image| (&image.name, image.is_final));
        let all: Vec<(&ImageName, bool)> = dockerfiles.chain(images).collect();
        let finals: BTreeSet<&ImageName> = all
            .iter()
            .filter(|(_, is_final)| *is_final)
            .map(|(name, _)| *name)
            .collect();
        let steps = Steps::of(config);
        let told_of = steps.told_of(finals.iter().copied());
        let wanted: Vec<&ImageName> = all
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| finals.contains(name) || told_of.contains(name))
            .collect();
        let last = wanted.iter().map(|image| steps.number(image)).max();
        let groups: Vec<String> = match last {
            None | Some(1) => Vec::new(),
            Some(last) => (1..=last).map(|number| format!("step-{number}")).collect(),
        };
        let mut used: BTreeSet<String> = groups.iter().cloned().collect();
        used.insert(DEFAULT.to_owned());
        let mut names: BTreeMap<&ImageName, String> = BTreeMap::new();
        for image in &wanted {
            names.insert(image, free_name(&target_name(image.as_str()), &mut used));
        }
        Targets {
            steps,
            finals,
            groups,
            names,
        }
    }
}

/// Returns what the targets of a file are called, by their images.
pub(super) fn target_names(config: &Config) -> BTreeMap<&ImageName, String> {
    Targets::of(config).names
}

/// Whether an image is built for its own sake.
pub(super) fn is_final(config: &Config, image: &ImageName) -> bool {
    Targets::of(config).finals.contains(image)
}

/// Makes variables of `names`, and arguments of all targets, unless a target has an argument of that name.
///
/// A variable is null where the environment of bake has none; such an argument is not given to the build.
fn hand_on<'a>(file: &mut Value, names: impl Iterator<Item = &'a str>) {
    // As an identifier of bake's language, in which a `$` would begin something.
    let is_identifier = |name: &&str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(is_plain)
    };
    let mut variables = Map::new();
    for name in names.filter(is_identifier) {
        variables.insert(name.to_owned(), json!({ "default": null }));
        for target in file["target"].as_object_mut().into_iter().flatten() {
            let arguments = &mut target.1["args"];
            if arguments[name].is_null() {
                arguments[name] = json!(format!("${{{name}}}"));
            }
        }
    }
    if !variables.is_empty() {
        file["variable"] = Value::Object(variables);
    }
}

/// The group that bake builds if nothing is said.
const DEFAULT: &str = "default";

/// A target is called by letters, digits, `_` and `-`.
fn target_name(image: &str) -> String {
    if image.is_empty() {
        return "nameless".to_owned();
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    image
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect()
}

/// Two images may become one name, and groups have names, too, which are in `used`.
fn free_name(name: &str, used: &mut BTreeSet<String>) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while !used.insert(free.clone()) {
        free = format!("{name}_{number}");
        number += 1;
    }
    free
}

#[cfg(test)]
mod tests {
    use diagnostic::SourceText;
    use werf_config::load;

    use super::*;

    fn baked(text: &str, repo: Option<&str>, metadata: &Metadata) -> Value {
        let config_text = SourceText::new("werf.yaml", text).expect("text");
        let config = load(&config_text).expect("right").config;
        let options = TargetOptions {
            repo: repo.map(str::to_owned),
            ..TargetOptions::default()
        };
        bake_file(&config, ("ci/werf.yaml", "c"), &options, metadata).expect("a file")
    }

    #[test]
    fn final_images_are_targets() {
        let text = "project: p\nconfigVersion: 1\n---\nimage: [team/app, team.app, default]\nfrom: base\n---\nimage: base\nfinal: false\nfrom: scratch\n---\nimage: other\ndockerfile: Dockerfile\n";
        let target =
            |name: &str| json!({ "context": ".", "dockerfile": "ci/werf.yaml", "target": name });
        assert_eq!(
            baked(text, None, &Metadata::default()),
            json!({
                "group": { "default": { "targets": ["default_2", "other", "team_app", "team_app_2"] } },
                "target": {
                    "default_2": target("default"),
                    "other": target("other"),
                    "team_app": target("team/app"),
                    "team_app_2": target("team.app"),
                },
            })
        );
    }

    /// `list` is told of two others, one of which is told of the third and is made of one that is.
    const TOLD: &str = "project: p\nconfigVersion: 1\n---\nimage: list\nfrom: scratch\ndependencies:\n- {image: api, before: setup, imports: [{type: ImageDigest, targetEnv: API}]}\n- {image: web, after: setup, imports: [{type: ImageTag, targetEnv: WEB}]}\n---\nimage: web\nfinal: false\ndockerfile: Dockerfile\ndependencies:\n- {image: base, imports: [{type: ImageName, targetBuildArg: BASE}]}\n---\nimage: base\nfinal: false\nfrom: scratch\ndependencies:\n- {image: api, after: install, imports: [{type: ImageID, targetEnv: ID}]}\n---\nimage: api\nfrom: scratch\n---\nimage: step-1\nfrom: scratch\n";

    #[test]
    fn images_that_are_told_of_others_come_in_a_later_step() {
        let file = baked(TOLD, Some("r.io/p"), &Metadata::default());
        assert_eq!(
            file["group"],
            json!({
                "default": { "targets": ["api", "list", "step-1_2"] },
                "step-1": { "targets": ["api", "step-1_2"] },
                "step-2": { "targets": ["web"] },
                "step-3": { "targets": ["list"] },
            })
        );
        assert_eq!(file["target"]["web"]["tags"], json!(["r.io/p/web"]));
        assert_eq!(file["target"]["list"]["args"], Value::Null);
    }

    #[test]
    fn what_earlier_steps_have_made_is_given_to_the_targets() {
        let directory = tempfile::tempdir().expect("a directory");
        let paths = [
            ("one", r#"{"api":{"containerimage.digest":"sha256:1","containerimage.config.digest":"sha256:2"}}"#),
            ("two", r#"{"web":{"image.name":"r.io/p/web:7"}}"#),
        ]
        .map(|(name, text)| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        });
        let first = Metadata::read(&paths[..1]).expect("read");
        let file = baked(TOLD, None, &first);
        assert_eq!(file["target"]["web"]["args"], json!({ "ID": "sha256:2" }));
        assert_eq!(file["target"]["list"]["args"], json!({ "API": "sha256:1" }));
        let both = Metadata::read(&paths).expect("read");
        let file = baked(TOLD, None, &both);
        assert_eq!(
            file["target"]["list"]["args"],
            json!({ "API": "sha256:1", "WEB": "7" })
        );
        assert_eq!(file["target"]["api"]["args"], Value::Null);
    }
}
