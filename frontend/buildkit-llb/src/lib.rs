//! A typed LLB graph: build it, de-duplicate it, marshal it, print it.
//!
//! [`Graph`] owns the operations; [`Node`] is a small handle to one output of one of them. Operations are
//! described by values ([`Source`], [`Exec`], [`File`], [`Merge`], [`Diff`]) and added to the graph, where equal
//! ones become one. [`Graph::definition`] gives the bytes that BuildKit solves, [`Graph::text`] a form for people
//! and snapshots.
//!
//! ```
//! use buildkit_llb::{Exec, Graph, Mount, Source};
//!
//! let mut graph = Graph::new();
//! let base = graph.source(Source::image("docker.io/library/busybox:latest").name("[1/2] busybox"));
//! let hello = graph.exec(
//!     Exec::new(["/bin/sh", "-c", "echo hello > /hello"])
//!         .root(Some(base))
//!         .mount(Mount::tmpfs("/tmp"))
//!         .name("[2/2] say hello"),
//! );
//! let definition = graph.definition(hello.root());
//! assert_eq!(definition.def.len(), 3); // two operations and the terminal one
//! ```
//!
//! What is said with `name`, `at`, `ignore_cache` and `progress_group` is metadata: it is in no cache key. Everything
//! else is part of the operation, so ask of each field whether it should be in the key (BuildKit's `solver/pb/ops.proto`
//! and `solver/llbsolver/ops`).
//!
//! The bytes of an operation are those of Go's client for the same operation: Go's deterministic encoding, with
//! constraints written though they are empty (`client/llb/marshal.go`). The daemon decodes and encodes what it gets,
//! and names the vertex by the digest of that; only if nothing changes are the digests of this crate those by
//! which it reports failures and finds source lines (`recomputeDigests` in `solver/llbsolver/vertex.go`).

mod definition;
mod encoding;
mod exec;
mod file;
mod graph;
mod import;
mod location;
mod merge;
mod metadata;
mod mount;
mod platform;
mod reference;
mod source;
mod text;

pub use exec::{Exec, Network, Outputs, SecretEnv, Security};
pub use file::{CopyFiles, File, FileAction, MkDir, MkFile, Owner, Rm, Symlink, User};
pub use graph::{Graph, Node};
pub use import::ImportError;
pub use location::SourceRange;
pub use merge::{Diff, Merge};
pub use metadata::ProgressGroup;
pub use mount::{
    BindMount, CacheMount, CacheSharing, ContentCache, Mount, SecretMount, SshMount, TmpfsMount,
};
pub use platform::Platform;
pub use reference::normalise_reference;
pub use source::{
    Differ, GitSource, HttpSource, ImageSource, LocalSource, LocalSourceName, OciLayoutSource,
    RecordType, Source,
};
pub use text::definition_text;
