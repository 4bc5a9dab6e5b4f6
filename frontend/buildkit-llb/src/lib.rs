//! A typed LLB graph: build it, de-duplicate it, marshal it, print it.
//!
//! [`Graph`] owns the operations; [`Node`] is a small handle to one output of one of them. Operations are
//! described by values ([`Source`], [`Exec`], [`File`]) and added to the graph, where equal ones become one.
//! [`Graph::definition`] gives the bytes that BuildKit solves.
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
//! What is said with `name`, `at`, `ignore_cache` and the like is metadata: it is in no cache key. Everything else
//! is part of the operation, so ask of each field whether it should be in the key (spec: BuildKit's
//! `solver/pb/ops.proto` and `solver/llbsolver/ops`).

mod exec;
mod file;
mod graph;
mod import;
mod metadata;
mod mount;
mod platform;
mod reference;
mod source;
mod text;

pub use exec::{Exec, Network, Outputs};
pub use file::File;
pub use graph::{Graph, Node, SourceRange};
pub use import::ImportError;
pub use mount::{CacheSharing, ContentCache, Mount};
pub use platform::Platform;
pub use reference::normalise_reference;
pub use source::{Differ, Source};
