//! What can go wrong, and with which exit code a build hears of it.

use std::fmt;

/// A failure, said in one line: what was being done to which thing, and why it did not work.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// Who can mend a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// STORE lacks something or holds it damaged: filling it again mends it.
    Store,
    /// Anything else: the disk is full, a path cannot be written, the arguments are wrong.
    Own,
    /// A patch cannot be told from the seal alone: the sync of the whole image mends it.
    Inexact,
}

impl ErrorKind {
    /// Returns the exit code of the process for this kind.
    ///
    /// Shells use 1, 2, 126, 127 and 128 upwards, BuildKit 255.
    pub const fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Store => 93,
            ErrorKind::Own => 94,
            ErrorKind::Inexact => 95,
        }
    }
}

impl Error {
    /// Makes an error that filling STORE again can mend.
    pub fn store(message: impl Into<String>) -> Self {
        Error {
            kind: ErrorKind::Store,
            message: message.into(),
        }
    }

    /// Makes any other error.
    pub fn own(message: impl Into<String>) -> Self {
        Error {
            kind: ErrorKind::Own,
            message: message.into(),
        }
    }

    /// Makes an error that a sync of the whole image can mend, or say better.
    pub fn inexact(message: impl Into<String>) -> Self {
        Error {
            kind: ErrorKind::Inexact,
            message: message.into(),
        }
    }

    /// Returns who can mend it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Shows a path of any bytes on one line: control characters and quotes are escaped.
pub fn show(path: &[u8]) -> String {
    String::from_utf8_lossy(path).escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_on_one_line() {
        assert_eq!(show(b"a\nb"), "a\\nb");
        assert_eq!(show("каталог/é".as_bytes()), "каталог/é");
        assert_eq!(show(b"x\xff"), "x\u{fffd}");
    }
}
