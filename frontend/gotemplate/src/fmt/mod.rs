//! Go's `fmt`: `Sprintf`, `Sprint` and `Sprintln` for [`Value`]s.
//!
//! All kinds of values, verbs and flags print as Go prints them, and so do mistakes:
//! `%!d(string=x)`, `%!v(MISSING)`, `%!(EXTRA int=1)`. Pointers have no address here; where Go
//! prints one, this prints always the same.
//!
//! Every function takes the number of bytes it may produce at most.

mod float;
mod format;
mod printer;
pub mod quote;
mod scalar;

use std::fmt::{Debug, Display, Formatter, Result as FmtResult};

pub use float::format_float;

use crate::limits::LimitError;
use crate::str::Str;
use crate::value::Value;
use printer::Printer;

/// Formats as Go's `fmt.Sprintf`, into at most `max` bytes.
pub fn sprintf(format: &[u8], args: &[Value], max: u64) -> Result<Str, LimitError> {
    let mut printer = Printer::new(max);
    format::print(&mut printer, format, args)?;
    Ok(Str::from(printer.into_bytes()))
}

/// Formats as Go's `fmt.Sprint`, into at most `max` bytes: operands are separated by a space
/// where neither is a string.
pub fn sprint(args: &[Value], max: u64) -> Result<Str, LimitError> {
    let mut printer = Printer::new(max);
    let mut after_string = true;
    for (index, arg) in args.iter().enumerate() {
        let is_string = matches!(arg, Value::String(_));
        if index > 0 && !is_string && !after_string {
            printer.push(b" ")?;
        }
        printer.arg(arg, 'v')?;
        after_string = is_string;
    }
    Ok(Str::from(printer.into_bytes()))
}

/// Formats as Go's `fmt.Sprintln`, into at most `max` bytes: operands are always separated by a
/// space, and a newline follows.
pub fn sprintln(args: &[Value], max: u64) -> Result<Str, LimitError> {
    let mut printer = Printer::new(max);
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            printer.push(b" ")?;
        }
        printer.arg(arg, 'v')?;
    }
    printer.push(b"\n")?;
    Ok(Str::from(printer.into_bytes()))
}

/// What a message may spend on one value.
const SHOWN: u64 = 64 << 10;

/// Writes a value as `%v` does; a huge one is cut.
impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        f.write_str(&shown(self, 'v', false))
    }
}

/// Writes a value as `%#v` does; a huge one is cut.
impl Debug for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        f.write_str(&shown(self, 'v', true))
    }
}

/// Returns `value` under `verb` for a message of the engine, in the way Go's `fmt` treats a
/// `reflect.Value`.
pub(crate) fn shown(value: &Value, verb: char, go_syntax: bool) -> String {
    let mut printer = Printer::new(SHOWN);
    printer.flags.go_syntax = go_syntax;
    let cut = printer.arg(value, verb).is_err();
    let mut text = String::from_utf8_lossy(&printer.into_bytes()).into_owned();
    if cut {
        text.push_str("...");
    }
    text
}
