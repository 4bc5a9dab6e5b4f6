//! What targets of a bake file have besides what is built: where results go, under which names, and what the build is given.

use std::collections::{BTreeMap, BTreeSet};

use diagnostic::Diagnostic;
use serde_json::{Map, Value, json};
use werf_config::secret::SecretSource;
use werf_config::{Config, ImageName, Secret};

use super::bake_steps::Steps;

/// What a person asks of all targets. In templates `%repo%`, `%image%`, `%project%` and `%commit%` are replaced.
#[derive(Clone, Debug, Default)]
pub struct TargetOptions {
    /// The repository of images.
    pub repo: Option<String>,
    /// Templates of tags; none means `%repo%/%image%` where there is a repository.
    pub tags: Vec<String>,
    /// The template of the reference under which a cache is kept in a registry.
    pub cache: Option<String>,
    /// Whether images are pushed.
    pub is_pushed: bool,
    /// Templates of what `--output` of buildx takes.
    pub outputs: Vec<String>,
    /// What `--secret` of buildx takes.
    pub secrets: Vec<String>,
    /// Whether the secrets of the configuration are taken from where it says.
    pub has_own_secrets: bool,
    /// What `--ssh` of buildx takes.
    pub ssh: Vec<String>,
    /// The platforms.
    pub platforms: Vec<String>,
}

/// What is put into templates.
struct Names<'a> {
    project: &'a str,
    commit: &'a str,
    repo: Option<&'a str>,
}

impl Names<'_> {
    /// Fills in `template`. Of a nameless image `/%image%` and what else leads to its name is left out.
    fn fill(&self, template: &str, image: &ImageName) -> String {
        let name = image.as_str();
        let template = if image.is_nameless() {
            ["/", "-", "_", ":"]
                .iter()
                .fold(template.to_owned(), |text, before| {
                    text.replace(&format!("{before}%image%"), "")
                })
        } else {
            template.to_owned()
        };
        template
            .replace("%repo%", self.repo.unwrap_or_default())
            .replace("%image%", name)
            .replace("%project%", self.project)
            .replace("%commit%", self.commit)
    }
}

/// Adds what `options` ask for to the `targets` of a bake file, which are known by the names of their images.
///
/// # Errors
/// Options that do not go together, for people.
pub fn apply(
    targets: &mut Map<String, Value>,
    names: &BTreeMap<&ImageName, String>,
    (config, commit): (&Config, &str),
    options: &TargetOptions,
) -> Result<(), Vec<Diagnostic>> {
    check(names.len(), options)?;
    let repo = options.repo.as_deref();
    let known = Names {
        project: &config.project,
        commit,
        repo,
    };
    let tags = match (options.tags.as_slice(), repo) {
        ([], Some(_)) => vec!["%repo%/%image%".to_owned()],
        (tags, _) => tags.to_vec(),
    };
    let steps = Steps::of(config);
    for (image, name) in names {
        let Some(target) = targets.get_mut(name) else {
            continue;
        };
        let fill = |templates: &[String]| -> Vec<String> {
            let filled = templates.iter().map(|it| known.fill(it, image));
            filled.collect()
        };
        let mut add = |key: &str, values: Vec<String>| {
            if !values.is_empty() {
                target[key] = json!(values);
            }
        };
        add("tags", fill(&tags));
        if let Some(cache) = &options.cache {
            let reference = known.fill(cache, image);
            add("cache-from", vec![format!("type=registry,ref={reference}")]);
            let to = format!("type=registry,ref={reference},mode=max");
            add("cache-to", vec![to]);
        }
        let mut outputs = fill(&options.outputs);
        if options.is_pushed {
            outputs.push("type=registry".to_owned());
        }
        add("output", outputs);
        let mut secrets = options.secrets.clone();
        if options.has_own_secrets {
            secrets.extend(own_secrets(config, steps.parts(image), &options.secrets));
        }
        add("secret", secrets);
        add("ssh", options.ssh.clone());
        add("platforms", options.platforms.clone());
    }
    Ok(())
}

