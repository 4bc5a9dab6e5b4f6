//! Which paths are meant.
//!
//! [`mask`] puts werf's rules on top of the patterns of [`glob`]; [`dockerignore`] has Docker's; where mappings meet in
//! the image is decided by [`overlap`]. Paths are bytes, as in git.

pub mod dockerignore;
pub mod glob;
pub mod mask;
pub mod overlap;
