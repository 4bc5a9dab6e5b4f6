//! Patterns over slash paths: the rules of doublestar 4.9.1's `PathMatch`, which is what werf calls for
//! every mask. It knows nothing of werf; what a mask makes of a pattern is in [`super::mask`].
//!
//! | syntax | meaning |
//! | --- | --- |
//! | `*` | any run of characters except `/`, also an empty one |
//! | `?` | one character except `/`; a byte that is not UTF-8 counts as one |
//! | `**` as a whole segment | any number of segments, also none; elsewhere it is `*` |
//! | `[abc]`, `[a-z]`, `[^a]`, `[!a]` | one character of the set, or not of it (then also `/`); `\` escapes |
//! | `{a,b*,c/**}` | one of the alternatives; they nest and may be empty |
//! | `\` | takes the next character as it is |
//!
//! A pattern is compiled to one list of steps per combination of its alternatives, in the order in which
//! doublestar tries them. Matching a list is greedy, with one place to go back to for the last `*` and one for the
//! last `**`, as in doublestar, so it takes at most the product of the lengths. What combinations may
//! blow up is bounded when the pattern is compiled.

use std::fmt;

mod docker;
mod parse;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Glob {
    alternatives: Vec<Vec<Step>>,
    /// Bytes that every matching path holds; most paths of a large tree fail for the lack of them.
    needle: Vec<u8>,
}

/// Why a pattern is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPattern {
    /// `[a`: nothing closes the set.
    UnclosedSet,
    /// `[]`: in front of a `]` there must be a character.
    EmptySet,
    /// `{a`: nothing closes the alternatives.
    UnclosedBrace,
    /// `a}`: nothing opened the alternatives.
    UnopenedBrace,
    /// The last character is a backslash.
    TrailingBackslash,
    /// The pattern has more than 4096 bytes.
    TooLong,
    /// Its alternatives have too many combinations.
    TooManyAlternatives,
}

/// One token of a pattern and what is known of the text from there on.
#[derive(Clone, Debug)]
struct Step {
    token: Token,
    /// Whether the rest of the pattern matches the end of a path. doublestar decides by the text, and
    /// knows `*`, `**`, `/**`, `**/` and `/**/`.
    rest_may_be_empty: bool,
    /// Whether the rest of the pattern is well-formed; always so in a [`Glob`] made by [`Glob::new`].
    rest_is_valid: bool,
}

#[derive(Clone, Debug)]
enum Token {
    /// This character.
    Char(char),
    /// `?`
    Any,
    /// `[…]`
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `*`, or a `**` that is not a segment.
    Star,
    /// `**/` at the start of a segment.
    Segments,
    /// `**` at the start of a segment and the end of the pattern.
    Everything,
    /// Where a `{` was: it matches nothing, and a `**` behind it counts as the start of a segment.
    Brace,
    /// Where the pattern is malformed.
    Bad,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Match,
    NoMatch,
    Bad,
}

/// Tells whether `pattern` matches the whole of `path`, as doublestar 4.9.1's `PathMatch` does: a malformed
/// pattern is an error only if the path does not match before the malformed part is seen.
///
/// # Errors
/// A malformed pattern, or one that is too large.
pub fn is_match(pattern: &str, path: &[u8]) -> Result<bool, BadPattern> {
    for steps in &parse::alternatives(pattern, parse::Strictness::Lazy)? {
        match run(steps, path) {
            Outcome::Match => return Ok(true),
            Outcome::NoMatch => {}
            Outcome::Bad => return Err(parse::problem(pattern)),
        }
    }
    Ok(false)
}

impl Glob {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// A malformed pattern, or one that is too large.
    pub fn new(pattern: &str) -> Result<Glob, BadPattern> {
        let alternatives = parse::alternatives(pattern, parse::Strictness::Strict)?;
        let needle = match &alternatives[..] {
            [steps] => longest_literal(steps),
            _ => Vec::new(),
        };
        Ok(Glob {
            alternatives,
            needle,
        })
    }

