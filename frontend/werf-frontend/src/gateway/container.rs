//! Containers of the daemon's beside the build: one that sees what has become of an exec that failed, and one that stands by.

use std::time::Duration;

use buildkit_proto::frontend as proto;
use buildkit_proto::frontend::exec_message::Input;
use buildkit_proto::pb;
use tokio::sync::mpsc::Sender;
use tonic::Streaming;

use super::bridge::{Bridge, CallError, Ref};

/// A failure is told without more detail rather than later than this.
const LONGEST: Duration = Duration::from_secs(20);

/// More than this is not read of what a process says.
const MOST_BYTES: usize = 64 << 10;

/// The container that looks at a failure.
const LOOK: &str = "look";

/// The descriptor of a process's standard output.
const STDOUT: u32 = 1;

/// Where a container sees the file system that is looked at.
pub(super) const FAILED: &str = "/failed";

impl Bridge {
    /// Runs `arguments` in `image`, with the file system `failed` at [`FAILED`], and returns what that says on its standard
    /// output. `failed` is the id of a mount of an exec that has failed.
    ///
    /// # Errors
    /// See [`CallError`]; a process that fails or does not end.
    pub(super) async fn look(
        &mut self,
        image: &Ref,
        failed: &str,
        arguments: Vec<String>,
    ) -> Result<Vec<u8>, CallError> {
        let mounts = vec![
            mount("/", image, false),
            mount(FAILED, &Ref(failed.to_owned()), true),
        ];
        self.make_container(LOOK, mounts).await?;
        let said = tokio::time::timeout(LONGEST, self.output(arguments)).await;
        self.release_container(LOOK).await?;
        said.unwrap_or_else(|_| Err(CallError::Transport("the process does not end".to_owned())))
    }

    async fn output(&mut self, arguments: Vec<String>) -> Result<Vec<u8>, CallError> {
        let mut process = self.start_in(LOOK, arguments).await?;
        let mut said = Vec::new();
        while let Some(data) = process.hear().await? {
            if said.len() + data.len() <= MOST_BYTES {
                said.extend(data);
            }
        }
        Ok(said)
    }

    /// Makes a container without a network that has `mounts`.
    ///
    /// # Errors
    /// See [`CallError`]; so for all calls.
    pub(super) async fn make_container(
        &mut self,
        name: &str,
        mounts: Vec<pb::Mount>,
    ) -> Result<(), CallError> {
        let request = proto::NewContainerRequest {
            container_id: name.to_owned(),
            mounts,
            network: pb::NetMode::None.into(),
            platform: None,
        };
        self.client.new_container(request).await?;
        Ok(())
    }

    /// Ends what still runs in a container, and removes it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn release_container(&mut self, name: &str) -> Result<(), CallError> {
        let release = proto::ReleaseContainerRequest {
            container_id: name.to_owned(),
        };
        self.client.release_container(release).await?;
        Ok(())
    }

    /// Starts a process in a container, of which it is the only one.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn start_in(
        &mut self,
        name: &str,
        arguments: Vec<String>,
    ) -> Result<Process, CallError> {
        let start = proto::ExecMessage {
            process_id: name.to_owned(),
            input: Some(Input::Init(proto::InitMessage {
                container_id: name.to_owned(),
                meta: Some(pb::Meta {
                    args: arguments,
                    cwd: "/".to_owned(),
                    ..pb::Meta::default()
                }),
                fds: vec![STDOUT],
            })),
        };
        // The daemon takes an end of what we say for an end of the process.
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        sender
            .send(start)
            .await
            .map_err(|_| CallError::Transport("nobody listens".to_owned()))?;
        let messages = tokio_stream::wrappers::ReceiverStream::new(receiver);
        let answers = self.client.exec_process(messages).await?.into_inner();
        Ok(Process {
            answers,
            _sender: sender,
        })
    }
}

/// A process in a container. It ends when this is dropped.
pub(super) struct Process {
    answers: Streaming<proto::ExecMessage>,
    _sender: Sender<proto::ExecMessage>,
}

impl Process {
    /// Returns what it says next on its standard output; `None` when it has ended well.
    ///
    /// # Errors
    /// See [`CallError`]; a process that fails.
    pub(super) async fn hear(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        while let Some(message) = self.answers.message().await? {
            match message.input {
                Some(Input::File(file)) => return Ok(Some(file.data)),
                Some(Input::Exit(exit)) if exit.code != 0 => {
                    let message = format!("the process ends with {}", exit.code);
                    return Err(CallError::Transport(message));
                }
                Some(Input::Done(_)) => break,
                _ => {}
            }
        }
        Ok(None)
    }
}

/// Returns a mount of a reference, or of one of the mounts of an exec that has failed.
pub(super) fn mount(dest: &str, reference: &Ref, readonly: bool) -> pb::Mount {
    pb::Mount {
        dest: dest.to_owned(),
        result_id: reference.0.clone(),
        input: -1,
        output: -1,
        readonly,
        ..pb::Mount::default()
    }
}
