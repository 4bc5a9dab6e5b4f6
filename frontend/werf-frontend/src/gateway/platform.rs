//! Which platforms a build is for: the client's, else those that the image names, else the builder's own.

use buildkit_llb::Platform;
use diagnostic::{Diagnostic, Located};
use werf_plan::target::Target;

/// Returns the platforms to build `target` for, each once. `asked` are the client's, `native` the builder's own.
///
/// # Errors
/// An image that is for other platforms: the target, or one of the images that it needs.
pub fn choose(
    target: Target<'_>,
    needed: &[Target<'_>],
    asked: &[Platform],
    native: &Platform,
) -> Result<Vec<Platform>, Diagnostic> {
    let own = target.platforms();
    let all = match (asked, own) {
        ([], []) => vec![native.clone()],
        ([], own) => own.iter().filter_map(parse).collect(),
        (asked, _) => asked.to_vec(),
    };
    let mut chosen: Vec<Platform> = Vec::new();
    for platform in all {
        if chosen.contains(&platform) {
            continue;
        }
        check(&target.name().to_string(), own, &platform)?;
        for image in needed {
            check(&image.name().to_string(), image.platforms(), &platform)?;
        }
        chosen.push(platform);
    }
    Ok(chosen)
}

fn check(image: &str, platforms: &[Located<String>], chosen: &Platform) -> Result<(), Diagnostic> {
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
        .map(|one| format!("`{}`", one.value))
        .collect();
    let message = format!(
        "image `{image}` is for {}, and not for {chosen}",
        names.join(", ")
    );
    let hint = format!(
        "build with `--platform {}`, or add `{chosen}` to its `platform`",
        first.value
    );
    Err(Diagnostic::error(message).at(first.at.clone()).hint(hint))
}

fn parse(platform: &Located<String>) -> Option<Platform> {
    Platform::parse(&platform.value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diagnostic::SourceText;
    use werf_config::load;
    use werf_plan::file::Plan;

    use super::*;

    fn plan(general: &str, app: &str, base: &str) -> Plan {
        let text = format!(
            "project: p\nconfigVersion: 1\nbuild: {{platform: [{general}]}}\n---\nimage: app\nfrom: base\nplatform: [{app}]\n---\nimage: base\nfinal: false\nfrom: scratch\nplatform: [{base}]\n"
        );
        let config_text = SourceText::new("werf.yaml", &*text).expect("text");
        let config = load(&config_text).expect("right").config;
        werf_plan::plan(&config, "c", &BTreeMap::new())
    }

    fn chosen(general: &str, app: &str, base: &str, asked: Option<&str>) -> Result<String, String> {
        let plan = plan(general, app, base);
        let target = plan.choose(Some("app")).expect("an image");
        let asked = asked.iter().flat_map(|asked| asked.split(' '));
        let asked: Vec<Platform> = asked.filter_map(Platform::parse).collect();
        let native = Platform::parse("linux/amd64").expect("a platform");
        choose(target, &plan.needed(target.name()), &asked, &native)
            .map(|platforms| {
                let names: Vec<String> = platforms.iter().map(Platform::to_string).collect();
                names.join(" ")
            })
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
        let both = Ok("linux/amd64 linux/arm64".to_owned());
        assert_eq!(
            chosen("linux/arm64", "amd64, arm64", "arm64, amd64", None),
            both
        );
        assert_eq!(
            chosen("", "", "", Some("linux/amd64 linux/arm64 linux/amd64")),
            both
        );
        assert_eq!(chosen("", "amd64, arm64", "", Some("linux/arm64")), arm);
        assert_eq!(chosen("", "linux/x86_64", "", Some("linux/amd64")), amd);
    }

    #[test]
    fn an_image_for_other_platforms_is_refused() {
        assert_eq!(
            chosen(
                "",
                "linux/arm64, linux/s390x",
                "",
                Some("linux/arm64 linux/amd64")
            ),
            Err(
                "image `app` is for `linux/arm64`, `linux/s390x`, and not for linux/amd64"
                    .to_owned()
            )
        );
        assert_eq!(
            chosen("", "amd64, arm64", "arm64", None),
            Err("image `base` is for `arm64`, and not for linux/amd64".to_owned())
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
