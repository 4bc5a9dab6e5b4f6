//! The gateway face as BuildKit starts it: a process with pipes for standard input and output, and a daemon that
//! does what each test needs at the other end.

mod explained;
mod filler;
mod foreseen;
mod imported;
mod linked;
mod side_by_side;
mod split;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use buildkit_proto::frontend as proto;
use buildkit_proto::frontend::llb_bridge_server::{LlbBridge, LlbBridgeServer};
use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;
use buildkit_proto::moby::buildkit::v1::types::WorkerRecord;
use buildkit_proto::{pb, rpc};
use diagnostic::{Diagnostic, Location, rule};
use prost::Message as _;
use stapel_sync::seal::SEAL_PATH;
use tokio::net::UnixStream;
use tonic::{Request, Response, Status};
use werf_config::ImageName;
use werf_plan::agreed::plan_in_build;
use werf_plan::dockerfile::{Context, Dockerfile, DockerfilePlan};
use werf_plan::file::{Outcome, Plan, PlanFile, RemoteRequest, SourceFile};

/// What the daemon answers.
#[derive(Clone)]
struct Script {
    capabilities: Vec<&'static str>,
    plan: Result<Vec<u8>, Status>,
    /// The plan that is answered where PLAN is given a repository, if it is another.
    plan_with_remotes: Option<Vec<u8>>,
    /// The configuration of the client.
    config: &'static str,
    /// How many solves with this command of the sync tool have to be there before one is answered.
    meeting: Option<(&'static str, usize)>,
    /// The processor for which the first solve with a stage misses something in STORE. The daemon remembers that: the stage has failed wherever
    /// it has the same key.
    lost_on: Option<&'static str>,
    /// How a solve that fetches a repository fails, if its operation is known.
    fetch: Option<&'static str>,
    /// The command of the sync tool that fails, and how.
    command: Option<(&'static str, &'static str)>,
    /// The command of the sync tool that ends with exit code 1.
    exits: Option<&'static str>,
    /// How merges fail, without a word on where.
    merge: Option<&'static str>,
    /// The beginning of the seal.
    seal: Vec<u8>,
    /// How often the context of a Dockerfile is not in STORE, and how the frontend for Dockerfiles fails otherwise.
    lost_contexts: usize,
    dockerfile: Option<&'static str>,
    /// The input of that frontend whose last operation has failed then, if it is one.
    failed_input: Option<&'static str>,
    /// What is in directories of what was solved. Others are not there.
    directories: BTreeMap<&'static str, Vec<&'static str>>,
    /// The first note of earlier builds, and how long it takes to find it.
    note: &'static str,
    note_takes: Duration,
    /// The configuration of every image of the registry; empty where there are none.
    image: String,
    /// The label of the worker.
    label: &'static str,
    /// The inputs of the client.
    inputs: BTreeMap<String, pb::Definition>,
    /// What a process in a container says, if there are containers.
    said: Option<&'static str>,
}

impl Default for Script {
    fn default() -> Script {
        let plan = PlanFile {
            session: "session".into(),
            ..PlanFile::of(Outcome::Plan(Plan {
                project: "p".into(),
                commit: "c".into(),
                dockerfiles: Vec::new(),
                images: Vec::new(),
            }))
        };
        Script {
            capabilities: vec![
                "exec.mount.cache.content",
                "source.metaresolver",
                "proto.refarray",
                "gateway.solve.evaluate",
            ],
            plan: Ok(plan.to_json()),
            plan_with_remotes: None,
            config: "",
            meeting: None,
            lost_on: None,
            fetch: None,
            command: None,
            exits: None,
            merge: None,
            seal: Vec::new(),
            lost_contexts: 0,
            dockerfile: None,
            failed_input: None,
            directories: BTreeMap::new(),
            note: "",
            note_takes: Duration::ZERO,
            image: String::new(),
            label: "org.mobyproject.buildkit.worker.snapshotter",
            inputs: BTreeMap::new(),
            said: None,
        }
    }
}

impl Script {
    /// A daemon that does nothing unusual, with this plan.
    fn planned(plan: Plan) -> Script {
        let usual = Script::default();
        let mut file = PlanFile::from_json(&usual.plan.clone().unwrap()).unwrap();
        file.outcome = Outcome::Plan(plan);
        Script {
            plan: Ok(file.to_json()),
            ..usual
        }
    }
}

/// Returns the plan of a configuration with an image `app` that has sources.
fn planned(text: &str) -> Plan {
    let text = diagnostic::SourceText::new("werf.yaml", text).unwrap();
    let config = werf_config::load(&text).expect("right").config;
    let sources = [(ImageName::new("app"), werf_plan::ImageSources::default())];
    werf_plan::plan(&config, "c", &sources.into())
}

/// A daemon that remembers what it was asked.
#[derive(Clone)]
struct Daemon {
    script: Script,
    /// What was solved, but for the look at the configuration that comes before everything else.
    solves: Arc<Mutex<Vec<proto::SolveRequest>>>,
    warnings: Arc<Mutex<Vec<proto::WarnRequest>>>,
    returned: Arc<Mutex<Vec<proto::ReturnRequest>>>,
    /// What builds tell those after them. Solves for that are not among `solves`.
    notes: Arc<Mutex<BTreeMap<String, String>>>,
    containers: Arc<Mutex<Vec<Container>>>,
    /// What has to stay for processes to go on.
    processes: Arc<Mutex<Vec<tokio::sync::mpsc::Sender<Said>>>>,
}

/// A container, and what has become of it.
#[derive(Clone)]
struct Container {
    made: proto::NewContainerRequest,
    arguments: Vec<String>,
    is_released: bool,
}

type Said = Result<proto::ExecMessage, Status>;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl LlbBridge for Daemon {
    async fn ping(&self, _: Request<proto::PingRequest>) -> Answer<proto::PongResponse> {
        let capability = |id: &&str| ApiCap {
            id: (*id).to_owned(),
            enabled: true,
            ..ApiCap::default()
        };
        let platform = pb::Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            ..pb::Platform::default()
        };
        Ok(Response::new(proto::PongResponse {
            llb_caps: self.script.capabilities.iter().map(capability).collect(),
            workers: vec![WorkerRecord {
                platforms: vec![platform],
                labels: [(self.script.label.to_owned(), "overlayfs".to_owned())].into(),
                ..WorkerRecord::default()
            }],
            ..proto::PongResponse::default()
        }))
    }

