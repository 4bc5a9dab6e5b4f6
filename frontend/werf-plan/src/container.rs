//! What the containers of an image's stages have of the image that it is based on.

use werf_config::ImageMount;

use super::file::ImagePlan;

/// Returns the mounts that an image with these of its own has from `base`, an image of the same configuration: those
/// that it puts nothing else in the place of.
pub fn inherited(own: &[ImageMount], base: &ImagePlan) -> Vec<ImageMount> {
    let of_base = base.mounts.iter().chain(&base.inherited_mounts);
    of_base
        .filter(|mount| own.iter().all(|own| own.to != mount.to))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diagnostic::{Location, Position, SourceText};
    use werf_config::mount::MountSource;

    use super::*;

    #[test]
    fn an_image_has_the_mounts_of_its_base_unless_it_has_its_own() {
        let at = Location {
            file: "werf.yaml".to_owned(),
            start: Position { line: 1, column: 1 },
            end: Position { line: 1, column: 2 },
            rendered: None,
        };
        let mount = |to: &str| ImageMount {
            to: to.to_owned(),
            source: MountSource::TmpDir,
            at: at.clone(),
        };
        let text = "project: p\nconfigVersion: 1\n---\nimage: base\nfrom: scratch\nmount:\n- {to: /a, from: build_dir}\n- {to: /c, from: build_dir}\n";
        let source = SourceText::new("werf.yaml", text).expect("text");
        let config = werf_config::load(&source).expect("no mistakes").config;
        let mut plan = crate::plan(&config, "0", &BTreeMap::new());
        let mut base = plan.images.remove(0);
        base.inherited_mounts = vec![mount("/d")];
        let from_base = inherited(&[mount("/b"), mount("/a")], &base);
        let places: Vec<&str> = from_base.iter().map(|mount| mount.to.as_str()).collect();
        assert_eq!(places, ["/c", "/d"]);
    }
}
