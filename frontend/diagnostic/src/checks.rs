//! Which rules a file or a build wants to hear of, and whether what they find stops the build.
//!
//! Spelled as for a Dockerfile: a comment `# check=skip=RULE,RULE;error=true` at the beginning of the file, or the build argument
//! `BUILDKIT_DOCKERFILE_CHECK` (`frontend/dockerfile/linter` in BuildKit).

use serde::{Deserialize, Serialize};

use crate::suggest::closest;
use crate::{Diagnostic, Location, SourceText, Span, rule};

/// The build argument that says the same for one build.
pub const ARGUMENT: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// What is to be heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Whether no rule is to be heard of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    skips_all: bool,
    /// The rules that are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<String>,
    /// Whether what is found stops the build.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub are_errors: bool,
}

impl Checks {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        *self == Checks::default()
    }

    /// Reads the comment of a file, and what is odd about it. Without one, everything is heard of and nothing stops.
    ///
    /// # Errors
    /// An option that does not exist, or whose value makes no sense, with its place.
    pub fn of_file(text: &SourceText) -> Result<(Checks, Vec<Diagnostic>), Diagnostic> {
        let mut start = 0;
        for line in text.text().split_inclusive('\n') {
            let Some(comment) = line.trim_start().strip_prefix('#') else {
                break;
            };
            if let Some((key, value)) = comment.split_once('=')
                && key.trim().eq_ignore_ascii_case("check")
            {
                let at = start + (line.len() - value.len());
                let end = at + value.trim_end().len();
                let at = text.location(Span::new(at, end));
                return Checks::read(value, Some(&at));
            }
            start += line.len();
        }
        Ok((Checks::default(), Vec::new()))
    }

    /// Reads the build argument.
    ///
    /// # Errors
    /// An option that does not exist, or whose value makes no sense.
    pub fn of_argument(value: &str) -> Result<(Checks, Vec<Diagnostic>), Diagnostic> {
        Checks::read(value, None)
    }

    fn read(text: &str, at: Option<&Location>) -> Result<(Checks, Vec<Diagnostic>), Diagnostic> {
        let placed = |diagnostic: Diagnostic| match at {
            Some(at) => diagnostic.at(at.clone()),
            None => diagnostic,
        };
        let mut checks = Checks::default();
        let mut unknown = Vec::new();
        let options = text.split(';').map(str::trim);
        for option in options.filter(|option| !option.is_empty()) {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "skip" if value.eq_ignore_ascii_case("all") => checks.skips_all = true,
                "skip" if !value.is_empty() => {
                    let names = value.split(',').map(str::trim);
                    for name in names.filter(|name| !name.is_empty()) {
                        unknown.extend(unknown_rule(name).map(placed));
                        checks.skipped.push(name.to_owned());
                    }
                }
                "error" => {
                    checks.are_errors = boolean(value).ok_or_else(|| {
                        placed(Diagnostic::error(format!(
                            "`error` of `check` is true or false, not `{value}`"
                        )))
                    })?;
                }
                // It turns on rules that are being tried; there are none.
                "experimental" => {}
                key => {
                    let message = match key {
                        "skip" => "`skip` of `check` names no rule".to_owned(),
                        key => format!("`check` has no option `{key}`"),
                    };
                    let hint =
                        "write `skip=RULE,RULE`, `skip=all` or `error=true`, with `;` between two";
                    return Err(placed(Diagnostic::error(message).hint(hint)));
                }
            }
        }
        Ok((checks, unknown))
    }

    /// Whether a warning is to be heard of.
    pub fn hears(&self, warning: &Diagnostic) -> bool {
        let is_skipped = |rule: &String| self.skipped.contains(rule);
        !self.skips_all && !warning.rule.as_ref().is_some_and(is_skipped)
    }

    /// Returns the mistakes that warnings are where they stop the build.
    pub fn stops(&self, warnings: &[Diagnostic]) -> Vec<Diagnostic> {
        if !self.are_errors {
            return Vec::new();
        }
        let heard = warnings.iter().filter(|warning| self.hears(warning));
        let mistakes = heard.map(|warning| {
            let rule = warning.rule.clone().unwrap_or_default();
            let mut mistake = warning.clone().into_error();
            mistake.message = format!("{rule}: {}", warning.message);
            mistake.note("`check=error=true` stops the build at warnings")
        });
        mistakes.collect()
    }
}

