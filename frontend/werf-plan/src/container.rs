//! What the containers of an image's stages have besides its files: mounts, secrets, the network.

use diagnostic::{Location, SourceText, Spanned};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use werf_config::mount::{ImageMount, MountSource, context_name};
use werf_config::{Image, NetworkMode};

use super::digest::{DigestWriter, hex};
use super::file::{ImagePlan, PlatformPlan};

/// A directory that stages see and that is no part of the image (spec `werf-yaml.md` 8.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPlan {
    /// Where it is.
    pub to: String,
    /// What it is.
    pub source: MountKind,
    /// Where it is written.
    pub at: Location,
}

impl MountPlan {
    /// Whether it is the named context `name` of the client.
    pub fn is_context(&self, name: &str) -> bool {
        matches!(&self.source, MountKind::FromPath { context, .. } if context == name)
    }
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MountKind {
    /// A directory that is empty at the beginning of every stage and gone at its end.
    TmpDir,
    /// A directory that outlives builds, shared by all of a project's with the same `to`.
    BuildDir {
        /// The daemon's name for it. It has no slash, so no Dockerfile can name it (spec `buildkit-frontend.md` 6.2).
        id: String,
    },
    /// A directory of the client; what is written to it is discarded.
    FromPath {
        /// As written.
        path: String,
        /// The named context by which the client gives it.
        context: String,
    },
}

/// A secret that commands find at `/run/secrets/ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretPlan {
    /// Its name.
    pub id: String,
    /// The option by which the client gives it.
    pub option: String,
    /// Where it is written.
    pub at: Location,
}

/// The network of an image's commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkPlan {
    /// Which one.
    pub mode: NetworkMode,
    /// Where it is written.
    pub at: Location,
}

/// Returns the mounts of `image` of `project`.
pub fn mounts(project: &str, image: &Image, source: &SourceText) -> Vec<MountPlan> {
    let plan = |mount: &ImageMount| MountPlan {
        to: mount.to.value.clone(),
        source: match &mount.from {
            MountSource::TmpDir => MountKind::TmpDir,
            MountSource::BuildDir(_) => MountKind::BuildDir {
                id: build_dir_id(project, &mount.to.value),
            },
            MountSource::Path(path) => MountKind::FromPath {
                path: path.value.clone(),
                context: context_name(&path.value),
            },
        },
        at: source.location(mount.to.span),
    };
    image.mounts.iter().map(plan).collect()
}

fn build_dir_id(project: &str, to: &str) -> String {
    let digest = hex(&Sha256::digest(to.as_bytes()));
    format!("werf-build-dir-v1-{project}-{}", &digest[..16])
}

/// Returns the mounts that an image with these of its own has from `base`, an image of the same configuration: those
/// that it puts nothing else in the place of (spec `werf-yaml.md` 8.1).
pub fn inherited(own: &[MountPlan], base: &ImagePlan) -> Vec<MountPlan> {
    let of_base = base.mounts.iter().chain(&base.inherited_mounts);
    of_base
        .filter(|mount| own.iter().all(|own| own.to != mount.to))
        .cloned()
        .collect()
}

/// Returns the secrets of `image`.
pub fn secrets(image: &Image, source: &SourceText) -> Vec<SecretPlan> {
    let secrets = image.secrets.iter().map(|secret| SecretPlan {
        id: secret.id.clone(),
        option: secret.option(),
        at: source.location(secret.at),
    });
    secrets.collect()
}

/// Returns the network of `image`, if it asks for one.
pub fn network(image: &Image, source: &SourceText) -> Option<NetworkPlan> {
    image.network.as_ref().map(|network| NetworkPlan {
        mode: network.value,
        at: source.location(network.span),
    })
}

/// Adds the mounts to the digest of `from`, in whose stage their places are emptied (spec 3.3). Secrets and the
/// network are in no digest; BuildKit's own keys have their names.
pub fn digest_of_mounts(image: &Image, writer: DigestWriter) -> DigestWriter {
    image.mounts.iter().fold(writer, |writer, mount| {
        let source = match &mount.from {
            MountSource::TmpDir => "tmp_dir",
            MountSource::BuildDir(_) => "build_dir",
            MountSource::Path(_) => "fromPath",
        };
        let writer = writer
            .field("mount", &mount.to.value)
            .field("source", source);
        match &mount.from {
            MountSource::Path(path) => writer.field("path", &path.value),
            MountSource::TmpDir | MountSource::BuildDir(_) => writer,
        }
    })
}

/// Plans the platforms of an image.
pub fn platforms(platforms: &[Spanned<String>], source: &SourceText) -> Vec<PlatformPlan> {
    let plan = |platform: &Spanned<String>| PlatformPlan {
        text: platform.value.clone(),
        at: source.location(platform.span),
    };
    platforms.iter().map(plan).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diagnostic::Position;

    use super::*;

    #[test]
    fn an_image_has_the_mounts_of_its_base_unless_it_has_its_own() {
        let at = Location {
            file: "werf.yaml".to_owned(),
            start: Position { line: 1, column: 1 },
            end: Position { line: 1, column: 2 },
            rendered: None,
        };
        let mount = |to: &str| MountPlan {
            to: to.to_owned(),
            source: MountKind::TmpDir,
            at: at.clone(),
        };
        let text = "project: p\nconfigVersion: 1\n---\nimage: base\nfrom: scratch\nmount:\n- {to: /a, from: build_dir}\n- {to: /c, from: build_dir}\n";
        let source = SourceText::new("werf.yaml", text).expect("text");
        let config = werf_config::load(&source).expect("no mistakes").config;
        let mut plan = crate::plan(&config, &source, "0", &BTreeMap::new());
        let mut base = plan.images.remove(0);
        base.inherited_mounts = vec![mount("/d")];
        let from_base = inherited(&[mount("/b"), mount("/a")], &base);
        let places: Vec<&str> = from_base.iter().map(|mount| mount.to.as_str()).collect();
        assert_eq!(places, ["/c", "/d"]);
    }

    #[test]
    fn the_id_of_a_build_dir_is_a_contract() {
        // Another id is an empty directory for everybody.
        assert_eq!(
            build_dir_id("shop", "/var/cache/apt"),
            "werf-build-dir-v1-shop-e0f0d92cbaf657b6"
        );
    }
}
