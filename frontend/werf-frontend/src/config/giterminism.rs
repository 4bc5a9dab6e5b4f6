//! `werf-giterminism.yaml`: what a configuration may depend on besides the commit (spec 2.8).
//!
//! Of its rules `config.goTemplateRendering.allowEnvVariables` and `config.stapel.git.allowBranch` mean something here;
//! the others are checked for their names, so that a slip does not stay unseen.

use std::sync::Arc;

use crate::error::{Diagnostic, Diagnostics};

use super::source::{SourceText, Span};
use super::suggest::closest;
use super::yaml::advice;
use super::yaml::node::NodeRef;
use super::yaml::parser::Parser;
use super::yaml::read;

/// The name of the file in the project directory.
pub const FILE_NAME: &str = "werf-giterminism.yaml";

/// What is allowed.
#[derive(Clone, Debug, Default)]
pub struct Giterminism {
    file: String,
    /// Where in the file something can be added.
    written: Written,
    env: Vec<EnvRule>,
    /// How many of the lines of [`BRANCH_LINES`] there are.
    branch_lines: usize,
    allows_branches: bool,
    is_loose: bool,
}

/// The lines that allow moving branches.
const BRANCH_LINES: [&str; 5] = [
    "giterminismConfigVersion: 1",
    "config:",
    "  stapel:",
    "    git:",
    "      allowBranch: true",
];

/// How much of `config.goTemplateRendering.allowEnvVariables` there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Written {
    #[default]
    NoFile,
    Version,
    Config,
    Rendering,
    List,
}

#[derive(Clone, Debug)]
enum EnvRule {
    Name(String),
    /// Written between slashes; it must match the whole name.
    Pattern(Arc<sprig::regexp::Regexp>),
}

/// A key and what may be below it; nothing below means that the value is not looked at.
struct Key(&'static str, &'static [Key]);

const ANY: &[Key] = &[];

/// All keys (spec 2.8).
const KEYS: &[Key] = &[
    Key("giterminismConfigVersion", ANY),
    Key("cli", &[Key("allowCustomTags", ANY)]),
    Key(
        "config",
        &[
            Key("allowUncommitted", ANY),
            Key("allowUncommittedTemplates", ANY),
            Key(
                "goTemplateRendering",
                &[
                    Key("allowEnvVariables", ANY),
                    Key("allowUncommittedFiles", ANY),
                ],
            ),
            Key(
                "stapel",
                &[
                    Key("allowFromLatest", ANY),
                    Key("git", &[Key("allowBranch", ANY)]),
                    Key(
                        "mount",
                        &[Key("allowBuildDir", ANY), Key("allowFromPaths", ANY)],
                    ),
                ],
            ),
            Key(
                "dockerfile",
                &[
                    Key("allowUncommitted", ANY),
                    Key("allowUncommittedDockerignoreFiles", ANY),
                    Key("allowContextAddFiles", ANY),
                ],
            ),
            Key(
                "secrets",
                &[
                    Key("allowEnvVariables", ANY),
                    Key("allowFiles", ANY),
                    Key("allowValueIds", ANY),
                ],
            ),
        ],
    ),
    Key("helm", &[Key("allowUncommittedFiles", ANY)]),
    Key("includes", &[Key("allowIncludesUpdate", ANY)]),
];

