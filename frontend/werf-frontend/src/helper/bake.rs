//! `bake`: a file for `docker buildx bake` that builds all final images at once.

use std::collections::BTreeSet;

use diagnostic::Diagnostic;
use serde_json::{Map, Value, json};
use werf_config::{self, Config};

use crate::git::repo::Repo;

use super::plan::PlanRequest;
use super::render::Rendering;
use super::template::{self, Remarks};

/// Reads the configuration and returns the text of the file.
pub fn bake_commit(request: &PlanRequest) -> Rendering {
    let mut remarks = Remarks::default();
    let result = text(request, &mut remarks);
    Rendering::new(result, &remarks)
}

fn text(request: &PlanRequest, remarks: &mut Remarks) -> Result<String, Vec<Diagnostic>> {
    let repo = Repo::open(&request.git_dir).map_err(|error| vec![error.into()])?;
    let config_text = template::read(&repo, request, remarks)?.text;
    let loaded = werf_config::load(&config_text)?;
    remarks.warnings.extend(loaded.warnings);
    let file = bake_file(&loaded.config, config_text.name());
    Ok(format!("{file:#}\n"))
}

/// Returns the file: a target for each final image, and the group `default` of them all. `path` is that of the
/// configuration from the root of the work tree, which is the context.
fn bake_file(config: &Config, path: &str) -> Value {
    let mut targets = Map::new();
    let mut used = BTreeSet::new();
    let dockerfiles = config
        .dockerfiles
        .iter()
        .map(|image| (&image.name, image.is_final));
    let images = config
        .images
        .iter()
        .map(|image| (&image.name, image.is_final));
    for (image, _) in dockerfiles.chain(images).filter(|(_, is_final)| *is_final) {
        let name = free_name(&target_name(image.as_str()), &mut used);
        let target = json!({
            "context": ".",
            "dockerfile": path,
            "target": image.to_string(),
        });
        targets.insert(name, target);
    }
    let names: Vec<String> = targets.keys().cloned().collect();
    json!({ "group": { "default": { "targets": names } }, "target": targets })
}

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

/// Two images may become one name, and `default` is the group.
fn free_name(name: &str, used: &mut BTreeSet<String>) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while free == "default" || !used.insert(free.clone()) {
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

    #[test]
    fn final_images_are_targets() {
        let text = "project: p\nconfigVersion: 1\n---\nimage: [team/app, team.app, default]\nfrom: base\n---\nimage: base\nfinal: false\nfrom: scratch\n---\nimage: other\ndockerfile: Dockerfile\n";
        let config_text = SourceText::new("werf.yaml", text).expect("text");
        let config = load(&config_text).expect("right").config;
        let target =
            |name: &str| json!({ "context": ".", "dockerfile": "ci/werf.yaml", "target": name });
        assert_eq!(
            bake_file(&config, "ci/werf.yaml"),
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
}
