//! What of a tree's listing is in a manifest.

use stapel_sync::manifest::{Content, EntryKind, Leaf, Listing, Mapping};
use stapel_sync::{AbsPath, HashKind, ObjectId};
use werf_config::GitMapping;

use crate::git::tree::{FileKind, Shape, TreeEntry, TreeListing};

/// Turns a listing into what a manifest holds of it.
pub(super) fn content(listing: &TreeListing, mapping: &GitMapping) -> Result<Mapping, String> {
    let to = AbsPath::parse(mapping.to.value.as_bytes())
        .map_err(|error| format!("`to: {}` cannot be used: {error}", mapping.to.value))?;
    let content = match listing.shape {
        Shape::File if mapping.to.value == "/" => {
            let name = listing
                .entries
                .first()
                .map(|entry| entry.path.to_string())
                .unwrap_or_default();
            return Err(format!(
                "`{}` is a file and cannot become `/`; write `to: /{name}`",
                mapping.add.value
            ));
        }
        Shape::File => match listing.entries.first() {
            Some(entry) => Content::File(leaf(entry)),
            None => {
                return Err(format!(
                    "`{}` is a file without an entry",
                    mapping.add.value
                ));
            }
        },
        Shape::Directory => {
            let kind = listing
                .entries
                .first()
                .map_or(HashKind::Sha1, |entry| object_id(entry.id).kind());
            let mut rows = Listing::new(kind);
            for entry in &listing.entries {
                rows.push(entry.path.as_bytes(), leaf(entry))
                    .map_err(|error| {
                        format!("`{}` of `{}`: {error}", entry.path, mapping.add.value)
                    })?;
            }
            Content::Directory(rows)
        }
    };
    Ok(Mapping {
        to,
        owner: mapping.owner.clone(),
        group: mapping.group.clone(),
        content,
    })
}

/// Turns a file of a tree into what a manifest holds of it.
pub(super) fn leaf(entry: &TreeEntry) -> Leaf {
    let kind = match entry.kind {
        FileKind::File => EntryKind::File,
        FileKind::Executable => EntryKind::Executable,
        FileKind::Symlink => EntryKind::Symlink,
    };
    Leaf {
        kind,
        id: object_id(entry.id),
    }
}

/// Turns the id of an object as git's library has it into that of the sync tool.
pub(super) fn object_id(id: gix::ObjectId) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("git has ids of 20 and 32 bytes")
}
