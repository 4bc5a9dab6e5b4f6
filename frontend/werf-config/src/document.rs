//! A file to its documents: where one ends, what YAML makes of it, and which kind it is.
//!
//! werf splits the text before YAML sees it, by a rule of its own: a separator is a line of three dashes,
//! perhaps with a comment, but the comment must not contain a hyphen. A line that only looks like one
//! begins a second document in the eyes of YAML, and werf reads just the first of each part. That
//! loses sections without a word, so there is a warning here.

use std::collections::HashSet;

use diagnostic::{Diagnostic, Diagnostics, SourceText, Span, closest, rule};
use yaml_v2::Parser;
use yaml_v2::Problem;
use yaml_v2::advice;
use yaml_v2::read;
use yaml_v2::untyped::{self, Keys};
use yaml_v2::{Node, NodeKind, NodeRef, Tree};

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The section with `configVersion`.
    Meta,
    /// An image built by stages.
    Image,
    /// An image built from a Dockerfile.
    DockerfileImage,
}

/// One document that is YAML and whose kind is known.
#[derive(Debug)]
pub struct Document {
    /// What it is about.
    pub kind: Kind,
    /// Its text.
    pub part: Span,
    /// Its nodes; the root is a mapping.
    pub tree: Tree,
    /// Where keys are given twice, which has been said already.
    pub duplicates: HashSet<Span>,
}

/// What became of a file.
#[derive(Debug, Default)]
pub struct Documents {
    /// The documents that can be read.
    pub list: Vec<Document>,
    /// Whether there are others, so that nobody knows what is missing.
    pub is_partial: bool,
}

/// Reads the documents of a file, and says what is wrong with those that cannot be read.
pub fn read_all(source: &SourceText, diagnostics: &mut Diagnostics) -> Documents {
    let mut documents = Documents::default();
    if let Some(mistake) = dockerfile(source) {
        diagnostics.push(mistake);
        documents.is_partial = true;
        return documents;
    }
    for part in split(source.text()) {
        match read_part(part, source, diagnostics) {
            Some(document) => documents.list.push(document),
            None => documents.is_partial = true,
        }
    }
    documents
}

/// Returns what to say of a Dockerfile, which begins with an instruction that no line of a `werf.yaml` looks like.
fn dockerfile(source: &SourceText) -> Option<Diagnostic> {
    let text = source.text();
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#'))?;
    let (word, rest) = line.split_once(' ')?;
    if !["FROM", "ARG"].contains(&word) || rest.contains(": ") || line.ends_with(':') {
        return None;
    }
    let start = line.as_ptr().addr() - text.as_ptr().addr();
    let at = source.location(Span::new(start, start + line.len()));
    Some(Diagnostic::error("this is a Dockerfile, and no `werf.yaml`").at(at).hint(
        "build it with `docker buildx build` as it is, or name it in the `werf.yaml`: `image: NAME` and `dockerfile: PATH`",
    ))
}

/// Returns the parts of a text that are not empty.
fn split(text: &str) -> Vec<Span> {
    let mut parts = Vec::new();
    let (mut start, mut offset) = (0, 0);
    for line in text.split_inclusive('\n') {
        if is_separator(line.strip_suffix('\n').unwrap_or(line)) {
            parts.push(Span::new(start, offset));
            start = offset + line.len();
        }
        offset += line.len();
    }
    parts.push(Span::new(start, text.len()));
    parts.retain(|part| !is_empty(&text[part.start..part.end]));
    parts
}

/// Whether a line separates documents in werf: `^---[ \t\r]*(#[^-\n]*)?$`.
fn is_separator(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("---") else {
        return false;
    };
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    rest.is_empty() || (rest.starts_with('#') && !rest.contains('-'))
}

/// Whether there is nothing but blanks and comments.
fn is_empty(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start_matches([' ', '\t', '\r']);
        line.is_empty() || line.starts_with('#')
    })
}

fn read_part(part: Span, source: &SourceText, diagnostics: &mut Diagnostics) -> Option<Document> {
    let mut parser = Parser::new(&source.text()[part.start..part.end], part.start);
    let tree = match parser.next_document() {
        Ok(tree) => tree.unwrap_or_default(),
        Err(error) => {
            let mut diagnostic = advice::diagnostic(&error, source, part);
            diagnostic.add_notes(cut_block(part, source));
            diagnostic.add_notes(first_near_separator(part, source));
            diagnostics.push(diagnostic);
            return None;
        }
    };
    if let Some(ignored) = parser.ignored() {
        diagnostics.push(ignored_text(ignored, source));
    }
    for scalar in tree.plain_scalars() {
        find_swallowed_separator(scalar.span, source, diagnostics);
        find_swallowed_item(scalar.span, source, diagnostics);
    }
    for node in tree.nodes() {
        find_dropped_tag(node, source, diagnostics);
    }
    let Some(root) = tree.root() else {
        diagnostics.push(unrecognized(part, source, &[]));
        return None;
    };
    let (_, problems) = untyped::read(root, Keys::Text);
    let has_problems = !problems.is_empty();
    if let Some(trap) = problems.iter().find(|problem| problem.is_trap()) {
        diagnostics.push(trap.diagnostic(source, None));
        return None;
    }
    let mut duplicates = HashSet::new();
    for problem in problems {
        if let Problem::DuplicateKey { at, .. } = problem {
            duplicates.insert(at);
        }
        if !diagnostics.is_full() {
            diagnostics.push(problem.diagnostic(source, None));
        }
    }
    let kind = match kind(root, part, source) {
        Ok(kind) => kind,
        // Whatever is wrong inside is the likelier reason.
        Err(_) if has_problems => return None,
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            return None;
        }
    };
    Some(Document {
        kind,
        part,
        tree,
        duplicates,
    })
}