    async fn solve(&self, request: Request<proto::SolveRequest>) -> Answer<proto::SolveResponse> {
        let request = request.into_inner();
        if let Some((number, written)) = request.definition.as_ref().and_then(note_in) {
            tokio::time::sleep(self.script.note_takes).await;
            let mut notes = self.notes.lock().unwrap();
            if let Some(written) = written {
                notes.insert(number.clone(), written);
            }
            return Ok(answer_with(&format!("note {number}")));
        }
        let operation = |is_it: &dyn Fn(&pb::op::Op) -> bool| {
            let definition = request.definition.as_ref();
            definition.and_then(|definition| operation(definition, is_it))
        };
        let git = operation(&is_git);
        if request.definition.as_ref().is_some_and(is_look_at_config) {
            return Ok(answer_with("config"));
        }
        self.solves.lock().unwrap().push(request.clone());
        if !request.frontend.is_empty() {
            return self.solve_dockerfile(&request);
        }
        if let (Some(message), Some(digest)) = (self.script.fetch, &git) {
            return Err(failure_of(digest, message));
        }
        if let Some((command, others)) = self.script.meeting
            && operation(&|op| is_sync(op, command)).is_some()
        {
            let has_come = || {
                let solves = self.solves.lock().unwrap();
                let definitions = solves.iter().filter_map(|solve| solve.definition.as_ref());
                let is_it = |op: &pb::op::Op| is_sync(op, command);
                definitions
                    .filter(|it| self::operation(it, is_it).is_some())
                    .count()
                    >= others
            };
            for _ in 0..1000 {
                if has_come() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if !has_come() {
                return Err(Status::unknown("the other solves have not come"));
            }
        }
        if let Some(lost_on) = self.script.lost_on {
            let is_it = |op: &pb::Op| {
                let platform = op.platform.as_ref();
                platform.is_some_and(|platform| platform.architecture == lost_on)
                    && op.op.as_ref().is_some_and(|op| is_sync(op, "run"))
            };
            let key_of = |it: &proto::SolveRequest| {
                let definition = it.definition.as_ref()?;
                let digest = operation_that(definition, is_it)?;
                let mut operations = definition.def.iter();
                let op = operations.find_map(|bytes| {
                    let op = pb::Op::decode(bytes.as_slice()).unwrap();
                    is_it(&op).then_some(op)
                });
                let Some(pb::op::Op::Exec(exec)) = op?.op else {
                    return None;
                };
                let meta = exec.meta?;
                Some((digest, (meta.args, meta.env)))
            };
            let solves = self.solves.lock().unwrap();
            if let (Some((_, key)), Some((failed, first))) =
                (key_of(&request), solves.iter().find_map(key_of))
                && key == first
            {
                return Err(exited(&failed, 93));
            }
        }
        if let Some(command) = self.script.exits
            && let Some(digest) = operation(&|op| is_sync(op, command))
        {
            return Err(exited(&digest, 1));
        }
        if let Some((command, message)) = self.script.command
            && let Some(digest) = operation(&|op| is_sync(op, command))
        {
            return Err(failure_of(&digest, message));
        }
        if let Some(message) = self.script.merge
            && operation(&|op| matches!(op, pb::op::Op::Merge(_))).is_some()
        {
            return Err(Status::unknown(message));
        }
        if let Err(status) = &self.script.plan {
            return Err(status.clone());
        }
        Ok(answer_with(if git.is_some() {
            "with remotes"
        } else {
            "ref"
        }))
    }

    async fn read_file(
        &self,
        request: Request<proto::ReadFileRequest>,
    ) -> Answer<proto::ReadFileResponse> {
        let request = request.into_inner();
        let range = request.range.expect("files are read by range");
        if let Some(number) = request.r#ref.strip_prefix("note ") {
            let notes = self.notes.lock().unwrap();
            let note = notes.get(number).cloned().unwrap_or_default();
            return Ok(Response::new(part(note.as_bytes(), &range)));
        }
        let plan = match request.file_path.as_str() {
            SEAL_PATH => self.script.seal.clone(),
            _ if request.r#ref == "config" => self.script.config.as_bytes().to_vec(),
            _ if request.r#ref == "with remotes" && self.script.plan_with_remotes.is_some() => {
                self.script.plan_with_remotes.clone().unwrap()
            }
            _ => self.script.plan.clone()?,
        };
        Ok(Response::new(part(&plan, &range)))
    }

    async fn r#return(
        &self,
        request: Request<proto::ReturnRequest>,
    ) -> Answer<proto::ReturnResponse> {
        self.returned.lock().unwrap().push(request.into_inner());
        Ok(Response::new(proto::ReturnResponse {}))
    }

    async fn resolve_image_config(
        &self,
        _: Request<proto::ResolveImageConfigRequest>,
    ) -> Answer<proto::ResolveImageConfigResponse> {
        if self.script.image.is_empty() {
            return Err(Status::not_found("no registry here"));
        }
        Ok(Response::new(proto::ResolveImageConfigResponse {
            config: self.script.image.clone().into_bytes(),
            ..proto::ResolveImageConfigResponse::default()
        }))
    }

    async fn resolve_source_meta(
        &self,
        _: Request<proto::ResolveSourceMetaRequest>,
    ) -> Answer<proto::ResolveSourceMetaResponse> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn read_dir(
        &self,
        request: Request<proto::ReadDirRequest>,
    ) -> Answer<proto::ReadDirResponse> {
        let request = request.into_inner();
        let Some(names) = self.script.directories.get(request.dir_path.as_str()) else {
            let message = format!("lstat {}: no such file or directory", request.dir_path);
            return Err(Status::unknown(message));
        };
        let pattern = request.include_pattern.as_str();
        let matches = |name: &&&str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern.is_empty() || **name == pattern,
        };
        let stat = |name: &&str| Stat {
            path: (*name).to_owned(),
            ..Stat::default()
        };
        Ok(Response::new(proto::ReadDirResponse {
            entries: names.iter().filter(matches).map(stat).collect(),
        }))
    }

    async fn stat_file(
        &self,
        _: Request<proto::StatFileRequest>,
    ) -> Answer<proto::StatFileResponse> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn evaluate(
        &self,
        _: Request<proto::EvaluateRequest>,
    ) -> Answer<proto::EvaluateResponse> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn inputs(&self, _: Request<proto::InputsRequest>) -> Answer<proto::InputsResponse> {
        Ok(Response::new(proto::InputsResponse {
            definitions: self.script.inputs.clone(),
        }))
    }

    async fn new_container(
        &self,
        request: Request<proto::NewContainerRequest>,
    ) -> Answer<proto::NewContainerResponse> {
        if self.script.said.is_none() {
            return Err(Status::unimplemented("not here"));
        }
        self.containers.lock().unwrap().push(Container {
            made: request.into_inner(),
            arguments: Vec::new(),
            is_released: false,
        });
        Ok(Response::new(proto::NewContainerResponse {}))
    }

    async fn release_container(
        &self,
        request: Request<proto::ReleaseContainerRequest>,
    ) -> Answer<proto::ReleaseContainerResponse> {
        let id = request.into_inner().container_id;
        for container in self.containers.lock().unwrap().iter_mut() {
            container.is_released |= container.made.container_id == id;
        }
        if self.processes.lock().unwrap().is_empty() {
            Ok(Response::new(proto::ReleaseContainerResponse {}))
        } else {
            // So it is with a process that still runs.
            Err(Status::cancelled("context canceled"))
        }
    }

    type ExecProcessStream = tokio_stream::wrappers::ReceiverStream<Said>;

    async fn exec_process(
        &self,
        request: Request<tonic::Streaming<proto::ExecMessage>>,
    ) -> Answer<Self::ExecProcessStream> {
        use proto::exec_message::Input;
        let first = request.into_inner().message().await?.expect("a message");
        let Some(Input::Init(init)) = first.input else {
            return Err(Status::invalid_argument("it does not say what to run"));
        };
        let mut containers = self.containers.lock().unwrap();
        let container = containers
            .iter_mut()
            .find(|it| it.made.container_id == init.container_id)
            .expect("the container was made");
        container.arguments = init.meta.expect("arguments").args;
        let message = proto::ExecMessage {
            process_id: first.process_id,
            input: Some(Input::File(proto::FdMessage {
                fd: 1,
                data: self.script.said.unwrap_or_default().into(),
                ..proto::FdMessage::default()
            })),
        };
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        sender.try_send(Ok(message)).expect("there is room");
        if self.script.said == Some(plan_in_build::STANDS_BY) {
            self.processes.lock().unwrap().push(sender);
        }
        Ok(Response::new(receiver.into()))
    }

    async fn warn(&self, request: Request<proto::WarnRequest>) -> Answer<proto::WarnResponse> {
        self.warnings.lock().unwrap().push(request.into_inner());
        Ok(Response::new(proto::WarnResponse {}))
    }
}

