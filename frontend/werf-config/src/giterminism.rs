//! `werf-giterminism.yaml`: what a configuration may depend on besides the commit (spec 2.8).
//!
//! Every rule is read with its type, so that no slip stays unseen; those that mean something here are [`Rule`]s. Rules
//! for what is not committed allow nothing: only the commit reaches a build.

use std::collections::BTreeMap;
use std::sync::Arc;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, closest};
use masks::mask::Mask;
use yaml_v2::NodeRef;
use yaml_v2::Parser;
use yaml_v2::Problem;
use yaml_v2::advice;
use yaml_v2::read;

/// The name of the file in the project directory.
pub const FILE_NAME: &str = "werf-giterminism.yaml";

/// What is allowed.
#[derive(Clone, Debug, Default)]
pub struct Giterminism {
    file: String,
    /// Whether there is the file.
    is_written: bool,
    /// The paths of the keys in it, in the order of the file.
    keys: Vec<String>,
    /// What is allowed, by the path of the key.
    allowed: BTreeMap<String, Vec<Allowed>>,
    is_loose: bool,
}

/// A rule that something may be allowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Variables that templates read.
    TemplateEnv,
    /// `fromLatest`.
    FromLatest,
    /// Files of the client in the context of a Dockerfile.
    ContextAddFile,
    /// Files of a branch of another repository.
    Branch,
    /// `mount` with `from: build_dir`.
    BuildDir,
    /// `mount` with `fromPath`.
    FromPath,
    /// Secrets from variables.
    SecretEnv,
    /// Secrets from files.
    SecretFile,
}

impl Rule {
    /// Returns the path of its key.
    fn path(self) -> &'static str {
        match self {
            Rule::TemplateEnv => "config.goTemplateRendering.allowEnvVariables",
            Rule::FromLatest => "config.stapel.allowFromLatest",
            Rule::ContextAddFile => "config.dockerfile.allowContextAddFiles",
            Rule::Branch => "config.stapel.git.allowBranch",
            Rule::BuildDir => "config.stapel.mount.allowBuildDir",
            Rule::FromPath => "config.stapel.mount.allowFromPaths",
            Rule::SecretEnv => "config.secrets.allowEnvVariables",
            Rule::SecretFile => "config.secrets.allowFiles",
        }
    }

    /// Whether it is on or off, and not a list.
    fn is_flag(self) -> bool {
        matches!(self, Rule::FromLatest | Rule::Branch | Rule::BuildDir)
    }
}

#[derive(Clone, Debug)]
enum Allowed {
    /// Whatever it is.
    All,
    Name(String),
    /// A mask; it and what it is asked about have no slash at the beginning.
    Mask(Mask),
    /// Written between slashes; it must match the whole name.
    Pattern(Arc<goregexp::Regexp>),
}