    /// Tells whether the pattern matches the whole of `path`.
    pub fn is_match(&self, path: &[u8]) -> bool {
        contains(path, &self.needle)
            && self
                .alternatives
                .iter()
                .any(|steps| run(steps, path) == Outcome::Match)
    }

    /// Tells whether the pattern may match a path below the directory `dir`; if not, it matches none.
    pub fn may_match_below(&self, dir: &[u8]) -> bool {
        self.alternatives
            .iter()
            .any(|steps| may_go_on(steps, dir.iter().copied().chain([b'/'])))
    }

    /// Tells whether the pattern, or an alternative of it, ends in a slash.
    pub fn ends_in_slash(&self) -> bool {
        let mut last = self.alternatives.iter().filter_map(|steps| steps.last());
        last.any(|step| matches!(step.token, Token::Char('/') | Token::Segments))
    }

    /// Returns some bytes that every matching path holds, empty if none are known.
    pub fn needle(&self) -> &[u8] {
        &self.needle
    }

    /// Returns the bytes that every matching path starts with.
    pub fn literal_prefix(&self) -> Vec<u8> {
        let mut prefixes = self.alternatives.iter().map(|steps| literal_prefix(steps));
        let first = prefixes.next().unwrap_or_default();
        prefixes.fold(first, |mut common, other| {
            let length = common.iter().zip(&other).take_while(|(a, b)| a == b);
            common.truncate(length.count());
            common
        })
    }
}

fn run(steps: &[Step], path: &[u8]) -> Outcome {
    let (mut at, mut pos) = (0, 0);
    // Where to go on after the last `*` and the last `**/`, and from which place of the path.
    let mut star: Option<(usize, usize)> = None;
    let mut segments: Option<(usize, usize)> = None;
    while pos < path.len() {
        if let Some(step) = steps.get(at) {
            let (c, width) = decode(&path[pos..]);
            let is_eaten = match &step.token {
                Token::Char(wanted) => c == *wanted,
                Token::Any => c != '/',
                Token::Set { negated, ranges } => is_in(c, ranges) != *negated,
                Token::Star => {
                    at += 1;
                    star = Some((at, pos));
                    continue;
                }
                Token::Segments => {
                    at += 1;
                    segments = Some((at, pos));
                    star = None;
                    continue;
                }
                Token::Brace => {
                    at += 1;
                    continue;
                }
                Token::Everything => return Outcome::Match,
                Token::Bad => return Outcome::Bad,
            };
            if is_eaten {
                at += 1;
                pos += width;
                continue;
            }
        }
        if let Some((after, from)) = star {
            let (c, width) = decode(&path[from..]);
            if c != '/' {
                star = Some((after, from + width));
                (at, pos) = (after, from + width);
                continue;
            }
        }
        if let Some((after, from)) = segments
            && let Some(slash) = path[from..].iter().position(|&byte| byte == b'/')
        {
            (at, pos) = (after, from + slash + 1);
            segments = Some((at, pos));
            // The star stays: doublestar too lets it go on from its old place.
            continue;
        }
        return no_match(steps.get(at));
    }
    let rest = &steps[at..];
    let mut behind_braces = rest
        .iter()
        .skip_while(|step| matches!(step.token, Token::Brace));
    match behind_braces.next() {
        None => Outcome::Match,
        Some(step) if step.rest_may_be_empty => Outcome::Match,
        step => no_match(step),
    }
}

fn no_match(step: Option<&Step>) -> Outcome {
    match step {
        Some(step) if !step.rest_is_valid => Outcome::Bad,
        _ => Outcome::NoMatch,
    }
}