/// Returns the answer that is the file system `id`.
fn answer_with(id: &str) -> Response<proto::SolveResponse> {
    let reference = proto::Ref {
        id: id.into(),
        ..proto::Ref::default()
    };
    let result = proto::Result {
        result: Some(proto::result::Result::Ref(reference)),
        ..proto::Result::default()
    };
    Response::new(proto::SolveResponse {
        result: Some(result),
        ..proto::SolveResponse::default()
    })
}

/// Whether nothing is asked for but the client's configuration.
fn is_look_at_config(definition: &pb::Definition) -> bool {
    let is_config = |op: &pb::op::Op| matches!(op, pb::op::Op::Source(source) if source.identifier == "local://dockerfile");
    definition.def.len() == 2 && operation(definition, is_config).is_some()
}

/// Answers with a part of a file.
fn part(bytes: &[u8], range: &proto::FileRange) -> proto::ReadFileResponse {
    let start = usize::try_from(range.offset).unwrap().min(bytes.len());
    let end = (start + usize::try_from(range.length).unwrap()).min(bytes.len());
    proto::ReadFileResponse {
        data: bytes[start..end].to_vec(),
    }
}

/// If a definition is about a note, returns its number and what is written, if it is not only read.
fn note_in(definition: &pb::Definition) -> Option<(String, Option<String>)> {
    let mut execs = definition.def.iter().filter_map(|bytes| {
        match pb::Op::decode(bytes.as_slice()).unwrap().op {
            Some(pb::op::Op::Exec(exec)) => exec.meta,
            _ => None,
        }
    });
    let meta = execs.find(|meta| meta.args.iter().any(|argument| argument == "write-note"))?;
    let is_written = definition.metadata.values().any(|it| it.ignore_cache);
    let note = meta.proxy_env.unwrap().no_proxy;
    let number = meta.args.last().unwrap().clone();
    Some((number, is_written.then_some(note)))
}

