//! PLAN: the commit and a few words from the client in, the plan file and tools in STORE out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config;
use crate::error::Diagnostic;
use crate::git::repo::Repo;
use crate::plan;
use crate::plan::file::{Outcome, PlanFile, VERSION};

use super::locate::Wanted;
use super::sources::{FillError, Snapshot};
use super::store::{StoreError, install_tools};
use super::template::{self, Remarks};

/// Everything that PLAN is told; whatever else it wants to know is in the commit.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The git directory.
    pub git_dir: PathBuf,
    /// Which configuration file.
    pub wanted: Wanted,
    /// The build arguments, which templates may read.
    pub build_args: BTreeMap<String, String>,
}

/// Plans the HEAD commit of the repository, and fills STORE with what its stages need if one is given.
/// Mistakes of the user are part of the result.
pub fn plan_commit(request: &PlanRequest, store: Option<&Path>) -> PlanFile {
    let mut remarks = Remarks::default();
    let outcome = match plan_or_refuse(request, store, &mut remarks) {
        Ok(plan) => Outcome::Plan(plan),
        Err(errors) => Outcome::Errors(errors),
    };
    PlanFile {
        version: VERSION,
        outcome,
        warnings: remarks.warnings,
        sources: remarks.sources,
        used_build_args: remarks.used.into_iter().collect(),
    }
}

fn plan_or_refuse(
    request: &PlanRequest,
    store: Option<&Path>,
    remarks: &mut Remarks,
) -> Result<plan::file::Plan, Vec<Diagnostic>> {
    let repo = Repo::open(&request.git_dir).map_err(|error| vec![error.into()])?;
    let source = template::read(&repo, request, remarks)?;
    let loaded = config::load(&source)?;
    remarks.warnings.extend(loaded.warnings);
    let snapshot = Snapshot::take(&loaded.config, &repo, &source, &mut remarks.warnings)?;
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
