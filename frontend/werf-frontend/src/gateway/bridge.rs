//! BuildKit's calls, typed: solve, read a file, resolve an image, warn, return.

use std::collections::BTreeMap;

use buildkit_llb::Platform;
use buildkit_proto::frontend as proto;
use buildkit_proto::frontend::llb_bridge_client::LlbBridgeClient;
use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::pb;
use buildkit_proto::rpc;
use diagnostic::Diagnostic;
use prost::Message as _;
use tonic::transport::Channel;

use super::answer::{Answer, Refs};
use super::request::CacheImport;

/// Above what BuildKit sends in one message (16 MiB since 0.14; older ones have no limit of their own).
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// The largest definition that BuildKit before 0.14 receives, less room for the rest of the request.
pub const MAX_DEFINITION_BYTES: usize = (4 << 20) - (64 << 10);

/// The kind of resolver that looks into an OCI layout of the client.
const OCI_LAYOUT: i32 = 1;

/// Every file of the daemon that is not read at once is read in pieces of this size.
const READ_BYTES: i64 = 3 << 20;

/// The connection to the daemon.
#[derive(Clone)]
pub struct Bridge {
    pub(super) client: LlbBridgeClient<Channel>,
    cache_imports: Vec<proto::CacheOptionsEntry>,
}

/// What the daemon is and can do.
#[derive(Clone, Debug, Default)]
pub struct Daemon {
    /// The ids of the capabilities that are enabled, gateway and LLB alike.
    pub capabilities: Vec<String>,
    /// The platforms of the first worker, the native one first.
    pub platforms: Vec<pb::Platform>,
    /// The labels of the first worker (`worker/label` of BuildKit).
    pub labels: BTreeMap<String, String>,
}

impl Daemon {
    /// Whether the capability `id` is enabled.
    pub(super) fn can(&self, id: &str) -> bool {
        self.capabilities.iter().any(|known| known == id)
    }
}

/// A reference to a file system that the daemon holds for us; empty for an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ref(pub String);

/// What another frontend is asked to make.
#[derive(Clone, Debug, Default)]
pub struct FrontendSolve {
    /// The frontend's name, for example `dockerfile.v0`.
    pub frontend: &'static str,
    /// Its options, as if the client had given them.
    pub options: BTreeMap<String, String>,
    /// Its inputs, in place of the client's files.
    pub inputs: BTreeMap<String, pb::Definition>,
    /// Whether the image is made before the answer, and not when somebody needs it.
    pub evaluate: bool,
}

/// What a registry knows of a reference.
#[derive(Clone, Debug)]
pub struct ResolvedImage {
    /// The digest of the manifest; empty for an image that is only on the builder.
    pub digest: String,
    /// The bytes of the configuration.
    pub config: Vec<u8>,
}

/// What another frontend has made.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The file system.
    pub reference: Ref,
    /// The same as a definition, to build on; `None` if it is empty.
    pub definition: Option<pb::Definition>,
    /// What is said about it, the configuration of the image among that.
    pub metadata: BTreeMap<String, Vec<u8>>,
}

/// A call that failed.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The build was cancelled: there is nobody to tell.
    Cancelled,
    /// The daemon is gone or speaks something else.
    Transport(String),
    /// The daemon's answer, with all its details, to be handed on unchanged.
    Status(Box<rpc::Status>),
}

impl From<tonic::Status> for CallError {
    fn from(status: tonic::Status) -> CallError {
        if status.code() == tonic::Code::Cancelled {
            return CallError::Cancelled;
        }
        // What tonic made itself, of a broken connection, has a source; what the daemon sent has none.
        if std::error::Error::source(&status).is_some() {
            return CallError::Transport(status.message().to_owned());
        }
        let detailed = rpc::Status::decode(status.details())
            .ok()
            .filter(|detailed| detailed.code != 0);
        CallError::Status(Box::new(detailed.unwrap_or_else(|| rpc::Status {
            code: i32::from(status.code()),
            message: status.message().to_owned(),
            details: Vec::new(),
        })))
    }
}

impl Bridge {
    /// Wraps the connection. `cache_imports` go into every solve, since BuildKit looks only there.
    pub fn new(channel: Channel, cache_imports: &[CacheImport]) -> Bridge {
        let client = LlbBridgeClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let cache_imports = cache_imports
            .iter()
            .map(|import| proto::CacheOptionsEntry {
                r#type: import.kind.clone(),
                attrs: import.attrs.clone(),
            })
            .collect();
        Bridge {
            client,
            cache_imports,
        }
    }