/// Whether an operation fetches a repository.
fn is_git(op: &pb::op::Op) -> bool {
    matches!(op, pb::op::Op::Source(source) if source.identifier.starts_with("git://"))
}

/// Whether an operation runs this command of the sync tool.
fn is_sync(op: &pb::op::Op, command: &str) -> bool {
    let pb::op::Op::Exec(exec) = op else {
        return false;
    };
    let arguments = &exec.meta.as_ref().expect("every exec has arguments").args;
    arguments[0].ends_with("/stapel-sync") && arguments[1] == command
}

/// Returns the digest of the first such operation.
fn operation(definition: &pb::Definition, is_it: impl Fn(&pb::op::Op) -> bool) -> Option<String> {
    operation_that(definition, |op| op.op.as_ref().is_some_and(&is_it))
}

/// As [`operation`], by all that is said of it.
fn operation_that(definition: &pb::Definition, is_it: impl Fn(&pb::Op) -> bool) -> Option<String> {
    use sha2::Digest as _;
    let mut operations = definition.def.iter();
    let bytes = operations.find(|bytes| is_it(&pb::Op::decode(bytes.as_slice()).unwrap()))?;
    let digest = sha2::Sha256::digest(bytes);
    Some(format!(
        "sha256:{}",
        base16ct::lower::encode_string(&digest)
    ))
}

