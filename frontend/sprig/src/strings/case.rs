//! Upper, lower and title case; snake, kebab and camel case after huandu/xstrings 1.4.

use gotemplate::{FuncMap, Type, Value};

use crate::runes::{self, is_lower, is_number, is_punct, is_space, is_title, is_upper};
use crate::runes::{to_lower, to_title, to_upper};

pub(crate) fn register(funcs: &mut FuncMap) {
    let mut add = |name: &str, mapping: fn(&[u8]) -> Vec<u8>| {
        funcs.add(name, [Type::String], move |_, args| {
            Ok(Value::string(mapping(args.str(0))))
        });
    };
    add("upper", |text| runes::map(text, to_upper));
    add("lower", |text| runes::map(text, to_lower));
    add("title", title);
    add("untitle", untitle);
    add("swapcase", swap_case);
    add("camelcase", camel_case);
    add("snakecase", |text| lower_words(text, b'_'));
    add("kebabcase", |text| lower_words(text, b'-'));
}

/// Go's `strings.Title`: a letter is raised when no letter, digit or underscore is before it.
fn title(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut previous = ' ';
    for (char, _) in runes::iter(text) {
        let separated = if previous.is_ascii() {
            !previous.is_ascii_alphanumeric() && previous != '_'
        } else {
            is_space(previous)
        };
        runes::push(&mut out, if separated { to_title(char) } else { char });
        previous = char;
    }
    out
}

/// Lowers the first letter of every word.
fn untitle(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at_start = true;
    for (char, _) in runes::iter(text) {
        let space = is_space(char);
        runes::push(
            &mut out,
            if at_start && !space {
                to_lower(char)
            } else {
                char
            },
        );
        at_start = space;
    }
    out
}

fn swap_case(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut after_space = true;
    for (char, _) in runes::iter(text) {
        let swapped = if is_upper(char) || is_title(char) {
            after_space = false;
            to_lower(char)
        } else if is_lower(char) {
            let first = std::mem::replace(&mut after_space, false);
            if first {
                to_title(char)
            } else {
                to_upper(char)
            }
        } else {
            after_space = is_space(char);
            char
        };
        runes::push(&mut out, swapped);
    }
    out
}

fn is_connector(char: char) -> bool {
    char == '-' || char == '_' || is_space(char)
}

/// `some_words` to `SomeWords`. Connectors at the start stay, of several elsewhere all but one.
fn camel_case(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let chars = runes::chars(text);
    let leading = chars.iter().take_while(|&&char| is_connector(char)).count();
    for &char in &chars[..leading] {
        runes::push(&mut out, char);
    }
    let Some((&first, rest)) = chars[leading..].split_first() else {
        // A quirk: the last of nothing but connectors is written twice.
        if let Some(&last) = chars.last() {
            runes::push(&mut out, last);
        }
        return out;
    };
    let mut current = to_upper(first);
    if rest.is_empty() {
        runes::push(&mut out, current);
        return out;
    }
    for &char in rest {
        let previous = std::mem::replace(&mut current, char);
        if is_connector(previous) && !is_connector(char) {
            current = to_upper(char);
        } else {
            runes::push(&mut out, previous);
        }
    }
    runes::push(&mut out, current);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punct,
    Other,
}

/// `HTTP20xOK` to `http_20x_ok`.
fn lower_words(text: &[u8], connector: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            push_lower(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Word::Number => {
                (kind, word, rest) = push_run(&mut out, (kind, word, rest), connector);
                if !matches!(kind, Word::Invalid | Word::Punct | Word::Connector) {
                    out.push(connector);
                }
            }
            Word::Connector => push_lower(&mut out, previous, last, connector),
            Word::Punct => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punct) {
                    out.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind == Word::Alphabet {
                    // Lower case letters follow: `HTTP2xx` is `http_2xx`.
                    out.push(connector);
                    out.extend_from_slice(number);
                    (kind, word, rest) = push_run(&mut out, (kind, word, rest), connector);
                    if !matches!(kind, Word::Invalid | Word::Connector | Word::Punct) {
                        out.push(connector);
                    }
                } else {
                    // The number belongs to the word before: `Bld4Floor` is `bld4_floor`.
                    out.extend_from_slice(number);
                    if !matches!(kind, Word::Connector | Word::Punct) {
                        out.push(connector);
                    }
                }
            }
        }
    }
    push_lower(&mut out, kind, word, connector);
    out
}

