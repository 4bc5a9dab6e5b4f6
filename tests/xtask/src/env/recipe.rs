//! What is built from `Dockerfile.frontend`, all of it or a stage, and kept under a name that says what it is made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::docker::Docker;
use crate::checkout;

/// The recipe, below the root of the checkout.
pub const RECIPE: &str = "Dockerfile.frontend";

/// Where Debian keeps certificates; behind a private certificate authority builds need this machine's.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Prepares a build of the recipe, at the root of the checkout; the context still has to be named, as the last argument.
pub fn build(docker: &Docker) -> Command {
    let mut build = docker.command();
    build
        .current_dir(checkout::root())
        .args(["buildx", "build", "--progress=plain", "--provenance=false"])
        .args(["--file", RECIPE]);
    if Path::new(CERTIFICATES).exists() {
        build.args(["--secret", &format!("id=ca,src={CERTIFICATES}")]);
    }
    build
}

/// Names something by the content of all files that it is made of: `parts` are files and directories below `root`.
pub fn tag(root: &Path, parts: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for part in parts {
        collect(&root.join(part), &mut files)?;
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap_or(&file);
        all.push(path.as_os_str().as_encoded_bytes().to_vec());
        all.push(read(&file)?);
    }
    Ok(tag_of(&all))
}

/// Names something by what it is made of, so that a tag never changes its meaning.
pub fn tag_of(parts: &[Vec<u8>]) -> String {
    let mut all = Sha256::new();
    for part in parts {
        all.update((part.len() as u64).to_le_bytes());
        all.update(part);
    }
    let mut tag = base16ct::lower::encode_string(&all.finalize());
    tag.truncate(12);
    tag
}

/// Reads one of the files that something is made of.
pub fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("read {}", file.display()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("list {}", path.display()))? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_changes_with_every_file_and_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, content: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        let tag = || tag(dir.path(), &["recipe", "parts"]).unwrap();
        write("recipe", "a");
        write("parts/one", "b");
        let first = tag();
        assert_eq!(first.len(), 12);
        write("beside", "c");
        assert_eq!(tag(), first, "not a part");
        write("parts/deep/two", "c");
        let second = tag();
        assert_ne!(second, first);
        fs::rename(dir.path().join("parts/one"), dir.path().join("parts/three")).unwrap();
        assert_ne!(tag(), second);
    }
}