/// Returns how the daemon says that an operation failed.
fn failure_of(digest: &str, message: &str) -> Status {
    let detail = prost_types::Any {
        type_url: "github.com/moby/buildkit/errdefs.Vertex+json".into(),
        value: format!(r#"{{"digest":"{digest}"}}"#).into_bytes(),
    };
    let status = rpc::Status {
        code: 2,
        message: message.into(),
        details: vec![detail],
    };
    with_details(&status)
}

/// Returns how the daemon says that a process has ended with an exit code. 93 is that of ours that did not find something in STORE.
fn exited(digest: &str, code: u8) -> Status {
    let exit = prost_types::Any {
        type_url: "github.com/moby/buildkit/gatewayapi.ExitMessage+json".into(),
        value: format!(r#"{{"Code":{code}}}"#).into_bytes(),
    };
    let failed = failure_of(digest, &format!("exit code: {code}"));
    let mut status = rpc::Status::decode(failed.details()).unwrap();
    status.details.push(exit);
    with_details(&status)
}

fn with_details(status: &rpc::Status) -> Status {
    let details = status.encode_to_vec().into();
    Status::with_details(tonic::Code::Unknown, &status.message, details)
}

impl Daemon {
    /// Answers as the frontend for Dockerfiles would.
    fn solve_dockerfile(&self, request: &proto::SolveRequest) -> Answer<proto::SolveResponse> {
        let solves = self.solves.lock().unwrap();
        let tries = solves
            .iter()
            .filter(|solve| !solve.frontend.is_empty())
            .count();
        if tries <= self.script.lost_contexts {
            let context = &request.frontend_inputs["context"];
            let terminal = pb::Op::decode(context.def.last().unwrap().as_slice()).unwrap();
            return Err(exited(&terminal.inputs[0].digest, 93));
        }
        if let Some(message) = self.script.dockerfile {
            let vertex = self.script.failed_input.map(|name| {
                let definition = &request.frontend_inputs[name];
                let terminal = pb::Op::decode(definition.def.last().unwrap().as_slice()).unwrap();
                terminal.inputs[0].digest.clone()
            });
            let vertex = vertex.unwrap_or_else(|| "sha256:run".to_owned());
            return Err(failure_of(&vertex, message));
        }
        let metadata = BTreeMap::from([("containerimage.config".to_owned(), b"{}".to_vec())]);
        let reference = proto::Ref {
            id: "made".into(),
            ..proto::Ref::default()
        };
        Ok(Response::new(proto::SolveResponse {
            result: Some(proto::Result {
                result: Some(proto::result::Result::Ref(reference)),
                metadata,
                ..proto::Result::default()
            }),
            ..proto::SolveResponse::default()
        }))
    }
}

/// What a build came to.
struct Outcomes {
    status: ExitStatus,
    stderr: String,
    solves: Vec<proto::SolveRequest>,
    warnings: Vec<String>,
    notes: Vec<String>,
    returned: Vec<proto::ReturnRequest>,
    containers: Vec<Container>,
}

impl Outcomes {
    /// Returns the error that the build ended with.
    fn error(&self) -> &rpc::Status {
        assert_eq!(
            self.returned.len(),
            1,
            "one answer; standard error: {}",
            self.stderr
        );
        self.returned[0].error.as_ref().expect("an error")
    }
}

fn frontend(options: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_werf-frontend"));
    command
        .env_clear()
        .env("BUILDKIT_SESSION_ID", "session")
        .env("BUILDKIT_FRONTEND_OPT_99", "source=frontend:1")
        // Nothing is looked for beside the build, so that its solves can be counted.
        .env(
            "BUILDKIT_FRONTEND_OPT_98",
            "build-arg:WERF_UNCOMMITTED=ignore",
        );
    for (index, option) in options.iter().enumerate() {
        command.env(format!("BUILDKIT_FRONTEND_OPT_{index}"), option);
    }
    command.stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs one build against a daemon with this script. Both ends of one socket stand for the two pipes.
async fn build(script: Script, options: &[&str]) -> Outcomes {
    let note = Some(script.note).filter(|note| !note.is_empty());
    let note = note.map(|note| ("0".to_owned(), note.to_owned()));
    let daemon = Daemon {
        script,
        solves: Arc::default(),
        warnings: Arc::default(),
        notes: Arc::new(Mutex::new(note.into_iter().collect())),
        returned: Arc::default(),
        containers: Arc::default(),
        processes: Arc::default(),
    };
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let output: OwnedFd = theirs.try_clone().unwrap().into();
    let child = frontend(options)
        .stdin(OwnedFd::from(theirs))
        .stdout(output)
        .spawn()
        .unwrap();
    ours.set_nonblocking(true).unwrap();
    let connection = UnixStream::from_std(ours).unwrap();
    let incoming = tokio_stream::once(Ok::<_, std::io::Error>(connection));
    let server = tonic::transport::Server::builder()
        .add_service(LlbBridgeServer::new(daemon.clone()))
        .serve_with_incoming(incoming);
    let server = tokio::spawn(server);
    let output = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output())
        .await
        .expect("the frontend ends by itself")
        .unwrap();
    server.abort();
    Outcomes {
        status: output.status,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        solves: daemon.solves.lock().unwrap().clone(),
        warnings: (daemon.warnings.lock().unwrap().iter())
            .map(|warning| String::from_utf8_lossy(&warning.short).into_owned())
            .collect(),
        notes: daemon.notes.lock().unwrap().clone().into_values().collect(),
        returned: daemon.returned.lock().unwrap().clone(),
        containers: daemon.containers.lock().unwrap().clone(),
    }
}

#[tokio::test]
async fn an_old_daemon_gets_one_clear_sentence() {
    let script = Script {
        capabilities: vec!["proto.refarray", "gateway.solve.evaluate"],
        ..Script::default()
    };
    let outcomes = build(script, &[]).await;
    assert_eq!(
        outcomes.error().message,
        "this BuildKit is too old: werf-frontend needs BuildKit 0.13 or newer (Docker 26), this one lacks \
         exec.mount.cache.content, source.metaresolver"
    );
    assert!(outcomes.status.success() && outcomes.solves.is_empty());
}

#[tokio::test]
async fn cache_imports_reach_every_solve_but_that_of_plan() {
    let imports = r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"r/cache"}}]"#;
    let outcomes = build(Script::default(), &[imports]).await;
    assert!(!outcomes.solves.is_empty());
    let attributes = BTreeMap::from([("ref".to_owned(), "r/cache".to_owned())]);
    for solve in &outcomes.solves {
        let definition = solve.definition.as_ref().map(|it| it.def.concat());
        let is_plan = definition.is_some_and(|it| {
            let command = plan_in_build::COMMAND.as_bytes();
            it.windows(command.len()).any(|part| part == command)
        });
        let imports = solve.cache_imports.iter().map(|it| &it.attrs);
        let expected = (!is_plan).then_some(&attributes);
        assert!(imports.eq(expected), "{:?}", solve.cache_imports);
        assert!(solve.evaluate && solve.allow_result_return && solve.allow_result_array_ref);
    }
}

#[tokio::test]
async fn a_project_without_images_says_so() {
    let outcomes = build(Script::default(), &[]).await;
    assert!(
        outcomes
            .error()
            .message
            .starts_with("project `p` has no image to build")
    );
}