/// Recognises the kind of a document by the keys that it has.
fn kind(root: NodeRef<'_>, part: Span, source: &SourceText) -> Result<Kind, Box<Diagnostic>> {
    if !matches!(root.node().kind, NodeKind::Mapping(_)) && !read::is_null(root) {
        let problem = read::mismatch(root, "a mapping with `configVersion` or `image`");
        return Err(Box::new(problem.diagnostic(source, Some("a document"))));
    }
    let fields = read::fields(root, &mut Vec::new());
    let has = |name: &str| fields.iter().any(|field| field.key.value == name);
    if has("configVersion") {
        Ok(Kind::Meta)
    } else if has("dockerfile") {
        Ok(Kind::DockerfileImage)
    } else if has("image") || has("artifact") {
        Ok(Kind::Image)
    } else {
        let keys: Vec<&str> = fields
            .iter()
            .map(|field| field.key.value.as_str())
            .collect();
        Err(Box::new(unrecognized(part, source, &keys)))
    }
}

fn unrecognized(part: Span, source: &SourceText, keys: &[&str]) -> Diagnostic {
    const MARKS: [&str; 4] = ["configVersion", "image", "dockerfile", "artifact"];
    let text = &source.text()[part.start..part.end];
    let first = text.find(|c: char| !c.is_whitespace()).unwrap_or(0);
    let line = text[first..].lines().next().map_or(0, str::len);
    let at = Span::new(part.start + first, part.start + first + line);
    let message = "this document is neither the meta section nor an image: it has no `configVersion`, `image` or `dockerfile`";
    let slip = keys
        .iter()
        .find_map(|key| Some((key, closest(key, MARKS)?)));
    let hint = match slip {
        _ if keys.contains(&"dimg") => "write `image` for `dimg`, its name of old".to_owned(),
        Some((key, meant)) => format!("is `{key}` meant to be `{meant}`?"),
        None if keys.contains(&"project") => "add `configVersion: 1`".to_owned(),
        None => "an image begins with `image: NAME`".to_owned(),
    };
    Diagnostic::error(message)
        .at(source.location(at))
        .hint(hint)
}

/// Returns a warning of these rules as a note to a mistake that it may explain.
pub fn ignored_note(warning: &Diagnostic) -> Option<String> {
    let line = warning.at.as_ref()?.start.line;
    (warning.is_of(&rule::NEAR_SEPARATOR) || warning.is_of(&rule::IGNORED_TEXT)).then(|| {
        match &warning.hint {
            Some(hint) => format!("line {line}: {}; {hint}", warning.message),
            None => format!("line {line}: {}", warning.message),
        }
    })
}

/// Warns of text behind the first YAML document of a part, which werf never looks at.
fn ignored_text(ignored: Span, source: &SourceText) -> Diagnostic {
    let text = &source.text()[ignored.start..ignored.end];
    let line = text.lines().next().unwrap_or("").trim_end();
    let last = source.line(ignored.start + text.trim_end().len());
    let at = source.location(Span::new(ignored.start, ignored.start + line.len()));
    let shown = read::shorten(line);
    if line.starts_with("---") {
        let message = format!(
            "`{shown}` does not separate documents in werf: it and what follows up to line {last} is ignored"
        );
        return Diagnostic::warning(&rule::NEAR_SEPARATOR, message)
            .at(at)
            .hint(separator_hint(line));
    }
    Diagnostic::warning(
        &rule::IGNORED_TEXT,
        format!("the document ends above, so everything up to line {last} is ignored"),
    )
    .at(at)
    .hint("begin a new document with a line of three dashes")
}

fn separator_hint(line: &str) -> &'static str {
    if line.trim_start_matches('-').trim_start().starts_with('#') {
        "a comment on a separator must not contain a hyphen"
    } else {
        "a separator is `---` and nothing else but a comment"
    }
}

/// Returns a note about the separator above a part that begins in the middle of something.
fn cut_block(part: Span, source: &SourceText) -> Option<String> {
    let text = &source.text()[part.start..part.end];
    let is_indented = text
        .lines()
        .find(|line| !line.trim().is_empty())?
        .starts_with(' ');
    let line = source.line(part.start);
    (is_indented && line > 1).then(|| {
        format!(
            "the separator in line {} begins a new document, even inside a text",
            line - 1
        )
    })
}

