//! JSON as Go's `encoding/json` (1.24) reads and writes it.

mod read;
mod write;

use gotemplate::{FuncError, FuncMap, List, Map, Str, Type, Value};

use write::{Escape, Layout, WriteError, write};

pub(crate) fn register(funcs: &mut FuncMap) {
    // Without "must", errors are swallowed: nil or the empty string comes out.
    funcs.add("fromJson", [Type::String], |call, args| {
        call.charge_bytes(memory(args.str(0)))?;
        Ok(read::read(args.str(0)).value)
    });
    funcs.add("mustFromJson", [Type::String], |call, args| {
        call.charge_bytes(memory(args.str(0)))?;
        let outcome = read::read(args.str(0));
        outcome
            .error
            .map_or(Ok(outcome.value), |error| Err(FuncError::new(error)))
    });
    let compact = (Layout::Compact, Escape::Html);
    writer(funcs, "toJson", compact, OnError::Swallow);
    writer(funcs, "mustToJson", compact, OnError::Report);
    let pretty = (Layout::Indented, Escape::Html);
    writer(funcs, "toPrettyJson", pretty, OnError::Swallow);
    writer(funcs, "mustToPrettyJson", pretty, OnError::Report);
    let raw = (Layout::Compact, Escape::Plain);
    // In Go this one panics, which is an error as well.
    writer(funcs, "toRawJson", raw, OnError::Report);
    writer(funcs, "mustToRawJson", raw, OnError::Report);
}

/// Returns how many bytes what a text says takes at most, from what its characters can begin.
fn memory(text: &[u8]) -> u64 {
    let value = Str::HEADER_BYTES + List::memory(1) - List::memory(0);
    let of = |byte: &u8| match byte {
        b'[' => List::memory(1),
        b'{' => Map::memory(1),
        b',' | b':' => value,
        _ => 1,
    };
    text.iter().map(of).sum()
}

#[derive(Clone, Copy)]
enum OnError {
    Swallow,
    Report,
}

fn writer(funcs: &mut FuncMap, name: &str, style: (Layout, Escape), on_error: OnError) {
    funcs.add(name, [Type::Any], move |_, args| {
        match (write(&args[0], style.0, style.1), on_error) {
            (Ok(text), _) => Ok(Value::string(text)),
            (Err(WriteError::Limit(error)), _) => Err(error),
            (Err(WriteError::Unsupported(_)), OnError::Swallow) => Ok("".into()),
            (Err(WriteError::Unsupported(error)), OnError::Report) => Err(error.into()),
        }
    });
}