/// Tells whether a text that starts with `start` and goes on may match, by all ways at once: greedy matching
/// finds some of them, so nothing that it would find is missed.
fn may_go_on(steps: &[Step], start: impl Iterator<Item = u8>) -> bool {
    let start: Vec<u8> = start.collect();
    let mut rest = &start[..];
    // Steps that may come next, in ascending order.
    let mut now = vec![0];
    let mut next: Vec<usize> = Vec::new();
    while !rest.is_empty() {
        let (c, width) = decode(rest);
        rest = &rest[width..];
        let mut index = 0;
        while let Some(&at) = now.get(index) {
            index += 1;
            let Some(step) = steps.get(at) else { continue };
            let reach = |list: &mut Vec<usize>, to: usize| {
                if list.last().is_none_or(|&last| last < to) {
                    list.push(to);
                }
            };
            let is_eaten = match &step.token {
                Token::Segments | Token::Everything | Token::Bad => return true,
                Token::Brace => {
                    insert(&mut now, at + 1);
                    continue;
                }
                Token::Star => {
                    insert(&mut now, at + 1);
                    if c != '/' {
                        reach(&mut next, at);
                    }
                    continue;
                }
                Token::Char(wanted) => c == *wanted,
                Token::Any => c != '/',
                Token::Set { negated, ranges } => is_in(c, ranges) != *negated,
            };
            if is_eaten {
                reach(&mut next, at + 1);
            }
        }
        std::mem::swap(&mut now, &mut next);
        next.clear();
        if now.is_empty() {
            return false;
        }
    }
    now.iter().any(|&at| at < steps.len())
}

/// Adds `item` to an ascending list, unless it is there.
fn insert(list: &mut Vec<usize>, item: usize) {
    if let Err(place) = list.binary_search(&item) {
        list.insert(place, item);
    }
}

fn literal_prefix(steps: &[Step]) -> Vec<u8> {
    let mut prefix = String::new();
    for step in steps {
        let Token::Char(c) = step.token else {
            if matches!(step.token, Token::Brace) {
                continue;
            }
            break;
        };
        // The end of the path may stand for the rest; a broken byte is read as U+FFFD.
        if step.rest_may_be_empty || c == char::REPLACEMENT_CHARACTER {
            break;
        }
        prefix.push(c);
    }
    prefix.into_bytes()
}

/// Returns the longest run of plain characters that the path cannot do without.
fn longest_literal(steps: &[Step]) -> Vec<u8> {
    let needed = steps.iter().take_while(|step| !step.rest_may_be_empty);
    let (mut longest, mut run) = (String::new(), String::new());
    for step in needed {
        match step.token {
            Token::Char(c) if c != char::REPLACEMENT_CHARACTER => run.push(c),
            _ => run.clear(),
        }
        if run.len() > longest.len() {
            longest.clone_from(&run);
        }
    }
    longest.into_bytes()
}

/// Tells whether `needle` is somewhere in `path`.
pub(super) fn contains(path: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else {
        return true;
    };
    // Comparing the first byte alone is what makes this fast.
    let mut windows = path.windows(needle.len());
    windows.any(|window| window[0] == *first && window == needle)
}

fn is_in(c: char, ranges: &[(char, char)]) -> bool {
    ranges.iter().any(|&(low, high)| low <= c && c <= high)
}

/// Returns the first character of `bytes`, which are not empty, and its width. A byte that is not UTF-8 is
/// U+FFFD of width 1, as in Go.
fn decode(bytes: &[u8]) -> (char, usize) {
    let first = bytes[0];
    if first < 0x80 {
        return (char::from(first), 1);
    }
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().next() {
        Some(c) => (c, c.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadPattern::UnclosedSet => "`[` is not closed; write `\\[` for the character itself",
            BadPattern::EmptySet => {
                "a set of characters is empty; write `\\[` and `\\]` for the characters themselves"
            }
            BadPattern::UnclosedBrace => "`{` is not closed; write `\\{` for the character itself",
            BadPattern::UnopenedBrace => {
                "`}` closes nothing; write `\\}` for the character itself"
            }
            BadPattern::TrailingBackslash => {
                "it ends in a backslash with nothing to escape; write `\\\\` for the character itself"
            }
            BadPattern::TooLong => "it has more than 4096 bytes",
            BadPattern::TooManyAlternatives => {
                "the alternatives in braces have too many combinations; write several masks instead"
            }
        })
    }
}

impl std::error::Error for BadPattern {}

#[cfg(test)]
mod tests;