/// Returns the warning of a rule that does not exist.
fn unknown_rule(name: &str) -> Option<Diagnostic> {
    if rule::Rule::named(name).is_some() {
        return None;
    }
    let warning = Diagnostic::warning(
        &rule::UNKNOWN_RULE,
        format!("`check` skips `{name}`, and there is no such rule"),
    );
    let names = rule::ALL.iter().map(|rule| rule.name);
    Some(match closest(name, names) {
        Some(near) => warning.hint(format!("did you mean `{near}`?")),
        None => warning.hint("the rules are in `docs/rules.md`"),
    })
}

/// Reads a boolean as Go does (`strconv.ParseBool`).
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(text: &str) -> Result<(Checks, Vec<Diagnostic>), Diagnostic> {
        Checks::of_file(&SourceText::new("werf.yaml", text).expect("text"))
    }

    fn hears(checks: &Checks, rule: &'static rule::Rule) -> bool {
        checks.hears(&Diagnostic::warning(rule, "x"))
    }

    #[test]
    fn a_comment_at_the_beginning_says_what_is_skipped() {
        for text in [
            "# syntax=werf/frontend\n# check=skip=NoImage, NoValue;error=true\nproject: x\n",
            "#check = skip=NoImage,NoValue ; error=1\n",
            "# yaml-language-server: $schema=x\n\u{20}# CHECK=error=true;skip=NoValue;skip=NoImage;\n",
        ] {
            let (checks, warnings) = of_file(text).expect("options");
            assert!(warnings.is_empty(), "{warnings:?}");
            assert!(checks.are_errors);
            assert!(!hears(&checks, &rule::NO_IMAGE));
            assert!(!hears(&checks, &rule::NO_VALUE));
            assert!(hears(&checks, &rule::AS_LAYERS));
        }
        for text in ["project: x\n# check=skip=all\n", "", "# checks=skip=all\n"] {
            assert!(of_file(text).expect("none").0.is_default(), "{text}");
        }
        let (all, _) = of_file("# check=skip=all\n").expect("options");
        assert!(!hears(&all, &rule::NO_IMAGE));
    }

    #[test]
    fn what_makes_no_sense_is_said_where_it_is() {
        let said = |text: &str| match of_file(text) {
            Ok((_, warnings)) => warnings.iter().map(Diagnostic::one_line).collect(),
            Err(mistake) => vec![mistake.one_line()],
        };
        for (text, expected) in [
            (
                "# check=skip=FromWithoutTags\n",
                "werf.yaml:1:9: UnknownRule: `check` skips `FromWithoutTags`, and there is no such rule; did you mean \
                 `FromWithoutTag`?",
            ),
            (
                "# check=skip=Zebra\n",
                "werf.yaml:1:9: UnknownRule: `check` skips `Zebra`, and there is no such rule; the rules are in \
                 `docs/rules.md`",
            ),
            (
                "# check=error=maybe\n",
                "werf.yaml:1:9: `error` of `check` is true or false, not `maybe`",
            ),
            (
                "# syntax=x\n# check=skp=all\n",
                "werf.yaml:2:9: `check` has no option `skp`; write `skip=RULE,RULE`, `skip=all` or `error=true`, with `;` \
                 between two",
            ),
        ] {
            assert_eq!(said(text), [expected], "{text}");
        }
    }

    #[test]
    fn warnings_become_mistakes_with_their_names() {
        let warnings = [
            Diagnostic::warning(&rule::NO_IMAGE, "a"),
            Diagnostic::warning(&rule::NO_VALUE, "b").hint("h"),
        ];
        let (checks, _) = Checks::of_argument("error=true;skip=NoImage").expect("options");
        let stops = checks.stops(&warnings);
        let lines: Vec<String> = stops.iter().map(Diagnostic::one_line).collect();
        assert_eq!(
            lines,
            ["NoValue: b; h\n  note: `check=error=true` stops the build at warnings"]
        );
        assert!(Checks::default().stops(&warnings).is_empty());
    }
}
