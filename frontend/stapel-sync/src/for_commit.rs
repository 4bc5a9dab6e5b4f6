//! Which commit a stage is run for, told past its cache key.
//!
//! A slot is of the commit that was planned last, on this builder, for the stage. Where the plan of a build comes from the cache, that may
//! be another commit than the one that is built. BuildKit leaves the settings of proxies out of keys, so what is expected travels in one that hardly
//! anybody has: in front of its own value, and the script of the stage gets that.

use std::env;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::Command;

/// The two names of the variable: BuildKit sets both.
const VARIABLES: [&str; 2] = ["FTP_PROXY", "ftp_proxy"];

/// What the value begins with.
const MARK: &str = "werf-commit=";

/// Returns the value that says that a stage is for `commit` (hexadecimal digits); `own` is the value that the stage is to have.
pub fn for_commit(commit: &str, own: &str) -> String {
    format!("{MARK}{commit} {own}")
}

/// Returns the commit that this process is run for, if it was told one.
pub(crate) fn expected() -> Option<String> {
    let value = env::var_os(VARIABLES[0])?;
    let (commit, _) = split(value.as_bytes())?;
    String::from_utf8(commit.to_vec()).ok()
}

/// Gives a program the value of the variables that its stage is to have.
pub(crate) fn restore(program: &mut Command) {
    for name in VARIABLES {
        let value = env::var_os(name);
        let Some((_, own)) = value.as_ref().and_then(|value| split(value.as_bytes())) else {
            continue;
        };
        if own.is_empty() {
            program.env_remove(name);
        } else {
            program.env(name, OsString::from_vec(own.to_vec()));
        }
    }
}

/// Splits a value into the commit and what is the stage's own.
fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = value.strip_prefix(MARK.as_bytes())?;
    let end = rest.iter().position(|byte| *byte == b' ')?;
    Some((&rest[..end], &rest[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_split_as_it_was_made() {
        for own in ["", "http://host:21", "with a blank"] {
            let value = for_commit("ab12", own);
            assert_eq!(
                split(value.as_bytes()),
                Some((&b"ab12"[..], own.as_bytes()))
            );
        }
        for other in ["", "http://host:21", "werf-commit=ab12"] {
            assert_eq!(split(other.as_bytes()), None, "{other}");
        }
    }
}
