//! The slot: which manifest a stage gets, and the commit that it is told of.

use std::fmt;

use crate::dir::Time;
use crate::hash::{ManifestId, StageDigest, sha256};
use crate::hex;

const HEADER: &str = "werf-slot 1";

/// What a stage needs to know that must not be part of its cache key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The files.
    pub manifest: ManifestId,
    /// The commit they are from.
    pub commit: Commit,
}

/// The facts of a commit that builds can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its full id; the value of `WERF_COMMIT_HASH`.
    pub hash: String,
    /// The value of `WERF_COMMIT_TIME_HUMAN`.
    pub time_human: String,
    /// Seconds since 1970; the value of `WERF_COMMIT_TIME_UNIX` and the modification time of
    /// everything that is written.
    pub time_unix: i64,
}

impl Commit {
    pub(crate) fn time(&self) -> Time {
        Time(self.time_unix)
    }
}

impl Slot {
    /// Returns the text of the slot of `stage`.
    ///
    /// The stage is part of it, so a slot under another name is not mistaken for that stage's.
    /// A line break in a value is an error: it would end the value.
    pub fn encode(&self, stage: StageDigest) -> Result<String, SlotError> {
        let Commit {
            hash,
            time_human,
            time_unix,
        } = &self.commit;
        if [hash, time_human]
            .iter()
            .any(|value| value.contains(['\n', '\0']))
        {
            return Err(SlotError::LineBreak);
        }
        let mut text = format!(
            "{HEADER}\nstage {stage}\nmanifest {manifest}\ncommit {hash}\n\
             time-human {time_human}\ntime-unix {time_unix}\n",
            manifest = self.manifest,
        );
        text += &format!("checksum {}\n", hex::encode(&sha256(text.as_bytes())));
        Ok(text)
    }

    /// Reads the slot of `stage`.
    pub fn decode(bytes: &[u8], stage: StageDigest) -> Result<Slot, SlotError> {
        let text = str::from_utf8(bytes).map_err(|_| SlotError::Malformed)?;
        let mut lines = text.split_inclusive('\n');
        if lines.next().and_then(|line| line.strip_suffix('\n')) != Some(HEADER) {
            return Err(SlotError::Version);
        }
        let mut value = |key: &str| {
            let line = lines.next().ok_or(SlotError::Malformed)?;
            let line = line.strip_suffix('\n').ok_or(SlotError::Malformed)?;
            let (found, value) = line.split_once(' ').ok_or(SlotError::Malformed)?;
            if found == key {
                Ok(value)
            } else {
                Err(SlotError::Malformed)
            }
        };
        let named = value("stage")?;
        let manifest = value("manifest")?
            .parse()
            .map_err(|_| SlotError::Malformed)?;
        let hash = value("commit")?.to_owned();
        let time_human = value("time-human")?.to_owned();
        let time_unix = value("time-unix")?
            .parse()
            .map_err(|_| SlotError::Malformed)?;
        value("checksum")?;
        if lines.next().is_some() {
            return Err(SlotError::Malformed);
        }
        if named != stage.to_string() {
            return Err(SlotError::OtherStage);
        }
        let slot = Slot {
            manifest,
            commit: Commit {
                hash,
                time_human,
                time_unix,
            },
        };
        // Written again it must be the same text, checksum included: there is one spelling.
        if slot.encode(stage)? == text {
            Ok(slot)
        } else {
            Err(SlotError::Checksum)
        }
    }
}

/// What is wrong with a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotError {
    /// It does not begin as a slot of this version.
    Version,
    /// A line is missing, cut off or makes no sense.
    Malformed,
    /// It belongs to another stage.
    OtherStage,
    /// Its checksum is that of another text.
    Checksum,
    /// A value to be written holds a line break.
    LineBreak,
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SlotError::Version => "not a slot of a known version",
            SlotError::Malformed => "cut off or damaged",
            SlotError::OtherStage => "it belongs to another stage",
            SlotError::Checksum => "the checksum does not match",
            SlotError::LineBreak => "a value holds a line break",
        })
    }
}

impl std::error::Error for SlotError {}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: StageDigest = StageDigest::from_bytes([0xab; 32]);

    fn sample() -> Slot {
        Slot {
            manifest: ManifestId::from_bytes([1; 32]),
            commit: Commit {
                hash: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".into(),
                time_human: "2026-08-01 12:00:00 +0300 MSK".into(),
                time_unix: -5,
            },
        }
    }

    #[test]
    fn a_slot_survives_its_text() {
        let text = sample().encode(STAGE).unwrap();
        assert_eq!(Slot::decode(text.as_bytes(), STAGE), Ok(sample()));
        assert!(text.starts_with("werf-slot 1\nstage abab"), "{text}");
    }

    #[test]
    fn a_slot_of_another_stage_is_refused() {
        let text = sample().encode(STAGE).unwrap();
        let other = StageDigest::from_bytes([0; 32]);
        assert_eq!(
            Slot::decode(text.as_bytes(), other),
            Err(SlotError::OtherStage)
        );
    }

    #[test]
    fn every_damaged_slot_is_refused() {
        let text = sample().encode(STAGE).unwrap().into_bytes();
        for at in 0..text.len() {
            tally::refused(2);
            assert!(Slot::decode(&text[..at], STAGE).is_err(), "cut at {at}");
            let mut damaged = text.clone();
            damaged[at] ^= 1;
            assert!(Slot::decode(&damaged, STAGE).is_err(), "flipped at {at}");
        }
        assert!(Slot::decode(&[&text[..], b"more\n"].concat(), STAGE).is_err());
        let spelled = String::from_utf8(text)
            .unwrap()
            .replace("time-unix -5", "time-unix -05");
        assert_eq!(
            Slot::decode(spelled.as_bytes(), STAGE),
            Err(SlotError::Checksum)
        );
    }

    #[test]
    fn a_line_break_cannot_smuggle_a_line() {
        let mut slot = sample();
        slot.commit.time_human = "now\ntime-unix 1".into();
        assert_eq!(slot.encode(STAGE), Err(SlotError::LineBreak));
    }
}
