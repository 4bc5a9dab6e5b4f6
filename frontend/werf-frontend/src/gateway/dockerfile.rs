//! Images from Dockerfiles: what BuildKit's own Dockerfile frontend is told, and what it makes.
//!
//! It gets the context and the Dockerfile as inputs (`frontend/dockerui/context.go`), so that both are the commit's, and
//! everything else as options, as if the client had given them. Frames and warnings of the Dockerfile reach the client
//! without our help. Secrets and ssh agents do, too: it has them from the same session.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use buildkit_llb::{Network, Platform};
use buildkit_proto::rpc;
use diagnostic::Diagnostic;
use serde_json::json;
use werf_config::image_spec::Clear;
use werf_config::network::NetworkMode;
use werf_plan::digest::DigestWriter;
use werf_plan::dockerfile::DockerfilePlan;
use werf_plan::stage::StageKind;

use crate::lower::context::{self, Client, LoweredContext};
use crate::lower::image_config::ImageConfig;
use crate::lower::{ContextImage, DockerfileBase, Lowerer, Settings, StoreMount};

use super::answer::CONFIG;
use super::bridge::{Bridge, CallError, FrontendSolve, Made, shrink};
use super::failure::{Failure, blame, lacks_in_store};
use super::report;
use super::request::{NoCache, Request};
use super::rounds::{Solved, StoreMiss, TargetGraph};

/// How BuildKit calls its Dockerfile frontend.
const FRONTEND: &str = "dockerfile.v0";

/// What stands for taking the context out of STORE where stages are told apart: what puts files where there were none.
pub(super) const CONTEXT_STAGE: StageKind = StageKind::GitArchive;

/// One image from a Dockerfile, for one platform.
pub(super) struct DockerfileSolve<'a> {
    pub plan: &'a DockerfilePlan,
    pub request: &'a Request,
    pub platform: &'a Platform,
    /// Which STORE the context mounts, and how.
    pub store: StoreMount,
    /// Which attempt it is to take the context out of it.
    pub attempt: u32,
    /// The images of the file that it can name, by the names.
    images: BTreeMap<String, ContextImage>,
}

