//! The file that `docker buildx bake --metadata-file` writes: under which names and digests the images of its targets were
//! stored.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diagnostic::Diagnostic;
use serde_json::{Map, Value};
use werf_config::ImageFact;

/// What is known of the images of earlier builds, by the names of their targets.
#[derive(Debug, Default)]
pub struct Metadata {
    targets: BTreeMap<String, (PathBuf, Map<String, Value>)>,
}

impl Metadata {
    /// Reads files; what a later one says of a target counts.
    ///
    /// # Errors
    /// A file that cannot be read, or that is none of these.
    pub fn read(paths: &[PathBuf]) -> Result<Metadata, Diagnostic> {
        let mut metadata = Metadata::default();
        for path in paths {
            let bytes = std::fs::read(path).map_err(|error| {
                Diagnostic::error(format!("read `{}`: {error}", path.display()))
            })?;
            metadata.add(path, &bytes)?;
        }
        Ok(metadata)
    }

    fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
        let wrong = |what: String| {
            Diagnostic::error(format!("`{}` {what}", path.display())).hint(
                "name the file that `docker buildx bake --metadata-file FILE` has written for a file of `werf-frontend bake`",
            )
        };
        let content: Map<String, Value> = serde_json::from_slice(bytes)
            .map_err(|error| wrong(format!("is no JSON object: {error}")))?;
        if content.contains_key(DIGEST) {
            let what =
                "is of one image, and does not say of which: `docker buildx build` has written it";
            return Err(wrong(what.to_owned()));
        }
        for (target, said) in content {
            // Beside the targets there are lists, such as warnings.
            if let Value::Object(said) = said {
                self.targets.insert(target, (path.to_owned(), said));
            }
        }
        Ok(())
    }

    /// Returns what is known of the image of `target`; `None` if it has not been built.
    ///
    /// # Errors
    /// It has been built, and the file does not say this of it.
    pub fn value(&self, target: &str, fact: ImageFact) -> Result<Option<String>, Diagnostic> {
        let Some((path, said)) = self.targets.get(target) else {
            return Ok(None);
        };
        let text = |key: &str| said.get(key).and_then(Value::as_str);
        let name = text(NAME).and_then(|names| names.split(',').next());
        let name = name.filter(|name| !name.is_empty()).map(tagged);
        let name = name.as_deref();
        let (value, hint) = match fact {
            ImageFact::ImageDigest => (text(DIGEST), "push it with `--push`"),
            ImageFact::ImageID => (
                text(CONFIG_DIGEST),
                "images for several platforms have none: use `ImageDigest`",
            ),
            ImageFact::ImageName => (name, TAG_IT),
            ImageFact::ImageRepo => (name.map(|name| split(name).0), TAG_IT),
            ImageFact::ImageTag => (name.and_then(|name| split(name).1), TAG_IT),
        };
        let value = value.ok_or_else(|| {
            let message = format!(
                "`{}` does not say what the `{}` of target `{target}` is",
                path.display(),
                fact.name()
            );
            Diagnostic::error(message).hint(hint)
        })?;
        Ok(Some(value.to_owned()))
    }
}

const DIGEST: &str = "containerimage.digest";
const CONFIG_DIGEST: &str = "containerimage.config.digest";
const NAME: &str = "image.name";
const TAG_IT: &str = "give it a tag with `werf-frontend bake --repo REPO` or `docker buildx bake --set TARGET.tags=REPO:TAG`, and push it";

/// Returns a name with its tag. Docker writes down the whole name, other builders the one that they were given, and what is made
/// of it is in cache keys.
fn tagged(name: &str) -> Cow<'_, str> {
    if name.contains('@') || split(name).1.is_some() {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("{name}:latest"))
    }
}

/// Splits a name into repository and tag.
fn split(name: &str) -> (&str, Option<&str>) {
    let name = name.split('@').next().unwrap_or(name);
    match name.rsplit_once(':') {
        Some((repo, tag)) if !tag.contains('/') => (repo, Some(tag)),
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Metadata, String> {
        let mut metadata = Metadata::default();
        let added = metadata.add(Path::new("meta.json"), text.as_bytes());
        added.map(|()| metadata).map_err(|error| error.message)
    }

    #[test]
    fn everything_that_can_be_asked_is_found() {
        let text = r#"{"buildx.build.warnings":[],"app":{"containerimage.digest":"sha256:1","containerimage.config.digest":"sha256:2","image.name":"localhost:5000/a:1,localhost:5000/b:2"}}"#;
        let metadata = read(text).expect("right");
        let values = ImageFact::ALL.map(|fact| metadata.value("app", fact));
        let values = values.map(|value| value.expect("known").expect("built"));
        assert_eq!(
            values,
            [
                "localhost:5000/a:1",
                "1",
                "localhost:5000/a",
                "sha256:2",
                "sha256:1"
            ]
        );
        assert_eq!(metadata.value("web", ImageFact::ImageID), Ok(None));
    }

    #[test]
    fn a_builder_that_leaves_the_tag_out_gives_the_same_values_as_docker() {
        let facts = [
            ImageFact::ImageName,
            ImageFact::ImageRepo,
            ImageFact::ImageTag,
        ];
        for name in ["localhost:5000/a", "localhost:5000/a:latest"] {
            let metadata = read(&format!(r#"{{"app":{{"image.name":"{name}"}}}}"#)).expect("right");
            let values = facts.map(|fact| metadata.value("app", fact).expect("known"));
            let expected = ["localhost:5000/a:latest", "localhost:5000/a", "latest"];
            assert_eq!(values, expected.map(|value| Some(value.to_owned())));
        }
        let metadata = read(r#"{"app":{"image.name":"host/a@sha256:1"}}"#).expect("right");
        let name = metadata.value("app", ImageFact::ImageName);
        assert_eq!(name, Ok(Some("host/a@sha256:1".to_owned())));
    }

    #[test]
    fn what_is_not_said_is_a_mistake() {
        let name = r#"{"app":{"image.name":"localhost:5000/a@sha256:1"}}"#;
        let metadata = read(name).expect("right");
        for fact in [
            ImageFact::ImageTag,
            ImageFact::ImageID,
            ImageFact::ImageDigest,
        ] {
            assert!(metadata.value("app", fact).is_err(), "{fact:?}");
        }
        let error = metadata.value("app", ImageFact::ImageTag).unwrap_err();
        assert_eq!(
            error.message,
            "`meta.json` does not say what the `ImageTag` of target `app` is"
        );
    }

    #[test]
    fn another_file_is_refused() {
        let single = read(r#"{"containerimage.digest":"sha256:1"}"#).unwrap_err();
        assert_eq!(
            single,
            "`meta.json` is of one image, and does not say of which: `docker buildx build` has written it"
        );
        assert!(
            read("[]")
                .unwrap_err()
                .starts_with("`meta.json` is no JSON object: ")
        );
    }
}
