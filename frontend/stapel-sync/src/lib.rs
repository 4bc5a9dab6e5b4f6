//! Makes the source tree of a stage what its slot says.
//!
//! The library has two halves. [`store`], [`manifest`] and [`slot`] are the format in which sources
//! travel; whoever plans a build fills a STORE through them. [`sync()`] is what the program
//! `stapel-sync` does inside a stage:
//!
//! ```text
//! slot ──► manifest ─► tree ─┐
//!                            ├─► changes ─► directories, files ─► rootfs
//! state file ────────► tree ─┘
//! ```
//!
//! `docs/store.md` describes the format and the rules.

mod args;
pub mod baseline;
mod bytes;
mod changes;
mod dir;
mod error;
mod for_commit;
mod guard;
mod hash;
mod hex;
mod listing;
pub mod manifest;
mod node_path;
mod on_exit;
mod owner;
mod path;
mod resolve;
mod run;
pub mod seal;
pub mod slot;
mod state;
pub mod store;
mod sync;
mod tree;
mod walk;

pub use args::{Arguments, Command, SlotArguments, USAGE};
pub use error::{Error, ErrorKind, is_no_room};
pub use for_commit::for_commit;
pub use hash::{
    BlobHasher, Collision, HashKind, ManifestId, NotADigest, ObjectId, PackId, SealId, StageDigest,
};
pub use on_exit::{FAILURE_PATH, leave};
pub use path::{AbsPath, MAX_PATH, PathError};
pub use run::run;
pub use state::STATE_PATH;
pub use sync::{Before, PatchPlaces, Report, check, context, finish, patch, seal, sync};