impl<'a> DockerfileSolve<'a> {
    /// Returns that of `plan`, whose images are in `lowerer`, and in `native` for the builder's own platform if it may want
    /// them for that.
    pub fn new(
        plan: &'a DockerfilePlan,
        request: &'a Request,
        settings: &'a Settings,
        lowerer: &mut Lowerer<'_>,
        mut native: Option<&mut Lowerer<'_>>,
    ) -> DockerfileSolve<'a> {
        let mut images = BTreeMap::new();
        for (name, image) in &plan.images {
            images.extend(lowerer.context(image).map(|it| (name.clone(), it)));
            if let Some(native) = &mut native {
                // BuildKit looks for the name with the platform first.
                let name = format!("{name}::{}", native.platform());
                images.extend(native.context(image).map(|it| (name, it)));
            }
        }
        DockerfileSolve {
            images,
            plan,
            request,
            platform: &settings.platform,
            store: settings.store,
            attempt: settings
                .attempts
                .of(&plan.name, CONTEXT_STAGE, &plan.context.slot.hex()),
        }
    }

    /// Builds the image. A stage of an image that it can name may fail, too: `graphs` have those.
    pub async fn run(
        &self,
        bridge: &mut Bridge,
        graphs: &[&TargetGraph],
    ) -> Result<Solved<Made>, Failure> {
        let context = self.context();
        let status = match self.make(bridge, &context, Evaluate::Now).await? {
            Ok(made) => return Ok(Solved::Well(made)),
            Err(status) => status,
        };
        let vertex = report::failed_vertex(&status);
        let failed = graphs.iter().find(|graph| {
            let lowered = &graph.lowered;
            let mut steps = lowered.steps.iter();
            steps.any(|step| Some(lowered.graph.digest(step.node)) == vertex)
        });
        if let Some(graph) = failed {
            return blame(*status, graph, None).map(Solved::StoreLacks);
        }
        let is_context = Some(context.graph.digest(context.exec)) == vertex;
        let store_lacks = is_context && lacks_in_store(&status);
        let status = Box::new(name_image(*status, self.plan));
        if store_lacks {
            Ok(Solved::StoreLacks(StoreMiss {
                image: self.plan.name.clone(),
                stage: CONTEXT_STAGE,
                status,
            }))
        } else {
            Err(Failure::Status(status))
        }
    }

    /// Asks what the image is, and has nothing of it run: that happens together with what is built on it.
    pub async fn describe(&self, bridge: &mut Bridge) -> Result<DockerfileBase, Failure> {
        let context = self.context();
        // Nothing is run, so no stage can fail and STORE cannot lack anything.
        let made = self.make(bridge, &context, Evaluate::Later).await?;
        let made =
            made.map_err(|status| Failure::Status(Box::new(name_image(*status, self.plan))))?;
        Ok(DockerfileBase {
            name: self.plan.name.clone(),
            context: context.graph.definition(context.exec),
            config: made.metadata.get(CONFIG).cloned().unwrap_or_default(),
            definition: made.definition,
        })
    }

    fn context(&self) -> LoweredContext {
        let client = Client {
            name: &self.request.context_name,
            session: &self.request.session,
        };
        context::context(self.plan, client, self.store, self.attempt)
    }

    /// Returns the image, or the status by which the daemon says that it cannot be made.
    async fn make(
        &self,
        bridge: &mut Bridge,
        context: &LoweredContext,
        evaluate: Evaluate,
    ) -> Result<Result<Made, Box<rpc::Status>>, Failure> {
        let (plan, request) = (self.plan, self.request);
        let (dockerfile, dockerfile_root) = context::dockerfile(&plan.dockerfile);
        let mut inputs = BTreeMap::from([
            ("context".to_owned(), context.graph.definition(context.root)),
            (
                "dockerfile".to_owned(),
                dockerfile.definition(dockerfile_root),
            ),
        ]);
        let mut options = options(plan, request, self.platform);
        for (name, input) in &request.inputs {
            inputs.insert(name.clone(), input.clone());
        }
        for (name, image) in &self.images {
            options.extend(named_context(name, image));
            inputs.insert(name.clone(), image.definition.clone());
        }
        for definition in inputs.values_mut() {
            shrink(definition)?;
        }
        let solve = FrontendSolve {
            frontend: FRONTEND,
            options,
            inputs,
            evaluate: evaluate == Evaluate::Now,
        };
        match bridge.solve_frontend(solve).await {
            Ok(mut made) => {
                specify(&mut made, plan, request).map_err(Failure::Mistakes)?;
                Ok(Ok(made))
            }
            Err(CallError::Status(status)) => Ok(Err(status)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the options by which a Dockerfile finds the input `name`, and its configuration, under that name
/// (`frontend/dockerui/namedcontext.go`).
fn named_context(name: &str, image: &ContextImage) -> [(String, String); 2] {
    let metadata = json!({ CONFIG: BASE64.encode(&image.config) });
    [
        (format!("context:{name}"), format!("input:{name}")),
        (format!("input-metadata:{name}"), metadata.to_string()),
    ]
}

/// When an image is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evaluate {
    Now,
    Later,
}

/// Applies `imageSpec` to the configuration that the Dockerfile has given. Labels of the client win.
fn specify(
    made: &mut Made,
    plan: &DockerfilePlan,
    request: &Request,
) -> Result<(), Vec<Diagnostic>> {
    let (Some(spec), Some(bytes)) = (&plan.image_spec, made.metadata.get(CONFIG)) else {
        return Ok(());
    };
    let mut config = ImageConfig::from_built(bytes).map_err(|error| {
        let message = format!("image `{}`: {}", plan.name, error.0);
        vec![Diagnostic::error(message).at(plan.at.clone())]
    })?;
    config.apply_image_spec(spec)?;
    if spec.clear.contains(&Clear::History) {
        config.clear_history();
    }
    for (name, value) in &request.labels {
        config.set_label(name, value);
    }
    let epoch = request.source_date_epoch;
    if let Some(epoch) = epoch.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
        config.set_created(epoch);
    }
    made.metadata.insert(CONFIG.to_owned(), config.to_json());
    Ok(())
}

/// Puts the image and its Dockerfile before the daemon's message; code and details stay.
fn name_image(mut status: rpc::Status, plan: &DockerfilePlan) -> rpc::Status {
    status.message = format!(
        "image `{}` ({}): {}",
        plan.name, plan.dockerfile.path, status.message
    );
    status
}

/// Returns the options for the Dockerfile frontend (`frontend/dockerui/config.go`).
///
/// Build arguments of the client are for templates; a Dockerfile has those of `args`, proxies, and what BuildKit itself
/// understands.
pub(super) fn options(
    plan: &DockerfilePlan,
    request: &Request,
    platform: &Platform,
) -> BTreeMap<String, String> {
    let mut options = BTreeMap::from([
        ("filename".to_owned(), plan.dockerfile.path.clone()),
        ("platform".to_owned(), platform.to_string()),
        (
            "image-resolve-mode".to_owned(),
            request.resolve_mode.clone(),
        ),
    ]);
    let mut set = |key: &str, value: String| options.insert(key.to_owned(), value);
    if !plan.target.is_empty() {
        set("target", plan.target.clone());
    }
    for (kind, value) in &request.proxy {
        let name = format!("{}_PROXY", kind.to_uppercase());
        set(&format!("build-arg:{name}"), value.clone());
    }
    if let Some(epoch) = request.source_date_epoch {
        set("build-arg:SOURCE_DATE_EPOCH", epoch.to_string());
    }
    for (name, value) in &plan.args {
        set(&format!("build-arg:{name}"), value.clone());
    }
    for (name, value) in plan.service_labels.iter().chain(&request.labels) {
        set(&format!("label:{name}"), value.clone());
    }
    for (name, value) in &request.contexts {
        set(&format!("context:{name}"), value.clone());
    }
    for (name, value) in &request.input_metadata {
        set(&format!("input-metadata:{name}"), value.clone());
    }
    for (name, value) in &request.local_sessions {
        set(&format!("local-sessionid:{name}"), value.clone());
    }
    if let Some(names) = no_cache(plan, &request.no_cache) {
        set("no-cache", names);
    }
    if let Some(hosts) = extra_hosts(plan, request) {
        set("add-hosts", hosts);
    }
    if let Some(network) = network(plan.network, request.network) {
        set("force-network-mode", network.to_owned());
    }
    if let Some(bytes) = request.shm_size {
        set("shm-size", bytes.to_string());
    }
    if !request.ulimits.is_empty() {
        let limits = request.ulimits.iter();
        let limits = limits.map(|(name, soft, hard)| format!("{name}={soft}:{hard}"));
        set("ulimit", limits.collect::<Vec<_>>().join(","));
    }
    if let Some(parent) = &request.cgroup_parent {
        set("cgroup-parent", parent.clone());
    }
    for (key, value) in request.resources.options() {
        set(key, value.clone());
    }
    if let Some(hostname) = &request.hostname {
        set("hostname", hostname.clone());
    }
    if !request.cache_imports.is_empty() {
        let imports = request.cache_imports.iter();
        let imports = imports.map(|import| json!({ "Type": import.kind, "Attrs": import.attrs }));
        set(
            "cache-imports",
            json!(imports.collect::<Vec<_>>()).to_string(),
        );
    }
    options
}

/// Returns the value of `no-cache`: nothing for the whole image, or the stages of the Dockerfile.
fn no_cache(plan: &DockerfilePlan, no_cache: &NoCache) -> Option<String> {
    let image = plan.name.to_string().to_lowercase();
    match no_cache {
        NoCache::Off => None,
        NoCache::All => Some(String::new()),
        NoCache::Named(names) if names.contains(&image) => Some(String::new()),
        NoCache::Named(names) => {
            let own = format!("{image}/");
            let stages = names
                .iter()
                .filter_map(|name| match name.strip_prefix(&own) {
                    Some(stage) => Some(stage),
                    None if name.contains('/') => None,
                    None => Some(name.as_str()),
                });
            let stages: Vec<&str> = stages.collect();
            (!stages.is_empty()).then(|| stages.join(","))
        }
    }
}

/// What the client asks for wins, as in werf. The client's own default is not told from saying nothing.
fn network(of_image: Option<NetworkMode>, of_build: Network) -> Option<&'static str> {
    match (of_build, of_image) {
        (Network::None, _) | (Network::Sandbox, Some(NetworkMode::None)) => Some("none"),
        (Network::Host, _) | (Network::Sandbox, Some(NetworkMode::Host)) => Some("host"),
        (Network::Sandbox, Some(NetworkMode::Default)) => Some("sandbox"),
        (Network::Sandbox, None) => None,
    }
}

/// Returns what is put into `/etc/hosts` of the containers.
///
/// The names are in the key of every `RUN`, and nothing of them is in a layer. So a name is what carries `cacheVersion`
/// and the client's cache scope: with another one, all commands run again.
fn extra_hosts(plan: &DockerfilePlan, request: &Request) -> Option<String> {
    let mut hosts = String::new();
    for (name, address) in request.extra_hosts.iter().chain(&plan.extra_hosts) {
        let _ = write!(hosts, "{name}={address},");
    }
    if !plan.cache_version.is_empty() || !plan.cache_scope.is_empty() {
        let (digest, _) = DigestWriter::new("dockerfile")
            .optional("cacheVersion", &plan.cache_version)
            .optional("cacheScope", &plan.cache_scope)
            .finish();
        let _ = write!(
            hosts,
            "cache-version-{}.werf.invalid=0.0.0.0,",
            digest.short()
        );
    }
    hosts.pop()?;
    Some(hosts)
}

#[cfg(test)]
mod tests;
