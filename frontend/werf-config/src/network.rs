//! `network`: what the commands of an image can reach.

use diagnostic::{Located, Report, closest};
use serde::{Deserialize, Serialize};

use super::fields::Fields;

/// The network of an image's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NetworkMode {
    /// The builder's usual one.
    Default,
    /// The host's own.
    Host,
    /// Only the loopback interface.
    None,
}

/// Words for each of them, as Docker and BuildKit have them.
const WORDS: [(&str, NetworkMode); 5] = [
    ("default", NetworkMode::Default),
    ("bridge", NetworkMode::Default),
    ("sandbox", NetworkMode::Default),
    ("host", NetworkMode::Host),
    ("none", NetworkMode::None),
];

impl NetworkMode {
    /// Reads a word.
    ///
    /// # Errors
    /// What to do about any other word.
    pub fn parse(text: &str) -> Result<NetworkMode, String> {
        let known = WORDS.iter().find(|(word, _)| *word == text);
        known.map(|(_, mode)| *mode).ok_or_else(|| {
            match closest(text, ["default", "host", "none"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "BuildKit knows `default`, `host` and `none`, but no networks by name"
                    .to_owned(),
            }
        })
    }
}

/// Reads `network` of an image that is built by stages.
pub(crate) fn read(fields: &Fields<'_>, report: &mut Report<'_>) -> Option<Located<NetworkMode>> {
    let word = fields.text("network")?;
    match NetworkMode::parse(&word.value) {
        Ok(mode) => Some(Located::new(mode, report.location(word.span))),
        Err(hint) => {
            let message = format!("`network: {}` is not a network of BuildKit", word.value);
            report.error(word.span, message).hint(hint);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NetworkMode;

    #[test]
    fn words_of_both_engines_are_understood() {
        assert_eq!(NetworkMode::parse("bridge"), Ok(NetworkMode::Default));
        assert_eq!(NetworkMode::parse("host"), Ok(NetworkMode::Host));
        assert_eq!(
            NetworkMode::parse("hots"),
            Err("did you mean `host`?".to_owned())
        );
        assert!(NetworkMode::parse("my_net").is_err() && NetworkMode::parse("Host").is_err());
    }
}
