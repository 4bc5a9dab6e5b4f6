//! [`Version`]: a semantic version, read leniently.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// A version. A leading `v` and missing minor and patch numbers are forgiven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number, 0 when not given.
    pub minor: u64,
    /// The third number, 0 when not given.
    pub patch: u64,
    /// What follows the `-`.
    pub pre: String,
    /// What follows the `+`; ignored by comparisons.
    pub metadata: String,
    /// The text as it was given.
    pub original: String,
}

/// Why a text is not a version, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionError {
    /// Not of the form of a version.
    Invalid,
    /// A number above 64 bits.
    Segment(String),
    /// A numeric part of a pre-release with a leading zero.
    LeadingZero,
    /// A pre-release with other characters than letters, digits, hyphens and dots.
    Prerelease,
    /// An empty part, or metadata with other characters.
    Metadata,
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionError::Invalid => f.write_str("Invalid Semantic Version"),
            VersionError::Segment(number) => write!(
                f,
                "Error parsing version segment: strconv.ParseUint: parsing \"{number}\": \
                 value out of range"
            ),
            VersionError::LeadingZero => f.write_str("Version segment starts with 0"),
            VersionError::Prerelease => f.write_str("Invalid Prerelease string"),
            VersionError::Metadata => f.write_str("Invalid Metadata string"),
        }
    }
}

impl std::error::Error for VersionError {}

static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    let identifier = "(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";
    Regex::new(&format!(
        r"\Av?(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*))?(?:\.(0|[1-9][0-9]*))?(?:-({identifier}(?:\.{identifier})*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?\z"
    ))
    .expect("the pattern is a constant")
});

impl Version {
    /// Reads a version.
    pub fn parse(text: &str) -> Result<Version, VersionError> {
        let parts = VERSION.captures(text).ok_or(VersionError::Invalid)?;
        let number = |index: usize| match parts.get(index) {
            None => Ok(0),
            Some(digits) => {
                let digits = digits.as_str();
                digits
                    .parse()
                    .map_err(|_| VersionError::Segment(digits.to_owned()))
            }
        };
        let text_of = |index| parts.get(index).map_or("", |part| part.as_str()).to_owned();
        Ok(Version {
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            pre: text_of(4),
            metadata: text_of(5),
            original: text.to_owned(),
        })
    }

    /// Compares by precedence: numbers, then the pre-release, which comes before the release.
    pub fn compare(&self, other: &Version) -> Ordering {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prerelease(&self.pre, &other.pre),
            }
        })
    }

    /// Returns the next patch version; for a pre-release that is its release.
    pub fn inc_patch(&self) -> Version {
        let patch = if self.pre.is_empty() {
            self.patch.wrapping_add(1)
        } else {
            self.patch
        };
        self.successor(self.major, self.minor, patch)
    }

    /// Returns the next minor version.
    pub fn inc_minor(&self) -> Version {
        self.successor(self.major, self.minor.wrapping_add(1), 0)
    }

    /// Returns the next major version.
    pub fn inc_major(&self) -> Version {
        self.successor(self.major.wrapping_add(1), 0, 0)
    }

    /// Returns this version with another pre-release.
    pub fn with_prerelease(&self, pre: &str) -> Result<Version, VersionError> {
        for part in pre.split('.').filter(|_| !pre.is_empty()) {
            if part.is_empty() {
                return Err(VersionError::Metadata);
            }
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                if part.len() > 1 && part.starts_with('0') {
                    return Err(VersionError::LeadingZero);
                }
            } else if !is_identifier(part) {
                return Err(VersionError::Prerelease);
            }
        }
        Ok(Version {
            pre: pre.to_owned(),
            ..self.clone()
        }
        .restated(self))
    }

    /// Returns this version with other metadata.
    pub fn with_metadata(&self, metadata: &str) -> Result<Version, VersionError> {
        if !metadata.is_empty() && !metadata.split('.').all(is_identifier) {
            return Err(VersionError::Metadata);
        }
        Ok(Version {
            metadata: metadata.to_owned(),
            ..self.clone()
        }
        .restated(self))
    }

    fn successor(&self, major: u64, minor: u64, patch: u64) -> Version {
        let (pre, metadata, original) = (String::new(), String::new(), String::new());
        Version {
            major,
            minor,
            patch,
            pre,
            metadata,
            original,
        }
        .restated(self)
    }

    /// Makes the original what the version says, with the `v` of the one it comes from.
    fn restated(mut self, from: &Version) -> Version {
        let prefix = if from.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        self.original = format!("{prefix}{self}");
        self
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
}

/// Compares part by part; a missing part comes first.
pub(super) fn compare_prerelease(left: &str, right: &str) -> Ordering {
    let (mut lefts, mut rights) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or_default(), right.unwrap_or_default()),
        };
        if left == right {
            continue;
        }
        if left.is_empty() {
            return Ordering::Less;
        }
        if right.is_empty() {
            return Ordering::Greater;
        }
        // Digits beyond 64 bits compare as text, as in Go.
        let number = |part: &str| {
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| part.parse::<u64>().ok())?
        };
        return match (number(left), number(right)) {
            (Some(left), Some(right)) if left > right => Ordering::Greater,
            (Some(_), Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => left.cmp(right),
        };
    }
}
