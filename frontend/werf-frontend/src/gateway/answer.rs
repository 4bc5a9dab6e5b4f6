//! What is returned to BuildKit: an image, one for each of several platforms, or text.

use std::collections::BTreeMap;

use buildkit_llb::Platform;
use serde_json::{Value, json};

use crate::lower::BaseImage;

use super::bridge::{Made, Ref};

/// The key of an image's configuration.
pub(super) const CONFIG: &str = "containerimage.config";
/// The key of the platforms that the file systems are for (`exporter/containerimage/exptypes/types.go`).
const PLATFORMS: &str = "refs.platforms";

/// Something to return: file systems and their metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The file systems.
    pub refs: Refs,
    /// What is said about them, or the text.
    pub metadata: BTreeMap<String, Vec<u8>>,
}

/// The file systems of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refs {
    /// An answer without one.
    None,
    /// One image.
    One(Ref),
    /// Images by the name of their platform.
    Each(BTreeMap<String, Ref>),
}

impl From<Made> for Answer {
    fn from(made: Made) -> Answer {
        Answer {
            refs: Refs::One(made.reference),
            metadata: made.metadata,
        }
    }
}

impl Answer {
    /// Returns the answer that is one image with this configuration, as JSON, on `base`.
    pub fn image(
        reference: Ref,
        config: Vec<u8>,
        platform: &Platform,
        base: Option<&BaseImage>,
    ) -> Answer {
        let mut metadata = BTreeMap::from([
            (CONFIG.to_owned(), config),
            (PLATFORMS.to_owned(), describe([platform])),
        ]);
        if let Some(base) = base {
            metadata.insert("containerimage.base.config".to_owned(), base.config.clone());
        }
        Answer {
            refs: Refs::One(reference),
            metadata,
        }
    }

    /// Returns the answer of a build that has made these images; `multi_platform` is what the client says of their number.
    pub fn of_build(mut images: Vec<(Platform, Answer)>, multi_platform: Option<bool>) -> Answer {
        match (multi_platform, &images[..]) {
            (None | Some(false), [_]) => images.remove(0).1,
            _ => Answer::of_platforms(images),
        }
    }

    /// Returns the answer that has the images of several platforms, or of one that is to be answered as if there were
    /// several. What is said of an image has the platform's name in its key.
    fn of_platforms(images: Vec<(Platform, Answer)>) -> Answer {
        let platforms = describe(images.iter().map(|(platform, _)| platform));
        let mut metadata = BTreeMap::from([(PLATFORMS.to_owned(), platforms)]);
        let mut references = BTreeMap::new();
        for (platform, answer) in images {
            let id = platform.to_string();
            for (key, value) in answer.metadata {
                if key != PLATFORMS {
                    metadata.insert(format!("{key}/{id}"), value);
                }
            }
            if let Refs::One(reference) = answer.refs {
                references.insert(id, reference);
            }
        }
        Answer {
            refs: Refs::Each(references),
            metadata,
        }
    }
}

/// Names platforms in BuildKit's form.
fn describe<'a>(platforms: impl IntoIterator<Item = &'a Platform>) -> Vec<u8> {
    let platforms: Vec<Value> = platforms
        .into_iter()
        .map(|platform| {
            let mut described = json!({ "architecture": platform.architecture, "os": platform.os });
            if !platform.variant.is_empty() {
                described["variant"] = json!(platform.variant);
            }
            json!({ "ID": platform.to_string(), "Platform": described })
        })
        .collect();
    json!({ "Platforms": platforms }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use crate::lower::BaseFiles;

    use super::*;

    fn text(answer: &Answer) -> String {
        let lines: Vec<String> = answer
            .metadata
            .iter()
            .map(|(key, value)| format!("{key}: {}", String::from_utf8_lossy(value)))
            .collect();
        format!("{:?}\n{}", answer.refs, lines.join("\n"))
    }

    fn image(platform: &str, base: Option<&str>) -> (Platform, Answer) {
        let parsed = Platform::parse(platform).expect("a platform");
        let base = base.map(|config| BaseImage {
            files: BaseFiles::Empty,
            config: config.into(),
        });
        let reference = Ref(format!("root of {platform}"));
        let config = format!("config of {platform}").into_bytes();
        let answer = Answer::image(reference, config, &parsed, base.as_ref());
        (parsed, answer)
    }

    #[test]
    fn one_image_has_plain_keys() {
        insta::assert_snapshot!(text(&image("linux/arm/v7", Some("base")).1), @r#"
        One(Ref("root of linux/arm/v7"))
        containerimage.base.config: base
        containerimage.config: config of linux/arm/v7
        refs.platforms: {"Platforms":[{"ID":"linux/arm/v7","Platform":{"architecture":"arm","os":"linux","variant":"v7"}}]}
        "#);
    }

    #[test]
    fn images_of_several_platforms_have_keys_of_their_own() {
        let images = vec![
            image("linux/amd64", Some("base")),
            image("linux/arm64", None),
        ];
        insta::assert_snapshot!(text(&Answer::of_platforms(images)), @r#"
        Each({"linux/amd64": Ref("root of linux/amd64"), "linux/arm64": Ref("root of linux/arm64")})
        containerimage.base.config/linux/amd64: base
        containerimage.config/linux/amd64: config of linux/amd64
        containerimage.config/linux/arm64: config of linux/arm64
        refs.platforms: {"Platforms":[{"ID":"linux/amd64","Platform":{"architecture":"amd64","os":"linux"}},{"ID":"linux/arm64","Platform":{"architecture":"arm64","os":"linux"}}]}
        "#);
    }
}
