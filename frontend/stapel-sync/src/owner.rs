//! Users and groups by name, as the image itself knows them.
//!
//! The files are read directly: the tool is static and may meet any image, and name services have
//! no say inside one.

use std::io::Read as _;

use rustix::fs::FileType;

use crate::dir::{Dir, Found, Ids};
use crate::error::Error;
use crate::manifest::Mapping;
use crate::path::split;
use crate::resolve;

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// Where images have their users and groups.
pub(crate) const DATABASES: [&str; 2] = [USERS, GROUPS];

/// Who knows the users and groups of the image.
#[derive(Clone, Copy)]
pub(crate) enum Owners<'a> {
    /// The image, whose root this is.
    Image(&'a Dir),
    /// Somebody who has looked there before.
    Seen(&'a Names),
}

/// Numbers of users and groups by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) users: Vec<(String, u32)>,
    pub(crate) groups: Vec<(String, u32)>,
}

impl Owners<'_> {
    /// Returns the ids that a mapping names; numbers are taken as they are, names are looked up.
    pub(crate) fn ids(self, mapping: &Mapping) -> Result<Ids, Error> {
        let Mapping { owner, group, .. } = mapping;
        match self {
            Owners::Image(root) => Ok(Ids {
                user: id(root, mapping, "owner", owner, USERS)?,
                group: id(root, mapping, "group", group, GROUPS)?,
            }),
            Owners::Seen(names) => Ok(Ids {
                user: seen(&names.users, owner)?,
                group: seen(&names.groups, group)?,
            }),
        }
    }
}

/// Returns the ids of all names that the mappings use and the image knows. None are known where a link leads to a
/// database: what is behind it may change by what happens elsewhere.
pub(crate) fn names(root: &Dir, mappings: &[Mapping]) -> Result<Names, Error> {
    let owners = mappings.iter().map(|mapping| mapping.owner.as_str());
    let groups = mappings.iter().map(|mapping| mapping.group.as_str());
    Ok(Names {
        users: known(root, USERS, owners)?,
        groups: known(root, GROUPS, groups)?,
    })
}

/// Says whether the owner of the mapping depends on what the image has at one of [`DATABASES`].
pub(crate) fn is_by_name(mapping: &Mapping) -> bool {
    let is_name = |name: &str| !name.is_empty() && number(name.as_bytes()).is_none();
    is_name(&mapping.owner) || is_name(&mapping.group)
}

fn known<'a>(
    root: &Dir,
    file: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<(String, u32)>, Error> {
    let names = names.filter(|name| !name.is_empty() && number(name.as_bytes()).is_none());
    let names: Vec<&str> = names.collect();
    let mut found: Vec<(String, u32)> = Vec::new();
    if names.is_empty() {
        return Ok(found);
    }
    let failed = |why: &dyn std::fmt::Display| Error::own(format!("read `{file}`: {why}"));
    let Found::Directory(directory) = root.find(b"etc").map_err(|why| failed(&why))? else {
        return Ok(found);
    };
    let (_, name) = split(file.as_bytes());
    if directory.kind(name).map_err(|why| failed(&why))? != Some(FileType::RegularFile) {
        return Ok(found);
    }
    let mut database = Vec::new();
    if let Some(mut file) = directory.open_file(name).map_err(|why| failed(&why))? {
        file.read_to_end(&mut database)
            .map_err(|why| failed(&why))?;
    }
    for name in names {
        if found.iter().any(|(known, _)| known == name) {
            continue;
        }
        if let Some(id) = lookup(&database, name) {
            found.push((name.to_owned(), id));
        }
    }
    Ok(found)
}

fn seen(ids: &[(String, u32)], name: &str) -> Result<Option<u32>, Error> {
    if name.is_empty() {
        return Ok(None);
    }
    let known = || ids.iter().find(|(known, _)| known == name);
    let id = number(name.as_bytes()).or_else(|| known().map(|(_, id)| *id));
    let unknown = || Error::own(format!("find the owner `{name}`: nobody has looked it up"));
    id.map(Some).ok_or_else(unknown)
}

fn id(
    root: &Dir,
    mapping: &Mapping,
    what: &str,
    name: &str,
    file: &str,
) -> Result<Option<u32>, Error> {
    if name.is_empty() {
        return Ok(None);
    }
    if let Some(id) = number(name.as_bytes()) {
        return Ok(Some(id));
    }
    let to = String::from_utf8_lossy(mapping.to.as_bytes());
    let failed = |why: &str| {
        Error::own(format!(
            "find the {what} of the git mapping to `{to}`: {why}"
        ))
    };
    let mut database = Vec::new();
    if let Some(mut found) = resolve::open_file(root, file.as_bytes())? {
        found
            .read_to_end(&mut database)
            .map_err(|why| failed(&format!("read `{file}`: {why}")))?;
    }
    let found = lookup(&database, name);
    let found = found.ok_or_else(|| {
        failed(&format!(
            "`{name}` is not in the image's `{file}`; create it in an earlier stage or use a number"
        ))
    })?;
    Ok(Some(found))
}

/// Finds the third field of the first line that begins with `name`.
fn lookup(database: &[u8], name: &str) -> Option<u32> {
    database.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b':');
        (fields.next()? == name.as_bytes()).then_some(())?;
        number(fields.nth(1)?)
    })
}

/// Reads a decimal id; the largest number stands for "leave it" in system calls and is none.
fn number(text: &[u8]) -> Option<u32> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let id = str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()?;
    (id != u32::MAX).then_some(id)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::hash::HashKind;
    use crate::manifest::{Content, Listing};
    use crate::path::AbsPath;

    fn mapping(owner: &str, group: &str) -> Mapping {
        let content = Content::Directory(Listing::new(HashKind::Sha1));
        let to = AbsPath::parse(b"/app").unwrap();
        Mapping {
            to,
            owner: owner.into(),
            group: group.into(),
            content,
        }
    }

    #[test]
    fn names_are_those_of_the_image() {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("etc")).unwrap();
        let users =
            "root:x:0:0::/:/bin/sh\n# app:x:1:1\nbad\napp:x:no:1\napp:x:1000:1001::/app:/bin/sh";
        fs::write(temp.path().join("etc/passwd"), users).unwrap();
        fs::write(temp.path().join("etc/group"), "root:x:0:\nweb:x:33:app\n").unwrap();
        let root = Dir::root(temp.path()).unwrap();
        let found = |owner, group| {
            Owners::Image(&root)
                .ids(&mapping(owner, group))
                .map(|ids| (ids.user, ids.group))
                .map_err(|e| e.to_string())
        };
        assert_eq!(found("app", "web"), Ok((Some(1000), Some(33))));
        assert_eq!(found("root", ""), Ok((Some(0), None)));
        assert_eq!(found("", "4000000000"), Ok((None, Some(4_000_000_000))));
        assert_eq!(
            found("nobody", "web"),
            Err("find the owner of the git mapping to `/app`: `nobody` is not in the image's `/etc/passwd`; \
                 create it in an earlier stage or use a number"
                .into())
        );
        assert!(found("ap", "").is_err());
        assert!(found("", "4294967295").is_err());
        assert!(found("-1", "").is_err());
    }

    #[test]
    fn numbers_need_no_database() {
        let temp = tempfile::tempdir().unwrap();
        let root = Dir::root(temp.path()).unwrap();
        assert_eq!(
            Owners::Image(&root).ids(&mapping("7", "8")).unwrap(),
            Ids {
                user: Some(7),
                group: Some(8)
            }
        );
        assert!(Owners::Image(&root).ids(&mapping("app", "")).is_err());
    }
}