#[tokio::test]
async fn a_failed_solve_is_handed_on_with_all_its_details() {
    let detail = prost_types::Any {
        type_url: "github.com/moby/buildkit/x+json".into(),
        value: vec![7; 300_000],
    };
    let status = rpc::Status {
        code: 2,
        message: "it broke".into(),
        details: vec![detail.clone()],
    };
    let failing = Status::with_details(
        tonic::Code::Unknown,
        "it broke",
        status.encode_to_vec().into(),
    );
    let outcomes = build(
        Script {
            plan: Err(failing),
            ..Script::default()
        },
        &[],
    )
    .await;
    assert_eq!(
        (outcomes.error().message.as_str(), outcomes.error().code),
        ("it broke", 2)
    );
    assert_eq!(
        outcomes.error().details,
        [detail],
        "300 kB in a trailer arrive complete"
    );
}

#[tokio::test]
async fn a_cancelled_build_ends_without_an_answer() {
    let outcomes = build(
        Script {
            plan: Err(Status::cancelled("context canceled")),
            ..Script::default()
        },
        &[],
    )
    .await;
    assert!(outcomes.returned.is_empty());
    assert!(!outcomes.status.success() && outcomes.stderr.contains("the build was cancelled"));
}

#[tokio::test]
async fn a_plan_of_another_version_is_refused() {
    let outcomes = build(
        Script {
            plan: Ok(br#"{"version":0}"#.to_vec()),
            ..Script::default()
        },
        &[],
    )
    .await;
    assert!(
        outcomes.error().message.contains("it has version 0"),
        "{}",
        outcomes.error().message
    );
}

#[tokio::test]
async fn an_option_without_sense_is_refused() {
    let outcomes = build(Script::default(), &["force-network-mode=bridge"]).await;
    assert!(
        outcomes
            .error()
            .message
            .contains("`--network` is `default`, `none` or `host`, not `bridge`")
    );
}

#[tokio::test]
async fn an_unknown_question_is_refused_with_the_code_that_clients_expect() {
    let outcomes = build(Script::default(), &["requestid=frontend.nonsense"]).await;
    let error = outcomes.error();
    assert_eq!(error.code, 12);
    assert!(
        error.details[0]
            .type_url
            .ends_with("errdefs.Subrequest+json")
    );
    assert_eq!(error.details[0].value, br#"{"name":"frontend.nonsense"}"#);
}

#[tokio::test]
async fn the_questions_are_listed() {
    let outcomes = build(
        Script::default(),
        &["requestid=frontend.subrequests.describe"],
    )
    .await;
    let result = outcomes.returned[0].result.as_ref().expect("a result");
    let text = String::from_utf8(result.metadata["result.txt"].clone()).unwrap();
    assert!(text.contains("lint") && text.contains("targets"), "{text}");
    assert!(outcomes.solves.is_empty(), "nothing is planned for that");
}

#[tokio::test]
async fn a_daemon_that_is_not_there_ends_the_process() {
    let output = frontend(&[])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), output)
        .await
        .expect("it ends by itself")
        .unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !stderr.is_empty() && !stderr.contains("panicked"),
        "{stderr}"
    );
}

#[tokio::test]
async fn a_broken_pipe_ends_the_process() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let output: OwnedFd = theirs.try_clone().unwrap().into();
    let child = frontend(&[])
        .stdin(OwnedFd::from(theirs))
        .stdout(output)
        .spawn()
        .unwrap();
    drop(ours);
    let output = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output())
        .await
        .expect("it ends")
        .unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// Returns a plan that asks for a repository in line 7.
fn needs_a_repository() -> Vec<u8> {
    let remote = RemoteRequest {
        url: "https://host/team/lib.git".into(),
        reference: "refs/tags/v1".into(),
        name: "tag v1".into(),
        at: Location::point("werf.yaml", 7, 3),
        advice: "give a token".into(),
    };
    let file = PlanFile {
        sources: vec![SourceFile {
            name: "werf.yaml".into(),
            text: "the text".into(),
        }],
        session: "session".into(),
        ..PlanFile::of(Outcome::NeedsRemotes(vec![remote]))
    };
    file.to_json()
}

#[tokio::test]
async fn a_repository_that_cannot_be_fetched_is_named_with_its_line() {
    let refused = "failed to fetch remote: fatal: could not read Username for 'https://host'";
    for (message, advice) in [
        (refused, "\ngive a token"),
        ("no such host", ""),
        (
            "unknown scheme git: not found",
            "\ninstall `git` where the daemon runs, and start the daemon again",
        ),
    ] {
        let script = Script {
            plan: Ok(needs_a_repository()),
            fetch: Some(message),
            ..Script::default()
        };
        let outcomes = build(script, &[]).await;
        assert_eq!(outcomes.solves.len(), 2, "once without and once with it");
        assert_eq!(
            outcomes.error().message,
            format!(
                "werf.yaml:7: repository `https://host/team/lib.git` (tag v1): {message}{advice}"
            )
        );
        let frames = outcomes.error().details.iter();
        let frames = frames.filter(|detail| detail.type_url.ends_with("errdefs.Source+json"));
        assert_eq!(frames.count(), 1);
    }
}

#[tokio::test]
async fn a_plan_that_never_has_enough_ends_in_an_error() {
    let script = Script {
        plan: Ok(needs_a_repository()),
        ..Script::default()
    };
    let outcomes = build(script, &[]).await;
    assert_eq!(outcomes.solves.len(), 2);
    let message = &outcomes.error().message;
    assert!(message.contains("which only a build fetches"), "{message}");
}