type Split<'t> = (Word, &'t [u8], &'t [u8]);

/// Writes lower case letters and numbers up to another kind of word, which is returned.
fn push_run<'t>(out: &mut Vec<u8>, mut split: Split<'t>, connector: u8) -> Split<'t> {
    while let (Word::Alphabet | Word::Number, word, rest) = split {
        push_lower(out, split.0, word, connector);
        split = next_word(rest);
    }
    split
}

fn push_lower(out: &mut Vec<u8>, kind: Word, word: &[u8], connector: u8) {
    if kind != Word::Upper && kind != Word::Connector {
        out.extend_from_slice(word);
        return;
    }
    for (char, _) in runes::iter(word) {
        if is_connector(char) {
            out.push(connector);
        } else if is_upper(char) {
            runes::push(out, to_lower(char));
        } else {
            runes::push(out, char);
        }
    }
}

/// Letters of scripts without words between spaces are not of the alphabet.
fn is_alphabet(char: char) -> bool {
    runes::is_letter(char)
        && !matches!(char, '\u{3400}'..='\u{4D85}' | '\u{4E00}'..='\u{9FCC}' | '\u{20000}'..='\u{2B81D}')
}

/// Cuts the first word off.
fn next_word(text: &[u8]) -> Split<'_> {
    let (first, mut end) = next_valid(text, char::REPLACEMENT_CHARACTER);
    if first == char::REPLACEMENT_CHARACTER {
        let (word, rest) = text.split_at(end);
        return (Word::Invalid, word, rest);
    }
    let extend = |end: &mut usize, belongs: &dyn Fn(char) -> bool| {
        let mut current = first;
        while *end < text.len() {
            let size;
            (current, size) = next_valid(&text[*end..], current);
            if !belongs(current) {
                break;
            }
            *end += size;
        }
    };
    let in_word = |char: char| is_alphabet(char) && !is_upper(char);
    let kind = if is_connector(first) {
        extend(&mut end, &is_connector);
        Word::Connector
    } else if is_punct(first) {
        extend(&mut end, &is_punct);
        Word::Punct
    } else if is_upper(first) {
        upper_word(text, first, &mut end);
        Word::Upper
    } else if is_alphabet(first) {
        extend(&mut end, &in_word);
        Word::Alphabet
    } else if is_number(first) {
        extend(&mut end, &is_number);
        Word::Number
    } else {
        let ends = |char: char| {
            is_connector(char) || is_alphabet(char) || is_number(char) || is_punct(char)
        };
        extend(&mut end, &|char| !ends(char));
        Word::Other
    };
    let (word, rest) = text.split_at(end);
    (kind, word, rest)
}

/// Finds the end of `Status`, or of `HTTP` in `HTTPStatus`.
fn upper_word(text: &[u8], first: char, end: &mut usize) {
    if *end == text.len() {
        return;
    }
    let (mut current, mut size) = next_valid(&text[*end..], first);
    if is_upper(current) {
        let mut last_size = size;
        *end += size;
        while *end < text.len() {
            (current, size) = next_valid(&text[*end..], current);
            if !is_upper(current) {
                break;
            }
            last_size = size;
            *end += size;
        }
        if *end < text.len() && is_alphabet(current) {
            *end -= last_size;
        }
    } else if is_alphabet(current) {
        *end += size;
        while *end < text.len() {
            (current, size) = next_valid(&text[*end..], current);
            if !is_alphabet(current) || is_upper(current) {
                break;
            }
            *end += size;
        }
    }
}

/// Returns the first character that is not U+FFFD and the length up to its end, or `previous` when
/// there is none.
fn next_valid(text: &[u8], previous: char) -> (char, usize) {
    let mut length = 0;
    for (char, size) in runes::iter(text) {
        length += size;
        if char != char::REPLACEMENT_CHARACTER {
            return (char, length);
        }
    }
    (previous, length)
}
