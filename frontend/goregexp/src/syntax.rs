//! Rewrites a Go pattern as one for the `regex` crate, or refuses it in Go's words.
//!
//! Mirrors `regexp/syntax` of Go 1.24. What differs between the two dialects is spelled out in the
//! output: every literal is escaped, `\d`, `\w`, `\s` and `\b` are ASCII, classes hold ranges only,
//! flags become groups around the single items they apply to, groups lose their names (the caller
//! gets those apart).

use std::fmt::Write as _;

use super::{class, escape};

/// Go's limit for the number of a repetition, also of nested ones multiplied.
const MAX_REPEAT: u32 = 1000;

/// Groups inside each other. Go stops at 1,000 levels of syntax.
const MAX_DEPTH: usize = 400;

/// A pattern for the `regex` crate.
#[derive(Debug)]
pub(super) struct Translation {
    /// The pattern.
    pub pattern: String,
    /// The names of the groups, from group 1 on; empty for those without.
    pub names: Vec<String>,
}

/// Why Go refuses a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    code: &'static str,
    expr: String,
}

impl SyntaxError {
    pub(super) fn new(code: &'static str, expr: impl Into<String>) -> SyntaxError {
        SyntaxError {
            code,
            expr: expr.into(),
        }
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.code, self.expr)
    }
}

impl std::error::Error for SyntaxError {}

pub(super) const BAD_ESCAPE: &str = "invalid escape sequence";
pub(super) const BAD_RANGE: &str = "invalid character class range";
const BAD_GROUP: &str = "invalid or unsupported Perl syntax";
const BAD_NAME: &str = "invalid named capture";
const BAD_COUNT: &str = "invalid repeat count";
const NESTED_REPEAT: &str = "invalid nested repetition operator";
const NO_OPERAND: &str = "missing argument to repetition operator";
pub(super) const NO_BRACKET: &str = "missing closing ]";
const NO_PAREN: &str = "missing closing )";
const STRAY_PAREN: &str = "unexpected )";
pub(super) const TRAILING: &str = "trailing backslash at end of expression";
pub(super) const TOO_DEEP: &str = "expression nests too deeply";
pub(super) const TOO_LARGE: &str = "expression too large";

/// Never matches: stands for surrogates, which text cannot hold.
pub(super) const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// Rewrites `pattern`.
pub(super) fn translate(pattern: &str) -> Result<Translation, SyntaxError> {
    let mut parser = Parser {
        whole: pattern,
        out: String::with_capacity(pattern.len() * 2),
        names: Vec::new(),
        groups: Vec::new(),
        flags: Flags::default(),
        item: None,
        weight: 1,
    };
    parser.parse()?;
    Ok(Translation {
        pattern: parser.out,
        names: parser.names,
    })
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_all: bool,
    swap_greed: bool,
}

/// What a repetition operator would apply to.
#[derive(Clone, Copy)]
struct Item {
    start: usize,
    /// The largest product of repetition counts in it.
    weight: u32,
    /// Whether it already ends in a repetition operator.
    repeated: bool,
}

/// An open group: what holds again after it, and where it began.
struct Group {
    start: usize,
    flags: Flags,
    weight: u32,
}

struct Parser<'a> {
    whole: &'a str,
    out: String,
    names: Vec<String>,
    groups: Vec<Group>,
    flags: Flags,
    item: Option<Item>,
    /// The largest weight in the group so far.
    weight: u32,
}

