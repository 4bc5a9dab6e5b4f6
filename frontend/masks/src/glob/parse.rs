//! From the text of a pattern to lists of steps.

use super::{BadPattern, Step, Token};

/// Longer patterns than this are not read: no path is longer.
const LONGEST: usize = 4096;

/// How many steps all alternatives of a pattern may have together.
const MOST_STEPS: usize = 1 << 16;

/// What to do about a malformed pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// It is an error.
    Strict,
    /// It is an error for paths that do not match before the malformed part, as in doublestar.
    Lazy,
}

/// Returns the steps of each combination of alternatives.
pub fn alternatives(pattern: &str, strictness: Strictness) -> Result<Vec<Vec<Step>>, BadPattern> {
    if pattern.len() > LONGEST {
        return Err(BadPattern::TooLong);
    }
    if strictness == Strictness::Strict {
        check(pattern)?;
    }
    let mut parser = Parser {
        strictness,
        left: MOST_STEPS,
        found: Vec::new(),
    };
    parser.expand(pattern, Vec::new())?;
    Ok(parser.found)
}

/// Returns what is wrong with a pattern that is known to be malformed.
pub fn problem(pattern: &str) -> BadPattern {
    match check(pattern) {
        Err(problem) => problem,
        // Well-formed as a whole, but not with one of the alternatives in place: `{[,a]}`.
        Ok(()) => BadPattern::UnclosedSet,
    }
}

/// Checks the form of a text, as doublestar's `ValidatePattern` does.
fn check(text: &str) -> Result<(), BadPattern> {
    let mut depth = 0usize;
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = match first {
            b'\\' => behind.get(1..).ok_or(BadPattern::TrailingBackslash)?,
            b'[' => behind_set(behind)?,
            b'{' => {
                depth += 1;
                behind
            }
            b'}' => {
                depth = depth.checked_sub(1).ok_or(BadPattern::UnopenedBrace)?;
                behind
            }
            _ => behind,
        };
    }
    if depth == 0 {
        Ok(())
    } else {
        Err(BadPattern::UnclosedBrace)
    }
}

/// Returns what follows the set whose `[` is before `text`.
fn behind_set(text: &[u8]) -> Result<&[u8], BadPattern> {
    let inside = text
        .strip_prefix(b"^")
        .or(text.strip_prefix(b"!"))
        .unwrap_or(text);
    if inside.first() == Some(&b']') {
        return Err(BadPattern::EmptySet);
    }
    let end = find_unescaped(inside, |byte| byte == b']').ok_or(BadPattern::UnclosedSet)?;
    Ok(&inside[end + 1..])
}

/// Returns the place of the first byte, not escaped by a backslash, that `is_wanted`.
fn find_unescaped(text: &[u8], mut is_wanted: impl FnMut(u8) -> bool) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'\\' {
            at += 1;
        } else if is_wanted(text[at]) {
            return Some(at);
        }
        at += 1;
    }
    None
}

struct Parser {
    strictness: Strictness,
    left: usize,
    found: Vec<Vec<Step>>,
}

impl Parser {
    /// Adds the alternatives of `text` behind `steps`.
    fn expand(&mut self, text: &str, mut steps: Vec<Step>) -> Result<(), BadPattern> {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let behind = &rest[first.len_utf8()..];
            let parsed = match first {
                '*' => Ok(star(behind, &steps)),
                '?' => Ok((Token::Any, behind)),
                '[' => set(behind),
                '\\' => match behind.chars().next() {
                    Some(c) => Ok((Token::Char(c), &behind[c.len_utf8()..])),
                    None => Err(BadPattern::TrailingBackslash),
                },
                '{' => match closing_brace(behind) {
                    Some(end) => {
                        steps.push(self.step(Token::Brace, rest));
                        return self.branch(&behind[..end], &behind[end + 1..], &steps);
                    }
                    None => Err(BadPattern::UnclosedBrace),
                },
                c => Ok((Token::Char(c), behind)),
            };
            match parsed {
                Ok((token, behind)) => {
                    steps.push(self.step(token, rest));
                    rest = behind;
                }
                Err(problem) if self.strictness == Strictness::Strict => return Err(problem),
                Err(_) => {
                    steps.push(self.step(Token::Bad, rest));
                    break;
                }
            }
        }
        self.left = self
            .left
            .checked_sub(steps.len() + 1)
            .ok_or(BadPattern::TooManyAlternatives)?;
        self.found.push(steps);
        Ok(())
    }

    /// Adds the alternatives of each item of `items`, followed by `rest`: the text is put together before it is
    /// read on, so that `{a*,b}*` has a `**`.
    fn branch(&mut self, items: &str, rest: &str, steps: &[Step]) -> Result<(), BadPattern> {
        let mut items = items;
        loop {
            let mut depth = 0usize;
            let comma = find_unescaped(items.as_bytes(), |byte| {
                match byte {
                    b'{' => depth += 1,
                    b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                byte == b',' && depth == 0
            });
            let item = &items[..comma.unwrap_or(items.len())];
            self.expand(&format!("{item}{rest}"), steps.to_vec())?;
            let Some(comma) = comma else { return Ok(()) };
            items = &items[comma + 1..];
        }
    }

    fn step(&self, token: Token, rest: &str) -> Step {
        Step {
            token,
            rest_may_be_empty: matches!(rest, "*" | "**" | "/**" | "**/" | "/**/"),
            rest_is_valid: self.strictness == Strictness::Strict || check(rest).is_ok(),
        }
    }
}

/// Reads what the `*` before `behind` begins.
fn star<'a>(behind: &'a str, steps: &[Step]) -> (Token, &'a str) {
    let Some(behind) = behind.strip_prefix('*') else {
        return (Token::Star, behind);
    };
    let starts_segment = steps.last().is_none_or(|step| {
        matches!(
            step.token,
            Token::Char('/') | Token::Segments | Token::Brace
        )
    });
    match behind.strip_prefix('/') {
        Some(behind) if starts_segment => (Token::Segments, behind),
        None if starts_segment && behind.is_empty() => (Token::Everything, behind),
        _ => (Token::Star, behind),
    }
}

/// Reads the set whose `[` is before `text`.
fn set(text: &str) -> Result<(Token, &str), BadPattern> {
    let behind = behind_set(text.as_bytes())?;
    let (inside, behind) = text.split_at(text.len() - behind.len());
    let (negated, inside) = match inside.strip_prefix(['^', '!']) {
        Some(inside) => (true, inside),
        None => (false, inside),
    };
    let mut ranges = Vec::new();
    // The start of a range that may follow. doublestar takes none from the last character of Unicode.
    let mut low: Option<char> = None;
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ']' {
            break;
        }
        let is_range = c == '-' && chars.peek().is_some_and(|&c| c != ']');
        if let (Some(start), true) = (low.take(), is_range) {
            let end = match chars.next() {
                Some('\\') => chars.next(),
                end => end,
            };
            ranges.extend(end.map(|end| (start, end)));
            continue;
        }
        let c = match c {
            '\\' => chars.next().unwrap_or(c),
            c => c,
        };
        ranges.push((c, c));
        low = Some(c).filter(|&c| c < char::MAX);
    }
    Ok((Token::Set { negated, ranges }, behind))
}

/// Returns the place of the `}` that closes the `{` before `text`.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    find_unescaped(text.as_bytes(), |byte| {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return true,
            b'}' => depth -= 1,
            _ => {}
        }
        false
    })
}
