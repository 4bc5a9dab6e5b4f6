//! Anchors, aliases, tags and directives.

use super::cursor::{Mark, is_blank, is_gap, is_line_end, is_word};
use super::scanner::Scanner;
use super::token::{SyntaxError, TokenKind};

type Scanned<T> = Result<T, SyntaxError>;

const IN_TAG: &str = "while parsing a tag";
const IN_VERSION: &str = "while scanning a %YAML directive";
const IN_TAG_DIRECTIVE: &str = "while parsing a %TAG directive";

impl Scanner<'_> {
    /// Reads `&name` or `*name`.
    pub(super) fn scan_anchor(&mut self) -> Scanned<TokenKind> {
        let start = self.cursor.mark();
        let is_alias = self.cursor.bump() == '*';
        let name = self.cursor.take_while(is_word).to_owned();
        let next = self.cursor.peek();
        if name.is_empty() || !(is_gap(next) || "?:,]}%@`".contains(next)) {
            let context = if is_alias {
                "while scanning an alias"
            } else {
                "while scanning an anchor"
            };
            return Err(self.wrong(
                "did not find expected alphabetic or numeric character",
                context,
                start,
            ));
        }
        Ok(if is_alias {
            TokenKind::Alias(name)
        } else {
            TokenKind::Anchor(name)
        })
    }

    /// Reads `!<uri>`, `!suffix`, `!!suffix` or `!handle!suffix`.
    pub(super) fn scan_tag(&mut self) -> Scanned<TokenKind> {
        let start = self.cursor.mark();
        let (handle, suffix) = if self.cursor.peek_second() == '<' {
            self.cursor.bump_times(2);
            let uri = self.scan_uri("", IN_TAG, start)?;
            if self.cursor.peek() != '>' {
                return Err(self.wrong("did not find the expected '>'", IN_TAG, start));
            }
            self.cursor.bump();
            (String::new(), uri)
        } else {
            let handle = self.scan_handle(IN_TAG, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_uri("", IN_TAG, start)?;
                (handle, suffix)
            } else {
                let suffix = self.scan_uri(&handle, IN_TAG, start)?;
                // The tag `!` alone has no handle.
                if suffix.is_empty() {
                    (String::new(), "!".to_owned())
                } else {
                    ("!".to_owned(), suffix)
                }
            }
        };
        if !is_gap(self.cursor.peek()) {
            return Err(self.wrong(
                "did not find expected whitespace or line break",
                IN_TAG,
                start,
            ));
        }
        Ok(TokenKind::Tag { handle, suffix })
    }

    /// Reads `%YAML` or `%TAG` up to the end of the line.
    pub(super) fn scan_directive(&mut self) -> Scanned<TokenKind> {
        const CONTEXT: &str = "while scanning a directive";
        let start = self.cursor.mark();
        self.cursor.bump();
        let name = self.cursor.take_while(is_word);
        if name.is_empty() {
            return Err(self.wrong("could not find expected directive name", CONTEXT, start));
        }
        if !is_gap(self.cursor.peek()) {
            return Err(self.wrong(
                "found unexpected non-alphabetical character",
                CONTEXT,
                start,
            ));
        }
        let kind = match name {
            "YAML" => self.scan_version(start)?,
            "TAG" => self.scan_tag_directive(start)?,
            _ => return Err(self.wrong("found unknown directive name", CONTEXT, start)),
        };
        self.cursor.take_while(is_blank);
        self.cursor.skip_comment();
        if !is_line_end(self.cursor.peek()) {
            return Err(self.wrong(
                "did not find expected comment or line break",
                CONTEXT,
                start,
            ));
        }
        self.cursor.take_break();
        Ok(kind)
    }

    fn scan_version(&mut self, start: Mark) -> Scanned<TokenKind> {
        self.cursor.take_while(is_blank);
        let major = self.scan_version_number(start)?;
        if self.cursor.peek() != '.' {
            return Err(self.wrong(
                "did not find expected digit or '.' character",
                IN_VERSION,
                start,
            ));
        }
        self.cursor.bump();
        Ok(TokenKind::Version {
            major,
            minor: self.scan_version_number(start)?,
        })
    }

    fn scan_version_number(&mut self, start: Mark) -> Scanned<u8> {
        let digits = self.cursor.take_while(|c| c.is_ascii_digit());
        match digits.len() {
            0 => Err(self.wrong("did not find expected version number", IN_VERSION, start)),
            1 | 2 => Ok(digits.parse().expect("at most two digits")),
            _ => Err(self.wrong("found extremely long version number", IN_VERSION, start)),
        }
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Scanned<TokenKind> {
        self.cursor.take_while(is_blank);
        let handle = self.scan_handle(IN_TAG_DIRECTIVE, start)?;
        if handle.len() > 1 && !handle.ends_with('!') {
            return Err(self.wrong("did not find expected '!'", IN_TAG_DIRECTIVE, start));
        }
        if !is_blank(self.cursor.peek()) {
            return Err(self.wrong("did not find expected whitespace", IN_TAG_DIRECTIVE, start));
        }
        self.cursor.take_while(is_blank);
        let prefix = self.scan_uri("", IN_TAG_DIRECTIVE, start)?;
        if !is_gap(self.cursor.peek()) {
            return Err(self.wrong(
                "did not find expected whitespace or line break",
                IN_TAG_DIRECTIVE,
                start,
            ));
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    /// Reads `!`, `!word` or `!word!`.
    fn scan_handle(&mut self, context: &'static str, start: Mark) -> Scanned<String> {
        if self.cursor.peek() != '!' {
            return Err(self.wrong("did not find expected '!'", context, start));
        }
        let mut handle = String::from(self.cursor.bump());
        handle.push_str(self.cursor.take_while(is_word));
        if self.cursor.peek() == '!' {
            handle.push(self.cursor.bump());
        }
        Ok(handle)
    }

    /// Reads a URI; `head` is what was read of it while it could still be a handle.
    fn scan_uri(&mut self, head: &str, context: &'static str, start: Mark) -> Scanned<String> {
        let mut uri = head.strip_prefix('!').unwrap_or("").as_bytes().to_vec();
        let before = self.cursor.mark().offset;
        loop {
            let plain = self
                .cursor
                .take_while(|c| is_word(c) || ";/?:@&=+$,.!~*'()[]".contains(c));
            uri.extend_from_slice(plain.as_bytes());
            if self.cursor.peek() != '%' {
                break;
            }
            uri.push(self.scan_uri_escape(context, start)?);
        }
        if head.is_empty() && self.cursor.mark().offset == before {
            return Err(self.wrong("did not find expected tag URI", context, start));
        }
        String::from_utf8(uri)
            .map_err(|_| self.wrong("found an incorrect leading UTF-8 octet", context, start))
    }

    fn scan_uri_escape(&mut self, context: &'static str, start: Mark) -> Scanned<u8> {
        let digits = self
            .cursor
            .rest()
            .get(1..3)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(octet) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            return Err(self.wrong("did not find URI escaped octet", context, start));
        };
        self.cursor.bump_times(3);
        Ok(octet)
    }

    fn wrong(&self, problem: &str, context: &'static str, start: Mark) -> SyntaxError {
        SyntaxError::scanner(problem, self.cursor.mark()).within(context, start)
    }
}
