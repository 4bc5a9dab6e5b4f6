//! Bounds on what one call may make. What all calls make together is the engine's to count.

use gotemplate::{Call, FuncError, List, Map, Str};

/// Bytes of one string: 64 MiB.
pub const MAX_BYTES: u64 = 64 << 20;

/// Elements of one list.
pub const MAX_ITEMS: u64 = 10_000_000;

/// Lists and maps inside each other, where a function has to descend into them.
pub const MAX_DEPTH: usize = 250;

/// Refuses to make a string of more than [`MAX_BYTES`].
pub(crate) fn bytes(count: u64) -> Result<(), FuncError> {
    if count > MAX_BYTES {
        return Err(FuncError::new(format!(
            "the result would exceed the limit of {MAX_BYTES} bytes"
        )));
    }
    Ok(())
}

/// Refuses to make a list of more than [`MAX_ITEMS`], or a larger one than may still be made.
pub(crate) fn items(call: &mut Call<'_>, count: u64) -> Result<(), FuncError> {
    if count > MAX_ITEMS {
        return Err(FuncError::new(format!(
            "the result would exceed the limit of {MAX_ITEMS} elements"
        )));
    }
    Ok(call.check_bytes(List::memory(count))?)
}

/// Accounts for the strings of a list that is about to be made; the engine counts the list.
pub(crate) fn texts(call: &mut Call<'_>, parts: &[&[u8]]) -> Result<(), FuncError> {
    items(call, parts.len() as u64)?;
    Ok(call.charge_bytes(text_bytes(parts))?)
}

/// Accounts for the keys and elements of a map that is about to be made; the engine counts the map.
pub(crate) fn entries(call: &mut Call<'_>, parts: &[&[u8]]) -> Result<(), FuncError> {
    let count = parts.len() as u64;
    items(call, count)?;
    call.check_bytes(Map::memory(count))?;
    let keys = count.saturating_mul(Str::HEADER_BYTES + 8);
    Ok(call.charge_bytes(text_bytes(parts).saturating_add(keys))?)
}

fn text_bytes(parts: &[&[u8]]) -> u64 {
    let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
    bytes + parts.len() as u64 * Str::HEADER_BYTES
}

/// Returns how many parts a text is worth splitting into: one more than what may still be made.
///
/// A limit as Go's functions have it is kept where it is lower; a negative one means all parts.
pub(crate) fn parts(call: &mut Call<'_>, limit: i64) -> i64 {
    let most = MAX_ITEMS.min(call.bytes_left() / Str::HEADER_BYTES) as i64 + 1;
    if limit < 0 { most } else { limit.min(most) }
}

/// Refuses to descend further than [`MAX_DEPTH`].
pub(crate) fn depth(depth: usize) -> Result<(), FuncError> {
    if depth > MAX_DEPTH {
        return Err(FuncError::new(format!(
            "lists and maps inside each other exceed the limit of {MAX_DEPTH}"
        )));
    }
    Ok(())
}
