//! Finding the base of a mapping, and the user database, inside the root.
//!
//! Up to here links count: an image may well have `/app -> /srv/app`. They are read, not followed:
//! `..` goes no higher than the root and absolute targets begin there, as they would after a
//! `chroot`. Below the base no link is taken.

use std::fs::File;

use crate::dir::{Dir, Found, Ids, Time};
use crate::error::{Error, Reason, show};

/// As many links as Linux itself follows.
const MAX_LINKS: usize = 40;

/// A directory and the path it has after all links are gone.
pub(crate) struct Resolved {
    pub(crate) dir: Dir,
    pub(crate) path: Vec<u8>,
}

/// Finds a directory that may not be there.
pub(crate) fn find(root: &Dir, path: &[u8]) -> Result<Option<Resolved>, Error> {
    Walk::new(root, path).finish(None)
}

/// Finds a directory and makes what is missing of it, with mode 0755; the last component belongs to
/// `ids`.
pub(crate) fn make(root: &Dir, path: &[u8], ids: Ids, time: Time) -> Result<Resolved, Error> {
    let resolved = Walk::new(root, path).finish(Some((ids, time)))?;
    resolved.ok_or_else(|| Error::own(format!("create directory `{}`: it vanished", show(path))))
}

/// Opens a regular file that may not be there.
pub(crate) fn open_file(root: &Dir, path: &[u8]) -> Result<Option<File>, Error> {
    let mut path = path.to_vec();
    for _ in 0..MAX_LINKS {
        let slash = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        let (directory, name) = (&path[..slash], &path[slash + 1..]);
        let Some(found) = find(root, directory)? else {
            return Ok(None);
        };
        let failed = |why| Error::own(format!("open `{}`: {why}", show(&path)));
        match found.dir.find(name).map_err(failed)? {
            Found::Nothing | Found::Directory(_) => return Ok(None),
            Found::Other => return found.dir.open_file(name).map_err(failed),
            Found::Symlink => {
                let target = found.dir.read_link(name).map_err(failed)?;
                path = match target.first() {
                    Some(b'/') => target,
                    _ => [&found.path, &b"/"[..], &target].concat(),
                };
            }
        }
    }
    Err(Error::own(format!(
        "open `{}`: too many symbolic links",
        show(&path)
    )))
}

