//! A context that is neither a directory of the client nor a git repository: files that another target of the client has made, or
//! an archive of a web server, which is also how a client hands over what it reads from standard input.
//!
//! What BuildKit's Dockerfile frontend takes for an archive, and how it asks for it, is in `frontend/dockerui/context.go`. It has
//! asked before, to find the syntax line: the same operation is not run again, and standard input can be read but once.

use std::collections::BTreeMap;

use buildkit_llb::{CopyFiles, File, Graph, ImportError, Source};
use buildkit_proto::pb;
use diagnostic::{Diagnostic, redact};

use super::bridge::{Bridge, Daemon};
use super::failure::Failure;
use super::request::Request;

/// The names of the inputs that take the place of the client's directories.
const CONTEXT: &str = "context";
const CONFIG: &str = "dockerfile";
/// The name that the downloaded file gets.
const DOWNLOADED: &str = "context";
/// What daemons have that name a vertex by their own encoding.
const SINCE_0_17: &str = "exec.validexitcode";
/// As many bytes are looked at to know an archive.
const HEAD_BYTES: i64 = 1024;
/// How compressed archives begin: bzip2, gzip, xz.
const COMPRESSED: [&[u8]; 3] = [
    &[0x42, 0x5a, 0x68],
    &[0x1f, 0x8b, 0x08],
    &[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
];

/// Returns `request` with what only the daemon knows of it: the inputs, and the files of a context that is an archive.
///
/// # Errors
/// A context that is neither a directory nor a repository nor an archive.
pub(super) async fn complete(
    bridge: &mut Bridge,
    daemon: &Daemon,
    request: &Request,
) -> Result<Request, Failure> {
    let mut inputs = BTreeMap::new();
    for (name, definition) in bridge.inputs().await? {
        let taken = taken(definition).map_err(|error| {
            Diagnostic::error(format!("read the input `{name}` of the client: {error}"))
        })?;
        inputs.insert(name, taken);
    }
    let mut request = request.clone();
    request.config_files = inputs.remove(CONFIG);
    request.context_files = inputs.remove(CONTEXT);
    request.inputs = inputs;
    if let Some(url) = &request.other_context {
        let is_of_web = url.starts_with("http://") || url.starts_with("https://");
        if !is_of_web {
            return Err(no_context(url).into());
        }
        request.context_files = Some(unpacked(bridge, daemon, url).await?);
    }
    Ok(request)
}

/// Returns what can be handed on of a definition of the daemon's: not every one can go back as it came (see
/// [`Graph::import_definition`]). One without operations is an empty file system.
fn taken(definition: pb::Definition) -> Result<pb::Definition, ImportError> {
    if definition.def.is_empty() {
        return Ok(pb::Definition::default());
    }
    let mut graph = Graph::new();
    let node = graph.import_definition(definition)?;
    Ok(graph.definition(node))
}

/// Returns the refusal of the context `url`.
pub(super) fn no_context(url: &str) -> Diagnostic {
    Diagnostic::error(format!(
        "the build context is `{}`, and neither a local directory nor a git repository",
        redact::credentials(url)
    ))
    .hint(
        "build in a clone, `docker buildx build -f werf.yaml .`, give the URL of the repository, which ends in `.git`, or an archive \
         that has `.git` in it",
    )
}

/// Returns what gives the files of the archive at `url`.
async fn unpacked(
    bridge: &mut Bridge,
    daemon: &Daemon,
    url: &str,
) -> Result<pb::Definition, Failure> {
    let mut graph = Graph::new();
    let source = Source::http(url)
        .filename(DOWNLOADED)
        .name("[internal] load remote build context");
    let is_old = !daemon.can(SINCE_0_17);
    let file = if is_old {
        graph.source_of_old_daemon(source)
    } else {
        graph.source(source)
    };
    let reference = bridge.solve(graph.definition(file)).await?;
    let head = bridge.read_head(&reference, DOWNLOADED, HEAD_BYTES).await?;
    if !is_archive(&head) {
        return Err(no_context(url).into());
    }
    let copy = CopyFiles::new(file, format!("/{DOWNLOADED}"), "/")
        .keep_times()
        .unpack();
    let files = File::new(crate::lower::FILE_TIME)
        .action(copy)
        .name("[internal] unpack build context");
    let files = graph.file(None, files);
    Ok(graph.definition(files))
}

/// Whether a file that begins with `head` is an archive.
fn is_archive(head: &[u8]) -> bool {
    COMPRESSED.iter().any(|magic| head.starts_with(magic)) || is_tar(head)
}

/// Whether the first header of a tar archive adds up.
fn is_tar(head: &[u8]) -> bool {
    const HEADER: usize = 512;
    const SUM: std::ops::Range<usize> = 148..156;
    let Some(header) = head.get(..HEADER) else {
        return false;
    };
    let digits = header[SUM].iter().copied().filter(u8::is_ascii_digit);
    let written = digits.fold(0_u32, |sum, digit| {
        sum.wrapping_mul(8).wrapping_add(u32::from(digit - b'0'))
    });
    let sum: u32 = header
        .iter()
        .enumerate()
        .map(|(index, byte)| if SUM.contains(&index) { b' ' } else { *byte })
        .map(u32::from)
        .sum();
    written == sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_can_be_handed_on() {
        let mut graph = Graph::new();
        let node = graph.source(Source::image("docker.io/library/x:1"));
        let mut definition = graph.definition(node);
        let digest = graph.digest(node);
        // As the daemon has it of an operation that no line is known of.
        let places = &mut definition.source.get_or_insert_default().locations;
        places.insert(digest, pb::Locations::default());
        let taken = taken(definition).expect("a definition");
        assert_eq!(taken.def, graph.definition(node).def);
        assert!(
            taken
                .source
                .is_none_or(|source| source.locations.is_empty())
        );
        let nothing = super::taken(pb::Definition::default()).expect("nothing");
        assert!(nothing.def.is_empty());
        let broken = pb::Definition {
            def: vec![vec![0xff]],
            ..pb::Definition::default()
        };
        assert!(super::taken(broken).is_err());
    }

    #[test]
    fn archives_are_known_by_how_they_begin() {
        let tar = std::process::Command::new("tar")
            .args(["--create", "Cargo.toml"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("tar is installed");
        let archive = tar.stdout;
        assert!(is_archive(&archive[..1024]));
        assert!(!is_archive(&archive[1..1024]));
        assert!(is_archive(b"\x1f\x8b\x08\0"));
        assert!(!is_archive(&[0; 1024]));
        assert!(!is_archive(b"project: x\n"));
    }
}