impl<'a> Parser<'a> {
    fn parse(&mut self) -> Result<(), SyntaxError> {
        let mut rest = self.whole;
        // The text from the repetition operator just before, if there was one.
        let mut last_repeat = "";
        while let Some(first) = rest.chars().next() {
            let mut repeat = "";
            match first {
                '(' if rest.starts_with("(?") => rest = self.group_or_flags(rest)?,
                '(' => {
                    self.names.push(String::new());
                    self.open("(")?;
                    rest = &rest[1..];
                }
                '|' => {
                    self.out.push('|');
                    self.item = None;
                    rest = &rest[1..];
                }
                ')' => {
                    self.close()?;
                    rest = &rest[1..];
                }
                '^' => {
                    self.emit(if self.flags.multi_line {
                        "(?m:^)"
                    } else {
                        r"\A"
                    });
                    rest = &rest[1..];
                }
                '$' => {
                    self.emit(if self.flags.multi_line {
                        "(?m:$)"
                    } else {
                        r"\z"
                    });
                    rest = &rest[1..];
                }
                '.' => {
                    self.emit(if self.flags.dot_all {
                        "(?s:.)"
                    } else {
                        r"[^\n]"
                    });
                    rest = &rest[1..];
                }
                '[' => rest = self.class(rest)?,
                '*' | '+' | '?' => {
                    repeat = rest;
                    rest = self.repeat(rest, &rest[1..], None, last_repeat)?;
                }
                '{' => match counts(rest) {
                    None => {
                        self.literal('{');
                        rest = &rest[1..];
                    }
                    Some((min, max, after)) => {
                        let most = max.unwrap_or(min);
                        if min > MAX_REPEAT || most > MAX_REPEAT || most < min {
                            return Err(SyntaxError::new(BAD_COUNT, upto(rest, after)));
                        }
                        repeat = rest;
                        rest = self.repeat(rest, after, Some((min, max)), last_repeat)?;
                    }
                },
                '\\' => rest = self.escape(rest)?,
                other => {
                    self.literal(other);
                    rest = &rest[other.len_utf8()..];
                }
            }
            last_repeat = repeat;
        }
        if self.groups.is_empty() {
            Ok(())
        } else {
            Err(SyntaxError::new(NO_PAREN, self.whole))
        }
    }

    fn emit(&mut self, text: &str) {
        self.item = Some(Item {
            start: self.out.len(),
            weight: 1,
            repeated: false,
        });
        self.out.push_str(text);
    }

    fn literal(&mut self, char: char) {
        self.item = Some(Item {
            start: self.out.len(),
            weight: 1,
            repeated: false,
        });
        let text = if char.is_ascii_alphanumeric() || !char.is_ascii() {
            char.to_string()
        } else {
            format!(r"\x{:02x}", u32::from(char))
        };
        if self.flags.fold && char.is_alphabetic() {
            let _ = write!(self.out, "(?i:{text})");
        } else {
            self.out.push_str(&text);
        }
    }

    fn rune(&mut self, rune: u32) {
        match char::from_u32(rune) {
            Some(char) => self.literal(char),
            None => self.emit(NOTHING),
        }
    }

    fn open(&mut self, text: &str) -> Result<(), SyntaxError> {
        if self.groups.len() >= MAX_DEPTH {
            return Err(SyntaxError::new(TOO_DEEP, self.whole));
        }
        self.groups.push(Group {
            start: self.out.len(),
            flags: self.flags,
            weight: self.weight,
        });
        self.out.push_str(text);
        self.item = None;
        self.weight = 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(group) = self.groups.pop() else {
            return Err(SyntaxError::new(STRAY_PAREN, self.whole));
        };
        self.out.push(')');
        self.item = Some(Item {
            start: group.start,
            weight: self.weight,
            repeated: false,
        });
        self.flags = group.flags;
        self.weight = group.weight.max(self.weight);
        Ok(())
    }

