//! The plan as versioned JSON: what the helper writes and the gateway reads.
//!
//! Both faces of the binary meet here and nowhere else. They are one program in one image, so the
//! version only guards against a stale output; a reader refuses any version but its own.

use std::collections::BTreeMap;

use diagnostic::{Checks, Diagnostic, Located, Location};
use serde::{Deserialize, Serialize};
use werf_config::template::Argument;
use werf_config::{Base, Docker, ImageMount, ImageName, ImageSpec, Import, NetworkMode, Secret};

use super::dependency::MissingValue;
use super::digest::{Digest, DigestField};
use super::dockerfile::DockerfilePlan;
use super::script::{Script, ScriptKind};
use super::stage::StageKind;

/// The version of the JSON below.
pub const VERSION: u32 = 1;

/// The file that PLAN writes: either what to build or why not, and what a person must be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    /// [`VERSION`] of the writer.
    pub version: u32,
    /// The plan, or the mistakes that prevent one.
    pub outcome: Outcome,
    /// Remarks that do not stop the build.
    pub warnings: Vec<Diagnostic>,
    /// Which of them the configuration wants to be said.
    #[serde(default, skip_serializing_if = "Checks::is_default")]
    pub checks: Checks,
    /// The files that locations refer to, for the frames that the client draws.
    pub sources: Vec<SourceFile>,
    /// The build arguments that the configuration asks for, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_build_args: Vec<String>,
    /// The build arguments that templates read, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Argument>,
    /// The session of the build that has run PLAN; empty outside of builds. A build that reads another one has the file from the cache.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session: String,
    /// When that was, in seconds since 1970; 0 outside of builds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unix_time: u64,
    /// Whether templates have asked for what is another every time, as the clock is: the file counts for that one build.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unstable: bool,
    /// Whether PLAN has put off to write the contents of many files into STORE: a filler has to stand by for stages that run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_put_off: bool,
}

impl PlanFile {
    /// Returns a file with nothing but an outcome.
    pub fn of(outcome: Outcome) -> PlanFile {
        PlanFile {
            version: VERSION,
            outcome,
            warnings: Vec::new(),
            checks: Checks::default(),
            sources: Vec::new(),
            used_build_args: Vec::new(),
            arguments: Vec::new(),
            session: String::new(),
            unix_time: 0,
            is_unstable: false,
            is_put_off: false,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What became of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Everything is well: this is to be built.
    Plan(Plan),
    /// At least one mistake; nothing is built.
    Errors(Vec<Diagnostic>),
    /// Nothing can be planned before these repositories have been fetched.
    NeedsRemotes(Vec<RemoteRequest>),
    /// Nothing can be planned without these files of the client.
    NeedsFiles(FilesRequest),
}

/// What files of the client are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilesOf {
    /// Rules of the configuration name them.
    Rules,
    /// The working directory is built.
    WorkTree,
}

/// Files of the client's working directory that are read in place of the commit's, in the syntax of `.dockerignore`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesRequest {
    /// What they are for.
    pub of: FilesOf,
    /// What is sent; everything if there is none.
    pub include: Vec<String>,
    /// What of that is not.
    pub exclude: Vec<String>,
}

/// A commit of another repository that mappings take files of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteRequest {
    /// The URL, without credentials.
    pub url: String,
    /// What git calls the commit: `HEAD`, `refs/heads/…`, `refs/tags/…`, or its id.
    pub reference: String,
    /// The same for people, such as `tag v1`.
    pub name: String,
    /// Where the first of the mappings says so.
    pub at: Location,
    /// What to do if the server wants to know who asks.
    pub advice: String,
}

/// A file of the commit, by the name that people know it under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// As in [`Location::file`].
    pub name: String,
    /// The whole text; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// Everything that can be known without looking at base images: the images of the configuration, stage
/// by stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The `project` of the meta section.
    pub project: String,
    /// The commit that was planned, as hexadecimal digits. Informative: it is in no cache key.
    pub commit: String,
    /// The images built from Dockerfiles, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dockerfiles: Vec<DockerfilePlan>,
    /// All other images, in the order of the configuration.
    pub images: Vec<ImagePlan>,
}

