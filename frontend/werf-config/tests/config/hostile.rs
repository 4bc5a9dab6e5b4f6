//! Files that must be refused, and what a person sees of each.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use diagnostic::{Diagnostic, SourceText, render};
use werf_config::giterminism::Giterminism;
use werf_config::template::TextFiles;
use werf_config::template::{self, CommitData, Inputs};
use werf_config::{self, permission};

/// Returns the hostile files, sorted by name.
pub fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(crate::shared("hostile")).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

fn load(content: Vec<u8>) -> Result<(), Vec<Diagnostic>> {
    let is_template = template::is_template(&content);
    let mut source = SourceText::new("werf.yaml", content).map_err(|error| vec![error])?;
    if is_template {
        source = rendered(source).map_err(|error| vec![*error])?;
    }
    let config = werf_config::load(&source)?.config;
    let denied = permission::check(&config, &no_rules());
    if denied.is_empty() {
        Ok(())
    } else {
        Err(denied)
    }
}

fn no_rules() -> Giterminism {
    Giterminism::without_file("werf-giterminism.yaml")
}

/// Renders a template in a commit without any other files.
fn rendered(source: SourceText) -> Result<SourceText, Box<Diagnostic>> {
    let inputs = Inputs {
        files: Arc::new(TextFiles(BTreeMap::new())),
        commit: CommitData::default(),
        variables: BTreeMap::new(),
        giterminism: no_rules(),
    };
    template::render(source, Vec::new(), &inputs).result
}

#[test]
fn every_hostile_file_is_refused_with_a_message_that_helps() {
    let files = files();
    assert!(files.len() >= 45, "only {} files", files.len());
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&content).into_owned();
        let begin = Instant::now();
        let Err(errors) = load(content) else {
            panic!("{name} is not refused")
        };
        tally::refused(1);
        assert!(
            begin.elapsed() < crate::HANG,
            "{name} takes {:?}",
            begin.elapsed()
        );
        let seen: Vec<String> = errors
            .iter()
            .map(|error| render(error, Some(&text)))
            .collect();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(crate::shared("hostile/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, seen.join("\n")));
    }
}