    /// Returns one whose solves find nothing but what this builder has made: whoever can write to a cache in a registry is not to say
    /// what is built, with which secrets.
    pub fn without_imports(&self) -> Bridge {
        Bridge {
            client: self.client.clone(),
            cache_imports: Vec::new(),
        }
    }

    /// Asks what the daemon is. To be called first.
    ///
    /// # Errors
    /// See [`CallError`]; so for all calls.
    pub async fn ping(&mut self) -> Result<Daemon, CallError> {
        let pong = self.client.ping(proto::PingRequest {}).await?.into_inner();
        let capabilities = pong
            .frontend_api_caps
            .into_iter()
            .chain(pong.llb_caps)
            .filter(|capability| capability.enabled)
            .map(|capability| capability.id)
            .collect();
        let worker = pong.workers.into_iter().next().unwrap_or_default();
        Ok(Daemon {
            capabilities,
            platforms: worker.platforms,
            labels: worker.labels.into_iter().collect(),
        })
    }

    /// Solves a definition and waits until it is done.
    pub async fn solve(&mut self, definition: pb::Definition) -> Result<Ref, CallError> {
        let request = proto::SolveRequest {
            definition: Some(definition),
            allow_result_return: true,
            allow_result_array_ref: true,
            cache_imports: self.cache_imports.clone(),
            evaluate: true,
            ..proto::SolveRequest::default()
        };
        let response = self.client.solve(request).await?.into_inner();
        match response.result.and_then(|result| result.result) {
            Some(proto::result::Result::Ref(reference)) => Ok(Ref(reference.id)),
            None if response.r#ref.is_empty() => Ok(Ref(String::new())),
            None => Ok(Ref(response.r#ref)),
            Some(_) => Err(CallError::Transport(
                "the daemon answered a solve with several results".to_owned(),
            )),
        }
    }

    /// Has another frontend of the daemon's make an image.
    pub async fn solve_frontend(&mut self, solve: FrontendSolve) -> Result<Made, CallError> {
        let request = proto::SolveRequest {
            frontend: solve.frontend.to_owned(),
            frontend_opt: solve.options,
            frontend_inputs: solve.inputs,
            allow_result_return: true,
            allow_result_array_ref: true,
            cache_imports: self.cache_imports.clone(),
            evaluate: solve.evaluate,
            ..proto::SolveRequest::default()
        };
        let response = self.client.solve(request).await?.into_inner();
        let result = response.result.unwrap_or_default();
        let (id, definition) = match result.result {
            Some(proto::result::Result::Ref(reference)) => (reference.id, reference.def),
            None => (String::new(), None),
            Some(_) => {
                return Err(CallError::Transport(
                    "the daemon answered with several images where one was asked for".to_owned(),
                ));
            }
        };
        Ok(Made {
            reference: Ref(id),
            definition,
            metadata: result.metadata,
        })
    }

    /// Reads a whole regular file.
    pub async fn read_file(&mut self, reference: &Ref, path: &str) -> Result<Vec<u8>, CallError> {
        let mut bytes = Vec::new();
        loop {
            let range = proto::FileRange {
                offset: bytes.len() as i64,
                length: READ_BYTES,
            };
            let request = proto::ReadFileRequest {
                r#ref: reference.0.clone(),
                file_path: path.to_owned(),
                range: Some(range),
                ..proto::ReadFileRequest::default()
            };
            let data = self.client.read_file(request).await?.into_inner().data;
            let is_last = (data.len() as i64) < READ_BYTES;
            bytes.extend(data);
            if is_last {
                return Ok(bytes);
            }
        }
    }

    /// Reads the first bytes of a regular file.
    pub async fn read_head(
        &mut self,
        reference: &Ref,
        path: &str,
        length: i64,
    ) -> Result<Vec<u8>, CallError> {
        let request = proto::ReadFileRequest {
            r#ref: reference.0.clone(),
            file_path: path.to_owned(),
            range: Some(proto::FileRange { offset: 0, length }),
            ..proto::ReadFileRequest::default()
        };
        Ok(self.client.read_file(request).await?.into_inner().data)
    }

    /// Returns what the entry `name` of the root directory is, without following a link.
    pub async fn stat_in_root(
        &mut self,
        reference: &Ref,
        name: &str,
    ) -> Result<Option<Stat>, CallError> {
        let request = proto::ReadDirRequest {
            r#ref: reference.0.clone(),
            dir_path: "/".to_owned(),
            include_pattern: name.to_owned(),
            ..proto::ReadDirRequest::default()
        };
        let entries = self.client.read_dir(request).await?.into_inner().entries;
        Ok(entries.into_iter().find(|entry| entry.path == name))
    }

    /// Returns the names in a directory that match `pattern`, in BuildKit's syntax; all of them if that is empty. Links on the way are
    /// followed.
    pub async fn entries(
        &mut self,
        reference: &Ref,
        directory: &str,
        pattern: &str,
    ) -> Result<Vec<String>, CallError> {
        let request = proto::ReadDirRequest {
            r#ref: reference.0.clone(),
            dir_path: directory.to_owned(),
            include_pattern: pattern.to_owned(),
            ..proto::ReadDirRequest::default()
        };
        let entries = self.client.read_dir(request).await?.into_inner().entries;
        Ok(entries.into_iter().map(|entry| entry.path).collect())
    }

    /// Resolves an image reference to its digest and configuration.
    pub async fn resolve_image(
        &mut self,
        reference: &str,
        platform: &pb::Platform,
        resolve_mode: &str,
        log_name: &str,
    ) -> Result<ResolvedImage, CallError> {
        let request = proto::ResolveImageConfigRequest {
            r#ref: reference.to_owned(),
            platform: Some(platform.clone()),
            resolve_mode: resolve_mode.to_owned(),
            log_name: log_name.to_owned(),
            ..proto::ResolveImageConfigRequest::default()
        };
        let response = self
            .client
            .resolve_image_config(request)
            .await?
            .into_inner();
        Ok(ResolvedImage {
            digest: response.digest,
            config: response.config,
        })
    }

    /// Returns the configuration of an image of an OCI layout of the client, for which `name` stands in the progress.
    pub async fn resolve_oci_layout(
        &mut self,
        name: &str,
        store: &str,
        digest: &str,
        platform: &Platform,
        session: &str,
    ) -> Result<Vec<u8>, CallError> {
        let request = proto::ResolveImageConfigRequest {
            r#ref: format!("{name}@{digest}"),
            platform: Some(platform.to_proto()),
            log_name: format!("[internal] load metadata for {name}"),
            resolver_type: OCI_LAYOUT,
            session_id: session.to_owned(),
            store_id: store.to_owned(),
            ..proto::ResolveImageConfigRequest::default()
        };
        let response = self.client.resolve_image_config(request).await?;
        Ok(response.into_inner().config)
    }

    /// Returns the definitions that the client gives as inputs, by their names.
    pub async fn inputs(&mut self) -> Result<BTreeMap<String, pb::Definition>, CallError> {
        let response = self.client.inputs(proto::InputsRequest {}).await?;
        Ok(response.into_inner().definitions)
    }

    /// Shows a warning on the vertex with digest `vertex`.
    pub async fn warn(&mut self, request: proto::WarnRequest) -> Result<(), CallError> {
        self.client.warn(request).await?;
        Ok(())
    }

    /// Ends the build with a result.
    pub async fn return_result(&mut self, answer: Answer) -> Result<(), CallError> {
        let to_proto = |reference: Ref| proto::Ref {
            id: reference.0,
            ..proto::Ref::default()
        };
        let result = match answer.refs {
            Refs::None => None,
            Refs::One(reference) => Some(proto::result::Result::Ref(to_proto(reference))),
            Refs::Each(references) => {
                let refs = references.into_iter();
                let refs = refs
                    .map(|(id, reference)| (id, to_proto(reference)))
                    .collect();
                Some(proto::result::Result::Refs(proto::RefMap { refs }))
            }
        };
        let result = proto::Result {
            result,
            metadata: answer.metadata,
            ..proto::Result::default()
        };
        self.client
            .r#return(proto::ReturnRequest {
                result: Some(result),
                error: None,
            })
            .await?;
        Ok(())
    }

    /// Ends the build with an error.
    pub async fn return_error(&mut self, status: rpc::Status) -> Result<(), CallError> {
        self.client
            .r#return(proto::ReturnRequest {
                result: None,
                error: Some(status),
            })
            .await?;
        Ok(())
    }
}

/// Leaves out the text of the configuration, which is only for frames, if the definition would be larger
/// than an old daemon receives.
pub(super) fn shrink(definition: &mut pb::Definition) -> Result<(), Diagnostic> {
    if definition.encoded_len() > MAX_DEFINITION_BYTES
        && let Some(source) = &mut definition.source
    {
        for info in &mut source.infos {
            info.data.clear();
        }
    }
    let bytes = definition.encoded_len();
    if bytes > MAX_DEFINITION_BYTES {
        return Err(Diagnostic::error(format!(
            "the scripts of the image make {bytes} bytes, which is more than BuildKit takes in one build ({MAX_DEFINITION_BYTES})"
        ))
        .hint("move data out of the commands into files of the repository"));
    }
    Ok(())
}
