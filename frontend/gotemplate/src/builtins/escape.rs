//! `html`, `js` and `urlquery`.

use super::Context;
use crate::exec::Operand;
use crate::fmt;
use crate::func::FuncError;
use crate::str::Str;
use crate::utf8;
use crate::value::Value;

/// Returns the arguments as `print` does, except that nothing is `<no value>`.
fn text(context: &mut Context<'_, '_>, args: &[Operand]) -> Result<Str, FuncError> {
    let args: Vec<Value> = args
        .iter()
        .map(|arg| match &arg.value {
            Value::Absent | Value::Nil => Value::string("<no value>"),
            value => value.clone(),
        })
        .collect();
    if let [Value::String(text)] = &args[..] {
        return Ok(text.clone());
    }
    match context.format(|max| fmt::sprint(&args, max))? {
        Value::String(text) => Ok(text),
        _ => Ok(Str::default()),
    }
}

/// Escapes for HTML.
pub(super) fn html(context: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let text = text(context, args)?;
    let mut out = Vec::with_capacity(text.len());
    for &byte in text.iter() {
        out.extend_from_slice(match byte {
            0 => "\u{fffd}".as_bytes(),
            b'"' => b"&#34;",
            b'\'' => b"&#39;",
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            _ => {
                out.push(byte);
                continue;
            }
        });
    }
    Ok(Value::string(out))
}

/// Escapes for a string in JavaScript.
pub(super) fn js(context: &mut Context<'_, '_>, args: &[Operand]) -> Result<Value, FuncError> {
    let text = text(context, args)?;
    let mut out = Vec::with_capacity(text.len());
    for (at, char, len) in utf8::chars(&text) {
        let escape = match char {
            Some(char @ ('\\' | '\'' | '"')) => format!("\\{char}"),
            Some(char @ ('<' | '>' | '&' | '=' | '\0'..' ')) => {
                format!("\\u{:04X}", u32::from(char))
            }
            Some(char) if !char.is_ascii() && !utf8::is_printable(char) => {
                format!("\\u{:04X}", u32::from(char))
            }
            _ => {
                out.extend_from_slice(&text[at..at + len]);
                continue;
            }
        };
        out.extend_from_slice(escape.as_bytes());
    }
    Ok(Value::string(out))
}

/// Escapes for a URL's query.
pub(super) fn urlquery(
    context: &mut Context<'_, '_>,
    args: &[Operand],
) -> Result<Value, FuncError> {
    let text = text(context, args)?;
    let mut out = String::with_capacity(text.len());
    for &byte in text.iter() {
        match byte {
            b' ' => out.push('+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(Value::string(out))
}
