//! Why a repository cannot be used.

use std::fmt;

use diagnostic::Diagnostic;

/// Why a repository or something in it cannot be used, in words for the person who runs the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoError {
    /// What was being done to which thing, and what was found.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether there is no repository at all, as far as can be seen from here.
    pub is_no_repository: bool,
}

impl RepoError {
    pub(in crate::git) fn new(message: impl Into<String>) -> RepoError {
        RepoError {
            message: message.into(),
            hint: None,
            is_no_repository: false,
        }
    }

    /// Returns the refusal of a commit whose time no calendar has.
    pub(crate) fn unusable_time(commit: &str) -> RepoError {
        RepoError::new(format!("commit {commit} has a time that no calendar has"))
    }

    pub(in crate::git) fn hint(mut self, hint: impl Into<String>) -> RepoError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for RepoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RepoError {}

impl From<RepoError> for Diagnostic {
    fn from(error: RepoError) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(error.message);
        diagnostic.hint = error.hint;
        diagnostic.rule = error.is_no_repository.then(|| NO_REPOSITORY.to_owned());
        diagnostic
    }
}

/// The rule of the diagnostic that says that there is no repository; who can look at the client's files may
/// find out why.
pub const NO_REPOSITORY: &str = "NoRepository";

/// Returns the text of `error` and of everything that caused it, without repeating a part.
pub(in crate::git) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
