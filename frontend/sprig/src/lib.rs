//! The functions of Masterminds sprig 3.2.3 for `gotemplate`.
//!
//! [`functions`] has everything of sprig's map for `text/template` but `env` and `expandenv`, which
//! read the environment and are the host's business. Results and error messages are those of Go
//! 1.24 with sprig and the library versions that werf 2 uses: semver 3.3.1, cast 1.6, xstrings
//! 1.4, mergo 0.3.16.
//!
//! What differs on purpose:
//!
//! - the local time zone is UTC;
//! - `keys` and `values` come sorted, where Go leaves them in random order;
//! - results have bounds ([`limits`]).
#![forbid(unsafe_code)]

mod crypto;
mod defaults;
mod dict;
mod encoding;
mod json;
pub mod limits;
mod list;
mod network;
mod number;
mod path;
mod quote;
mod random;
mod reflect;
mod regexp;
mod runes;
pub mod semver;
mod strings;
mod time;
mod unstable;
mod url;

use gotemplate::FuncMap;

pub use unstable::{has_been_unstable, is_unstable};

/// Returns the functions by name.
pub fn functions() -> FuncMap {
    let mut funcs = FuncMap::new();
    for register in [
        crypto::register,
        defaults::register,
        dict::register,
        encoding::register,
        json::register,
        list::register,
        network::register,
        number::register,
        path::register,
        random::register,
        reflect::register,
        regexp::register,
        semver::register,
        strings::register,
        time::register,
        url::register,
    ] {
        register(&mut funcs);
    }
    funcs
}
