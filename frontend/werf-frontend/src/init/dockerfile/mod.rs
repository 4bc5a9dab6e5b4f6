//! A Dockerfile: its stages as images where that is the same, else the Dockerfile as it is.
//!
//! ```text
//! text ──► parse-dockerfile ──► translate: each FROM an image ──► arrange: instructions to stages ──► the rules of `check`
//!                                    └── what has no equal, with its line ──► `dockerfile: Dockerfile`
//! ```

mod arrange;
mod copy;
mod ignored;
mod instruction;
mod shell;
mod translate;

use std::collections::BTreeMap;

use diagnostic::SourceText;
use werf_config::lint::{self, Facts};

use super::section::{Base, Section};
use super::{Images, Project, Template, text};

/// The file.
const NAME: &str = "Dockerfile";

/// The template.
pub const TEMPLATE: Template = Template {
    name: "dockerfile",
    told_by: "Dockerfile",
    found: |project| project.present(&[NAME]),
    images,
    leftovers: &[],
};

/// Why something of a Dockerfile has no equal in stages.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reason {
    /// The line; `None` where it is the whole.
    line: Option<usize>,
    /// What it is.
    why: String,
}

impl Reason {
    fn to_line(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}: {}", self.why),
            None => self.why.clone(),
        }
    }
}

fn images(project: &Project) -> Images {
    let dockerfile = project.text(NAME).unwrap_or_default();
    let translated = translate::translate(project, &dockerfile);
    let reasons = match translated {
        Ok(translated) => match oddities(&translated.sections) {
            reasons if reasons.is_empty() => {
                return Images {
                    sections: translated.sections,
                    notes: translated.notes,
                    port: translated.port,
                };
            }
            reasons => reasons,
        },
        Err(reasons) => reasons,
    };
    let lines: Vec<String> = reasons.iter().map(Reason::to_line).collect();
    let because = "Built by the Dockerfile as it is. Stages would not be the same:";
    let section = Section {
        name: "app".to_owned(),
        comment: format!("{because}\n{}", lines.join("\n")),
        base: Base::Dockerfile(NAME.to_owned()),
        ..Section::default()
    };
    let notes = lines.iter().map(|line| format!("{NAME} {line}"));
    Images {
        sections: vec![section],
        notes: std::iter::once(format!(
            "{NAME} is built as it is, because not all of it is the same in stages:"
        ))
        .chain(notes)
        .collect(),
        port: None,
    }
}

/// Returns what `check` would say of the sections: a first file is free of that.
fn oddities(sections: &[Section]) -> Vec<Reason> {
    let of_whole = |why: String| Reason { line: None, why };
    let text = text::configuration("werf/frontend", "app", sections);
    // As templates render it: there are no other actions.
    let text = text.replace(text::BRACES, "{{");
    let loaded = SourceText::new("werf.yaml", text)
        .map_err(|mistake| vec![mistake])
        .and_then(|text| {
            let loaded = werf_config::load(&text)?;
            let facts = Facts {
                commit: "",
                unix_time: "",
                variables: &BTreeMap::new(),
            };
            let mut found = loaded.warnings;
            found.extend(lint::check(&loaded.config, &text, &facts));
            Ok(found)
        });
    let found = loaded.unwrap_or_else(|mistakes| mistakes);
    found.into_iter().map(|it| of_whole(it.message)).collect()
}
