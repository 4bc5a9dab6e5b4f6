//! Image references as people write them and as BuildKit wants them.

/// Completes a reference: the registry (`docker.io`), the namespace of official images (`library`) and the
/// tag (`latest`, unless there is a digest), as the Docker client does.
pub fn normalise_reference(reference: &str) -> String {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    let is_registry = |part: &str| {
        part.contains(['.', ':'])
            || part == "localhost"
            || part.chars().any(|c| c.is_ascii_uppercase())
    };
    let (registry, path) = match rest.split_once('/') {
        Some((first, path)) if is_registry(first) => (first, path),
        _ => ("docker.io", rest),
    };
    let registry = if registry == "index.docker.io" {
        "docker.io"
    } else {
        registry
    };
    let path = if registry == "docker.io" && !path.contains('/') {
        format!("library/{path}")
    } else {
        path.to_owned()
    };
    let has_tag = path
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains(':'));
    let tag = if has_tag || digest.is_some() {
        ""
    } else {
        ":latest"
    };
    let digest = digest
        .map(|digest| format!("@{digest}"))
        .unwrap_or_default();
    format!("{registry}/{path}{tag}{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_completed_as_docker_does() {
        for (short, full) in [
            ("busybox", "docker.io/library/busybox:latest"),
            ("busybox:1.36", "docker.io/library/busybox:1.36"),
            ("docker.io/busybox", "docker.io/library/busybox:latest"),
            ("index.docker.io/a/b", "docker.io/a/b:latest"),
            ("team/app", "docker.io/team/app:latest"),
            ("localhost/app", "localhost/app:latest"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
            ("registry.example.org/a/b:c", "registry.example.org/a/b:c"),
            ("app@sha256:00", "docker.io/library/app@sha256:00"),
            ("app:1@sha256:00", "docker.io/library/app:1@sha256:00"),
        ] {
            assert_eq!(normalise_reference(short), full);
        }
    }
}
