//! Go's regular expressions.
//!
//! Patterns are rewritten for the `regex` crate, which like Go promises time linear in the text.
//! Matching works on bytes, as Go's strings are not always UTF-8; a match never splits a
//! character.

mod class;
mod escape;
mod expand;
mod syntax;
mod tables;

pub use syntax::SyntaxError;

/// Bytes of a pattern.
const MAX_PATTERN: usize = 256 << 10;
/// Bytes of a compiled pattern.
const MAX_COMPILED: usize = 64 << 20;

/// What replacing would make has more bytes than are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// How many bytes there were when it was given up.
    pub bytes: u64,
}

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the replaced text has {} bytes or more", self.bytes)
    }
}

impl std::error::Error for TooLong {}

/// A compiled Go regular expression.
#[derive(Debug)]
pub struct Regexp {
    regex: regex::bytes::Regex,
    names: Vec<String>,
    /// Whether the pattern is the empty text, which `split` treats apart.
    is_blank: bool,
}

impl Regexp {
    /// Compiles a pattern in Go's syntax.
    ///
    /// # Errors
    /// What Go's `regexp.Compile` says of the pattern.
    pub fn new(pattern: &[u8]) -> Result<Regexp, SyntaxError> {
        let Ok(pattern) = std::str::from_utf8(pattern) else {
            let text = String::from_utf8_lossy(pattern);
            return Err(SyntaxError::new("invalid UTF-8", text));
        };
        if pattern.len() > MAX_PATTERN {
            let start: String = pattern.chars().take(40).collect();
            return Err(SyntaxError::new(syntax::TOO_LARGE, start));
        }
        let translation = syntax::translate(pattern)?;
        let regex = regex::bytes::RegexBuilder::new(&translation.pattern)
            .size_limit(MAX_COMPILED)
            .nest_limit(2000)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => SyntaxError::new(syntax::TOO_LARGE, pattern),
                _ => SyntaxError::new(syntax::TOO_DEEP, pattern),
            })?;
        Ok(Regexp {
            regex,
            names: translation.names,
            is_blank: pattern.is_empty(),
        })
    }

    /// Reports whether there is a match anywhere in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text) && self.matches(text, 1).next().is_some()
    }

    /// Returns the leftmost match, which is empty when there is none.
    pub fn find<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        self.matches(text, 1)
            .next()
            .map_or(&[], |(start, end)| &text[start..end])
    }

    /// Returns up to `limit` matches, all of them when it is negative.
    pub fn find_all<'t>(&self, text: &'t [u8], limit: i64) -> Vec<&'t [u8]> {
        self.matches(text, limit)
            .map(|(start, end)| &text[start..end])
            .collect()
    }

    /// Replaces all matches by `template`, in which `$1`, `${1}`, `$name` and `${name}` stand for
    /// groups and `$$` for a dollar.
    ///
    /// # Errors
    /// A result of more than `most` bytes.
    pub fn replace_all(&self, text: &[u8], template: &[u8], most: u64) -> Result<Vec<u8>, TooLong> {
        self.replace_with(text, most, |out, start| {
            match self.regex.captures_at(text, start) {
                Some(groups) => expand::expand(out, template, &groups, &self.names, most),
                None => Ok(()),
            }
        })
    }

    /// Replaces all matches by `literal` as it is.
    ///
    /// # Errors
    /// A result of more than `most` bytes.
    pub fn replace_all_literal(
        &self,
        text: &[u8],
        literal: &[u8],
        most: u64,
    ) -> Result<Vec<u8>, TooLong> {
        self.replace_with(text, most, |out, _| {
            out.extend_from_slice(literal);
            Ok(())
        })
    }

    /// Splits `text` at the matches into at most `limit` parts, any number when it is negative.
    pub fn split<'t>(&self, text: &'t [u8], limit: i64) -> Vec<&'t [u8]> {
        if limit == 0 {
            return Vec::new();
        }
        if text.is_empty() && !self.is_blank {
            return vec![text];
        }
        let mut parts = Vec::new();
        let (mut begin, mut end) = (0, 0);
        for (from, to) in self.matches(text, limit) {
            if limit > 0 && parts.len() as i64 >= limit - 1 {
                break;
            }
            end = from;
            if to != 0 {
                parts.push(&text[begin..end]);
            }
            begin = to;
        }
        if end != text.len() {
            parts.push(&text[begin..]);
        }
        parts
    }

    fn replace_with(
        &self,
        text: &[u8],
        most: u64,
        mut insert: impl FnMut(&mut Vec<u8>, usize) -> Result<(), TooLong>,
    ) -> Result<Vec<u8>, TooLong> {
        let mut out = Vec::with_capacity(text.len());
        let mut last = 0;
        for (start, end) in self.matches(text, -1) {
            out.extend_from_slice(&text[last..start]);
            insert(&mut out, start)?;
            check_length(&out, most)?;
            last = end;
        }
        out.extend_from_slice(&text[last..]);
        Ok(out)
    }

    /// Yields the matches as Go does: none overlap, and no empty one touches the one before.
    fn matches<'t>(
        &'t self,
        text: &'t [u8],
        limit: i64,
    ) -> impl Iterator<Item = (usize, usize)> + 't {
        let mut position = 0;
        let mut previous_end = None;
        let mut left = if limit < 0 { u64::MAX } else { limit as u64 };
        std::iter::from_fn(move || {
            while left > 0 && position <= text.len() {
                let found = self.regex.find_at(text, position)?;
                let (start, end) = (found.start(), found.end());
                if start == end && splits_rune(text, start) {
                    // Go looks for matches at characters only.
                    position = start + 1;
                    continue;
                }
                if end > start {
                    position = end;
                } else {
                    position = start + rune_len(&text[start..]).max(1);
                    if previous_end == Some(start) {
                        continue;
                    }
                }
                previous_end = Some(end);
                left -= 1;
                return Some((start, end));
            }
            None
        })
    }
}

fn check_length(out: &[u8], most: u64) -> Result<(), TooLong> {
    let bytes = out.len() as u64;
    if bytes > most {
        return Err(TooLong { bytes });
    }
    Ok(())
}

/// Returns the length of the first character, 0 at the end of the text; a byte that is not UTF-8 is one character.
fn rune_len(text: &[u8]) -> usize {
    let Some(first) = text[..text.len().min(4)].utf8_chunks().next() else {
        return 0;
    };
    first.valid().chars().next().map_or(1, char::len_utf8)
}

/// Reports whether a position is inside of an encoded character.
fn splits_rune(text: &[u8], position: usize) -> bool {
    (1..4.min(position + 1)).any(|back| rune_len(&text[position - back..]) > back)
}

/// Escapes what has a meaning in a pattern, as Go's `regexp.QuoteMeta`.
pub fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if br"\.+*?()|[]{}^$".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}