impl Giterminism {
    /// Returns the rules of a project without the file, whose path would be `file`.
    pub fn without_file(file: &str) -> Giterminism {
        Giterminism {
            file: file.to_owned(),
            ..Giterminism::default()
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(source: &SourceText) -> Result<Giterminism, Vec<Diagnostic>> {
        let mut giterminism = Giterminism::without_file(source.name());
        giterminism.written = Written::Version;
        giterminism.branch_lines = 1;
        let whole = Span::new(0, source.text().len());
        let tree = Parser::new(source.text(), 0)
            .next_document()
            .map_err(|error| vec![advice::diagnostic(&error, source, whole)])?
            .unwrap_or_default();
        let mut diagnostics = Diagnostics::new();
        let mut reader = Reader {
            source,
            giterminism: &mut giterminism,
            diagnostics: &mut diagnostics,
            has_version: false,
        };
        if let Some(root) = tree.root() {
            reader.section(root, KEYS, "");
        }
        if !reader.has_version {
            diagnostics.push(
                Diagnostic::error("`giterminismConfigVersion` is missing")
                    .at(source.location(Span::new(0, 0)))
                    .hint("begin the file with `giterminismConfigVersion: 1`"),
            );
        }
        diagnostics.finish()?;
        Ok(giterminism)
    }

    /// Lifts all prohibitions, or not.
    pub fn loose(mut self, is_loose: bool) -> Giterminism {
        self.is_loose = is_loose;
        self
    }

    /// Whether all prohibitions are lifted.
    pub fn is_loose(&self) -> bool {
        self.is_loose
    }

    /// Returns the path of the file, whether it is there or not.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether templates may read the variable `name`.
    pub fn allows_env(&self, name: &str) -> bool {
        self.is_loose
            || self.env.iter().any(|rule| match rule {
                EnvRule::Name(allowed) => allowed == name,
                EnvRule::Pattern(pattern) => pattern.is_match(name.as_bytes()),
            })
    }

    /// Whether files may come from a branch of another repository.
    pub fn allows_branches(&self) -> bool {
        self.is_loose || self.allows_branches
    }

    /// Returns the lines that would allow branches.
    pub fn advice_for_branches(&self) -> String {
        let what = match self.branch_lines {
            0 => "commit it with these lines",
            1 => "add these lines to it",
            2 => "add these lines below `config`",
            3 => "add these lines below `config.stapel`",
            4 => "add this line below `config.stapel.git`",
            _ => "let `config.stapel.git.allowBranch` be `true`",
        };
        let lines: Vec<String> = BRANCH_LINES[self.branch_lines..]
            .iter()
            .map(|line| format!("\n    {line}"))
            .collect();
        let colon = if lines.is_empty() { "" } else { ":" };
        format!("`{}`: {what}{colon}{}", self.file, lines.concat())
    }

    /// Returns the lines that would allow the variable `name`.
    pub fn advice_for_env(&self, name: &str) -> String {
        let lines = [
            "giterminismConfigVersion: 1".to_owned(),
            "config:".to_owned(),
            "  goTemplateRendering:".to_owned(),
            "    allowEnvVariables:".to_owned(),
            format!("    - {name}"),
        ];
        let (what, known) = match self.written {
            Written::NoFile => ("commit it with these lines", 0),
            Written::Version => ("add these lines to it", 1),
            Written::Config => ("add these lines below `config`", 2),
            Written::Rendering => ("add these lines below `config.goTemplateRendering`", 3),
            Written::List => (
                "add this line to `config.goTemplateRendering.allowEnvVariables`",
                4,
            ),
        };
        let lines: Vec<String> = lines[known..]
            .iter()
            .map(|line| format!("\n    {line}"))
            .collect();
        format!("`{}`: {what}:{}", self.file, lines.concat())
    }
}

struct Reader<'a> {
    source: &'a SourceText,
    giterminism: &'a mut Giterminism,
    diagnostics: &'a mut Diagnostics,
    has_version: bool,
}

impl Reader<'_> {
    fn section(&mut self, node: NodeRef<'_>, keys: &[Key], path: &str) {
        if read::is_null(node) {
            return;
        }
        let mut problems = Vec::new();
        for field in read::fields(node, &mut problems) {
            let name = field.key.value.as_str();
            let Some(Key(name, below)) = keys.iter().find(|key| key.0 == name) else {
                let near = closest(name, keys.iter().map(|key| key.0));
                let place = match path {
                    "" => String::new(),
                    path => format!(" in `{path}`"),
                };
                let mut unknown = Diagnostic::error(format!("unknown key `{name}`{place}"))
                    .at(self.source.location(field.key.span));
                unknown.hint = near.map(|name| format!("did you mean `{name}`?"));
                self.diagnostics.push(unknown);
                continue;
            };
            let path = match path {
                "" => (*name).to_owned(),
                path => format!("{path}.{name}"),
            };
            match path.as_str() {
                "giterminismConfigVersion" => self.version(field.value),
                "config" => {
                    self.reached(Written::Config);
                    self.reached_for_branches(2);
                }
                "config.stapel" => self.reached_for_branches(3),
                "config.stapel.git" => self.reached_for_branches(4),
                "config.stapel.git.allowBranch" => self.branches(field.value),
                "config.goTemplateRendering" => self.reached(Written::Rendering),
                "config.goTemplateRendering.allowEnvVariables" => self.env(field.value),
                _ => {}
            }
            if !below.is_empty() {
                self.section(field.value, below, &path);
            }
        }
        for problem in problems {
            self.diagnostics.push(problem.diagnostic(self.source, None));
        }
    }

    fn reached(&mut self, written: Written) {
        self.giterminism.written = self.giterminism.written.max(written);
    }

    fn reached_for_branches(&mut self, lines: usize) {
        self.giterminism.branch_lines = self.giterminism.branch_lines.max(lines);
    }

    fn branches(&mut self, node: NodeRef<'_>) {
        self.reached_for_branches(BRANCH_LINES.len());
        match read::boolean(node) {
            Ok(allowed) => {
                self.giterminism.allows_branches = allowed.is_some_and(|allowed| allowed.value);
            }
            Err(problem) => self.diagnostics.push(problem.diagnostic(self.source, None)),
        }
    }

