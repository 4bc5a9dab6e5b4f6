//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::Error;
use crate::hash::{ManifestId, StageDigest};
use crate::sync::Before;

/// How to call the program.
pub const USAGE: &str = "\
stapel-sync sync   --store DIR --slot DIGEST [--root DIR] [--initial]
stapel-sync run    --store DIR --slot DIGEST [--root DIR] [--initial] -- SCRIPT [ARGUMENT...]
stapel-sync exec   --store DIR --slot DIGEST -- SCRIPT [ARGUMENT...]
stapel-sync finish --store DIR --slot DIGEST [--root DIR] [--initial] --tree MANIFEST
stapel-sync context --store DIR --slot DIGEST [--root DIR] --tree MANIFEST";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
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
}

impl Arguments {
    /// Reads the arguments that follow the program's name.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Error> {
        let mut arguments = arguments.into_iter();
        let name = arguments
            .next()
            .ok_or_else(|| wrong("a command is missing"))?;
        let (mut store, mut slot, mut root, mut tree) = (None, None, None, None);
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
                _ => return Err(wrong(&format!("unknown option `{}`", option.display()))),
            };
            let value = arguments.next();
            let value =
                value.ok_or_else(|| wrong(&format!("`{}` needs a value", option.display())))?;
            if target.replace(value).is_some() {
                return Err(wrong(&format!("`{}` is given twice", option.display())));
            }
        }
        let command = match (name.to_str(), tree, script) {
            (Some("sync"), None, None) => Command::Sync,
            (Some("run"), None, Some(script)) => Command::Run(script),
            (Some("exec"), None, Some(script)) => Command::Exec(script),
            (Some("finish"), Some(tree), None) => Command::Finish(digest("--tree", Some(tree))?),
            (Some("context"), Some(tree), None) if before == Before::State => {
                Command::Context(digest("--tree", Some(tree))?)
            }
            _ => {
                return Err(wrong(&format!(
                    "`{}` does not go with these options",
                    name.display()
                )));
            }
        };
        if matches!(&command, Command::Run(script) | Command::Exec(script) if script.is_empty()) {
            return Err(wrong("`--` needs a script"));
        }
        Ok(Arguments {
            command,
            store: store.ok_or_else(|| wrong("`--store` is missing"))?.into(),
            slot: digest("--slot", slot)?,
            root: root.unwrap_or_else(|| "/".into()).into(),
            before,
        })
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

    fn parse(line: &str) -> Result<Arguments, String> {
        let words = line.replace("DIGEST", DIGEST);
        let error = |e: Error| e.to_string().lines().next().unwrap().to_owned();
        Arguments::parse(words.split_whitespace().map(OsString::from)).map_err(error)
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
    }

    #[test]
    fn mistakes_are_named() {
        for (line, message) in [
            ("", "a command is missing"),
            ("sync", "`--store` is missing"),
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
