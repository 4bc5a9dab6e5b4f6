//! What can go wrong, and with which exit code a build hears of it.

use std::{fmt, io};

use rustix::io::Errno;

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
    /// Anything else: a path cannot be written, the arguments are wrong.
    Own,
    /// A patch cannot be told from the seal alone: the sync of the whole image mends it.
    Inexact,
    /// There is no room on a disk. Where that is the image's, not even a message can be left there: the exit code has to say it.
    NoRoom,
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
            ErrorKind::NoRoom => 96,
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

    /// Makes the error of something that could not be done: `what`, and why.
    pub(crate) fn of(what: fmt::Arguments<'_>, why: &dyn Reason) -> Self {
        let kind = if why.is_no_room() {
            ErrorKind::NoRoom
        } else {
            ErrorKind::Own
        };
        Error {
            kind,
            message: format!("{what}: {why}"),
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

/// Why something could not be done: what the system says, or words.
pub(crate) trait Reason: fmt::Display {
    /// Whether it is that there is no room on a disk.
    fn is_no_room(&self) -> bool {
        false
    }
}

impl Reason for &str {}

impl Reason for String {}

impl Reason for Errno {
    fn is_no_room(&self) -> bool {
        matches!(*self, Errno::NOSPC | Errno::DQUOT)
    }
}

impl Reason for io::Error {
    fn is_no_room(&self) -> bool {
        is_no_room(self)
    }
}

/// Whether an error says that there is no room on a disk, or no more of it for whoever asks.
pub fn is_no_room(why: &io::Error) -> bool {
    matches!(
        why.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
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
    fn a_full_disk_has_an_exit_code_of_its_own() {
        let code = |why: &dyn Reason| {
            let error = Error::of(format_args!("write `/a`"), why);
            (error.kind().exit_code(), error.to_string())
        };
        let full = (96, "write `/a`: No space left on device (os error 28)");
        let (number, text) = code(&Errno::NOSPC);
        assert_eq!((number, text.as_str()), full);
        let (number, text) = code(&io::Error::from(Errno::NOSPC));
        assert_eq!((number, text.as_str()), full);
        assert_eq!(code(&Errno::DQUOT).0, 96);
        assert_eq!(code(&Errno::ROFS).0, 94);
        assert_eq!(code(&"No space left on device").0, 94);
    }

    #[test]
    fn a_path_is_shown_on_one_line() {
        assert_eq!(show(b"a\nb"), "a\\nb");
        assert_eq!(show("каталог/é".as_bytes()), "каталог/é");
        assert_eq!(show(b"x\xff"), "x\u{fffd}");
    }
}
