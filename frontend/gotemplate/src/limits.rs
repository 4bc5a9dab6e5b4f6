//! [`Limits`] of one execution and the [`Budget`] that is left of them.

use std::fmt;

use crate::str::Str;

/// How much one execution may use before it ends with an error.
///
/// The counters are shared by everything an execution does: `{{template}}`, functions that
/// execute templates, and functions that parse new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of output. 64 MiB by default.
    pub output_bytes: u64,
    /// Bytes of all strings, lists and maps that functions make, freed ones included. 64 MiB by default.
    pub value_bytes: u64,
    /// Nodes, commands and loop turns executed, plus what functions charge. 20 million by default.
    pub steps: u64,
    /// Templates that wait for templates they have called. 100,000 by default, as in Go.
    pub template_depth: u64,
    /// Levels that need the machine's stack: calls of functions that execute templates, and
    /// parentheses. 5,000 by default. Each reserves 24 KiB of address space once the first few
    /// are used up.
    pub nesting: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            output_bytes: 64 << 20,
            value_bytes: 64 << 20,
            steps: 20_000_000,
            template_depth: 100_000,
            nesting: 5_000,
        }
    }
}

/// The name of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`Limits::output_bytes`].
    OutputBytes,
    /// [`Limits::value_bytes`].
    ValueBytes,
    /// [`Limits::steps`].
    Steps,
    /// [`Limits::template_depth`].
    TemplateDepth,
    /// [`Limits::nesting`], or its fixed counterpart for parentheses in the parser.
    Nesting,
    /// Lists and maps inside each other, while they are printed or compared. Fixed.
    ValueDepth,
}

/// A limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitError {
    /// Which one.
    pub limit: Limit,
    /// Its value.
    pub max: u64,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = self.max;
        match self.limit {
            Limit::OutputBytes => write!(f, "exceeded maximum output size ({max} bytes)"),
            Limit::ValueBytes => write!(f, "exceeded maximum size of values ({max} bytes)"),
            Limit::Steps => write!(f, "exceeded maximum number of steps ({max})"),
            Limit::TemplateDepth => write!(f, "exceeded maximum template depth ({max})"),
            Limit::Nesting => write!(f, "exceeded maximum nesting ({max})"),
            Limit::ValueDepth => write!(f, "exceeded maximum depth of values ({max})"),
        }
    }
}

impl std::error::Error for LimitError {}

/// What is left of the [`Limits`] of one execution.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    limits: Limits,
    output_bytes: u64,
    value_bytes: u64,
    steps: u64,
}

impl Budget {
    /// Returns the full budget.
    pub fn new(limits: Limits) -> Budget {
        Budget {
            output_bytes: limits.output_bytes,
            value_bytes: limits.value_bytes,
            steps: limits.steps,
            limits,
        }
    }

    /// Returns the limits this budget started with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Uses `count` steps.
    pub fn charge_steps(&mut self, count: u64) -> Result<(), LimitError> {
        charge(&mut self.steps, count, Limit::Steps, self.limits.steps)
    }

    /// Uses `count` bytes of values.
    pub fn charge_bytes(&mut self, count: u64) -> Result<(), LimitError> {
        charge(
            &mut self.value_bytes,
            count,
            Limit::ValueBytes,
            self.limits.value_bytes,
        )
    }

    /// Says whether `count` bytes of values are left, without using them.
    pub fn check_bytes(&mut self, count: u64) -> Result<(), LimitError> {
        if count <= self.value_bytes {
            return Ok(());
        }
        self.charge_bytes(count)
    }

    /// Returns how many bytes of values are left.
    pub fn bytes_left(&self) -> u64 {
        self.value_bytes
    }

    /// Uses `count` bytes of output.
    pub fn charge_output(&mut self, count: u64) -> Result<(), LimitError> {
        charge(
            &mut self.output_bytes,
            count,
            Limit::OutputBytes,
            self.limits.output_bytes,
        )
    }

    /// Makes text of at most the bytes that are left. They are not charged: the engine does that
    /// for what a function returns.
    pub(crate) fn within_bytes(
        &mut self,
        make: impl FnOnce(u64) -> Result<Str, LimitError>,
    ) -> Result<Str, LimitError> {
        make(self.value_bytes).map_err(|error| match error.limit {
            Limit::ValueBytes => LimitError {
                max: self.limits.value_bytes,
                ..error
            },
            _ => error,
        })
    }
}

/// An exhausted budget stays exhausted, so a function that swallows the error gains nothing.
fn charge(left: &mut u64, count: u64, limit: Limit, max: u64) -> Result<(), LimitError> {
    match left.checked_sub(count) {
        Some(rest) => {
            *left = rest;
            Ok(())
        }
        None => {
            *left = 0;
            Err(LimitError { limit, max })
        }
    }
}
