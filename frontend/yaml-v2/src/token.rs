//! What the scanner makes of a text, and what is wrong with a text that is not YAML.

use super::cursor::Mark;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: the only style whose text can mean a number, a boolean or null.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A block after `|` or `>`.
    Block,
}

/// A token and the text it stands for.
#[derive(Clone, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it begins.
    pub start: Mark,
    /// The offset behind it.
    pub end: usize,
}

/// The tokens of YAML 1.1 (its appendix on parsing calls the block ones virtual: they stand for
/// indentation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The end of the text.
    StreamEnd,
    /// `%YAML 1.1`
    Version { major: u8, minor: u8 },
    /// `%TAG !handle! prefix`
    TagDirective { handle: String, prefix: String },
    /// `---`
    DocumentStart,
    /// `...`
    DocumentEnd,
    /// The first entry of a block sequence comes.
    BlockSequence,
    /// The first key of a block mapping comes.
    BlockMapping,
    /// Indentation went back.
    BlockEnd,
    /// `[`
    FlowSequence,
    /// `]`
    FlowSequenceEnd,
    /// `{`
    FlowMapping,
    /// `}`
    FlowMappingEnd,
    /// `-`
    BlockEntry,
    /// `,`
    FlowEntry,
    /// `?`, or nothing where a simple key begins.
    Key,
    /// `:`
    Value,
    /// `*name`
    Alias(String),
    /// `&name`
    Anchor(String),
    /// `!handle!suffix`
    Tag { handle: String, suffix: String },
    /// Text.
    Scalar { text: String, style: Style },
}

/// Who found a text to be wrong; it decides how yaml.v2 counts the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finder {
    /// The decoding of characters: no line is given.
    Reader,
    /// The scanner.
    Scanner,
    /// The parser.
    Parser,
    /// The composer of nodes: no line is given.
    Composer,
}

/// A text that is not YAML, in yaml.v2's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Who found it.
    pub finder: Finder,
    /// What is wrong.
    pub problem: String,
    /// Where it was noticed.
    pub at: Mark,
    /// What was being read, and where that began.
    pub context: Option<(&'static str, Mark)>,
}

impl SyntaxError {
    /// Returns what the scanner found at `at`.
    pub fn scanner(problem: &str, at: Mark) -> SyntaxError {
        SyntaxError {
            finder: Finder::Scanner,
            problem: problem.to_owned(),
            at,
            context: None,
        }
    }

    /// Returns what the parser found at `at`.
    pub fn parser(problem: &str, at: Mark) -> SyntaxError {
        SyntaxError {
            finder: Finder::Parser,
            ..SyntaxError::scanner(problem, at)
        }
    }

    /// Returns what the composer found at `at`.
    pub fn composer(problem: String, at: Mark) -> SyntaxError {
        SyntaxError {
            finder: Finder::Composer,
            problem,
            at,
            context: None,
        }
    }

    /// Says what was being read.
    pub fn within(mut self, what: &'static str, since: Mark) -> SyntaxError {
        self.context = Some((what, since));
        self
    }

    /// Returns the line that yaml.v2 2.4.0 names, or `None` where it names none: it counts from 0 for
    /// the parser and keeps silent about line 0.
    pub fn v2_line(&self) -> Option<usize> {
        match self.finder {
            Finder::Reader | Finder::Composer => None,
            _ if self.at.line == 0 => None,
            Finder::Scanner => Some(self.at.line + 1),
            Finder::Parser => Some(self.at.line),
        }
    }
}
