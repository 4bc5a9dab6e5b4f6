//! [`FuncError`]: why a function failed.

use std::fmt;

use crate::collection::MapError;
use crate::error::Error;
use crate::limits::LimitError;

/// Why a function failed.
///
/// The engine prepends where it was called: `template: t:1:3: executing "t" at <f>: error
/// calling f: ` and then this message. A template's error or a reached limit inside a function
/// passes through `?` and stays available as the cause.
#[derive(Clone, Debug)]
pub struct FuncError(Failure);

#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Message(String),
    Template(Error),
    Limit(LimitError),
}

impl FuncError {
    /// Returns an error with this message.
    pub fn new(message: impl Into<String>) -> FuncError {
        FuncError(Failure::Message(message.into()))
    }

    /// Returns the error of the template that the function executed or parsed.
    pub fn template_error(&self) -> Option<&Error> {
        match &self.0 {
            Failure::Template(error) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn into_failure(self) -> Failure {
        self.0
    }
}

impl fmt::Display for FuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Failure::Message(message) => f.write_str(message),
            Failure::Template(error) => error.fmt(f),
            Failure::Limit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FuncError {}

impl From<String> for FuncError {
    fn from(message: String) -> Self {
        FuncError::new(message)
    }
}

impl From<&str> for FuncError {
    fn from(message: &str) -> Self {
        FuncError::new(message)
    }
}

impl From<Error> for FuncError {
    fn from(error: Error) -> Self {
        FuncError(Failure::Template(error))
    }
}

impl From<LimitError> for FuncError {
    fn from(error: LimitError) -> Self {
        FuncError(Failure::Limit(error))
    }
}

impl From<MapError> for FuncError {
    fn from(error: MapError) -> Self {
        FuncError::new(error.to_string())
    }
}
