//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::Error;
use crate::hash::{ManifestId, SealId, StageDigest};
use crate::sync::{Before, PatchPlaces};

/// How to call the program.
pub const USAGE: &str = "\
stapel-sync sync   --store DIR --slot DIGEST [--root DIR] [--initial]
stapel-sync run    --store DIR --slot DIGEST [--root DIR] [--initial] -- SCRIPT [ARGUMENT...]
stapel-sync exec   --store DIR --slot DIGEST -- SCRIPT [ARGUMENT...]
stapel-sync finish --store DIR --slot DIGEST [--root DIR] [--initial] --tree MANIFEST
stapel-sync context --store DIR --slot DIGEST [--root DIR] --tree MANIFEST
stapel-sync seal    --sealed DIR [--root DIR]
stapel-sync check   --sealed DIR --seal SEAL [--root DIR]
stapel-sync patch   --store DIR --slot DIGEST --tree MANIFEST --seal SEAL --sealed DIR --gone DIR --new DIR";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    /// Something that goes by a slot.
    Slot(SlotArguments),
    /// To put the seal of the image with this root into a directory.
    Seal(PathBuf, PathBuf),
    /// To check that the image with this root has this seal, which is in a directory.
    Check(PathBuf, PathBuf, SealId),
}

impl Arguments {
    /// Returns the root of the image whose files are to be brought up to date, if it is that.
    pub fn image(&self) -> Option<&Path> {
        match self {
            Arguments::Slot(SlotArguments {
                command: Command::Sync | Command::Run(_) | Command::Finish(_),
                root,
                ..
            }) => Some(root),
            _ => None,
        }
    }
}

/// What was asked for that goes by a slot.
#[derive(Debug, PartialEq, Eq)]
pub struct SlotArguments {
    /// What to do.
    pub command: Command,
    /// Where STORE is.
    pub store: PathBuf,
    /// The stage whose slot counts.
    pub slot: StageDigest,
    /// The root of the image.
    pub root: PathBuf,
    /// What to believe of a state file.
    pub before: Before,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Sync.
    Sync,
    /// Sync, then become this command.
    Run(Vec<OsString>),
    /// Become this command; the files are left alone.
    Exec(Vec<OsString>),
    /// Sync to exactly this manifest, then remove the state file.
    Finish(ManifestId),
    /// Write exactly this manifest where nothing is yet, as a build context.
    Context(ManifestId),
    /// Write the way from the layer with this seal to exactly this manifest.
    Patch(ManifestId, SealId, PatchPlaces<PathBuf>),
}

impl Arguments {
    /// Reads the arguments that follow the program's name.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Error> {
        let mut arguments = arguments.into_iter();
        let name = arguments
            .next()
            .ok_or_else(|| wrong("a command is missing"))?;
        let (mut store, mut slot, mut root, mut tree) = (None, None, None, None);
        let (mut seal, mut sealed, mut gone, mut new) = (None, None, None, None);
        let mut before = Before::State;
        let mut script = None;
        while let Some(option) = arguments.next() {
            let target = match option.to_str() {
                Some("--") => {
                    script = Some(arguments.collect());
                    break;
                }
                Some("--initial") => {
                    before = Before::Nothing;
                    continue;
                }
                Some("--store") => &mut store,
                Some("--slot") => &mut slot,
                Some("--root") => &mut root,
                Some("--tree") => &mut tree,
                Some("--seal") => &mut seal,
                Some("--sealed") => &mut sealed,
                Some("--gone") => &mut gone,
                Some("--new") => &mut new,
                _ => return Err(wrong(&format!("unknown option `{}`", option.display()))),
            };
            let value = arguments.next();
            let value =
                value.ok_or_else(|| wrong(&format!("`{}` needs a value", option.display())))?;
            if target.replace(value).is_some() {
                return Err(wrong(&format!("`{}` is given twice", option.display())));
            }
        }
        let mismatch = || {
            wrong(&format!(
                "`{}` does not go with these options",
                name.display()
            ))
        };
        if let Some("seal" | "check") = name.to_str() {
            let others = [&store, &slot, &tree, &gone, &new];
            let is_alone = others.iter().all(|other| other.is_none()) && script.is_none();
            let root = root.unwrap_or_else(|| "/".into()).into();
            return match (sealed, seal) {
                (Some(sealed), None) if is_alone && name == "seal" && before == Before::State => {
                    Ok(Arguments::Seal(root, sealed.into()))
                }
                (Some(sealed), seal) if is_alone && name == "check" && before == Before::State => {
                    let seal = digest("--seal", seal)?;
                    Ok(Arguments::Check(root, sealed.into(), seal))
                }
                _ => Err(mismatch()),
            };
        }
        let places = match (sealed, gone, new) {
            (Some(sealed), Some(gone), Some(new)) => Some(PatchPlaces {
                sealed: sealed.into(),
                gone: gone.into(),
                new: new.into(),
            }),
            (None, None, None) => None,
            _ => return Err(mismatch()),
        };
        let command = match (name.to_str(), tree, script, (seal, places)) {
            (Some("sync"), None, None, (None, None)) => Command::Sync,
            (Some("run"), None, Some(script), (None, None)) => Command::Run(script),
            (Some("exec"), None, Some(script), (None, None)) => Command::Exec(script),
            (Some("finish"), Some(tree), None, (None, None)) => {
                Command::Finish(digest("--tree", Some(tree))?)
            }
            (Some("context"), Some(tree), None, (None, None)) if before == Before::State => {
                Command::Context(digest("--tree", Some(tree))?)
            }
            (Some("patch"), Some(tree), None, (Some(seal), Some(places)))
                if before == Before::State && root.is_none() =>
            {
                Command::Patch(
                    digest("--tree", Some(tree))?,
                    digest("--seal", Some(seal))?,
                    places,
                )
            }
            _ => return Err(mismatch()),
        };
        if matches!(&command, Command::Run(script) | Command::Exec(script) if script.is_empty()) {
            return Err(wrong("`--` needs a script"));
        }
        Ok(Arguments::Slot(SlotArguments {
            command,
            store: store.ok_or_else(|| wrong("`--store` is missing"))?.into(),
            slot: digest("--slot", slot)?,
            root: root.unwrap_or_else(|| "/".into()).into(),
            before,
        }))
    }
}

