//! Bounds on what one call may make. What all calls make together is the engine's to count.

use gotemplate::FuncError;

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

/// Refuses to make a list of more than [`MAX_ITEMS`].
pub(crate) fn items(count: u64) -> Result<(), FuncError> {
    if count > MAX_ITEMS {
        return Err(FuncError::new(format!(
            "the result would exceed the limit of {MAX_ITEMS} elements"
        )));
    }
    Ok(())
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