/// A key and what may be its value.
struct Key(&'static str, Kind);

/// The kinds of values.
enum Kind {
    Version,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of masks of files (spec 4.8).
    Masks,
    /// A list of names, or patterns between slashes.
    Names,
    /// A list of masks, or patterns between slashes.
    Files,
    Section(&'static [Key]),
}

use Kind::{Files, Flag, Masks, Names, Section, Texts};

/// All keys (spec 2.8).
const KEYS: &[Key] = &[
    Key("giterminismConfigVersion", Kind::Version),
    Key("cli", Section(&[Key("allowCustomTags", Flag)])),
    Key(
        "config",
        Section(&[
            Key("allowUncommitted", Flag),
            Key("allowUncommittedTemplates", Masks),
            Key(
                "goTemplateRendering",
                Section(&[
                    Key("allowEnvVariables", Names),
                    Key("allowUncommittedFiles", Masks),
                ]),
            ),
            Key(
                "stapel",
                Section(&[
                    Key("allowFromLatest", Flag),
                    Key("git", Section(&[Key("allowBranch", Flag)])),
                    Key(
                        "mount",
                        Section(&[Key("allowBuildDir", Flag), Key("allowFromPaths", Masks)]),
                    ),
                ]),
            ),
            Key(
                "dockerfile",
                Section(&[
                    Key("allowUncommitted", Masks),
                    Key("allowUncommittedDockerignoreFiles", Masks),
                    Key("allowContextAddFiles", Masks),
                ]),
            ),
            Key(
                "secrets",
                Section(&[
                    Key("allowEnvVariables", Names),
                    Key("allowFiles", Files),
                    Key("allowValueIds", Texts),
                ]),
            ),
        ]),
    ),
    Key("helm", Section(&[Key("allowUncommittedFiles", Masks)])),
    Key("includes", Section(&[Key("allowIncludesUpdate", Flag)])),
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
        giterminism.is_written = true;
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
        self.allows(Rule::TemplateEnv, name)
    }

    /// Whether `rule` allows `value`.
    pub fn allows(&self, rule: Rule, value: &str) -> bool {
        let allows = |allowed: &Allowed| match allowed {
            Allowed::All => true,
            Allowed::Name(name) => name == value,
            Allowed::Mask(mask) => mask.matches(value.trim_start_matches('/').as_bytes()),
            Allowed::Pattern(pattern) => pattern.is_match(value.as_bytes()),
        };
        let of_rule = self.allowed.get(rule.path());
        self.is_loose || of_rule.is_some_and(|of_rule| of_rule.iter().any(allows))
    }

    /// Returns the lines that would allow the variable `name`.
    pub fn advice_for_env(&self, name: &str) -> String {
        self.advice(Rule::TemplateEnv, name)
    }

    /// Returns the lines by which `rule` would allow `value`.
    pub fn advice(&self, rule: Rule, value: &str) -> String {
        let path = rule.path();
        let keys: Vec<&str> = path.split('.').collect();
        let mut lines = vec!["giterminismConfigVersion: 1".to_owned()];
        for (depth, key) in keys.iter().enumerate() {
            let end = if rule.is_flag() && depth + 1 == keys.len() {
                " true"
            } else {
                ""
            };
            lines.push(format!("{}{key}:{end}", "  ".repeat(depth)));
        }
        if !rule.is_flag() {
            lines.push(format!("{}- {value}", "  ".repeat(keys.len() - 1)));
        }
        // How many of the keys are there, from the outermost on.
        let known = (1..=keys.len())
            .take_while(|&depth| self.keys.contains(&keys[..depth].join(".")))
            .count();
        let known_path = keys[..known].join(".");
        let what = match known {
            _ if !self.is_written => "commit it with these lines".to_owned(),
            0 => "add these lines to it".to_owned(),
            _ if known == keys.len() && rule.is_flag() => {
                return format!("`{}`: set `{path}` to true", self.file);
            }
            _ if known == keys.len() => format!("add this line to `{path}`"),
            _ => format!("add these lines below `{known_path}`"),
        };
        let skipped = if self.is_written { known + 1 } else { 0 };
        let lines: Vec<String> = lines[skipped..]
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
            let Some(Key(name, kind)) = keys.iter().find(|key| key.0 == name) else {
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
            self.giterminism.keys.push(path.clone());
            match kind {
                Kind::Version => self.version(field.value),
                Flag => self.flag(field.value, path),
                Section(below) => self.section(field.value, below, &path),
                Texts | Masks | Names | Files => self.list(field.value, path, kind),
            }
        }
        for problem in problems {
            self.diagnostics.push(problem.diagnostic(self.source, None));
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

    fn flag(&mut self, node: NodeRef<'_>, path: String) {
        match read::boolean(node) {
            Ok(Some(flag)) if flag.value => {
                self.giterminism.allowed.insert(path, vec![Allowed::All]);
            }
            Ok(_) => {}
            Err(problem) => self.wrong(&problem, &path),
        }
    }

    fn list(&mut self, node: NodeRef<'_>, path: String, kind: &Kind) {
        if read::is_null(node) {
            return;
        }
        let mut problems = Vec::new();
        let mut list = Vec::new();
        for text in read::texts(node, &mut problems) {
            match allowed(kind, &text.value) {
                Ok(allowed) => list.push(allowed),
                Err(problem) => self
                    .diagnostics
                    .push(Diagnostic::error(problem).at(self.source.location(text.span))),
            }
        }
        for problem in problems {
            self.wrong(&problem, &path);
        }
        self.giterminism.allowed.insert(path, list);
    }

    fn wrong(&mut self, problem: &Problem, path: &str) {
        let place = format!("`{path}`");
        self.diagnostics
            .push(problem.diagnostic(self.source, Some(&place)));
    }
}

/// Reads one item of a list.
fn allowed(kind: &Kind, text: &str) -> Result<Allowed, String> {
    let pattern = text
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .filter(|_| matches!(kind, Names | Files));
    if let Some(pattern) = pattern {
        let whole = format!("^(?:{pattern})$");
        return goregexp::Regexp::new(whole.as_bytes())
            .map(|regexp| Allowed::Pattern(Arc::new(regexp)))
            .map_err(|error| format!("`{pattern}` is not a regular expression: {error}"));
    }
    if matches!(kind, Masks | Files) {
        let mask = Mask::new(text.trim_start_matches('/')).map_err(|bad| bad.to_string())?;
        return Ok(Allowed::Mask(mask));
    }
    Ok(Allowed::Name(text.to_owned()))
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
        assert!(allowing.allows(Rule::Branch, ""));
        assert!(rules("").loose(true).allows(Rule::Branch, ""));
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
                "set `config.stapel.git.allowBranch` to true",
            ),
        ] {
            let rules = rules(rest);
            assert!(!rules.allows(Rule::Branch, ""), "{rest}");
            let advice = rules.advice(Rule::Branch, "");
            assert!(advice.ends_with(last), "{advice}");
        }
        let none = Giterminism::without_file(FILE_NAME).advice(Rule::Branch, "");
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
    fn paths_are_allowed_by_masks() {
        let rules = read(
            "giterminismConfigVersion: 1\nconfig:\n  stapel: {mount: {allowBuildDir: true, allowFromPaths: [~/.m2, /var/*/apt/]}}\n  secrets: {allowFiles: [/etc/x, '/~/[.].*/'], allowEnvVariables: [T]}\n",
        )
        .expect("rules");
        for (rule, value, allowed) in [
            (Rule::BuildDir, "", true),
            (Rule::FromPath, "~/.m2/repository", true),
            (Rule::FromPath, "/var/cache/apt", true),
            (Rule::FromPath, "/var/apt", false),
            (Rule::SecretFile, "/etc/x", true),
            (Rule::SecretFile, "~/.netrc", true),
            (Rule::SecretFile, "~/netrc", false),
            (Rule::SecretEnv, "T", true),
            (Rule::TemplateEnv, "T", false),
        ] {
            assert_eq!(rules.allows(rule, value), allowed, "{rule:?} {value}");
        }
        let denied =
            read("giterminismConfigVersion: 1\nconfig: {stapel: {mount: {allowBuildDir: no}}}\n")
                .expect("rules");
        assert!(!denied.allows(Rule::BuildDir, ""));
        assert_eq!(
            denied.advice(Rule::BuildDir, ""),
            "`werf-giterminism.yaml`: set `config.stapel.mount.allowBuildDir` to true"
        );
        assert_eq!(
            denied.advice(Rule::FromPath, "/x"),
            "`werf-giterminism.yaml`: add these lines below `config.stapel.mount`:\n          allowFromPaths:\n          - /x"
        );
    }

    #[test]
    fn every_rule_is_read_with_its_type() {
        let rules = read(
            "giterminismConfigVersion: 1\ncli: {allowCustomTags: true}\nconfig:\n  allowUncommitted: false\n  allowUncommittedTemplates: [\"**/*.tmpl\"]\n  stapel:\n    allowFromLatest: true\n    git: {allowBranch: yes}\n    mount: {allowBuildDir: ~, allowFromPaths: [/etc/x]}\n  secrets: {allowValueIds: [id]}\nhelm: ~\n",
        )
        .expect("rules");
        for (rule, value, allowed) in [
            (Rule::FromLatest, "", true),
            (Rule::Branch, "", true),
            (Rule::BuildDir, "", false),
            (Rule::FromPath, "/etc/x", true),
            (Rule::SecretFile, "/etc/x", false),
            (Rule::ContextAddFile, "a", false),
        ] {
            assert_eq!(rules.allows(rule, value), allowed, "{rule:?}");
        }
        assert!(rules.loose(true).allows(Rule::ContextAddFile, "a"));
    }

    #[test]
    fn values_of_other_types_are_refused() {
        for (line, message) in [
            ("cli: {allowCustomTags: 1}", "`cli.allowCustomTags` must be"),
            (
                "config: {allowUncommitted: [a]}",
                "`config.allowUncommitted` must be",
            ),
            (
                "config: {allowUncommittedTemplates: a}",
                "`config.allowUncommittedTemplates` must be",
            ),
            (
                "config: {allowUncommittedTemplates: [\"[\"]}",
                "`[` is not a mask",
            ),
            (
                "config: {secrets: {allowFiles: [[a]]}}",
                "`config.secrets.allowFiles` must be",
            ),
            ("config: 5", "must be"),
            (
                "helm: {allowUncommitted: true}",
                "unknown key `allowUncommitted` in `helm`",
            ),
        ] {
            let errors = read(&format!("giterminismConfigVersion: 1\n{line}\n")).unwrap_err();
            assert!(
                errors.len() == 1 && errors[0].contains(message),
                "{line}: {errors:?}"
            );
        }
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
