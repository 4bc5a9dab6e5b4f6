//! Directories of the client.

use std::fmt::Write as _;

use super::{Source, is_source};
use crate::metadata::metadata_methods;

/// The name of a directory of the client's, not yet of one client.
///
/// It is no source: all builds that run at once share equal operations, so one that named no client would
/// give them the files of any.
#[derive(Clone, Debug)]
pub struct LocalSourceName {
    source: Source,
}

impl LocalSourceName {
    pub(super) fn new(name: &str) -> LocalSourceName {
        LocalSourceName {
            source: Source::new(format!("local://{name}"), "source.local"),
        }
    }

    /// The session of the client that offers it.
    pub fn session(mut self, id: &str) -> LocalSource {
        self.source
            .attribute_since("local.session", id, "source.local.sessionid");
        LocalSource {
            source: self.source,
        }
    }

    /// Any session of this build, which is told from others by a random id.
    pub fn unique(mut self, id: &str) -> LocalSource {
        self.source
            .attribute_since("local.unique", id, "source.local.unique");
        LocalSource {
            source: self.source,
        }
    }
}

/// A directory of a client.
#[derive(Clone, Debug)]
pub struct LocalSource {
    source: Source,
}

/// How the daemon finds out which files of the client changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differ {
    /// Not at all: all data is sent each time.
    None,
    /// By size, time and mode.
    Metadata,
}

impl LocalSource {
    /// The paths to send, in the syntax of `.dockerignore`. None means all.
    pub fn include_patterns<S: AsRef<str>>(
        self,
        patterns: impl IntoIterator<Item = S>,
    ) -> LocalSource {
        // Singular, unlike the others.
        self.list(
            "local.includepattern",
            patterns,
            "source.local.includepatterns",
        )
    }

    /// The paths not to send, in the syntax of `.dockerignore`.
    pub fn exclude_patterns<S: AsRef<str>>(
        self,
        patterns: impl IntoIterator<Item = S>,
    ) -> LocalSource {
        self.list(
            "local.excludepatterns",
            patterns,
            "source.local.excludepatterns",
        )
    }

    /// The exact paths to send, links being followed. None means all.
    pub fn follow_paths<S: AsRef<str>>(self, paths: impl IntoIterator<Item = S>) -> LocalSource {
        self.list("local.followpaths", paths, "source.local.followpaths")
    }

    /// Which copy of the daemon's to bring up to date. Each set of patterns needs one of its own, or they evict
    /// each other.
    pub fn shared_key_hint(mut self, hint: &str) -> LocalSource {
        self.source
            .attribute_since("local.sharedkeyhint", hint, "source.local.sharedkeyhint");
        self
    }

    /// How changes are found (since 0.9; by metadata if nothing is said).
    pub fn differ(mut self, differ: Differ) -> LocalSource {
        let value = match differ {
            Differ::None => "none",
            Differ::Metadata => "metadata",
        };
        self.source
            .attribute_since("local.differ", value, "source.local.differ");
        self
    }

    /// Sends what the client's file system says of each file, and the contents of those alone that `contents` match, in the
    /// syntax of `.dockerignore`; not every daemon can. What is said is in the file `.fsutil-metadata`.
    pub fn metadata_only<S: AsRef<str>>(
        mut self,
        contents: impl IntoIterator<Item = S>,
    ) -> LocalSource {
        let cap = "source.local.metadatatransfer";
        self.source
            .attribute_since("local.metadatatransfer", "true", cap);
        self.list("local.metadatatransferexclude", contents, cap)
    }

    metadata_methods!(source.metadata);

    fn list<S: AsRef<str>>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = S>,
        cap: &str,
    ) -> LocalSource {
        let values: Vec<S> = values.into_iter().collect();
        if !values.is_empty() {
            self.source.attribute_since(name, json(&values), cap);
        }
        self
    }
}

is_source!(LocalSource);

/// Writes a list of strings as Go's `encoding/json` does, which also escapes what is special in HTML: the text is in
/// the digest, and the daemon's own operations for the same files must be equal to ours.
fn json<S: AsRef<str>>(values: &[S]) -> String {
    let mut text = "[".to_owned();
    for (index, value) in values.iter().enumerate() {
        text.push_str(if index == 0 { "\"" } else { ",\"" });
        for character in value.as_ref().chars() {
            match character {
                '"' | '\\' => text.extend(['\\', character]),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\u{8}' => text.push_str("\\b"),
                '\u{c}' => text.push_str("\\f"),
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    write!(text, "\\u{:04x}", u32::from(character))
                        .expect("writing to a string does not fail");
                }
                _ => text.push(character),
            }
        }
        text.push('"');
    }
    text.push(']');
    text
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn lists_are_written_as_go_writes_them() {
        assert_eq!(json::<&str>(&[]), "[]");
        assert_eq!(json(&["a", "b c", "é"]), r#"["a","b c","é"]"#);
        assert_eq!(json(&["a\"b\\c/d"]), r#"["a\"b\\c/d"]"#);
        assert_eq!(json(&["<&>\u{2028}"]), r#"["\u003c\u0026\u003e\u2028"]"#);
        assert_eq!(
            json(&["\n\r\t\u{8}\u{c}\u{1}\u{7f}"]),
            "[\"\\n\\r\\t\\b\\f\\u0001\u{7f}\"]"
        );
    }
}
