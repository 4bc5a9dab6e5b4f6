//! The text of the file to its rules.

use std::sync::Arc;

use diagnostic::{Diagnostic, Diagnostics, Report, SourceText, Span, rule};
use yaml_v2::NodeRef;
use yaml_v2::Parser;
use yaml_v2::advice;
use yaml_v2::read;

use super::key::{KEYS, Key, Kind, join, meant};
use super::path::PathMask;
use super::{Allowed, Giterminism, Loaded, Uncommitted};

impl Giterminism {
    /// Reads the file. Keys that are not known are warnings: werf ignores them.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(source: &SourceText) -> Result<Loaded, Vec<Diagnostic>> {
        let mut rules = Giterminism::without_file(source.name());
        rules.is_written = true;
        let whole = Span::new(0, source.text().len());
        let tree = Parser::new(source.text(), 0)
            .next_document()
            .map_err(|error| vec![advice::diagnostic(&error, source, whole)])?
            .unwrap_or_default();
        let mut diagnostics = Diagnostics::new();
        let mut reader = Reader {
            report: Report::new(source, &mut diagnostics),
            rules: &mut rules,
            has_version: false,
        };
        if let Some(root) = tree.root() {
            reader.section(root, KEYS, "");
        }
        if !reader.has_version {
            reader
                .report
                .error(Span::new(0, 0), "`giterminismConfigVersion` is missing")
                .hint("begin the file with `giterminismConfigVersion: 1`");
        }
        let warnings = diagnostics.finish()?;
        Ok(Loaded { rules, warnings })
    }
}

struct Reader<'a> {
    report: Report<'a>,
    rules: &'a mut Giterminism,
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
                self.unknown(name, field.key.span, keys, path);
                continue;
            };
            let path = join(path, name);
            self.rules.keys.push(path.clone());
            match kind {
                Kind::Version => self.version(field.value),
                Kind::Flag => self.flag(field.value, &path),
                Kind::Section(below) => self.section(field.value, below, &path),
                Kind::Texts | Kind::Masks | Kind::Names | Kind::Files => {
                    self.list(field.value, &path, kind);
                }
            }
            if Uncommitted::at(&path).is_some() {
                let place = self.report.location(field.key.span);
                self.rules.places.insert(path, place);
            }
        }
        for problem in problems {
            let source = self.report.text();
            self.report.push(problem.diagnostic(source, None));
        }
    }

    fn unknown(&mut self, name: &str, at: Span, keys: &[Key], path: &str) {
        let place = match path {
            "" => String::new(),
            path => format!(" in `{path}`"),
        };
        let message = format!("unknown key `{name}`{place}, which allows nothing");
        let remark = self
            .report
            .warning(&rule::GITERMINISM_UNKNOWN_KEY, at, message);
        if let Some(hint) = meant(name, keys, path) {
            remark.hint(hint);
        }
    }

    fn version(&mut self, node: NodeRef<'_>) {
        self.has_version = true;
        let text = read::text(node).ok().flatten();
        if text.is_none_or(|text| text.value != "1") {
            self.report
                .error(node.span(), "`giterminismConfigVersion` is not known")
                .hint("the only version is 1");
        }
    }

    fn flag(&mut self, node: NodeRef<'_>, path: &str) {
        match read::boolean(node) {
            Ok(Some(flag)) if flag.value => self.allow(path, vec![Allowed::All]),
            Ok(_) => {}
            Err(problem) => self.push(&problem, path),
        }
    }

    fn list(&mut self, node: NodeRef<'_>, path: &str, kind: &Kind) {
        if read::is_null(node) {
            return;
        }
        let mut problems = Vec::new();
        let mut list = Vec::new();
        for text in read::texts(node, &mut problems) {
            match allowed(kind, &text.value) {
                Ok(allowed) => list.push(allowed),
                Err(problem) => drop(self.report.error(text.span, problem)),
            }
        }
        for problem in problems {
            self.push(&problem, path);
        }
        if !list.is_empty() {
            self.allow(path, list);
        }
    }

    fn allow(&mut self, path: &str, allowed: Vec<Allowed>) {
        self.rules.allowed.insert(path.to_owned(), allowed);
    }

    fn push(&mut self, problem: &yaml_v2::Problem, path: &str) {
        let source = self.report.text();
        let place = format!("`{path}`");
        self.report.push(problem.diagnostic(source, Some(&place)));
    }
}

/// Reads one item of a list.
fn allowed(kind: &Kind, text: &str) -> Result<Allowed, String> {
    let pattern = text
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .filter(|_| matches!(kind, Kind::Names | Kind::Files));
    if let Some(pattern) = pattern {
        let whole = format!("^(?:{pattern})$");
        return goregexp::Regexp::new(whole.as_bytes())
            .map(|regexp| Allowed::Pattern(Arc::new(regexp)))
            .map_err(|error| format!("`{pattern}` is not a regular expression: {error}"));
    }
    if matches!(kind, Kind::Masks | Kind::Files) {
        let mask = PathMask::new(text).map_err(|bad| bad.to_string())?;
        return Ok(Allowed::Mask(mask));
    }
    Ok(Allowed::Name(text.to_owned()))
}
