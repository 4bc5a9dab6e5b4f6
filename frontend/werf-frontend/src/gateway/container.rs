//! A container of the daemon's beside the build, which sees what has become of an exec that failed.

use std::time::Duration;

use buildkit_proto::frontend as proto;
use buildkit_proto::frontend::exec_message::Input;
use buildkit_proto::pb;

use super::bridge::{Bridge, CallError, Ref};

/// A failure is told without more detail rather than later than this.
const LONGEST: Duration = Duration::from_secs(20);

/// More than this is not read of what a process says.
const MOST_BYTES: usize = 64 << 10;

/// The only container of a build, and the only process in it.
const NAME: &str = "look";

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
        let mount = |dest: &str, id: &str, readonly| pb::Mount {
            dest: dest.to_owned(),
            result_id: id.to_owned(),
            input: -1,
            output: -1,
            readonly,
            ..pb::Mount::default()
        };
        let request = proto::NewContainerRequest {
            container_id: NAME.to_owned(),
            mounts: vec![mount("/", &image.0, false), mount(FAILED, failed, true)],
            network: pb::NetMode::None.into(),
            platform: None,
        };
        self.client.new_container(request).await?;
        let said = tokio::time::timeout(LONGEST, self.run(arguments)).await;
        let release = proto::ReleaseContainerRequest {
            container_id: NAME.to_owned(),
        };
        self.client.release_container(release).await?;
        said.unwrap_or_else(|_| Err(CallError::Transport("the process does not end".to_owned())))
    }

    async fn run(&mut self, arguments: Vec<String>) -> Result<Vec<u8>, CallError> {
        let start = proto::ExecMessage {
            process_id: NAME.to_owned(),
            input: Some(Input::Init(proto::InitMessage {
                container_id: NAME.to_owned(),
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
        let mut answers = self.client.exec_process(messages).await?.into_inner();
        let mut said = Vec::new();
        while let Some(message) = answers.message().await? {
            match message.input {
                Some(Input::File(file)) if said.len() + file.data.len() <= MOST_BYTES => {
                    said.extend(file.data);
                }
                Some(Input::Exit(exit)) if exit.code != 0 => {
                    let message = format!("the process ends with {}", exit.code);
                    return Err(CallError::Transport(message));
                }
                Some(Input::Done(_)) => break,
                _ => {}
            }
        }
        drop(sender);
        Ok(said)
    }
}