    fn version(&mut self, node: NodeRef<'_>) {
        self.has_version = true;
        let text = read::text(node).ok().flatten();
        if text.is_none_or(|text| text.value != "1") {
            self.diagnostics.push(
                Diagnostic::error("`giterminismConfigVersion` is not known")
                    .at(self.source.location(node.span()))
                    .hint("the only version is 1"),
            );
        }
    }

    fn env(&mut self, node: NodeRef<'_>) {
        self.reached(Written::List);
        let mut problems = Vec::new();
        for text in read::texts(node, &mut problems) {
            let pattern = text
                .value
                .strip_prefix('/')
                .and_then(|rest| rest.strip_suffix('/'));
            let rule = match pattern {
                None => EnvRule::Name(text.value),
                Some(pattern) => {
                    let whole = format!("^(?:{pattern})$");
                    match sprig::regexp::Regexp::new(whole.as_bytes()) {
                        Ok(regexp) => EnvRule::Pattern(Arc::new(regexp)),
                        Err(error) => {
                            self.diagnostics.push(
                                Diagnostic::error(format!(
                                    "`{pattern}` is not a regular expression: {error}"
                                ))
                                .at(self.source.location(text.span)),
                            );
                            continue;
                        }
                    }
                }
            };
            self.giterminism.env.push(rule);
        }
        for problem in problems {
            self.diagnostics.push(problem.diagnostic(self.source, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Giterminism, Vec<String>> {
        let source = SourceText::new(FILE_NAME, text).expect("text");
        Giterminism::read(&source)
            .map_err(|errors| errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn names_and_patterns_allow_variables() {
        let rules = read(
            "giterminismConfigVersion: \"1\"\nconfig:\n  goTemplateRendering:\n    allowEnvVariables: [A, /CI_.*|X/]\n",
        )
        .expect("rules");
        for (name, allowed) in [
            ("A", true),
            ("AB", false),
            ("CI_X", true),
            ("X", true),
            ("XY", false),
            ("MY_CI_X", false),
        ] {
            assert_eq!(rules.allows_env(name), allowed, "{name}");
        }
        assert!(rules.loose(true).allows_env("anything"));
    }

    #[test]
    fn branches_are_allowed_by_their_rule_alone() {
        let rules =
            |rest: &str| read(&format!("giterminismConfigVersion: 1\n{rest}")).expect("rules");
        let allowing = rules("config: {stapel: {git: {allowBranch: true}}}\n");
        assert!(allowing.allows_branches());
        assert!(rules("").loose(true).allows_branches());
        for (rest, last) in [
            (
                "",
                "add these lines to it:\n    config:\n      stapel:\n        git:\n          allowBranch: true",
            ),
            (
                "config: {}\n",
                "below `config`:\n      stapel:\n        git:\n          allowBranch: true",
            ),
            (
                "config: {stapel: {}}\n",
                "below `config.stapel`:\n        git:\n          allowBranch: true",
            ),
            (
                "config: {stapel: {git: }}\n",
                "below `config.stapel.git`:\n          allowBranch: true",
            ),
            (
                "config: {stapel: {git: {allowBranch: no}}}\n",
                "let `config.stapel.git.allowBranch` be `true`",
            ),
        ] {
            let rules = rules(rest);
            assert!(!rules.allows_branches(), "{rest}");
            let advice = rules.advice_for_branches();
            assert!(advice.ends_with(last), "{advice}");
        }
        let none = Giterminism::without_file(FILE_NAME).advice_for_branches();
        assert!(
            none.contains("commit it with these lines:\n    giterminismConfigVersion: 1"),
            "{none}"
        );
        let wrong =
            read("giterminismConfigVersion: 1\nconfig: {stapel: {git: {allowBranch: maybe}}}\n");
        assert_eq!(wrong.unwrap_err().len(), 1);
    }

    #[test]
    fn slips_are_refused() {
        let wrong = "giterminismConfigVersion: 2\nconfig:\n  goTemplateRendering:\n    allowEnvVariable: [A]\n";
        assert_eq!(
            read(wrong).unwrap_err(),
            [
                "`giterminismConfigVersion` is not known",
                "unknown key `allowEnvVariable` in `config.goTemplateRendering`"
            ]
        );
        assert_eq!(
            read("config: {}\n").unwrap_err(),
            ["`giterminismConfigVersion` is missing"]
        );
    }

    #[test]
    fn the_advice_fits_what_is_written() {
        let none = Giterminism::without_file(FILE_NAME).advice_for_env("X");
        assert!(
            none.contains("giterminismConfigVersion: 1\n    config:"),
            "{none}"
        );
        let list = read(
            "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowEnvVariables: [A]}}",
        )
        .expect("rules")
        .advice_for_env("X");
        assert!(list.ends_with("allowEnvVariables`:\n        - X"), "{list}");
    }
}
