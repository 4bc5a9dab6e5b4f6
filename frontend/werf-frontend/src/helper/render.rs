//! `render`: the configuration of the HEAD commit with all templates rendered, as werf's `config render` prints it.

use diagnostic::Diagnostic;

use super::changes;
use super::dev;
use super::plan::PlanRequest;
use super::template::{self, Remarks};

/// What is to be printed.
#[derive(Debug)]
pub struct Rendering {
    /// The text, or the mistakes with their frames.
    pub result: Result<String, Vec<String>>,
    /// Warnings with their frames.
    pub warnings: Vec<String>,
}

/// Renders the configuration; with `images` only their documents.
pub fn render_commit(request: &PlanRequest, images: &[String]) -> Rendering {
    let mut remarks = Remarks::default();
    let mut result = text(request, images, &mut remarks);
    if result.is_err()
        && let Err(unread) = changes::warn_of_mistaken(request, &mut remarks)
    {
        result = Err(unread.into());
    }
    Rendering::new(result, &remarks)
}

impl Rendering {
    /// Draws mistakes and warnings with the files in `remarks`.
    pub(super) fn new(result: Result<String, Vec<Diagnostic>>, remarks: &Remarks) -> Rendering {
        let draw = |diagnostic: &Diagnostic| {
            let mut diagnostic = diagnostic.clone();
            remarks.hidden.in_diagnostic(&mut diagnostic);
            let file = diagnostic
                .at
                .as_ref()
                .and_then(|at| remarks.texts.iter().find(|file| file.name == at.file));
            diagnostic::render(&diagnostic, file.map(|file| file.text.as_str()))
        };
        let warnings = remarks.warnings.iter();
        let heard = warnings.filter(|warning| remarks.checks.hears(warning));
        Rendering {
            result: result.map_err(|errors| errors.iter().map(draw).collect()),
            warnings: heard.map(draw).collect(),
        }
    }
}

fn text(
    request: &PlanRequest,
    images: &[String],
    remarks: &mut Remarks,
) -> Result<String, Vec<Diagnostic>> {
    let repo = dev::open(request)?;
    let configuration = template::read(&repo, request, remarks)?;
    changes::warn_of_all(&repo, request, &configuration, remarks)?;
    let config_text = configuration.text;
    if images.is_empty() {
        return Ok(config_text.text().to_owned());
    }
    werf_config::image_documents(&config_text, images)
}
