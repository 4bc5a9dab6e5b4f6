//! The reader: a text is checked as a whole before anything is made of it.

use gotemplate::{Map, Str, Value};

use crate::quote::quote;
use crate::runes;

/// Lists and objects inside each other.
const MAX_DEPTH: usize = 10_000;

/// A value and what was wrong with it.
pub(super) struct Outcome {
    pub value: Value,
    pub error: Option<String>,
}

/// Reads one JSON text. Numbers become `float64`; one too large becomes nil and an error.
pub(super) fn read(text: &[u8]) -> Outcome {
    let mut reader = Reader {
        text,
        position: 0,
        open: Vec::new(),
        error: None,
    };
    match reader.document() {
        Ok(value) => Outcome {
            value,
            error: reader.error,
        },
        Err(error) => Outcome {
            value: Value::Nil,
            error: Some(error),
        },
    }
}

/// A list or an object whose end is yet to come.
enum Open {
    List(Vec<Value>),
    Object(Map, Str),
}

struct Reader<'a> {
    text: &'a [u8],
    position: usize,
    open: Vec<Open>,
    error: Option<String>,
}

const END: &str = "unexpected end of JSON input";

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, String> {
        loop {
            let Some(mut value) = self.value()? else {
                continue;
            };
            // What a complete value completes in turn.
            loop {
                match self.open.pop() {
                    None => return self.end(value),
                    Some(Open::List(mut items)) => {
                        items.push(value);
                        match self.next_of(b",]", "after array element")? {
                            b',' => {
                                self.open.push(Open::List(items));
                                break;
                            }
                            _ => value = items.into(),
                        }
                    }
                    Some(Open::Object(map, key)) => {
                        map.set(key, value);
                        match self.next_of(b",}", "after object key:value pair")? {
                            b',' => {
                                let key = self.key("looking for beginning of object key string")?;
                                self.open.push(Open::Object(map, key));
                                break;
                            }
                            _ => value = map.into(),
                        }
                    }
                }
            }
        }
    }

    fn end(&mut self, value: Value) -> Result<Value, String> {
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.invalid("after top-level value")),
        }
    }

    /// Reads a value, or the beginning of one, for which there is nothing to return yet.
    fn value(&mut self) -> Result<Option<Value>, String> {
        let first = self.peek().ok_or(END)?;
        Ok(Some(match first {
            b'{' => {
                self.enter()?;
                if self.peek() == Some(b'}') {
                    self.position += 1;
                    return Ok(Some(Map::new().into()));
                }
                let key = self.key("looking for beginning of object key string")?;
                self.open.push(Open::Object(Map::new(), key));
                return Ok(None);
            }
            b'[' => {
                self.enter()?;
                if self.peek() == Some(b']') {
                    self.position += 1;
                    return Ok(Some(Vec::new().into()));
                }
                self.open.push(Open::List(Vec::new()));
                return Ok(None);
            }
            b'"' => self.string()?.into(),
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Nil)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.invalid("looking for beginning of value")),
        }))
    }

    fn enter(&mut self) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.invalid("exceeded max depth"));
        }
        self.position += 1;
        Ok(())
    }

    /// Reads `"key":`.
    fn key(&mut self, context: &str) -> Result<Str, String> {
        if self.peek().ok_or(END)? != b'"' {
            return Err(self.invalid(context));
        }
        let key = self.string()?;
        self.next_of(b":", "after object key")?;
        Ok(key)
    }

    /// Returns the next byte that is not space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.text.get(self.position) {
            self.position += 1;
        }
        self.text.get(self.position).copied()
    }

    fn next_of(&mut self, allowed: &[u8], context: &str) -> Result<u8, String> {
        let byte = self.peek().ok_or(END)?;
        if !allowed.contains(&byte) {
            return Err(self.invalid(context));
        }
        self.position += 1;
        Ok(byte)
    }

    /// What Go says of the byte at the current position.
    fn invalid(&self, context: &str) -> String {
        // Go looks for what is missing at the end by reading one more space.
        let byte = self.text.get(self.position).copied().unwrap_or(b' ');
        let char = match byte {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            _ => {
                let quoted = quote(char::from(byte).to_string().as_bytes());
                format!("'{}'", quoted.trim_matches('"'))
            }
        };
        format!("invalid character {char} {context}")
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for (index, expected) in word.char_indices() {
            if self.text.get(self.position) != Some(&(expected as u8)) {
                return Err(self.invalid(&format!(
                    "in literal {word} (expecting '{}')",
                    &word[index..=index]
                )));
            }
            self.position += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.position;
        self.accept(b"-");
        if !self.accept(b"0") {
            self.digits("in numeric literal")?;
        }
        if self.accept(b".") {
            self.digits("after decimal point in numeric literal")?;
        }
        if self.accept(b"eE") {
            self.accept(b"+-");
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.position]);
        let float: f64 = text.parse().map_err(|_| END)?;
        if float.is_finite() {
            return Ok(float.into());
        }
        self.error.get_or_insert_with(|| {
            format!("json: cannot unmarshal number {text} into Go value of type float64")
        });
        Ok(Value::Nil)
    }

    fn accept(&mut self, bytes: &[u8]) -> bool {
        let found = self
            .text
            .get(self.position)
            .is_some_and(|byte| bytes.contains(byte));
        self.position += usize::from(found);
        found
    }

    fn digits(&mut self, context: &str) -> Result<(), String> {
        if !self.text.get(self.position).is_some_and(u8::is_ascii_digit) {
            return Err(self.invalid(context));
        }
        while self.text.get(self.position).is_some_and(u8::is_ascii_digit) {
            self.position += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Str, String> {
        self.position += 1;
        let mut out = Vec::new();
        loop {
            let rest = &self.text[self.position..];
            let (char, size) = runes::decode(rest).ok_or(END)?;
            match char {
                '"' => {
                    self.position += 1;
                    return Ok(out.into());
                }
                '\\' => {
                    self.position += 1;
                    let char = self.escape()?;
                    runes::push(&mut out, char);
                    continue;
                }
                '\0'..' ' => return Err(self.invalid("in string literal")),
                // What is not UTF-8 becomes U+FFFD.
                _ => runes::push(&mut out, char),
            }
            self.position += size;
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let char = match self.text.get(self.position) {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0C',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.position += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.invalid("in string escape code")),
        };
        self.position += 1;
        Ok(char)
    }

    fn unicode_escape(&mut self) -> Result<char, String> {
        let unit = self.hex()?;
        if let Some(char) = char::from_u32(unit) {
            return Ok(char);
        }
        // A pair of surrogates; half a pair becomes U+FFFD.
        let second = self.position;
        if (0xD800..0xDC00).contains(&unit) && self.text[second..].starts_with(br"\u") {
            self.position += 2;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let joined = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.position = second;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self
                .text
                .get(self.position)
                .and_then(|&byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.invalid(r"in \u hexadecimal character escape"));
            };
            unit = unit * 16 + digit;
            self.position += 1;
        }
        Ok(unit)
    }
}
