//! Text of others as people may see it: what a terminal would obey instead of show is escaped, and what nobody reads to its
//! end is cut.

use std::borrow::Cow;

use crate::redact;

/// Longer messages than this are cut in the middle, in characters.
const LONGEST: usize = 2000;

/// Whether a terminal does something else with `c` than showing it where it stands: control characters, and those that
/// turn the direction of writing (Unicode's `Bidi_Control`).
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Returns `text` on one line, with what a terminal would obey as `\n`, `\u{1b}` and the like.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, is_obeyed)
}

/// Returns `text` with what a terminal would obey escaped, but for the ends of lines and tabs.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_obeyed(c) && c != '\n' && c != '\t')
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_escaped(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Returns a message as it is shown: without the credentials of URLs, with [`lines`], and of a very long one the beginning and the end.
pub(crate) fn message(text: String) -> String {
    let text = match redact::credentials(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(redacted) => redacted,
    };
    let text = match lines(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => escaped,
    };
    let Some((cut, _)) = text.char_indices().nth(LONGEST) else {
        return text;
    };
    let half = text
        .char_indices()
        .nth(LONGEST / 2)
        .map_or(cut, |(at, _)| at);
    let end = text
        .char_indices()
        .nth_back(LONGEST / 2)
        .map_or(cut, |(at, _)| at);
    format!("{}…{}", &text[..half], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        for (text, expected) in [
            ("app", "app"),
            ("каталог/é 日本", "каталог/é 日本"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            ("x\u{202e}gpj.exe", "x\\u{202e}gpj.exe"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            tally::right(1);
            assert_eq!(line(text), expected);
        }
        assert_eq!(lines("a\n\tb\u{1b}"), "a\n\tb\\u{1b}");
    }

    #[test]
    fn a_very_long_message_keeps_its_ends() {
        let shown = message(format!("begin {} end", "ä".repeat(1_000_000)));
        assert!(shown.starts_with("begin ää") && shown.ends_with("ä end"));
        assert!(shown.chars().count() < LONGEST + 10);
        assert_eq!(message("short".to_owned()), "short");
    }
}
