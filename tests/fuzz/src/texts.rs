//! What people write: YAML, configuration, and the small languages in it.

use std::path::{Path, PathBuf};

use diagnostic::{Checks, Diagnostic, SourceText, printable, redact, render};
use werf_config::docker::{CommandLine, expose, healthcheck, word};
use werf_config::giterminism::Giterminism;
use yaml_v2::Parser;
use yaml_v2::untyped::{self, Keys};

/// YAML: every node is a part of the text, and whatever is read has a value or a problem.
pub fn yaml(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let mut parser = Parser::new(text, 0);
    while let Ok(Some(tree)) = parser.next_document() {
        for node in tree.nodes() {
            let span = node.span;
            assert!(
                span.start <= span.end && span.end <= text.len(),
                "{span:?} of {} bytes",
                text.len()
            );
            assert!(
                text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
                "{span:?} cuts a character"
            );
        }
        if let Some(root) = tree.root() {
            let _ = untyped::read(root, Keys::Any);
        }
    }
}

/// A `werf.yaml` without templates.
pub fn config(data: &[u8]) {
    match SourceText::new("werf.yaml", data) {
        Err(error) => in_place(&error, &String::from_utf8_lossy(data)),
        Ok(source) => match werf_config::load(&source) {
            Ok(loaded) => all_in_place(&loaded.warnings, source.text()),
            Err(errors) => refused(&errors, source.text()),
        },
    }
}

/// The hostile files of the tests, and the examples without their templates.
pub fn files() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let list = |directory: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(directory).expect("a directory of the repository");
        let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|it| it.path()).collect();
        paths.sort();
        paths
    };
    let examples = list(&root.join("examples"));
    let examples = examples.iter().map(|example| example.join("werf.yaml"));
    let hostile = list(&root.join("tests/hostile"));
    let yaml = hostile.into_iter().chain(examples);
    let texts = yaml.filter_map(|path| std::fs::read(path).ok());
    texts.filter(|text| text.len() <= 4096).collect()
}

/// A `werf-giterminism.yaml`.
pub fn giterminism(data: &[u8]) {
    if let Ok(source) = SourceText::new("werf-giterminism.yaml", data)
        && let Err(errors) = Giterminism::read(&source)
    {
        refused(&errors, source.text());
    }
}

/// Which rules of `check` are heeded, as a comment or an argument says it.
pub fn checks(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let _ = Checks::of_argument(text);
    if let Ok(source) = SourceText::new("werf.yaml", data)
        && let Err(error) = Checks::of_file(&source)
    {
        in_place(&error, text);
    }
}

/// The words of Dockerfiles in the `docker` section.
pub fn docker_words(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let lookup = |name: &str| name.len().is_multiple_of(2).then(|| format!("<{name}>"));
    let expanded = word::expand(text, lookup);
    if expanded.is_ok() {
        assert!(
            !matches!(word::check(text), Err(word::WordError::OpenQuote(_))),
            "an open quote is expanded: {text:?}"
        );
    }
    for part in word::split(text) {
        assert!(text.contains(part) && !part.is_empty());
    }
    let _ = CommandLine::parse(text);
    let _ = healthcheck::parse(text);
    if expose::check(text).is_ok() {
        assert!(expose::ports(text).is_ok(), "checked, and no port");
    }
}

/// References of images and repositories, each in the only place where it is read.
pub fn reference(data: &[u8]) {
    let Some((image, url)) = crate::texts(data) else {
        return;
    };
    let (image, url) = (quoted(image), quoted(url));
    let file = format!(
        "configVersion: 1\nproject: p\n---\nimage: a\nfrom: {image}\ngit:\n- url: {url}\n  branch: {image}\n  to: /a\n"
    );
    config(file.as_bytes());
}

/// What terminals get to see of any text.
pub fn printable(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let shown = printable::lines(&text);
    assert!(
        !shown
            .chars()
            .any(|c| !matches!(c, '\n' | '\t') && printable::is_obeyed(c)),
        "{shown:?}"
    );
    let line = printable::line(&text);
    assert!(!line.contains('\n'), "{line:?}");
    let redacted = redact::credentials(&text).into_owned();
    assert_eq!(
        redact::credentials(&redacted),
        redacted,
        "something is left to hide"
    );
}

/// Returns the text as a double-quoted scalar.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out += &format!("\\U{:08X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn refused(errors: &[Diagnostic], text: &str) {
    assert!(!errors.is_empty(), "refused without a reason");
    all_in_place(errors, text);
}

fn all_in_place(diagnostics: &[Diagnostic], text: &str) {
    for diagnostic in diagnostics {
        in_place(diagnostic, text);
    }
}

/// Fails if the place of a message is none of the text, or a terminal would obey what is said.
fn in_place(diagnostic: &Diagnostic, text: &str) {
    if let Some(at) = &diagnostic.at {
        let lines = text.split('\n').count();
        assert!(
            at.start <= at.end && at.end.line <= lines && at.start.column > 0,
            "{at:?} of {lines} lines"
        );
    }
    let shown = render(diagnostic, Some(text));
    assert!(!shown.is_empty());
    assert!(
        !shown
            .chars()
            .any(|c| !matches!(c, '\n' | '\t') && printable::is_obeyed(c)),
        "{shown:?}"
    );
}