/// Returns a note about the first line of a broken part that looks like a separator.
fn first_near_separator(part: Span, source: &SourceText) -> Option<String> {
    let mut offset = part.start;
    for line in source.text()[part.start..part.end].split_inclusive('\n') {
        if line.starts_with("---") && !is_empty(&source.text()[part.start..offset]) {
            let number = source.line(offset);
            let shown = read::shorten(line.trim_end());
            return Some(format!(
                "`{shown}` in line {number} is not a separator: {}",
                separator_hint(line)
            ));
        }
        offset += line.len();
    }
    None
}

/// Warns of the first indented `---` in a scalar, which is a part of the text above it.
fn find_swallowed_separator(scalar: Span, source: &SourceText, diagnostics: &mut Diagnostics) {
    let mut offset = scalar.start;
    for line in source.text()[scalar.start..scalar.end].split_inclusive('\n') {
        if offset > scalar.start && line.trim() == "---" {
            let at = offset + line.find('-').unwrap_or(0);
            let begin = source.line(scalar.start);
            let message = format!(
                "an indented `---` does not separate documents: it belongs to the text that begins in line {begin}"
            );
            let diagnostic = Diagnostic::warning(&rule::NEAR_SEPARATOR, message)
                .at(source.location(Span::new(at, at + 3)));
            diagnostics.push(diagnostic.hint("remove the blanks before it"));
            return;
        }
        offset += line.len();
    }
}

/// Warns of the first line that looks like an item of a list and belongs to the text of the item above it, because it is
/// indented deeper.
fn find_swallowed_item(scalar: Span, source: &SourceText, diagnostics: &mut Diagnostics) {
    let text = source.text();
    let begin = text[..scalar.start].rfind('\n').map_or(0, |end| end + 1);
    if !text[begin..scalar.start].trim_start().starts_with("- ") {
        return;
    }
    let mut offset = scalar.start;
    for line in text[scalar.start..scalar.end].split_inclusive('\n') {
        let item = line.trim_start();
        if offset > scalar.start && item.starts_with("- ") {
            let at = offset + (line.len() - item.len());
            let message = format!(
                "this is no item of the list: it is indented deeper, and belongs to the text that begins in line {}",
                source.line(scalar.start)
            );
            let diagnostic = Diagnostic::warning(&rule::SWALLOWED_ITEM, message)
                .at(source.location(Span::new(at, at + item.trim_end().len())));
            diagnostics.push(diagnostic.hint("indent the items of one list alike"));
            return;
        }
        offset += line.len();
    }
}

/// Warns of a local tag, which is dropped: in `! test -f x` it was meant to be a part of the command.
fn find_dropped_tag(node: &Node, source: &SourceText, diagnostics: &mut Diagnostics) {
    let Some(tag) = node.tag.as_deref().filter(|tag| tag.starts_with('!')) else {
        return;
    };
    let text = source.text();
    let Some(at) = text[..node.span.start].rfind(tag) else {
        return;
    };
    let is_alone = text[at + tag.len()..node.span.start]
        .trim_matches(' ')
        .is_empty();
    if !is_alone {
        return;
    }
    let value = &text[node.span.start..node.span.end];
    let mut diagnostic = Diagnostic::warning(
        &rule::TAG_DROPPED,
        format!(
            "`{tag}` is a YAML tag and is dropped: the value is `{}`",
            read::shorten(value)
        ),
    )
    .at(source.location(Span::new(at, at + tag.len())));
    if matches!(node.kind, NodeKind::Scalar { .. }) {
        let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
        diagnostic = diagnostic.hint(advice::quote_all(
            &text[begin..at],
            &text[at..node.span.end],
        ));
    }
    diagnostics.push(diagnostic);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_three_dashes_and_perhaps_a_comment_without_hyphens() {
        for line in ["---", "--- ", "---\t\r", "--- # my app", "---# x", "--- #"] {
            assert!(is_separator(line), "{line}");
        }
        for line in [
            "----",
            "--- # my-app",
            "--- foo",
            "--- !tag",
            " ---",
            "--",
            "",
            "-- -",
            "--- - ",
        ] {
            assert!(!is_separator(line), "{line}");
        }
    }

    #[test]
    fn documents_that_say_nothing_are_dropped() {
        let text = "# only a comment\n---\n\n---\na: 1\n--- # next\n  # x\n\t\n---\nb: 2\n---";
        let parts: Vec<&str> = split(text)
            .iter()
            .map(|part| &text[part.start..part.end])
            .collect();
        assert_eq!(parts, ["a: 1\n", "b: 2\n"]);
    }

    #[test]
    fn a_separator_inside_a_block_counts() {
        let text = "a: |\n  x\n---\n  y\n";
        assert_eq!(split(text).len(), 2);
    }
}