/// One image of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePlan {
    /// Its name; empty for the nameless image.
    pub name: ImageName,
    /// Where it is defined.
    pub at: Location,
    /// Whether it is built for its own sake (`final`).
    pub is_final: bool,
    /// What it starts from.
    pub base: Base,
    /// Its stages in build order, `from` first, without those that do not exist.
    pub stages: Vec<StagePlan>,
    /// Labels that the image has unless its configuration removes them, sorted by name.
    pub service_labels: BTreeMap<String, String>,
    /// The `docker` section, if there is one.
    pub docker: Option<Docker>,
    /// The `imageSpec` section, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_spec: Option<ImageSpec>,
    /// Directories that its stages see and that are no part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<ImageMount>,
    /// Such directories of the image of this configuration that it is based on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherited_mounts: Vec<ImageMount>,
    /// Secrets that its commands see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// What its commands can reach; `None` leaves it to the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Located<NetworkMode>>,
    /// The platforms that it is for; none means whatever is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Located<String>>,
    /// What it is told of other images, as far as the client has not given it: without that it cannot be built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingValue>,
    /// Whether nobody knows what the layer of [`ImagePlan::baseline`] holds, so that the stages after it are a
    /// guess: PLAN has to be asked again, with that layer at hand.
    #[serde(default, rename = "unmeasured")]
    pub baseline_is_unknown: bool,
}

impl ImagePlan {
    /// Whether one of its mounts is the named context `name` of the client.
    pub fn uses_context(&self, name: &str) -> bool {
        let mut mounts = self.mounts.iter().chain(&self.inherited_mounts);
        mounts.any(|mount| mount.is_context(name))
    }

    /// Whether a stage needs the ansible tool chain.
    pub fn uses_ansible(&self) -> bool {
        let mut scripts = self.stages.iter().filter_map(|stage| stage.script.as_ref());
        scripts.any(|script| script.kind == ScriptKind::Playbook)
    }

    /// Whether it has a stage of this kind.
    pub fn has(&self, kind: StageKind) -> bool {
        self.stages.iter().any(|stage| stage.kind == kind)
    }

    /// Returns the last stage before `gitCache` that does something with sources: what has changed since it
    /// was built decides whether there is a `gitCache`. `None` for an image that is not brought to the commit.
    pub fn baseline(&self) -> Option<&StagePlan> {
        if !self.has(StageKind::GitLatestPatch) {
            return None;
        }
        let before = |stage: &&StagePlan| stage.kind < StageKind::GitCache;
        let mut stages = self.stages.iter().rev().filter(before);
        stages.find(|stage| stage.sources.is_some())
    }
}

/// One stage of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePlan {
    /// Which stage this is.
    pub kind: StageKind,
    /// Its cache key, which covers the digest of the stage before it.
    pub digest: Digest,
    /// What entered the digest.
    pub fields: Vec<DigestField>,
    /// The lines that define it, for failures and provenance.
    pub at: Vec<Location>,
    /// What it runs; `None` for a stage that only has a cache version, or only configuration or files.
    pub script: Option<Script>,
    /// What it does with the files of git mappings before that; `None` if nothing.
    pub sources: Option<Sources>,
    /// The files of other images that it brings, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// The variables that the environment has from here on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
}

impl StagePlan {
    /// Whether the stage finds something in STORE under its digest: files, or the facts of the commit.
    pub fn has_slot(&self) -> bool {
        self.script.is_some() || self.sources.is_some()
    }

    /// Whether something runs for it: a stage without a step is configuration only.
    pub fn has_step(&self) -> bool {
        self.has_slot() || !self.imports.is_empty()
    }
}

/// What a stage does with the files of git mappings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sources {
    /// Puts them there; nothing of this image has done so before.
    Archive,
    /// Brings them to whatever the slot of the stage says, which is in no key.
    Update,
    /// Brings them to exactly this manifest (64 hexadecimal digits) and forgets how they came there.
    Finish(String),
}

impl PlanFile {
    /// Returns the warnings that the configuration wants to be said.
    pub fn heard(&self) -> Vec<&Diagnostic> {
        let warnings = self.warnings.iter();
        warnings
            .filter(|warning| self.checks.hears(warning))
            .collect()
    }

    /// Whether templates read an argument that has no default and was not given. What is wrong may be because of that alone.
    pub fn lacks_arguments(&self) -> bool {
        self.arguments.iter().any(|argument| argument.is_missing)
    }

    /// Draws a diagnostic with the lines that it points at, for a terminal.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let file = diagnostic
            .at
            .as_ref()
            .and_then(|at| self.sources.iter().find(|file| file.name == at.file));
        diagnostic::render(diagnostic, file.map(|file| file.text.as_str()))
    }

    /// Returns the bytes to write.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes =
            serde_json::to_vec(self).expect("a plan holds only strings, numbers and lists");
        bytes.push(b'\n');
        bytes
    }

    /// Reads what [`PlanFile::to_json`] wrote.
    ///
    /// # Errors
    /// A sentence for the log if the bytes are no plan of this version.
    pub fn from_json(bytes: &[u8]) -> Result<PlanFile, String> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head =
            serde_json::from_slice(bytes).map_err(|error| format!("read the plan: {error}"))?;
        if head.version != VERSION {
            return Err(format!(
                "read the plan: it has version {}, this frontend reads version {VERSION}",
                head.version
            ));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("read the plan: {error}"))
    }
}
