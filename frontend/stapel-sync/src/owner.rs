//! Users and groups by name, as the image itself knows them.
//!
//! The files are read directly: the tool is static and may meet any image, and name services have
//! no say inside one.

use std::io::Read as _;

use crate::dir::{Dir, Ids};
use crate::error::Error;
use crate::manifest::Mapping;
use crate::resolve;

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// Returns the ids that a mapping names; numbers are taken as they are, names are looked up.
pub(crate) fn ids(root: &Dir, mapping: &Mapping) -> Result<Ids, Error> {
    Ok(Ids {
        user: id(root, mapping, "owner", &mapping.owner, USERS)?,
        group: id(root, mapping, "group", &mapping.group, GROUPS)?,
    })
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
            ids(&root, &mapping(owner, group))
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
            ids(&root, &mapping("7", "8")).unwrap(),
            Ids {
                user: Some(7),
                group: Some(8)
            }
        );
        assert!(ids(&root, &mapping("app", "")).is_err());
    }
}
