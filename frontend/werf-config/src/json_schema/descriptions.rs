//! What each directive is for, in a sentence, for the one who points at it: a line of `descriptions.txt`.

/// Directives with a newer spelling, or that werf 3 has no more.
pub(super) static DEPRECATED: &[&str] = &[
    "image.artifact",
    "image.fromImage",
    "image.fromArtifact",
    "image.import.artifact",
    "image.docker",
    "image.ansible",
    "image.asLayers",
    "dockerfile.contextAddFile",
];

/// Returns the sentence for the directive at `path`; what images from Dockerfiles and the meta section have in common with other
/// images is said there.
pub(super) fn description(path: &str) -> &'static str {
    let find = |path: &str| all().find(|(name, _)| *name == path).map(|(_, says)| says);
    let general = || {
        let below = path
            .strip_prefix("dockerfile.")
            .or_else(|| path.strip_prefix("meta.build."))?;
        find(&format!("image.{below}"))
    };
    find(path).or_else(general).unwrap_or_default()
}

/// Returns all directives with their sentences, sorted by path.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("descriptions.txt").lines();
    lines.filter_map(|line| line.split_once(": "))
}
