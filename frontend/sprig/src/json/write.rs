//! The writer.

use gotemplate::{FloatKind, FuncError, Kind, List, Map, Type, Value};

use crate::encoding::base64_encode;
use crate::semver::VersionObject;
use crate::time::{Duration, Month, Time, Weekday};
use crate::{limits, runes};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Compact,
    /// Two spaces for each level.
    Indented,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// `<`, `>` and `&` as `\u003c` and so on.
    Html,
    Plain,
}

pub(super) enum WriteError {
    /// JSON has no such value, in Go's words.
    Unsupported(String),
    Limit(FuncError),
}

impl From<FuncError> for WriteError {
    fn from(error: FuncError) -> Self {
        WriteError::Limit(error)
    }
}

pub(super) fn write(value: &Value, layout: Layout, escape: Escape) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer {
        out: Vec::new(),
        layout,
        escape,
    };
    writer.value(value, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    layout: Layout,
    escape: Escape,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), WriteError> {
        limits::bytes(self.out.len() as u64)?;
        limits::depth(depth)?;
        match value {
            Value::Absent | Value::Nil => self.text("null"),
            Value::Bool(bool) => self.text(&bool.to_string()),
            Value::Int(_, int) => self.text(&int.to_string()),
            Value::Uint(_, uint) => self.text(&uint.to_string()),
            Value::Float(kind, float) => self.float(*kind, *float)?,
            Value::String(text) => self.string(text),
            Value::List(list) => self.list(list, depth)?,
            Value::Map(map) => self.map(map, depth)?,
            Value::Object(_) => self.object(value, depth)?,
            Value::Complex(..) | Value::Func(_) => return Err(unsupported(&value.type_name())),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn list(&mut self, list: &List, depth: usize) -> Result<(), WriteError> {
        if list.is_nil() {
            self.text("null");
        } else if let Some(bytes) = list.as_byte_slice() {
            self.text(&format!("\"{}\"", base64_encode(&bytes)));
        } else {
            self.entries(*b"[]", depth, list.iter(), |writer, item| {
                writer.value(item, depth + 1)
            })?;
        }
        Ok(())
    }

    fn map(&mut self, map: &Map, depth: usize) -> Result<(), WriteError> {
        if !matches!(map.key(), Type::String | Type::Int(_) | Type::Uint(_)) {
            return Err(unsupported(&map.type_of().to_string()));
        }
        if map.is_nil() {
            self.text("null");
            return Ok(());
        }
        let mut entries: Vec<(Vec<u8>, Value)> = (map.entries().into_iter())
            .map(|(key, value)| match key {
                Value::String(key) => (key.to_vec(), value),
                Value::Int(_, key) => (key.to_string().into_bytes(), value),
                Value::Uint(_, key) => (key.to_string().into_bytes(), value),
                _ => (Vec::new(), value),
            })
            .collect();
        // Numbers are ordered as text, too.
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.entries(*b"{}", depth, entries.iter(), |writer, (key, value)| {
            writer.member(key, value, depth)
        })
    }

    fn object(&mut self, value: &Value, depth: usize) -> Result<(), WriteError> {
        if let Some(time) = value.as_object::<Time>() {
            let text = time.to_json().map_err(|error| {
                WriteError::Unsupported(format!(
                    "json: error calling MarshalJSON for type time.Time: {error}"
                ))
            })?;
            self.string(text.as_bytes());
        } else if let Some(month) = value.as_object::<Month>() {
            self.text(&month.number().to_string());
        } else if let Some(weekday) = value.as_object::<Weekday>() {
            self.text(&weekday.number().to_string());
        } else if let Some(duration) = value.as_object::<Duration>() {
            self.text(&duration.nanoseconds().to_string());
        } else if let Some(version) = value.as_object::<VersionObject>() {
            self.string(version.version.to_string().as_bytes());
        } else if let Value::Object(object) = value {
            if !matches!(object.kind(), Kind::Struct | Kind::Pointer) {
                return Err(unsupported(&value.type_name()));
            }
            let fields = object.fields();
            self.entries(*b"{}", depth, fields.iter(), |writer, (name, value)| {
                writer.member(name.as_bytes(), value, depth)
            })?;
        }
        Ok(())
    }

    fn member(&mut self, key: &[u8], value: &Value, depth: usize) -> Result<(), WriteError> {
        self.string(key);
        self.text(if self.layout == Layout::Indented {
            ": "
        } else {
            ":"
        });
        self.value(value, depth + 1)
    }

    fn entries<T>(
        &mut self,
        brackets: [u8; 2],
        depth: usize,
        entries: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        self.out.push(brackets[0]);
        let is_empty = entries.len() == 0;
        for (index, entry) in entries.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.new_line(depth + 1);
            write(self, entry)?;
        }
        if !is_empty {
            self.new_line(depth);
        }
        self.out.push(brackets[1]);
        Ok(())
    }

    fn new_line(&mut self, depth: usize) {
        if self.layout == Layout::Indented {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * depth, b' ');
        }
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        let mut rest = text;
        while let Some((char, size)) = runes::decode(rest) {
            let escaped = match char {
                '"' | '\\' => format!("\\{char}"),
                '\n' => r"\n".to_owned(),
                '\r' => r"\r".to_owned(),
                '\t' => r"\t".to_owned(),
                '\x08' => r"\b".to_owned(),
                '\x0C' => r"\f".to_owned(),
                '\0'..' ' | '\u{2028}' | '\u{2029}' => format!(r"\u{:04x}", u32::from(char)),
                '<' | '>' | '&' if self.escape == Escape::Html => {
                    format!(r"\u{:04x}", u32::from(char))
                }
                char::REPLACEMENT_CHARACTER if size == 1 => r"\ufffd".to_owned(),
                _ => {
                    self.out.extend_from_slice(&rest[..size]);
                    rest = &rest[size..];
                    continue;
                }
            };
            self.text(&escaped);
            rest = &rest[size..];
        }
        self.out.push(b'"');
    }

    /// Shortest text that reads back, with an exponent only for the very small and large.
    fn float(&mut self, kind: FloatKind, float: f64) -> Result<(), WriteError> {
        if !float.is_finite() {
            let name = if float.is_nan() {
                "NaN"
            } else if float > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            return Err(WriteError::Unsupported(format!(
                "json: unsupported value: {name}"
            )));
        }
        let is_single = kind == FloatKind::Float32;
        let size = float.abs();
        let (small, large) = if is_single {
            (f64::from(1e-6f32), f64::from(1e21f32))
        } else {
            (1e-6, 1e21)
        };
        let plain = size == 0.0 || (small..large).contains(&size);
        let text = match (plain, is_single) {
            (true, true) => (float as f32).to_string(),
            (true, false) => float.to_string(),
            (false, true) => format!("{:e}", float as f32),
            (false, false) => format!("{float:e}"),
        };
        // Go writes the sign of a positive exponent, and one digit for a small negative one.
        let text = if plain || text.contains("e-") {
            text
        } else {
            text.replace('e', "e+")
        };
        self.text(&text);
        Ok(())
    }
}

fn unsupported(type_name: &str) -> WriteError {
    WriteError::Unsupported(format!("json: unsupported type: {type_name}"))
}