/// A daemon with the plan of an image from a Dockerfile.
fn with_dockerfile() -> Script {
    let at = Location::point("werf.yaml", 1, 1);
    let dockerfile = Dockerfile {
        path: "app/Dockerfile".into(),
        text: "FROM scratch\n".into(),
    };
    let context = Context::new("0".repeat(64));
    let mut image = DockerfilePlan::new(ImageName::new("app"), at, dockerfile, context);
    image.args.insert("A".into(), "1".into());
    let plan = PlanFile {
        session: "session".into(),
        ..PlanFile::of(Outcome::Plan(Plan {
            project: "p".into(),
            commit: "c".into(),
            dockerfiles: vec![image],
            images: Vec::new(),
        }))
    };
    Script {
        plan: Ok(plan.to_json()),
        ..Script::default()
    }
}

#[tokio::test]
async fn a_dockerfile_is_handed_to_its_own_frontend_and_the_answer_handed_on() {
    let imports = r#"cache-imports=[{"Type":"registry","Attrs":{"ref":"r/cache"}}]"#;
    let outcomes = build(with_dockerfile(), &[imports]).await;
    let solve = outcomes.solves.last().expect("a solve");
    assert_eq!(solve.frontend, "dockerfile.v0");
    assert!(solve.definition.is_none() && solve.evaluate);
    assert_eq!(solve.cache_imports.len(), 1);
    assert_eq!(solve.frontend_opt["filename"], "app/Dockerfile");
    assert_eq!(solve.frontend_opt["build-arg:A"], "1");
    assert_eq!(solve.frontend_opt["platform"], "linux/amd64");
    let inputs: Vec<&str> = solve.frontend_inputs.keys().map(String::as_str).collect();
    assert_eq!(inputs, ["context", "dockerfile"]);
    let result = outcomes.returned[0].result.as_ref().expect("a result");
    assert_eq!(result.metadata["containerimage.config"], b"{}");
    let Some(proto::result::Result::Ref(reference)) = &result.result else {
        panic!("{result:?}");
    };
    assert_eq!(reference.id, "made");
}

