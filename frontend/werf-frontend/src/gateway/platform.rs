//! Which platform a build is for: the client's, or one that the image names.

use buildkit_llb::Platform;

use crate::error::Diagnostic;
use crate::plan::file::{ImagePlan, PlatformPlan};
use crate::plan::target::Target;

/// Returns the platform to build `target` for. `asked` is the client's, `native` the builder's own.
///
/// # Errors
/// An image that is for other platforms: the target, or one of the images that it needs.
pub fn choose(
    target: Target<'_>,
    needed: &[&ImagePlan],
    asked: Option<&Platform>,
    native: &Platform,
) -> Result<Platform, Diagnostic> {
    let own = target.platforms();
    let chosen = match (asked, own) {
        (Some(asked), _) => asked.clone(),
        (None, [one]) => parse(one).unwrap_or_else(|| native.clone()),
        (None, _) => native.clone(),
    };
    check(&target.name().to_string(), own, &chosen)?;
    for image in needed {
        check(&image.name.to_string(), &image.platforms, &chosen)?;
    }
    Ok(chosen)
}

fn check(image: &str, platforms: &[PlatformPlan], chosen: &Platform) -> Result<(), Diagnostic> {
    let Some(first) = platforms.first() else {
        return Ok(());
    };
    if platforms
        .iter()
        .any(|one| parse(one).as_ref() == Some(chosen))
    {
        return Ok(());
    }
    let names: Vec<String> = platforms
        .iter()
        .map(|one| format!("`{}`", one.text))
        .collect();
    let message = format!(
        "image `{image}` is for {}, and not for {chosen}",
        names.join(", ")
    );
    let hint = format!(
        "build with `--platform {}`, or add `{chosen}` to its `platform`",
        first.text
    );
    Err(Diagnostic::error(message).at(first.at.clone()).hint(hint))
}

fn parse(platform: &PlatformPlan) -> Option<Platform> {
    Platform::parse(&platform.text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{SourceText, load};
    use crate::plan::file::Plan;

    fn plan(general: &str, app: &str, base: &str) -> Plan {
        let text = format!(
            "project: p\nconfigVersion: 1\nbuild: {{platform: [{general}]}}\n---\nimage: app\nfrom: base\nplatform: [{app}]\n---\nimage: base\nfinal: false\nfrom: scratch\nplatform: [{base}]\n"
        );
        let source = SourceText::new("werf.yaml", &*text).expect("text");
        let config = load(&source).expect("right").config;
        crate::plan::plan(&config, &source, "c", &BTreeMap::new())
    }

    fn chosen(general: &str, app: &str, base: &str, asked: Option<&str>) -> Result<String, String> {
        let plan = plan(general, app, base);
        let target = plan.choose(Some("app")).expect("an image");
        let asked = asked.and_then(Platform::parse);
        let native = Platform::parse("linux/amd64").expect("a platform");
        choose(target, &plan.needed(target.name()), asked.as_ref(), &native)
            .map(|platform| platform.to_string())
            .map_err(|error| error.message)
    }

    #[test]
    fn the_client_decides_then_the_image_then_the_builder() {
        let amd = Ok("linux/amd64".to_owned());
        let arm = Ok("linux/arm64".to_owned());
        assert_eq!(chosen("", "", "", None), amd);
        assert_eq!(chosen("", "", "", Some("linux/arm64")), arm);
        assert_eq!(chosen("", "linux/arm64", "", None), arm);
        assert_eq!(chosen("linux/arm64", "", "", None), arm);
        assert_eq!(
            chosen("linux/arm64", "amd64, arm64", "arm64, amd64", None),
            amd
        );
        assert_eq!(chosen("", "linux/x86_64", "", Some("linux/amd64")), amd);
    }

    #[test]
    fn an_image_for_other_platforms_is_refused() {
        assert_eq!(
            chosen("", "linux/arm64, linux/s390x", "", None),
            Err(
                "image `app` is for `linux/arm64`, `linux/s390x`, and not for linux/amd64"
                    .to_owned()
            )
        );
        assert_eq!(
            chosen("", "linux/arm64", "", Some("linux/amd64")),
            Err("image `app` is for `linux/arm64`, and not for linux/amd64".to_owned())
        );
        assert_eq!(
            chosen("", "", "linux/arm64", None),
            Err("image `base` is for `linux/arm64`, and not for linux/amd64".to_owned())
        );
    }
}
