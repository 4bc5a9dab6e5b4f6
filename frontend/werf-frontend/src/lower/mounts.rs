//! `mount`, `secrets` and the SSH agent: what the containers of stages see besides the image.
//!
//! None of it is in the image. The cache key of a step has the names of secrets and of the agent, and the content of a
//! `fromPath`. Of a `build_dir` it has neither content nor id; a step with one is never marked `ignore_cache`, for which
//! BuildKit would empty the directory.

use buildkit_llb::{CacheSharing, ContentCache, Exec, File, Graph, Mount, Node, Rm, Source};
use diagnostic::Diagnostic;
use werf_config::mount::MountSource;
use werf_config::mount::is_below;
use werf_config::secret::{DIRECTORY as SECRETS, SecretSource, SecretValue};
use werf_config::{ImageMount, Secret};
use werf_plan::agreed::values_id;

use super::{FILE_TIME, Settings, StoreAccess};

/// Where the client's SSH agent is, if it gives one (`--ssh default`).
pub const SSH_SOCKET: &str = "/.werf/ssh-agent";
/// The agent's name for the client.
const SSH_ID: &str = "default";
/// What client and daemon call a local directory in the option of a named context.
const LOCAL: &str = "local:";

/// The mounts of an image, ready to be added to its steps.
pub struct Mounts<'a> {
    directories: Vec<(&'a ImageMount, Found<'a>)>,
    secrets: &'a [Secret],
    /// The cache mount with the values of secrets. PLAN of any build writes to it while others have it mounted.
    values: String,
    access: StoreAccess,
}

enum Found<'a> {
    TmpDir,
    BuildDir(&'a str),
    FromPath(Node),
}

impl<'a> Mounts<'a> {
    /// Finds what is mounted.
    ///
    /// # Errors
    /// Every directory that the client has not given.
    pub fn new(
        graph: &mut Graph,
        mounts: impl IntoIterator<Item = &'a ImageMount>,
        secrets: &'a [Secret],
        settings: &Settings,
    ) -> Result<Mounts<'a>, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let mut not_given = Vec::new();
        for mount in mounts {
            match &mount.source {
                MountSource::TmpDir => found.push((mount, Found::TmpDir)),
                MountSource::BuildDir { id, .. } => found.push((mount, Found::BuildDir(id))),
                MountSource::FromPath { path, context, .. } => {
                    match directory(graph, settings, path, context) {
                        Ok(node) => found.push((mount, Found::FromPath(node))),
                        Err(error) => not_given.push(error.at(mount.at.clone())),
                    }
                }
            }
        }
        for secret in secrets {
            if let SecretSource::Value(SecretValue { file: None, at, .. }) = &secret.from {
                let message = format!(
                    "PLAN did not hand over the value of the secret `{}`",
                    secret.id
                );
                not_given.push(Diagnostic::error(message).at(at.clone()));
            }
        }
        if not_given.is_empty() {
            Ok(Mounts {
                directories: found,
                secrets,
                values: values_id(settings.store.generation),
                access: settings.store.access,
            })
        } else {
            Err(not_given)
        }
    }

    /// Adds the directories, which every step has.
    pub fn add_directories(&self, exec: Exec) -> Exec {
        self.directories
            .iter()
            .fold(exec, |exec, (mount, found)| match found {
                Found::TmpDir => exec.mount(Mount::discarded(&mount.to)),
                Found::BuildDir(id) => {
                    exec.mount(Mount::cache(&mount.to, *id).sharing(CacheSharing::Shared))
                }
                Found::FromPath(node) => {
                    exec.mount(Mount::bind(&mount.to, *node).content_cache(ContentCache::On))
                }
            })
    }

    /// Adds what only commands have: the secrets and the SSH agent. Without an agent there is no socket; the script
    /// then has no variable, either.
    pub fn add_secrets(&self, exec: Exec) -> Exec {
        let exec = self.secrets.iter().fold(exec, |exec, secret| {
            let place = format!("{SECRETS}/{}", secret.id);
            match &secret.from {
                SecretSource::Env(_) | SecretSource::File(_) => {
                    exec.mount(Mount::secret(place, &secret.id))
                }
                // The name of the file is a selector, which is in no key.
                SecretSource::Value(value) => exec.mount(
                    self.access.of(Mount::cache(place, &self.values)
                        .selector(format!("/{}", value.file.as_deref().unwrap_or_default()))
                        .sharing(CacheSharing::Shared)),
                ),
            }
        });
        exec.mount(Mount::ssh(SSH_SOCKET, SSH_ID).optional())
            .env("SSH_AUTH_SOCK", SSH_SOCKET)
    }
}

/// Empties the places of `mounts` in an image, and makes directories of them, as werf does in the
/// `from` stage. An existing
/// directory keeps its mode and owner.
pub fn emptied(mounts: &[ImageMount]) -> Option<File> {
    let inside_another =
        |mount: &ImageMount| mounts.iter().any(|other| is_below(&mount.to, &other.to));
    let mut outermost: Vec<&ImageMount> = mounts
        .iter()
        .filter(|mount| !inside_another(mount))
        .collect();
    outermost.sort_by(|a, b| a.to.cmp(&b.to));
    if outermost.is_empty() {
        return None;
    }
    let mut file = File::new(FILE_TIME);
    for mount in outermost {
        if mount.to.contains(['*', '?', '[', '\\']) {
            file = file.rm(&mount.to).mkdir(&mount.to, 0o755);
        } else {
            file = file
                .mkdir(&mount.to, 0o755)
                .action(Rm::new(format!("{}/*", mount.to)).wildcard());
        }
    }
    Some(file)
}

/// Returns the directory that the client gives for `path`.
fn directory(
    graph: &mut Graph,
    settings: &Settings,
    path: &str,
    context: &str,
) -> Result<Node, Diagnostic> {
    let shown = match path.strip_prefix("~/") {
        Some(rest) => format!("$HOME/{rest}"),
        None => path.to_owned(),
    };
    let Some(given) = settings.contexts.get(context) else {
        return Err(
            Diagnostic::error(format!("the build was not given the directory `{path}`"))
                .hint(format!("add `--build-context {context}={shown}`")),
        );
    };
    let Some(name) = given.strip_prefix(LOCAL) else {
        return Err(Diagnostic::error(format!(
            "`--build-context {context}` is not a directory: {given}"
        ))
        .hint(format!("write `--build-context {context}={shown}`")));
    };
    Ok(graph.source(
        Source::local(name)
            .session(&settings.session)
            .shared_key_hint(&format!("werf-{context}"))
            .name(format!("[internal] load {path}")),
    ))
}