#[tokio::test]
async fn a_classic_image_store_gets_no_read_only_mount_of_store() {
    let mounts = |label| async move {
        let script = Script {
            label,
            ..with_dockerfile()
        };
        let outcomes = build(script, &[]).await;
        let inputs = &outcomes.solves.last().expect("a solve").frontend_inputs;
        let text = buildkit_llb::definition_text(&inputs["context"]);
        let mounts = text.lines().filter(|line| line.contains("= cache"));
        mounts
            .map(|line| line.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let usual = Script::default().label;
    let (usual, classic) = (mounts(usual).await, mounts("executor").await);
    assert_eq!(usual.len(), 2);
    assert!(
        usual.iter().all(|line| line.ends_with(", read-only")),
        "{usual:?}"
    );
    let writable = usual.iter().map(|line| line.replace(", read-only", ""));
    assert_eq!(classic, writable.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failure_of_a_dockerfile_names_it_and_keeps_its_details() {
    let script = Script {
        dockerfile: Some("no such stage"),
        ..with_dockerfile()
    };
    let outcomes = build(script, &[]).await;
    let error = outcomes.error();
    assert_eq!(error.message, "image `app` (app/Dockerfile): no such stage");
    assert_eq!(error.details.len(), 1);
}

const BASE: &str = "werf.invalid/shop/base";

/// A plan in which the Dockerfile of `app` can name the image `base`, which has a stage, and `list` is told of both.
fn with_dependencies() -> Script {
    let text = "project: shop\nconfigVersion: 1\n---\nimage: app\ndockerfile: Dockerfile\ndependencies:\n- {image: base, imports: [{type: ImageName, targetBuildArg: BASE}]}\n---\nimage: base\nfrom: scratch\nshell: {install: make}\n---\nimage: list\nfrom: scratch\ndependencies:\n- image: base\n  before: setup\n  imports: [{type: ImageDigest, targetEnv: BASE_DIGEST}, {type: ImageTag, targetEnv: BASE_TAG}]\n- image: app\n  after: setup\n  imports: [{type: ImageName, targetEnv: APP}]\n";
    let source = diagnostic::SourceText::new("werf.yaml", text).unwrap();
    let config = werf_config::load(&source).unwrap().config;
    let sources = werf_plan::dockerfile::DockerfileSources {
        dockerfile: Dockerfile {
            path: "Dockerfile".into(),
            text: "ARG BASE\nFROM $BASE\n".into(),
        },
        manifest: "0".repeat(64),
    };
    let dockerfile = werf_plan::dockerfile::plan(&config.dockerfiles[0], ("shop", ""), &sources);
    let plan = PlanFile {
        session: "session".into(),
        ..PlanFile::of(Outcome::Plan(Plan {
            dockerfiles: vec![dockerfile],
            ..werf_plan::plan(&config, "c", &BTreeMap::new())
        }))
    };
    Script {
        plan: Ok(plan.to_json()),
        ..Script::default()
    }
}

#[tokio::test]
async fn a_dockerfile_finds_an_image_of_the_file_under_the_name_in_its_argument() {
    let outcomes = build(with_dependencies(), &["target=app"]).await;
    let solve = outcomes.solves.last().unwrap();
    assert_eq!(solve.frontend, "dockerfile.v0");
    let inputs: Vec<&String> = solve.frontend_inputs.keys().collect();
    assert_eq!(inputs, ["context", "dockerfile", BASE]);
    assert_eq!(solve.frontend_opt["build-arg:BASE"], BASE);
    let option = format!("context:{BASE}");
    assert_eq!(solve.frontend_opt[&option], format!("input:{BASE}"));
    let metadata = &solve.frontend_opt[&format!("input-metadata:{BASE}")];
    let metadata: BTreeMap<String, String> = serde_json::from_str(metadata).unwrap();
    let config = BASE64.decode(&metadata["containerimage.config"]).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["config"]["Labels"]["werf.io/image"], "base");
    // What is built on it is built in the same solve: there was only that of PLAN before.
    assert_eq!(outcomes.solves.len(), 2);
    assert!(outcomes.returned[0].error.is_none());
}

#[tokio::test]
async fn a_stage_that_fails_below_a_dockerfile_is_named() {
    let script = Script {
        dockerfile: Some(
            "process \"/.werf/stapel/bin/stapel-sync run\" did not complete successfully: exit code: 2",
        ),
        failed_input: Some(BASE),
        ..with_dependencies()
    };
    let outcomes = build(script, &["target=app"]).await;
    assert_eq!(
        outcomes.error().message,
        "stage `install` of image `base` failed: exit code: 2"
    );
}

#[tokio::test]
async fn what_is_not_given_is_listed_at_once_and_stops_no_other_build() {
    let outcomes = build(with_dependencies(), &["target=list"]).await;
    insta::assert_snapshot!(outcomes.error().message);
    let other = build(with_dependencies(), &["target=base"]).await;
    assert!(other.returned[0].error.is_none());
}

#[tokio::test]
async fn warnings_stop_a_build_that_wants_them_to() {
    let mut plan = PlanFile::from_json(&with_dockerfile().plan.unwrap()).unwrap();
    plan.warnings = vec![
        Diagnostic::warning(&rule::NO_IMAGE, "one"),
        Diagnostic::warning(&rule::NO_VALUE, "two"),
    ];
    let script = Script {
        plan: Ok(plan.to_json()),
        ..Script::default()
    };
    let argument = |value: &str| format!("build-arg:BUILDKIT_DOCKERFILE_CHECK={value}");
    let strict = argument("error=true;skip=NoImage,BuildArgUnused");
    let outcomes = build(script.clone(), &[&strict]).await;
    assert_eq!(
        outcomes.error().message,
        "NoValue: two\n  note: `check=error=true` stops the build at warnings"
    );
    let skips = argument("error=true;skip=all");
    let outcomes = build(script.clone(), &[&skips]).await;
    assert!(outcomes.returned[0].error.is_none());
    let wrong = argument("strict");
    let outcomes = build(script, &[&wrong]).await;
    assert!(
        outcomes
            .error()
            .message
            .starts_with("`check` has no option `strict`")
    );
}

#[tokio::test]
async fn an_input_of_the_client_reaches_a_dockerfile_with_its_configuration() {
    let mut graph = buildkit_llb::Graph::new();
    let node = graph.source(buildkit_llb::Source::image("docker.io/library/made:1"));
    let mut input = graph.definition(node);
    // As a daemon writes it, and no daemon before 0.14 takes it back.
    let places = &mut input.source.get_or_insert_default().locations;
    places.insert(graph.digest(node), pb::Locations::default());
    let script = Script {
        inputs: BTreeMap::from([("base".to_owned(), input)]),
        ..with_dockerfile()
    };
    let metadata = r#"input-metadata:base={"containerimage.config":"e30="}"#;
    let outcomes = build(script, &["context:base=input:base", metadata]).await;
    let solve = outcomes.solves.last().expect("a solve");
    assert_eq!(solve.frontend, "dockerfile.v0");
    assert_eq!(solve.frontend_opt["context:base"], "input:base");
    assert_eq!(
        solve.frontend_opt["input-metadata:base"],
        r#"{"containerimage.config":"e30="}"#
    );
    let handed_on = &solve.frontend_inputs["base"];
    assert_eq!(handed_on.def, graph.definition(node).def);
    let places = handed_on.source.as_ref();
    assert!(places.is_none_or(|source| source.locations.is_empty()));
}

#[tokio::test]
async fn a_file_of_a_web_server_is_no_context_unless_it_is_an_archive() {
    for (capability, first_field) in [(None, 3), (Some("exec.validexitcode"), 11)] {
        let mut script = Script::default();
        script.capabilities.extend(capability);
        let outcomes = build(script, &["context=https://me:word@host/x"]).await;
        let message = &outcomes.error().message;
        assert!(
            message.starts_with(
                "the build context is `https://***@host/x`, and neither a local directory nor a git repository"
            ),
            "{message}"
        );
        // Daemons up to 0.17.1 know an operation as theirs by the order of its fields.
        let definition = outcomes.solves[0]
            .definition
            .as_ref()
            .expect("a definition");
        assert_eq!(definition.def[0][0] >> 3, first_field);
    }
}
