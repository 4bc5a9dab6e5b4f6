//! What PLAN, the gateway and the stages have agreed upon: each of these names is written by one of them and read by
//! another.
//!
//! PLAN is the exec that plans a build inside BuildKit, STORE the cache mount through which it hands sources and tools
//! to the stages (`docs/store.md`).

use std::time::SystemTime;

use stapel_sync::store::FORMAT_VERSION;
use stapel_sync::{ErrorKind, store};

/// The names that a configuration has unless it is said otherwise.
pub const DEFAULT_NAMES: [&str; 2] = ["werf.yaml", "werf.yml"];

/// The build argument with the configuration's path in the work tree.
pub const CONFIG_ARGUMENT: &str = "WERF_CONFIG";

/// The build argument with the image of the ansible tool chain.
pub const TOOLCHAIN_ARGUMENT: &str = "WERF_STAPEL_ANSIBLE";

/// The build argument with an image of an earlier build: what runs again since then is said, and why.
pub const EXPLAIN_ARGUMENT: &str = "WERF_EXPLAIN";

/// The build argument whose value is part of the first digest of every image, so that builds with different values share
/// no stage.
pub const CACHE_SCOPE_ARGUMENT: &str = "WERF_CACHE_SCOPE";

/// The build argument that builds the working directory in place of the HEAD commit, for werf's `--dev`.
pub const DEV_ARGUMENT: &str = "WERF_DEV";

/// The build argument that is `ignore` if nobody wants to hear of changes that are not committed.
pub const UNCOMMITTED_ARGUMENT: &str = "WERF_UNCOMMITTED";

/// Whether a build argument that is a switch is on.
pub fn is_on(value: &str) -> bool {
    matches!(value, "1" | "true")
}

/// Where the tool chain is inside a stage.
pub const STAPEL_DIRECTORY: &str = "/.werf/stapel";

/// Where the script of a stage is.
pub const SHELL_DIRECTORY: &str = "/.werf/shell";

/// Where STORE is inside a stage.
pub const STORE_DIRECTORY: &str = "/.werf/store";

/// Where the files of a context are put in the container that does so.
pub const CONTEXT_DIRECTORY: &str = "/context";

/// The variable that carries the digest of the stage into its key and its environment.
pub const DIGEST_VARIABLE: &str = "WERF_STAGE_DIGEST";

/// The directory of STORE that stages of shell commands see at [`STAPEL_DIRECTORY`].
pub use store::tools::TOOLS;

/// Returns the id of the cache mount that all builds of a daemon share. It has the version of STORE's format, so that
/// two versions never meet.
///
/// It has no slash, so that no Dockerfile can name it: BuildKit's Dockerfile frontend puts its name and a slash before
/// every id (`convert_runmount.go`).
///
/// Builds move on to the next `generation` where one has split in two (`docs/store.md`). Ids of cache mounts are in no key.
pub fn store_id(generation: u32) -> String {
    of_generation(&format!("werf-store-v{FORMAT_VERSION}"), generation)
}

/// Returns the id of the cache mount through which PLAN hands over the values of secrets that are in a configuration. It is another
/// than STORE, all of which every stage sees: a stage gets single files of this one. It has no slash, either.
pub fn values_id(generation: u32) -> String {
    of_generation("werf-values-v1", generation)
}

/// Whether this may be the name that PLAN has given to a file with the value of a secret: 32 digits, drawn at random.
pub fn is_value(name: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.len() == 32 && name.bytes().all(is_digit)
}

fn of_generation(id: &str, generation: u32) -> String {
    match generation {
        0 => id.to_owned(),
        number => format!("{id}-{number}"),
    }
}

/// The exit code by which a stage says that STORE lacks something.
pub const STORE_EXIT_CODE: i64 = ErrorKind::Store.exit_code() as i64;

/// The exit code by which a stage says that its sources could not be brought up to date.
pub const SYNC_EXIT_CODE: i64 = ErrorKind::Own.exit_code() as i64;

/// The exit code by which a stage, PLAN, or whoever else fills STORE says that there is no room on the builder's disk.
pub const NO_ROOM_EXIT_CODE: i64 = ErrorKind::NoRoom.exit_code() as i64;

/// What is said of a builder's disk without room.
pub const NO_ROOM: &str = "no space left on the builder's disk";

