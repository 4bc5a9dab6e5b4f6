//! [`Error`]: what went wrong, where in which template, and by which calls it was reached.

use std::fmt;
use std::sync::Arc;

use crate::limits::LimitError;
use crate::output::Origin;

/// A failure to parse or to execute a template.
///
/// `Display` gives Go's words, so they end in the message of the innermost failure and carry the
/// position of every function call on the way to it. [`Error::frames`] has the same as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Body>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Body {
    kind: ErrorKind,
    message: String,
    /// Innermost first.
    frames: Vec<Frame>,
}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not a template.
    Parse,
    /// Executing a template failed, in the engine or in a function.
    Exec,
    /// A limit was reached.
    Limit(LimitError),
    /// The template to execute does not exist.
    NoTemplate,
}

/// A place in the text of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The name under which the text was parsed; for a `{{define}}`, that of the text around it.
    pub template: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
    /// The byte in the line, counted from 0.
    pub column: usize,
    /// The byte in the text, counted from 0.
    pub offset: usize,
    /// For a text that only the running template knows: the line of the file that it comes from unchanged, if it does.
    pub origin: Option<Origin>,
}

/// One level of an execution that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where the execution was.
    pub location: Location,
    /// The template that was executing, or nothing when the text was still being parsed.
    pub executing: Option<Arc<str>>,
    /// The node that was executing, as Go prints it.
    pub node: String,
    /// What happened at this level.
    pub step: Step,
    /// The line that Go tells, which for a text being parsed is that of the last token read.
    pub(crate) told_line: usize,
}

/// What happened at one level of a failed execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The engine failed.
    Failed,
    /// A function or method was called and failed, by itself or in a template it executed.
    CalledFunction(Arc<str>),
    /// A `{{template}}` was called, in which the failure is. Go does not mention these.
    CalledTemplate(Arc<str>),
}

/// An endless recursion repeats its levels; of so many at either end are told.
const SHOWN_LEVELS: usize = 8;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Body {
            kind,
            message: message.into(),
            frames: Vec::new(),
        }))
    }

    pub(crate) fn limit_reached(limit: LimitError) -> Error {
        Error::new(ErrorKind::Limit(limit), limit.to_string())
    }

    /// Puts a level around the failure.
    pub(crate) fn within(mut self, frame: Frame) -> Error {
        self.0.frames.push(frame);
        self
    }

    /// Returns what kind of failure this is, at its root.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the limit that was reached, if that is what happened.
    pub fn limit(&self) -> Option<LimitError> {
        match self.0.kind {
            ErrorKind::Limit(limit) => Some(limit),
            _ => None,
        }
    }

    /// Returns the message of the root failure, without any position.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the levels, from the template that was to be executed down to the failure. Of a
    /// long chain of `{{template}}` calls the middle is missing.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = &Frame> + ExactSizeIterator + Clone {
        self.0.frames.iter().rev()
    }

    /// Returns where the failure itself is.
    pub fn location(&self) -> Option<&Location> {
        self.0.frames.first().map(|frame| &frame.location)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self
            .frames()
            .filter(|frame| !matches!(frame.step, Step::CalledTemplate(_)));
        let count = told.clone().count();
        let skipped = match self.0.kind {
            ErrorKind::Limit(_) if count > 2 * SHOWN_LEVELS => SHOWN_LEVELS..count - SHOWN_LEVELS,
            _ => 0..0,
        };
        for (index, frame) in told.enumerate() {
            if !skipped.contains(&index) {
                frame.fmt(f)?;
            } else if index == skipped.start {
                write!(f, "({} more calls) ", skipped.len())?;
            }
        }
        f.write_str(&self.0.message)
    }
}

/// Writes what Go says of one level, with a separator after it.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (
            Location {
                template, column, ..
            },
            line,
        ) = (&self.location, self.told_line);
        let Some(executing) = &self.executing else {
            return write!(f, "template: {template}:{line}: ");
        };
        let executing = crate::fmt::quote::quoted(executing.as_bytes());
        write!(
            f,
            "template: {template}:{line}:{column}: executing {executing} at <{}>: ",
            self.node
        )?;
        match &self.step {
            Step::CalledFunction(name) => write!(f, "error calling {name}: "),
            Step::Failed | Step::CalledTemplate(_) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
