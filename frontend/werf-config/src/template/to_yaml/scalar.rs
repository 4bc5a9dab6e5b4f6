//! One scalar: which style yaml.v2 chooses for it (`encode.go`, `emitterc.go`), and how it looks then.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gotemplate::Value;
use yaml_v2::is_plain_text;

/// Behind this column lines are folded at the next space.
const WIDTH: usize = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// A scalar and the style that is asked for.
#[derive(Debug)]
pub struct Scalar<'a> {
    tag: &'static str,
    text: Cow<'a, str>,
    style: Style,
}

/// What `analyze_scalar` finds out.
#[derive(Clone, Copy, Debug)]
struct Allowed {
    plain: bool,
    single: bool,
    literal: bool,
}

impl<'a> Scalar<'a> {
    /// Returns the scalar of a value, or `None` for what is none.
    pub fn of(value: &'a Value) -> Option<Scalar<'a>> {
        let plain = |text: String| Scalar {
            tag: "",
            text: Cow::Owned(text),
            style: Style::Plain,
        };
        Some(match value {
            Value::Nil | Value::Absent => plain("null".to_owned()),
            Value::Bool(value) => plain(value.to_string()),
            Value::Int(_, value) => plain(value.to_string()),
            Value::Uint(_, value) => plain(value.to_string()),
            Value::Float(_, float) if float.is_nan() => plain(".nan".to_owned()),
            Value::Float(_, float) if float.is_infinite() => {
                plain(if *float > 0.0 { ".inf" } else { "-.inf" }.to_owned())
            }
            Value::Float(..) => {
                let text = gotemplate::fmt::sprintf(b"%g", std::slice::from_ref(value), 1 << 10);
                plain(text.ok()?.to_text().into_owned())
            }
            Value::String(text) => match text.to_str() {
                Some(text) => Scalar {
                    tag: "",
                    style: wanted(text),
                    text: Cow::Borrowed(text),
                },
                None => Scalar {
                    tag: "!!binary ",
                    text: Cow::Owned(BASE64.encode(text.as_bytes())),
                    style: Style::Plain,
                },
            },
            Value::Object(object) => {
                let text = object.marshal_text()?.to_text().into_owned();
                // Unlike text that looks the same, a time is not quoted.
                let is_time = object.type_name() == "time.Time";
                Scalar {
                    tag: "",
                    style: if is_time { Style::Plain } else { wanted(&text) },
                    text: Cow::Owned(text),
                }
            }
            _ => return None,
        })
    }

    /// Returns the length of the text.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is a line break in it.
    pub fn has_breaks(&self) -> bool {
        self.text.contains(is_break)
    }

    /// Writes it as the key of a mapping, in one line.
    pub fn write_as_key(&self, out: &mut String) {
        out.push_str(self.tag);
        match self.style(true) {
            Style::Plain => out.push_str(&self.text),
            Style::Single => single(&self.text, out, None),
            _ => double(&self.text, out, None),
        }
    }

    /// Writes it; its further lines are indented by `indent`.
    pub fn write(&self, out: &mut String, indent: usize) {
        out.push_str(self.tag);
        match self.style(false) {
            Style::Plain => plain(&self.text, out, indent),
            Style::Single => single(&self.text, out, Some(indent)),
            Style::Double => double(&self.text, out, Some(indent)),
            Style::Literal => literal(&self.text, out, indent),
        }
    }

    /// `yaml_emitter_select_scalar_style`.
    fn style(&self, is_key: bool) -> Style {
        let allowed = analyze(&self.text);
        let mut style = self.style;
        if is_key && self.has_breaks() {
            return Style::Double;
        }
        if style == Style::Plain && (!allowed.plain || (self.text.is_empty() && is_key)) {
            style = Style::Single;
        }
        let is_refused = match style {
            Style::Single => !allowed.single,
            Style::Literal => !allowed.literal || is_key,
            Style::Plain | Style::Double => false,
        };
        if is_refused { Style::Double } else { style }
    }
}

/// `encoder.stringv`: text that reads as something else is quoted.
fn wanted(text: &str) -> Style {
    if text.contains('\n') {
        Style::Literal
    } else if text == "<<" || is_plain_text(text) && !is_base_60(text) {
        Style::Plain
    } else {
        Style::Double
    }
}

/// Whether it is a number of base 60 in YAML 1.1, such as `1:30`:
/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '_');
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && !rest.is_empty()
        && rest.iter().all(|part| match part.as_bytes() {
            [one] => one.is_ascii_digit(),
            [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
            _ => false,
        })
        && digits(fraction)
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `is_printable`: yaml.v2 knows nothing above the basic plane, and no tab.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// `yaml_emitter_analyze_scalar`, for block context.
fn analyze(text: &str) -> Allowed {
    if text.is_empty() {
        return Allowed {
            plain: true,
            single: true,
            literal: false,
        };
    }
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let mut special = false;
    let (mut has_breaks, mut space_then_break, mut break_then_space) = (false, false, false);
    let mut previous: Option<char> = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let next = rest.as_str().chars().next();
        let is_blank = |c: Option<char>| c.is_none_or(|c| matches!(c, ' ' | '\t'));
        let is_blank_or_break = |c: Option<char>| is_blank(c) || c.is_some_and(is_break);
        indicators |= match c {
            '#' => is_blank_or_break(previous),
            ':' => is_blank(next),
            '?' | '-' if previous.is_none() => is_blank(next),
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`' => previous.is_none(),
            _ => false,
        };
        special |= !is_printable(c);
        if c == ' ' {
            break_then_space |= previous.is_some_and(is_break);
        } else if is_break(c) {
            has_breaks = true;
            space_then_break |= previous == Some(' ');
        }
        previous = Some(c);
    }
    let is_outer = |c: char| c == ' ' || is_break(c);
    let special = special || space_then_break;
    Allowed {
        plain: !(text.starts_with(is_outer)
            || text.ends_with(is_outer)
            || break_then_space
            || special
            || has_breaks
            || indicators),
        single: !(break_then_space || special),
        literal: !(text.ends_with(' ') || special),
    }
}

fn column(out: &str) -> usize {
    let start = out.rfind('\n').map_or(0, |at| at + 1);
    out[start..].chars().count()
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.push_str(&" ".repeat(indent));
}

/// Writes text without breaks; a single space behind the width becomes a line end.
fn plain(text: &str, out: &mut String, indent: usize) {
    let mut at = column(out);
    let mut was_space = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == ' ' && !was_space && at > WIDTH && !rest.as_str().starts_with(' ') {
            new_line(out, indent);
            at = indent;
        } else {
            out.push(c);
            at += 1;
        }
        was_space = c == ' ';
    }
}

/// Writes text in single quotes; without an indentation in one line.
fn single(text: &str, out: &mut String, indent: Option<usize>) {
    out.push('\'');
    let mut at = column(out);
    let (mut was_space, mut was_break) = (false, false);
    for (index, c) in text.char_indices() {
        let rest = &text[index + c.len_utf8()..];
        if c == ' ' {
            let folds =
                !was_space && at > WIDTH && index > 0 && !rest.is_empty() && !rest.starts_with(' ');
            match indent {
                Some(indent) if folds => {
                    new_line(out, indent);
                    at = indent;
                }
                _ => {
                    out.push(c);
                    at += 1;
                }
            }
            was_space = true;
            continue;
        }
        if is_break(c) {
            if !was_break && c == '\n' {
                out.push('\n');
            }
            out.push(c);
            was_break = true;
            continue;
        }
        if was_break {
            out.push_str(&" ".repeat(indent.unwrap_or_default()));
            at = indent.unwrap_or_default();
        }
        if c == '\'' {
            out.push('\'');
            at += 1;
        }
        out.push(c);
        at += 1;
        (was_space, was_break) = (false, false);
    }
    out.push('\'');
}

/// Writes text in double quotes; without an indentation in one line.
fn double(text: &str, out: &mut String, indent: Option<usize>) {
    out.push('"');
    let mut at = column(out);
    let mut was_space = false;
    // yaml.v2 looks for a byte order mark at the beginning of the text whichever character it is at.
    let has_mark = text.starts_with('\u{feff}');
    for (index, c) in text.char_indices() {
        let rest = &text[index + c.len_utf8()..];
        if has_mark || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
            let escaped = escape(c);
            at += escaped.len();
            out.push_str(&escaped);
            was_space = false;
            continue;
        }
        let folds = c == ' ' && !was_space && at > WIDTH && index > 0 && !rest.is_empty();
        match indent {
            Some(indent) if folds => {
                new_line(out, indent);
                at = indent;
                if rest.starts_with(' ') {
                    out.push('\\');
                    at += 1;
                }
            }
            _ => {
                out.push(c);
                at += 1;
            }
        }
        was_space = c == ' ';
    }
    out.push('"');
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match u32::from(c) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

fn literal(text: &str, out: &mut String, indent: usize) {
    out.push('|');
    if text.starts_with(|c| c == ' ' || is_break(c)) {
        out.push('2');
    }
    let mut backwards = text.chars().rev();
    match (backwards.next(), backwards.next()) {
        (Some(last), _) if !is_break(last) => out.push('-'),
        (Some(_), None) => out.push('+'),
        (Some(_), Some(before)) if is_break(before) => out.push('+'),
        _ => {}
    }
    out.push('\n');
    let mut is_new = true;
    let body = text.strip_suffix('\n').unwrap_or(text);
    for c in body.chars() {
        if is_break(c) {
            out.push(c);
            is_new = true;
            continue;
        }
        if is_new {
            out.push_str(&" ".repeat(indent));
            is_new = false;
        }
        out.push(c);
    }
}