/// Complains of options that do not go together.
fn check(targets: usize, options: &TargetOptions) -> Result<(), Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let templates = options.tags.iter().chain(&options.cache);
    if options.repo.is_none() && templates.clone().any(|it| it.contains("%repo%")) {
        let message = "`%repo%` is the value of `--repo`, which is not given";
        wrong.push(Diagnostic::error(message).hint("add `--repo REPO`"));
    }
    if options.is_pushed && options.repo.is_none() && options.tags.is_empty() {
        let message = "`--push` needs to know where to";
        wrong.push(
            Diagnostic::error(message).hint("add `--repo REPO`, or `--tag-template TEMPLATE`"),
        );
    }
    let shared = templates.filter(|_| targets > 1);
    for template in shared.filter(|it| !it.contains("%image%")) {
        let message = format!("`{template}` would be the same for {targets} images");
        wrong.push(
            Diagnostic::error(message).hint("write `%image%` where the name of the image belongs"),
        );
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// Returns where the secrets of `images` are found, but for those that are among `given`.
fn own_secrets(config: &Config, images: &[&ImageName], given: &[String]) -> Vec<String> {
    let of_stages = config.images.iter().map(|it| (&it.name, &it.secrets));
    let of_dockerfiles = config.dockerfiles.iter().map(|it| (&it.name, &it.secrets));
    let needed = of_stages.chain(of_dockerfiles);
    let needed = needed.filter(|(name, _)| images.contains(name));
    let is_given = |secret: &Secret| {
        let id = format!("id={}", secret.id);
        given.iter().any(|it| it.split(',').any(|part| part == id))
    };
    let mut seen = BTreeSet::new();
    let secrets = needed.flat_map(|(_, secrets)| secrets);
    let options = secrets.filter(|it| !is_given(it)).filter_map(|secret| {
        let from = match &secret.from {
            SecretSource::Env(name) => format!("env={}", name.value),
            SecretSource::File(path) => format!("src={}", at_home(&path.value)),
            SecretSource::Value(_) => return None,
        };
        let option = format!("id={},{from}", secret.id);
        seen.insert(option.clone()).then_some(option)
    });
    options.collect()
}

/// Nobody replaces a tilde in a bake file.
fn at_home(path: &str) -> String {
    let home = std::env::var("HOME").ok();
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use diagnostic::SourceText;

    use super::*;

    const CONFIG: &str = "project: shop\nconfigVersion: 1\n---\nimage: team/app\nfrom: base\nsecrets: [{env: TOKEN}]\nshell: {install: make}\n---\nimage: web\nfrom: scratch\n---\nimage: base\nfinal: false\nfrom: alpine:3\nsecrets: [{id: key, src: keys/key}, {id: own, value: v}]\nshell: {install: make}\n";

    /// Returns the targets of `text`, or the mistakes.
    fn applied(text: &str, options: &TargetOptions) -> Result<Value, Vec<String>> {
        let source = SourceText::new("werf.yaml", text).expect("text");
        let config = werf_config::load(&source).expect("right").config;
        let names = super::super::bake::target_names(&config);
        let mut targets = names
            .values()
            .map(|name| (name.clone(), json!({})))
            .collect();
        let of = (&config, "0123abc");
        match apply(&mut targets, &names, of, options) {
            Ok(()) => Ok(Value::Object(targets)),
            Err(mistakes) => Err(mistakes.into_iter().map(|it| it.message).collect()),
        }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn templates_are_filled_in_for_each_image() {
        let options = TargetOptions {
            repo: Some("r.io/p".to_owned()),
            tags: texts(&["%repo%/%image%:%commit%", "%repo%/%image%:latest"]),
            cache: Some("%repo%/cache/%image%".to_owned()),
            is_pushed: true,
            outputs: texts(&["type=oci,dest=%project%-%image%.tar"]),
            secrets: texts(&["id=more,src=file"]),
            has_own_secrets: true,
            ssh: texts(&["default"]),
            platforms: texts(&["linux/amd64", "linux/arm64"]),
        };
        let targets = applied(CONFIG, &options).expect("targets");
        let app = json!({
            "tags": ["r.io/p/team/app:0123abc", "r.io/p/team/app:latest"],
            "cache-from": ["type=registry,ref=r.io/p/cache/team/app"],
            "cache-to": ["type=registry,ref=r.io/p/cache/team/app,mode=max"],
            "output": ["type=oci,dest=shop-team/app.tar", "type=registry"],
            // Of the base, too; one whose value is in the configuration is not the client's.
            "secret": ["id=more,src=file", "id=TOKEN,env=TOKEN", "id=key,src=keys/key"],
            "ssh": ["default"],
            "platforms": ["linux/amd64", "linux/arm64"],
        });
        assert_eq!(targets["team_app"], app);
        assert_eq!(targets["web"]["secret"], json!(["id=more,src=file"]));
    }

    #[test]
    fn nothing_is_added_that_nobody_asked_for() {
        let targets = applied(CONFIG, &TargetOptions::default()).expect("targets");
        assert_eq!(targets, json!({ "team_app": {}, "web": {} }));
        let options = TargetOptions {
            repo: Some("r.io/p".to_owned()),
            ..TargetOptions::default()
        };
        let targets = applied(CONFIG, &options).expect("targets");
        assert_eq!(targets["web"], json!({ "tags": ["r.io/p/web"] }));
    }

    #[test]
    fn a_nameless_image_has_the_repository_for_itself() {
        let nameless = "project: shop\nconfigVersion: 1\n---\nimage: ~\nfrom: scratch\n";
        let options = TargetOptions {
            repo: Some("r.io/p".to_owned()),
            tags: texts(&["%repo%/%image%", "%repo%:1-%image%"]),
            ..TargetOptions::default()
        };
        let targets = applied(nameless, &options).expect("targets");
        assert_eq!(targets["nameless"]["tags"], json!(["r.io/p", "r.io/p:1"]));
    }

    #[test]
    fn what_is_given_wins_over_the_secret_of_the_configuration() {
        let options = TargetOptions {
            secrets: texts(&["src=other,id=TOKEN"]),
            has_own_secrets: true,
            ..TargetOptions::default()
        };
        let targets = applied(CONFIG, &options).expect("targets");
        let secrets = json!(["src=other,id=TOKEN", "id=key,src=keys/key"]);
        assert_eq!(targets["team_app"]["secret"], secrets);
    }

    #[test]
    fn options_that_do_not_go_together_are_mistakes() {
        let options = TargetOptions {
            tags: texts(&["%repo%/%image%"]),
            cache: Some("r.io/cache".to_owned()),
            ..TargetOptions::default()
        };
        let wrong = [
            "`%repo%` is the value of `--repo`, which is not given",
            "`r.io/cache` would be the same for 2 images",
        ];
        assert_eq!(applied(CONFIG, &options), Err(texts(&wrong)));
        let options = TargetOptions {
            is_pushed: true,
            ..TargetOptions::default()
        };
        let wrong = ["`--push` needs to know where to"];
        assert_eq!(applied(CONFIG, &options), Err(texts(&wrong)));
    }
}
