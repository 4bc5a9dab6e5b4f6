//! PLAN: the commit and a few words from the client in, the plan file and tools in STORE out.

use std::path::{Path, PathBuf};

use crate::config::{self, SourceText};
use crate::error::Diagnostic;
use crate::git::repo::Repo;
use crate::plan;
use crate::plan::file::{Outcome, PlanFile, SourceFile, VERSION};

use super::locate::{Located, Wanted, locate};
use super::sources::{FillError, Snapshot};
use super::store::{StoreError, install_tools};

/// Everything that PLAN is told; whatever else it wants to know is in the commit.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The git directory.
    pub git_dir: PathBuf,
    /// Which configuration file.
    pub wanted: Wanted,
}

/// Plans the HEAD commit of the repository, and fills STORE with what its stages need if one is given.
/// Mistakes of the user are part of the result.
pub fn plan_commit(request: &PlanRequest, store: Option<&Path>) -> PlanFile {
    let mut sources = Vec::new();
    let mut warnings = Vec::new();
    let outcome = match plan_or_refuse(request, store, &mut sources, &mut warnings) {
        Ok(plan) => Outcome::Plan(plan),
        Err(errors) => Outcome::Errors(errors),
    };
    PlanFile {
        version: VERSION,
        outcome,
        warnings,
        sources,
    }
}

fn plan_or_refuse(
    request: &PlanRequest,
    store: Option<&Path>,
    sources: &mut Vec<SourceFile>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<plan::file::Plan, Vec<Diagnostic>> {
    let repo = Repo::open(&request.git_dir).map_err(|error| vec![error.into()])?;
    let located = locate(&repo, &request.wanted).map_err(|error| {
        // The frame of a difference shows what the person has on screen.
        if let (Some(at), Some(sent)) = (&error.at, &request.wanted.content) {
            sources.push(source_file(&Located {
                path: at.file.clone(),
                content: sent.clone(),
            }));
        }
        vec![*error]
    })?;
    sources.push(source_file(&located));
    let source = SourceText::new(&located.path, located.content).map_err(|error| vec![error])?;
    let loaded = config::load(&source)?;
    warnings.extend(loaded.warnings);
    let snapshot = Snapshot::take(&loaded.config, &repo, &source, warnings)?;
    let plan = plan::plan(&loaded.config, &source, &repo.commit(), &snapshot.sources());
    if let Some(store) = store {
        snapshot
            .fill(store, &repo, &plan)
            .map_err(|error| match error {
                FillError::Repo(error) => vec![error.into()],
                FillError::Store(error) => vec![Diagnostic::error(format!("fill STORE: {error}"))],
            })?;
    }
    Ok(plan)
}

fn source_file(located: &Located) -> SourceFile {
    SourceFile {
        name: located.path.clone(),
        text: String::from_utf8_lossy(&located.content).into_owned(),
    }
}

/// Runs PLAN inside a build: fills STORE from the image's own tools, then writes the plan file.
///
/// # Errors
/// What could not be read or written; mistakes of the user are in the plan file, not here.
pub fn run(
    request: &PlanRequest,
    store: &Path,
    tools: &Path,
    out: &Path,
) -> Result<(), StoreError> {
    install_tools(store, tools)?;
    let file = plan_commit(request, Some(store));
    std::fs::write(out, file.to_json()).map_err(|cause| StoreError {
        action: format!("write {}", out.display()),
        cause,
    })
}
