//! What a script leaves behind when it fails: which command it was, for whoever looks at what has become of the stage.
//!
//! A shell that is no terminal's reads the file in `BASH_ENV` before its script. What it reads here is in the memory of this process alone: it
//! sets a trap for the end of the shell, and forgets how it came in. The script is another one for nobody, and its cache key the same.
//! A trap of the script's own takes the place of this one, and then nothing is left behind.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{MemfdFlags, memfd_create};

/// The file that a failed script leaves: the exit status, the line of the script from which functions were called (0 where none was),
/// and the command. A sync that fails leaves its own message in place of the command.
pub const FAILURE_PATH: &str = "/.werf-failure";

/// Leaves `message` in the image at `root` as what a process that ends with `code` has to say. Nothing comes of it where that cannot be
/// written: it is in the log as well.
pub fn leave(root: &Path, code: u8, message: &str) {
    let path = root.join(FAILURE_PATH.trim_start_matches('/'));
    // What an image has there is no place to write to.
    let _ = std::fs::remove_file(&path);
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let _ = file.and_then(|mut file| write!(file, "{code}\n\n{message}\n"));
}

/// The variable whose file a shell reads first.
const BASH_ENV: &str = "BASH_ENV";

/// The variable that keeps the file of the image's own, if it has one.
const OWN: &str = "WERF_BASH_ENV";

/// A file in memory that is there for the program that replaces this one.
pub(crate) struct OnExit {
    file: OwnedFd,
}

impl OnExit {
    /// Writes the file; a failed script is to leave what it knows at `path`, usually [`FAILURE_PATH`].
    ///
    /// # Errors
    /// Memory that is not to be had.
    pub(crate) fn new(path: &str) -> io::Result<OnExit> {
        // Without `CLOEXEC`, since the shell opens it.
        let file = memfd_create("werf-on-exit", MemfdFlags::empty())?;
        let number = file.as_raw_fd();
        let text = format!(
            "exec {number}<&-\n\
             if [ -n \"${{{OWN}+set}}\" ]; then export {BASH_ENV}=\"${OWN}\"; unset {OWN}; [ ! -r \"${BASH_ENV}\" ] || . \"${BASH_ENV}\"; \
             else unset {BASH_ENV}; fi\n\
             trap 'werf_status=$?; [ $werf_status -eq 0 ] || printf \"%s\\n%s\\n%s\\n\" $werf_status \
             \"${{BASH_LINENO[*]: -2:1}}\" \"$BASH_COMMAND\" 2>/dev/null >|{path} || :' EXIT\n"
        );
        std::fs::File::from(file.try_clone()?).write_all(text.as_bytes())?;
        Ok(OnExit { file })
    }

    /// Returns the variables by which a shell finds it; `own` is what the image has in `BASH_ENV`.
    pub(crate) fn variables(&self, own: Option<OsString>) -> Vec<(&'static str, OsString)> {
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let mut variables = vec![(BASH_ENV, OsString::from(path))];
        variables.extend(own.map(|own| (OWN, own)));
        variables
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What scripts of stages have in their second line, in short.
    const REPORT: &str = "trap ': $?' ERR";

    /// Runs a script as a stage does, and returns its exit code, its output, and what it has left behind.
    fn run(script: &str, own: Option<&str>) -> (Option<i32>, String, Option<String>) {
        let directory = tempfile::tempdir().expect("a directory");
        let left = directory.path().join("left");
        let file = directory.path().join("script.sh");
        std::fs::write(&file, format!("#!/bin/bash -e\n{REPORT}\n{script}\n")).expect("a script");
        let on_exit = OnExit::new(left.to_str().expect("text")).expect("memory");
        let output = Command::new("bash")
            .arg("-e")
            .arg(&file)
            .envs(on_exit.variables(own.map(OsString::from)))
            .output()
            .expect("bash runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            text,
            std::fs::read_to_string(&left).ok(),
        )
    }

    #[test]
    fn a_message_is_left_in_place_of_what_is_there() {
        let root = tempfile::tempdir().expect("a directory");
        let (elsewhere, path) = (root.path().join("x"), root.path().join(".werf-failure"));
        std::fs::write(&elsewhere, "mine").expect("a file");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("a link");
        leave(root.path(), 94, "owner: no user `a`");
        let left = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(left, "94\n\nowner: no user `a`\n");
        assert_eq!(std::fs::read_to_string(&elsewhere).expect("a file"), "mine");
        leave(&root.path().join("nowhere"), 94, "nobody reads it");
    }

    #[test]
    fn a_failed_command_is_left_behind_and_the_status_kept() {
        for (script, code, left) in [
            ("true\nfalse", 1, "1\n\nfalse\n"),
            (
                "nosuchprogram --x 'a  b' 2>/dev/null",
                127,
                "127\n\nnosuchprogram --x 'a  b' 2> /dev/null\n",
            ),
            ("set -u\necho $nope", 1, "1\n\necho $nope\n"),
            ("f() {\n  false\n}\nf", 1, "1\n6\nfalse\n"),
            (
                "f() { set -u; echo $x; }\ng() {\n f\n}\ng",
                1,
                "1\n7\necho $x\n",
            ),
            ("(true\nexit 3)", 3, "3\n\n( true; exit 3 )\n"),
            ("set -C\nexit 7", 7, "7\n\nexit 7\n"),
        ] {
            let (status, _, found) = run(script, None);
            assert_eq!(
                (status, found.as_deref()),
                (Some(code), Some(left)),
                "{script}"
            );
        }
        nothing_else_is_changed();
    }

    /// Part of the same test, since the processes of another would inherit the files of this one.
    fn nothing_else_is_changed() {
        for script in [
            "true",
            "trap 'echo mine' EXIT\nfalse",
            "exec false",
            // Neither the variables nor the file are there for commands.
            "env | grep BASH_ENV && exit 9\nls -l /proc/$$/fd | grep memfd && exit 9\ntrue",
        ] {
            let (_, _, left) = run(script, None);
            assert_eq!(left, None, "{script}");
        }
        // What the image says is read as without us.
        let own = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(own.path(), "x=from_own\n").expect("a file");
        let path = own.path().to_str().expect("text");
        let (code, out, _) = run("echo $x $BASH_ENV $WERF_BASH_ENV", Some(path));
        assert_eq!((code, out), (Some(0), format!("from_own {path}\n")));
        let (code, out, _) = run("echo $BASH_ENV", Some("/nowhere"));
        assert_eq!((code, out.as_str()), (Some(0), "/nowhere\n"));
    }
}
