//! A base without a tag.

use diagnostic::{Diagnostic, rule};

use super::Found;
use crate::{Base, Image};

/// Warns of a base that is whatever the registry calls `latest`, unless `fromLatest` says that this is meant.
pub(super) fn check(image: &Image, found: &mut Found) {
    let Base::Image {
        reference,
        latest: false,
        at,
    } = &image.base
    else {
        return;
    };
    let name = reference.rsplit('/').next().unwrap_or_default();
    if name.contains([':', '@']) {
        return;
    }
    let message = format!(
        "the base `{reference}` of image `{}` has no tag, so it is `{reference}:latest`",
        image.name
    );
    let warning = Diagnostic::warning(&rule::FROM_WITHOUT_TAG, message)
        .at(at.clone())
        .hint(
            "write the tag that is meant: what `latest` is may change with every build and builder",
        );
    found.add(warning);
}