/// What to do about it.
pub const MAKE_ROOM: &str = "`docker buildx du` shows what its cache takes, `docker buildx prune` frees that, and `docker system df` shows \
                             what else there is";

/// The command that prints what a failed script has left behind.
pub mod print_failure {
    /// The command, with the file as its only argument.
    pub const COMMAND: &str = "print-failure";
}

/// The command that writes down what builds tell those after them, such as the generation of STORE.
pub mod write_note {
    /// The command.
    pub const COMMAND: &str = "write-note";
    /// The file that is written.
    pub const OUT: &str = "out";
    /// The number of the note, which is in its key.
    pub const NUMBER: &str = "number";
    /// The variable with what is written. It is that of a proxy, since these are in no cache key.
    pub const VARIABLE: &str = "NO_PROXY";
}

/// Returns the whole seconds from 1970 to `time`; 0 for what was before.
pub fn unix_time(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// PLAN's command and the names of its flags: the gateway writes them, the command line reads them.
pub mod plan_in_build {
    /// The command.
    pub const COMMAND: &str = "plan-in-build";
    /// The variable with the session of the build that runs it. It is that of a proxy, since these are in no cache key.
    pub const SESSION_VARIABLE: &str = "FTP_PROXY";
    /// The git directory.
    pub const GIT_DIR: &str = "git-dir";
    /// The directory that stands for it.
    pub const NAMED_GIT: &str = "named-git";
    /// Where STORE is mounted.
    pub const STORE: &str = "store";
    /// Where the values of secrets are put.
    pub const VALUES: &str = "values";
    /// The tools that are put into STORE.
    pub const TOOLS: &str = "tools";
    /// The file that is written.
    pub const OUT: &str = "out";
    /// The directory with the configuration as the client sent it.
    pub const SENT: &str = "sent";
    /// The configuration's path in the work tree.
    pub const FILE: &str = "file";
    /// The last component of that path.
    pub const NAME: &str = "name";
    /// The other components of that path.
    pub const DIRECTORY: &str = "directory";
    /// The image that is to be built.
    pub const TARGET: &str = "target";
    /// The directory with the files of the client that PLAN asked for.
    pub const CLIENT_FILES: &str = "client-files";
    /// The directory with what was sent first of the client's working directory.
    pub const WORK_TREE: &str = "work-tree";
    /// The directory with the contents of it that PLAN asked for then.
    pub const WORK_TREE_CONTENTS: &str = "work-tree-contents";
    /// Whether contents of many files may be put off: a filler can stand by.
    pub const PUT_OFF: &str = "put-off";
    /// Whether this is a filler: STORE is filled when a stage wants it.
    pub const WHEN_WANTED: &str = "when-wanted";
    /// What a filler says when it stands by.
    pub const STANDS_BY: &str = "stands by";
    /// Whether nothing is wanted but what the working directory has and the commit has not.
    pub const CHANGES: &str = "changes";
    /// Why there are no files of a client.
    pub const NO_CLIENT_FILES: &str = "no-client-files";
    /// A stage and where its file system is mounted.
    pub const BASELINE: &str = "baseline";
    /// A build argument.
    pub const BUILD_ARG: &str = "build-arg";
    /// A repository of a mapping with `url`, in the form of `GivenRemote`.
    pub const REMOTE: &str = "remote";
}

/// The command that copies the ansible tool chain into STORE and the names of its flags, likewise.
pub mod put_toolchain {
    /// The command.
    pub const COMMAND: &str = "toolchain";
    /// Where the image of the tool chain is mounted.
    pub const FROM: &str = "from";
    /// Where STORE is mounted.
    pub const STORE: &str = "store";
    /// The tool chain's name in STORE.
    pub const NAME: &str = "name";
    /// The tools of every stage.
    pub const TOOLS: &str = "tools";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_builder_has_stored_is_found_by_these_names() {
        assert_eq!(store_id(0), "werf-store-v2");
        assert_eq!(store_id(3), "werf-store-v2-3");
        assert_eq!(values_id(0), "werf-values-v1");
        assert_eq!((STORE_EXIT_CODE, SYNC_EXIT_CODE), (93, 94));
        assert_eq!(NO_ROOM_EXIT_CODE, 96);
    }
}
