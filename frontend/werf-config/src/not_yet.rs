//! What werf has and this frontend does not have yet. Supporting a directive means to remove its line.

use diagnostic::{Diagnostic, SourceText, Span};
use yaml_v2::read;
use yaml_v2::{NodeKind, NodeRef};

use super::document::Kind::{self, DockerfileImage};
use super::schema::Place;

/// Keys by their document and their path in it, and what to do in the meantime.
const NOT_YET: &[(Kind, &str, &str)] = &[(
    DockerfileImage,
    "dependencies",
    "remove it, or build this image with werf",
)];

/// Returns a mistake if the directive at `place` is not supported yet and its value would matter: null,
/// `false` and nothing are what a configuration without the directive has.
pub fn check(
    place: &Place,
    key: Span,
    value: NodeRef<'_>,
    source: &SourceText,
) -> Option<Diagnostic> {
    let path = place.path();
    let (_, _, hint) = NOT_YET
        .iter()
        .find(|(kind, known, _)| *kind == place.kind() && *known == path)?;
    if is_nothing(value) {
        return None;
    }
    let name = path.rsplit('.').next().unwrap_or_default();
    let message = format!("`{name}` is not supported yet in {}", place.parent());
    Some(
        Diagnostic::error(message)
            .at(source.location(key))
            .hint(*hint),
    )
}

/// Whether `value` is what the absence of a value means.
fn is_nothing(value: NodeRef<'_>) -> bool {
    match &value.target().node().kind {
        NodeKind::Sequence(items) => items.is_empty(),
        NodeKind::Mapping(pairs) => pairs.is_empty(),
        _ => {
            read::is_null(value)
                || read::boolean(value).is_ok_and(|value| value.is_some_and(|value| !value.value))
                || read::written(value).is_empty()
        }
    }
}
