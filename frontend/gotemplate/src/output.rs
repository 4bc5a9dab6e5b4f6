//! [`Rendered`]: what an execution wrote, and which line of which template wrote it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::str::Str;
use crate::utf8;

/// A line of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name under which the text was parsed.
    pub template: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
}

impl Origin {
    fn same(&self, other: &Origin) -> bool {
        self.line == other.line && Arc::ptr_eq(&self.template, &other.template)
    }
}

/// A run of output with one origin.
#[derive(Clone, Debug)]
struct Segment {
    /// Where it starts in the output; it ends where the next one starts.
    start: usize,
    /// The line that wrote it, unless that is in a text which only the running template knows.
    origin: Option<Origin>,
    /// Whether it is the template's own text, so that newlines lead on to the next line.
    verbatim: bool,
}

impl Segment {
    /// Returns the origin of what follows the first `newlines` newlines of the segment.
    fn origin_after(&self, newlines: usize) -> Option<Origin> {
        let Origin { template, line } = self.origin.as_ref()?;
        let line = if self.verbatim {
            line + newlines
        } else {
            *line
        };
        Some(Origin {
            template: Arc::clone(template),
            line,
        })
    }
}

/// Output being written.
#[derive(Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    segments: Vec<Segment>,
}

impl Output {
    /// Appends a template's own text.
    pub(crate) fn push_verbatim(&mut self, bytes: &[u8], origin: Option<Origin>) {
        // Text within one line shares the segment of the actions on that line.
        self.segment(origin, bytes.contains(&b'\n'));
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends what an action printed.
    pub(crate) fn push(&mut self, bytes: &[u8], origin: Option<Origin>) {
        if !bytes.is_empty() {
            self.segment(origin, false);
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Appends what an action printed, of which the lines have origins of their own.
    pub(crate) fn push_lines(&mut self, bytes: &[u8], lines: &Lines, fallback: Option<&Origin>) {
        for (line, origin) in bytes.split_inclusive(|byte| *byte == b'\n').zip(&**lines) {
            self.push(line, origin.as_ref().or(fallback).cloned());
        }
    }

    fn segment(&mut self, origin: Option<Origin>, verbatim: bool) {
        if let Some(last) = self.segments.last()
            && !verbatim
            && !last.verbatim
        {
            match (&last.origin, &origin) {
                (None, None) => return,
                (Some(last), Some(origin)) if last.same(origin) => return,
                _ => {}
            }
        }
        self.segments.push(Segment {
            start: self.bytes.len(),
            origin,
            verbatim,
        });
    }

    /// Returns the text and the origins of its lines.
    pub(crate) fn into_lines(self) -> (Vec<u8>, Lines) {
        let mut lines = Vec::new();
        let mut start = 0;
        let mut segments = self.segments.iter().peekable();
        let mut segment = segments.next();
        // The newlines of the segment before the line.
        let mut newlines = 0;
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            while let Some(next) = segments.next_if(|next| next.start <= start) {
                segment = Some(next);
                newlines = 0;
            }
            newlines += usize::from(segment.is_some_and(|segment| segment.start < start));
            lines.push(segment.and_then(|segment| segment.origin_after(newlines)));
            start += line.len();
        }
        (self.bytes, Arc::from(lines))
    }

    pub(crate) fn into_rendered(self) -> Rendered {
        Rendered {
            bytes: self.bytes,
            segments: self.segments,
        }
    }
}

/// The output of an execution.
#[derive(Clone, Debug)]
pub struct Rendered {
    bytes: Vec<u8>,
    segments: Vec<Segment>,
}

impl Rendered {
    /// Returns the output.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the output as text, with U+FFFD in place of whatever is not UTF-8.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Returns the names of the templates and files that wrote any of it.
    pub fn templates(&self) -> BTreeSet<&str> {
        let origins = self.segments.iter().filter_map(|it| it.origin.as_ref());
        origins.map(|origin| &*origin.template).collect()
    }

    /// Returns the output, without the knowledge of its origin.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns the template line that wrote the byte at `offset`.
    ///
    /// Template text and what actions print are traced to their line. What a function like
    /// `include` returns is traced to the lines of the executed template, as long as it is
    /// printed as it is or after a function that changes nothing but the space around lines, such
    /// as `indent`; otherwise to the line of the action.
    pub fn locate(&self, offset: usize) -> Option<Origin> {
        let index = self
            .segments
            .partition_point(|segment| segment.start <= offset);
        let segment = &self.segments[index.checked_sub(1)?];
        let before = &self.bytes[segment.start..offset.min(self.bytes.len())];
        segment.origin_after(utf8::count_newlines(before))
    }

    /// Returns the template line that wrote the start of an output line, counted from 1.
    pub fn locate_line(&self, line: usize) -> Option<Origin> {
        let newlines = self
            .bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n');
        let start = match line.checked_sub(2) {
            None => 0,
            Some(before) => newlines.map(|(at, _)| at + 1).nth(before)?,
        };
        self.locate(start)
    }
}

/// The origin of each line of a text.
pub(crate) type Lines = Arc<[Option<Origin>]>;

/// Remembers the origins of the texts that functions made last.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    texts: Vec<(Str, Lines)>,
    /// Texts of whole files by the addresses of their buffers, which are kept so that no other text has one of them.
    files: HashMap<usize, FileText>,
}

/// The text of a file that a template has read.
#[derive(Debug)]
struct FileText {
    text: Str,
    template: Arc<str>,
    /// Made when they are first asked for.
    lines: Option<Lines>,
}

impl FileText {
    fn lines(&mut self) -> Lines {
        let lines = self.lines.get_or_insert_with(|| {
            let numbers = 1..=self.text.split_inclusive(|byte| *byte == b'\n').count();
            let origin = |line| {
                Some(Origin {
                    template: Arc::clone(&self.template),
                    line,
                })
            };
            numbers.map(origin).collect()
        });
        Arc::clone(lines)
    }
}

impl Origins {
    const REMEMBERED: usize = 8;

