//! Go's templates for replacements.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use crate::{TooLong, check_length};

/// What a name consists of: letters, digits and underscores; marks and number-like letters end it.
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[_\p{L}\p{Nd}]+").expect("the pattern is a constant"));

/// Appends `template` with the groups of one match put in.
///
/// `$name` takes the longest name of letters, digits and underscores, so `$1W` is the group named
/// `1W`. A group that does not exist or did not match is empty; a dollar without a name stays.
pub(super) fn expand(
    out: &mut Vec<u8>,
    template: &[u8],
    groups: &Captures<'_>,
    names: &[String],
    most: u64,
) -> Result<(), TooLong> {
    let mut rest = template;
    while let Some(dollar) = rest.iter().position(|&byte| byte == b'$') {
        out.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = after;
            continue;
        }
        let Some((name, after)) = reference(rest) else {
            out.push(b'$');
            continue;
        };
        rest = after;
        let group = match number(name) {
            Some(index) => groups.get(index),
            None => (names.iter().zip(1..))
                .filter(|(known, _)| known.as_bytes() == name)
                .find_map(|(_, index)| groups.get(index)),
        };
        out.extend_from_slice(group.map_or(&[], |group| group.as_bytes()));
        check_length(out, most)?;
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// Reads `name` or `{name}`.
fn reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (text, braced) = match text.strip_prefix(b"{") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let name = NAME.find(text)?.as_bytes();
    let rest = &text[name.len()..];
    Some((
        name,
        if braced {
            rest.strip_prefix(b"}")?
        } else {
            rest
        },
    ))
}

fn number(name: &[u8]) -> Option<usize> {
    if name.len() > 1 && name[0] == b'0' || name.len() > 9 {
        return None;
    }
    name.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + usize::from(byte - b'0'))
    })
}
