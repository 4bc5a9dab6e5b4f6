//! `platform`: what machines an image is for.

use buildkit_llb::Platform;
use diagnostic::{Located, Report, Spanned};

/// Returns the platforms of an image: its own, else those of the whole file. Those that are none are said to be so.
pub(crate) fn resolve(
    own: Vec<Spanned<String>>,
    general: &[Spanned<String>],
    report: &mut Report<'_>,
) -> Vec<Located<String>> {
    let platforms = if own.is_empty() {
        general.to_vec()
    } else {
        own
    };
    // The architecture is then the builder's own, as where nothing is said.
    if let [only] = platforms.as_slice()
        && only.value == "linux"
    {
        return Vec::new();
    }
    let mut located = Vec::new();
    for platform in platforms {
        if Platform::parse(&platform.value).is_none() {
            let message = format!("`{}` is not a platform", platform.value);
            report
                .error(platform.span, message)
                .hint("write `os/architecture[/variant]`, such as `linux/amd64`");
        }
        located.push(report.locate(platform));
    }
    located
}
