//! `graph`: images, their stages, and what they take of one another, as a picture.

mod dot;
mod mermaid;
mod picture;
mod svg;

use std::process::ExitCode;

use werf_frontend::helper::inventory;
use werf_frontend::helper::render::Rendering;

use super::explain::{Range, compared};
use super::plan::planned;
use super::{Planning, terminal};

use picture::Picture;

/// What `graph` is told.
#[derive(clap::Args)]
pub struct Graph {
    #[command(flatten)]
    planning: Planning,
    #[command(flatten)]
    range: Range,
    /// How to draw it
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
}

/// How to draw a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A picture for browsers and documents.
    Svg,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

impl Graph {
    /// Prints the graph; with `--from` or `--to` its colours say what runs again between these commits.
    pub fn run(self) -> ExitCode {
        let is_of_head = !self.range.has_end();
        let request = self.planning.request();
        let mut warnings = Vec::new();
        let picture = if self.range.is_given() {
            self.range.surveys(&request).and_then(|(before, after)| {
                let explained = compared(&before, &after)?;
                Ok((after, Some(explained)))
            })
        } else {
            Ok((inventory::survey(&request), None))
        };
        let result = picture.and_then(|(survey, explained)| {
            if is_of_head {
                let heard = survey.file.heard().into_iter();
                warnings.extend(heard.map(|it| survey.file.render(it)));
            }
            let plan = planned(&survey.file)?;
            let inventory = survey.behind.map(|behind| behind.inventory);
            let inventory = inventory.unwrap_or_default();
            let picture = Picture::of(plan, &inventory, explained.as_ref());
            Ok(match self.format {
                Format::Svg => svg::text(&picture),
                Format::Dot => dot::text(&picture),
                Format::Mermaid => mermaid::text(&picture),
            })
        });
        terminal::show(&Rendering { result, warnings })
    }
}
