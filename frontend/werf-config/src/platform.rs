//! `platform`: what machines an image is for (spec 1.6 and 1.7).

use buildkit_llb::Platform;
use diagnostic::{Diagnostic, Diagnostics, SourceText, Spanned};

/// Returns the platforms of an image: its own, else those of the whole file. Those that are none are said to be so.
pub fn resolve(
    own: Vec<Spanned<String>>,
    general: &[Spanned<String>],
    source: &SourceText,
    diagnostics: &mut Diagnostics,
) -> Vec<Spanned<String>> {
    let platforms = if own.is_empty() {
        general.to_vec()
    } else {
        own
    };
    for platform in &platforms {
        if Platform::parse(&platform.value).is_none() {
            let message = format!("`{}` is not a platform", platform.value);
            diagnostics.push(
                Diagnostic::error(message)
                    .at(source.location(platform.span))
                    .hint("write `os/architecture[/variant]`, such as `linux/amd64`"),
            );
        }
    }
    platforms
}
