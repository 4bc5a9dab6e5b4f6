//! The values of secrets that are in the configuration: PLAN writes each into a file of its own, which the stages of the
//! image mount.
//!
//! The name of a file says nothing of the value, not even whether it is the same as yesterday's: it is in the plan and in
//! definitions, of which BuildKit keeps records.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use stapel_sync::store::is_older;
use stapel_sync::store::tools::StoreError;
use werf_config::ImageName;
use werf_config::secret::SecretSource;
use werf_plan::file::Plan;

/// How long a value stays: as long as a build may take.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Writes the values of the images `needed` to `directory`, tells the plan their names, and removes old ones.
///
/// # Errors
/// Files that cannot be written.
pub(super) fn hand_over(
    directory: &Path,
    plan: &mut Plan,
    needed: &BTreeSet<ImageName>,
) -> Result<(), StoreError> {
    clean(directory, SystemTime::now())?;
    let images = plan.images.iter_mut();
    for image in images.filter(|image| needed.contains(&image.name)) {
        for secret in &mut image.secrets {
            if let SecretSource::Value(value) = &mut secret.from
                && let Some(text) = &value.text
            {
                let name = random_name();
                write(&directory.join(&name), text.as_bytes())
                    .map_err(|cause| failed("write a value", cause))?;
                value.file = Some(name);
            }
        }
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o400)
        .open(path)?;
    file.write_all(content)?;
    file.set_permissions(fs::Permissions::from_mode(0o400))
}

fn clean(directory: &Path, now: SystemTime) -> Result<(), StoreError> {
    let entries = fs::read_dir(directory).map_err(|cause| failed("list values", cause))?;
    for entry in entries.filter_map(Result::ok) {
        // Another build may be cleaning, too.
        if is_older(&entry.path(), now, KEPT) {
            drop(fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

fn failed(action: &str, cause: std::io::Error) -> StoreError {
    StoreError {
        action: action.to_owned(),
        cause,
    }
}

/// Returns a name that nobody can guess: the standard library seeds each of these hashers at random.
fn random_name() -> String {
    let parts = [0, 1].map(|part: u8| RandomState::new().hash_one(part));
    format!("{:016x}{:016x}", parts[0], parts[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_for_the_owner_and_goes_after_a_day() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(random_name());
        write(&path, b"v").expect("written");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o400);
        let now = SystemTime::now();
        clean(directory.path(), now).expect("cleaned");
        assert_eq!(fs::read(&path).expect("it is there"), b"v");
        clean(directory.path(), now + 2 * KEPT).expect("cleaned");
        assert!(!path.exists());
    }

    #[test]
    fn a_value_of_a_clock_that_was_wrong_goes_after_a_day_as_well() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(random_name());
        write(&path, b"v").expect("written");
        let now = SystemTime::now();
        let file = fs::File::open(&path).expect("a file");
        file.set_modified(now + 1000 * KEPT).expect("a later time");
        clean(directory.path(), now).expect("cleaned");
        assert!(path.exists(), "a build may be using it");
        clean(directory.path(), now + 2 * KEPT).expect("cleaned");
        assert!(!path.exists());
    }

    #[test]
    fn names_are_never_the_same_and_always_known_for_what_they_are() {
        assert_ne!(random_name(), random_name());
        assert!(werf_plan::agreed::is_value(&random_name()));
    }
}