    /// `(?…`: a named group, a group without number, or flags for the rest of the group.
    fn group_or_flags(&mut self, text: &'a str) -> Result<&'a str, SyntaxError> {
        let name_start = match text.as_bytes() {
            [_, _, b'P', b'<', _, ..] => Some(4),
            [_, _, b'<', _, ..] => Some(3),
            _ => None,
        };
        if let Some(start) = name_start {
            let Some(end) = text.find('>') else {
                return Err(SyntaxError::new(BAD_NAME, text));
            };
            let name = text.get(start..end).unwrap_or_default();
            let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
            if name.is_empty() || !name.bytes().all(is_word) {
                return Err(SyntaxError::new(BAD_NAME, &text[..=end]));
            }
            self.names.push(name.to_owned());
            self.open("(")?;
            return Ok(&text[end + 1..]);
        }

        let mut flags = self.flags;
        let mut value = true;
        let mut saw_flag = false;
        let mut chars = text[2..].chars();
        while let Some(char) = chars.next() {
            match char {
                'i' => flags.fold = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_all = value,
                'U' => flags.swap_greed = value,
                '-' if value => {
                    value = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if value || saw_flag => {
                    if char == ':' {
                        self.open("(?:")?;
                    }
                    self.flags = flags;
                    return Ok(chars.as_str());
                }
                _ => return Err(SyntaxError::new(BAD_GROUP, upto(text, chars.as_str()))),
            }
            saw_flag = true;
        }
        Err(SyntaxError::new(BAD_GROUP, text))
    }

    /// Applies the operator at the start of `before`, which `after` follows, to the last item.
    fn repeat(
        &mut self,
        before: &'a str,
        after: &'a str,
        counts: Option<(u32, Option<u32>)>,
        last_repeat: &'a str,
    ) -> Result<&'a str, SyntaxError> {
        let (after, reversed) = match after.strip_prefix('?') {
            Some(after) => (after, true),
            None => (after, false),
        };
        if !last_repeat.is_empty() {
            return Err(SyntaxError::new(NESTED_REPEAT, upto(last_repeat, after)));
        }
        let Some(mut item) = self.item else {
            return Err(SyntaxError::new(NO_OPERAND, upto(before, after)));
        };
        if item.repeated {
            self.out.insert_str(item.start, "(?:");
            self.out.push(')');
        }
        match counts {
            None => self.out.push_str(&before[..1]),
            Some((min, max)) => {
                let _ = match max {
                    Some(max) if max == min => write!(self.out, "{{{min}}}"),
                    Some(max) => write!(self.out, "{{{min},{max}}}"),
                    None => write!(self.out, "{{{min},}}"),
                };
                let most = max.unwrap_or(min);
                let weight = if max == Some(0) {
                    1
                } else {
                    most.max(1).saturating_mul(item.weight)
                };
                if most >= 2 && weight > MAX_REPEAT {
                    return Err(SyntaxError::new(BAD_COUNT, upto(before, after)));
                }
                item.weight = weight;
            }
        }
        if reversed != self.flags.swap_greed {
            self.out.push('?');
        }
        item.repeated = true;
        self.weight = self.weight.max(item.weight);
        self.item = Some(item);
        Ok(after)
    }

    /// A class in brackets.
    fn class(&mut self, text: &'a str) -> Result<&'a str, SyntaxError> {
        let (class, rest) = class::bracketed(text)?;
        if self.flags.fold {
            self.emit(&format!("(?i:{class})"));
        } else {
            self.emit(&class);
        }
        Ok(rest)
    }

    /// An escape outside of a class.
    fn escape(&mut self, text: &'a str) -> Result<&'a str, SyntaxError> {
        match text.as_bytes().get(1) {
            Some(b'A') => self.emit(r"\A"),
            Some(b'z') => self.emit(r"\z"),
            Some(b'b') => self.emit(r"(?-u:\b)"),
            Some(b'B') => self.emit(r"(?-u:\B)"),
            Some(b'C') => return Err(SyntaxError::new(BAD_ESCAPE, &text[..2])),
            Some(b'Q') => {
                let (quoted, rest) = text[2..].split_once(r"\E").unwrap_or((&text[2..], ""));
                for char in quoted.chars() {
                    self.literal(char);
                }
                return Ok(rest);
            }
            _ => {
                if let Some((class, rest)) = class::shorthand(text)? {
                    self.emit(&if self.flags.fold {
                        format!("(?i:[{class}])")
                    } else {
                        format!("[{class}]")
                    });
                    return Ok(rest);
                }
                let (rune, rest) = escape::single(text)?;
                self.rune(rune);
                return Ok(rest);
            }
        }
        Ok(&text[2..])
    }
}

/// Returns the part of `text` before `rest`, which is its tail.
pub(super) fn upto<'a>(text: &'a str, rest: &str) -> &'a str {
    &text[..text.len() - rest.len()]
}

/// Reads `{2}`, `{2,}` or `{2,3}`; anything else is plain text. Too large a number stays too large.
fn counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (min, rest) = number(&text[1..])?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((min, Some(min), rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((min, None, rest));
    }
    let (max, rest) = number(rest)?;
    Some((min, Some(max), rest.strip_prefix('}')?))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 1 && text.starts_with('0') {
        return None;
    }
    Some((text[..digits].parse().unwrap_or(u32::MAX), &text[digits..]))
}