struct Walk<'a> {
    root: &'a Dir,
    /// What was asked for, for messages.
    wanted: &'a [u8],
    /// Components still to come, the next one last.
    rest: Vec<Vec<u8>>,
    /// Where the walk is: the directories below the root with their names.
    open: Vec<(Vec<u8>, Dir)>,
    links: usize,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Dir, wanted: &'a [u8]) -> Self {
        let mut walk = Walk {
            root,
            wanted,
            rest: Vec::new(),
            open: Vec::new(),
            links: 0,
        };
        walk.push(wanted);
        walk
    }

    fn push(&mut self, path: &[u8]) {
        let components = path
            .split(|&byte| byte == b'/')
            .filter(|c| !matches!(*c, b"" | b"."));
        self.rest.extend(components.rev().map(<[u8]>::to_vec));
    }

    fn here(&self) -> &Dir {
        self.open.last().map_or(self.root, |(_, dir)| dir)
    }

    fn path(&self) -> Vec<u8> {
        self.open
            .iter()
            .flat_map(|(name, _)| [&b"/"[..], name].concat())
            .collect()
    }

    fn failed(&self, action: &str, why: impl Reason) -> Error {
        Error::of(format_args!("{action} `{}`", show(self.wanted)), &why)
    }

    /// Goes to the end; what is missing is made if `make` says whose it is.
    fn finish(mut self, make: Option<(Ids, Time)>) -> Result<Option<Resolved>, Error> {
        while let Some(name) = self.rest.pop() {
            if name == b".." {
                self.open.pop();
                continue;
            }
            match self
                .here()
                .find(&name)
                .map_err(|why| self.failed("open directory", why))?
            {
                Found::Directory(dir) => self.open.push((name, dir)),
                Found::Symlink => self.follow(&name)?,
                Found::Other if make.is_some() => {
                    let at = show(&[&self.path()[..], b"/", &name].concat());
                    return Err(
                        self.failed("create directory", format!("`{at}` is not a directory"))
                    );
                }
                Found::Nothing if make.is_some() => self.make(name, make)?,
                Found::Other | Found::Nothing => return Ok(None),
            }
        }
        let path = self.path();
        let dir = match self.open.pop() {
            Some((_, dir)) => dir,
            None => self
                .root
                .duplicate()
                .map_err(|why| self.failed("open directory", why))?,
        };
        Ok(Some(Resolved { dir, path }))
    }

    fn follow(&mut self, name: &[u8]) -> Result<(), Error> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(self.failed("open directory", "too many symbolic links"));
        }
        let target = self.here().read_link(name);
        let target = target.map_err(|why| self.failed("read the symbolic link at", why))?;
        if target.starts_with(b"/") {
            self.open.clear();
        }
        self.push(&target);
        Ok(())
    }

    fn make(&mut self, name: Vec<u8>, make: Option<(Ids, Time)>) -> Result<(), Error> {
        let Some((ids, time)) = make else {
            return Ok(());
        };
        let ids = if self.rest.is_empty() {
            ids
        } else {
            Ids::ours()
        };
        let made = || {
            let dir = self.here().make_directory(&name, 0o755, ids)?;
            dir.set_time(time)?;
            self.here().set_time(time)?;
            Ok::<_, rustix::io::Errno>(dir)
        };
        let dir = made().map_err(|why| self.failed("create directory", why))?;
        self.open.push((name, dir));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn root() -> (tempfile::TempDir, Dir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::root(temp.path()).unwrap();
        (temp, dir)
    }

    fn resolve(root: &Dir, path: &str) -> Option<String> {
        find(root, path.as_bytes())
            .unwrap()
            .map(|found| String::from_utf8(found.path).unwrap())
    }

    #[test]
    fn links_are_resolved_within_the_root() {
        let (temp, root) = root();
        fs::create_dir_all(temp.path().join("srv/app/sub")).unwrap();
        symlink("/srv/app", temp.path().join("app")).unwrap();
        symlink("../../../../srv", temp.path().join("srv/app/up")).unwrap();
        symlink("/srv", temp.path().join("srv/app/absolute")).unwrap();
        symlink("loop", temp.path().join("loop")).unwrap();
        symlink("/nowhere/at/all", temp.path().join("dangling")).unwrap();
        assert_eq!(resolve(&root, "/"), Some(String::new()));
        assert_eq!(resolve(&root, "/app/sub"), Some("/srv/app/sub".into()));
        assert_eq!(resolve(&root, "/app/up/app"), Some("/srv/app".into()));
        assert_eq!(resolve(&root, "/app/absolute/app"), Some("/srv/app".into()));
        assert_eq!(resolve(&root, "/dangling"), None);
        assert_eq!(resolve(&root, "/missing/x"), None);
        tally::tried(6, 1);
        assert!(find(&root, b"/loop").is_err());
    }

    #[test]
    fn what_is_missing_is_made_where_the_links_lead() {
        let (temp, root) = root();
        symlink("/data/a", temp.path().join("app")).unwrap();
        let made = make(&root, b"/app/b", Ids::default(), Time(7)).unwrap();
        assert_eq!(made.path, b"/data/a/b");
        for path in ["data", "data/a", "data/a/b"] {
            let metadata = fs::metadata(temp.path().join(path)).unwrap();
            assert_eq!(
                (metadata.permissions().mode() & 0o7777, metadata.mtime()),
                (0o755, 7),
                "{path}"
            );
        }
        assert_eq!(fs::metadata(temp.path()).unwrap().mtime(), 7);
    }

    #[test]
    fn a_file_in_the_way_is_not_replaced() {
        let (temp, root) = root();
        fs::write(temp.path().join("app"), "").unwrap();
        let error = make(&root, b"/app/sub", Ids::default(), Time(0))
            .err()
            .unwrap();
        assert_eq!(
            error.to_string(),
            "create directory `/app/sub`: `/app` is not a directory"
        );
    }

    #[test]
    fn only_regular_files_within_the_root_are_opened() {
        let (temp, root) = root();
        let read = |path: &str| {
            let mut text = String::new();
            open_file(&root, path.as_bytes())
                .unwrap()?
                .read_to_string(&mut text)
                .unwrap();
            Some(text)
        };
        fs::create_dir_all(temp.path().join("etc")).unwrap();
        fs::create_dir_all(temp.path().join("usr/share")).unwrap();
        fs::write(temp.path().join("usr/share/passwd"), "inside").unwrap();
        symlink("../usr/share/passwd", temp.path().join("etc/passwd")).unwrap();
        symlink("/etc/passwd", temp.path().join("etc/absolute")).unwrap();
        symlink("/etc/hostname", temp.path().join("etc/outside")).unwrap();
        assert_eq!(read("/etc/passwd").as_deref(), Some("inside"));
        assert_eq!(read("/etc/absolute").as_deref(), Some("inside"));
        assert_eq!(read("/etc/outside"), None);
        assert_eq!(read("/etc"), None);
        tally::tried(2, 3);
        assert_eq!(read("/passwd"), None);
    }
}