fn digest<T: FromStr>(option: &str, value: Option<OsString>) -> Result<T, Error> {
    let value = value.ok_or_else(|| wrong(&format!("`{option}` is missing")))?;
    let digest = value.to_str().and_then(|text| text.parse().ok());
    digest.ok_or_else(|| {
        wrong(&format!(
            "`{option}` is not a digest of 64 hexadecimal digits"
        ))
    })
}

fn wrong(why: &str) -> Error {
    Error::own(format!("read the arguments: {why}\n{USAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn parse_all(line: &str) -> Result<Arguments, String> {
        let words = line.replace("DIGEST", DIGEST);
        let error = |e: Error| e.to_string().lines().next().unwrap().to_owned();
        Arguments::parse(words.split_whitespace().map(OsString::from)).map_err(error)
    }

    fn parse(line: &str) -> Result<SlotArguments, String> {
        match parse_all(line)? {
            Arguments::Slot(arguments) => Ok(arguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commands_are_read() {
        let parsed = parse("run --store /s --slot DIGEST -- /x.sh --slot y").unwrap();
        assert_eq!(
            parsed.command,
            Command::Run(vec!["/x.sh".into(), "--slot".into(), "y".into()])
        );
        assert_eq!((parsed.store, parsed.root), ("/s".into(), "/".into()));
        assert_eq!(parsed.slot, DIGEST.parse().unwrap());
        let parsed = parse("exec --store /s --slot DIGEST -- /x.sh").unwrap();
        assert_eq!(parsed.command, Command::Exec(vec!["/x.sh".into()]));
        let parsed = parse("finish --tree DIGEST --slot DIGEST --root /r --store /s").unwrap();
        assert_eq!(parsed.command, Command::Finish(DIGEST.parse().unwrap()));
        assert_eq!(parsed.before, Before::State);
        let parsed = parse("context --tree DIGEST --slot DIGEST --store /s").unwrap();
        assert_eq!(parsed.command, Command::Context(DIGEST.parse().unwrap()));
        let parsed = parse("sync --initial --store /s --slot DIGEST").unwrap();
        assert_eq!(
            (parsed.command, parsed.before),
            (Command::Sync, Before::Nothing)
        );
        let sealed = |root: &str| Arguments::Seal(root.into(), "/s".into());
        assert_eq!(parse_all("seal --sealed /s"), Ok(sealed("/")));
        assert_eq!(parse_all("seal --root /r --sealed /s"), Ok(sealed("/r")));
        assert_eq!(
            parse_all("check --sealed /s --seal DIGEST"),
            Ok(Arguments::Check(
                "/".into(),
                "/s".into(),
                DIGEST.parse().unwrap()
            ))
        );
        let line = "patch --store /s --slot DIGEST --tree DIGEST --seal DIGEST --sealed /a --gone /b --new /c";
        let places = PatchPlaces {
            sealed: "/a".into(),
            gone: "/b".into(),
            new: "/c".into(),
        };
        let digests = (DIGEST.parse().unwrap(), DIGEST.parse().unwrap());
        assert_eq!(
            parse(line).unwrap().command,
            Command::Patch(digests.0, digests.1, places)
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (line, message) in [
            ("", "a command is missing"),
            ("sync", "`--store` is missing"),
            (
                "seal --sealed /a --store /s",
                "`seal` does not go with these options",
            ),
            ("seal", "`seal` does not go with these options"),
            ("check --sealed /a", "`--seal` is missing"),
            (
                "sync --seal DIGEST",
                "`sync` does not go with these options",
            ),
            (
                "patch --tree DIGEST --seal DIGEST --gone /b",
                "`patch` does not go with these options",
            ),
            (
                "patch --tree DIGEST",
                "`patch` does not go with these options",
            ),
            ("sync --store /s", "`--slot` is missing"),
            (
                "sync --store /s --slot abc",
                "`--slot` is not a digest of 64 hexadecimal digits",
            ),
            ("sync --store", "`--store` needs a value"),
            ("sync --store /s --store /s", "`--store` is given twice"),
            ("sync --verbose", "unknown option `--verbose`"),
            (
                "run --store /s --slot DIGEST",
                "`run` does not go with these options",
            ),
            ("run --store /s --slot DIGEST --", "`--` needs a script"),
            ("exec --store /s --slot DIGEST --", "`--` needs a script"),
            (
                "sync --store /s --slot DIGEST -- x",
                "`sync` does not go with these options",
            ),
            (
                "finish --store /s --slot DIGEST",
                "`finish` does not go with these options",
            ),
            (
                "context --store /s --slot DIGEST",
                "`context` does not go with these options",
            ),
            (
                "context --store /s --slot DIGEST --tree DIGEST --initial",
                "`context` does not go with these options",
            ),
            ("clean --store /s", "`clean` does not go with these options"),
        ] {
            assert_eq!(
                parse(line),
                Err(format!("read the arguments: {message}")),
                "{line}"
            );
        }
    }
}