    pub(crate) fn of(&mut self, text: &Str) -> Option<Lines> {
        let known = self.texts.iter().find(|(known, _)| known.same_buffer(text));
        if let Some((_, lines)) = known {
            return Some(Arc::clone(lines));
        }
        let file = self.files.get_mut(&text.address())?;
        file.text.same_buffer(text).then(|| file.lines())
    }

    /// Remembers that a text is that of a file.
    pub(crate) fn comes_from(&mut self, text: &Str, template: &str) {
        if text.is_empty() {
            return;
        }
        let file = FileText {
            text: text.clone(),
            template: Arc::from(template),
            lines: None,
        };
        self.files.insert(text.address(), file);
    }

    pub(crate) fn remember(&mut self, text: Str, lines: Lines) {
        if text.is_empty() {
            return;
        }
        if self.texts.len() == Origins::REMEMBERED {
            self.texts.remove(0);
        }
        self.texts.push((text, lines));
    }

    /// Remembers the origins of a text that a function made of a known one, if it has the same
    /// lines but for the space around them.
    pub(crate) fn derive(&mut self, from: &Str, lines: &Lines, to: &Str) {
        if let Some(lines) = map_lines(from, lines, to) {
            self.remember(to.clone(), lines);
        }
    }
}

fn map_lines(from: &[u8], origins: &Lines, to: &[u8]) -> Option<Lines> {
    let mut origins = from
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .zip(origins.iter())
        .filter(|(line, _)| !line.is_empty());
    let mut lines = Vec::new();
    for line in to
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
    {
        if line.is_empty() {
            lines.push(None);
            continue;
        }
        let (known, origin) = origins.next()?;
        if known != line {
            return None;
        }
        lines.push(origin.clone());
    }
    origins.next().is_none().then(|| Arc::from(lines))
}
