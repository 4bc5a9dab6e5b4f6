//! `docker buildx build`, as people run it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Image, Repo, Tree, image};

/// What the client says where the daemon has failed, once in some hundred or thousand builds, whatever is built: runc has lost the
/// process that is to become a container's first one; snapshots that are unpacked are collected as garbage
/// (moby/buildkit issue 6521).
const DAEMON_FAILED: [&str; 2] = [
    "runc run failed: unable to start container process: waiting for init preliminary setup",
    "failed to prepare extraction snapshot",
];

/// A build to be run.
#[derive(Clone)]
pub struct Build {
    directory: PathBuf,
    arguments: Vec<String>,
    context: String,
    config: Option<String>,
    variables: Vec<(String, String)>,
    stdin: Option<Vec<u8>>,
    tag: String,
    tagged: bool,
    debug: bool,
}

/// A build that ended.
#[derive(Debug)]
pub struct Built {
    /// Whether it succeeded.
    pub success: bool,
    /// The exit code.
    pub code: Option<i32>,
    /// The progress in plain form, then the error if there is one.
    pub log: String,
    /// What was printed to standard output.
    pub stdout: String,
    /// The image; it exists only if the build succeeded.
    pub image: Image,
}

impl Build {
    /// Prepares `docker buildx build -f werf.yaml -t TAG .` in the work tree of `repo`.
    pub fn of(repo: &Repo) -> Build {
        Build::in_directory(repo.path())
    }

    /// Prepares the same in any directory.
    pub fn in_directory(directory: &Path) -> Build {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Build {
            directory: directory.to_owned(),
            arguments: Vec::new(),
            context: ".".to_owned(),
            config: Some("werf.yaml".to_owned()),
            variables: Vec::new(),
            stdin: None,
            tag: image::tag(&number.to_string()),
            tagged: true,
            debug: false,
        }
    }

    /// Adds arguments.
    pub fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Build {
        self.arguments
            .extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Names another configuration file; `None` leaves `-f` out.
    pub fn config(mut self, path: Option<&str>) -> Build {
        self.config = path.map(str::to_owned);
        self
    }

    /// Names another context.
    pub fn context(mut self, context: &str) -> Build {
        self.context = context.to_owned();
        self
    }

    /// Sets a variable of the client's environment.
    pub fn env(mut self, name: &str, value: &str) -> Build {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives the client something to read.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Build {
        self.stdin = Some(bytes.into());
        self
    }

    /// Makes no image, for questions (`--call`) and other outputs.
    pub fn untagged(mut self) -> Build {
        self.tagged = false;
        self
    }

    /// Has the client show details, such as the lines that warnings are about.
    pub fn debug(mut self) -> Build {
        self.debug = true;
        self
    }

    /// Builds.
    pub fn run(self) -> Built {
        let (child, tag, variables) = self.start();
        let output = child.wait_with_output().expect("wait for docker");
        Built {
            success: output.status.success(),
            code: output.status.code(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            image: Image::new(tag, variables),
        }
    }

    /// Starts the client, and returns what is needed to name the image.
    fn start(self) -> (Child, String, Vec<(String, String)>) {
        let mut command = Command::new("docker");
        if self.debug {
            command.arg("--debug");
        }
        command.args(["buildx", "build", "--progress=plain", "--provenance=false"]);
        if let Some(config) = &self.config {
            command.args(["-f", config]);
        }
        if self.tagged {
            command.args(["-t", &self.tag]);
        }
        command
            .args(&self.arguments)
            .arg(&self.context)
            .current_dir(&self.directory);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env_remove("SOURCE_DATE_EPOCH");
        command.envs(
            self.variables
                .iter()
                .filter(|(name, _)| name == "SOURCE_DATE_EPOCH")
                .map(|(n, v)| (n, v)),
        );
        command.stdin(if self.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("docker is installed");
        if let Some(bytes) = &self.stdin {
            use std::io::Write as _;
            let mut stdin = child.stdin.take().expect("standard input is a pipe");
            // The client may stop reading when it has seen enough.
            let _ = stdin.write_all(bytes);
        }
        (child, self.tag, self.variables)
    }

    /// Builds, which must succeed. Where the daemon has failed in one of the ways it is known for, the build is run once
    /// more, and the test's output says so.
    #[expect(clippy::print_stderr, reason = "cargo shows it with the test")]
    pub fn ok(self) -> Built {
        let again = self.clone();
        let mut built = self.run();
        let known = DAEMON_FAILED.iter().find(|said| built.log.contains(**said));
        if let (false, Some(said)) = (built.success, known) {
            eprintln!("building once more: {said}");
            built = again.run();
        }
        assert!(built.success, "the build failed:\n{}", built.log);
        built
    }

    /// Builds, which must succeed, and returns the file system instead of an image.
    ///
    /// # Panics
    /// If the build fails.
    pub fn tree(self) -> (Built, Tree) {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let output = format!("type=tar,dest={}", file.path().display());
        let built = self.untagged().args(["--output", &output]).ok();
        let archive = std::fs::File::open(file.path()).expect("the build wrote an archive");
        (built, Tree::of_archive(BufReader::new(archive)))
    }

    /// Builds, and does something as soon as a step prints `marker`.
    pub fn run_and_at(self, marker: &str, act: impl FnOnce()) -> Built {
        let (mut child, tag, variables) = self.start();
        let stderr = child.stderr.take().expect("standard error is a pipe");
        let mut act = Some(act);
        let mut log = String::new();
        for line in BufReader::new(stderr).lines() {
            let line = line.expect("the client prints text");
            log.push_str(&line);
            log.push('\n');
            // `#7 0.123 …`, whichever of the step's two streams was before it; the name of the step, `#7 [`, may
            // quote the command that prints the marker.
            let output = line.strip_prefix('#').and_then(|line| line.split_once(' '));
            if output.is_some_and(|(_, text)| !text.starts_with('[') && text.contains(marker))
                && let Some(act) = act.take()
            {
                act();
            }
        }
        let output = child.wait_with_output().expect("wait for docker");
        assert!(act.is_none(), "no step printed `{marker}`:\n{log}");
        Built {
            success: output.status.success(),
            code: output.status.code(),
            log,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            image: Image::new(tag, variables),
        }
    }

    /// Builds, which must fail.
    pub fn fails(self) -> Built {
        let built = self.run();
        assert!(!built.success, "the build succeeded:\n{}", built.log);
        built
    }
}

impl Built {
    /// Returns the error as the person sees it: what the client prints after the steps, without the
    /// digests and times that differ from run to run.
    pub fn error(&self) -> String {
        let lines: Vec<&str> = self.log.lines().collect();
        let last_step = lines
            .iter()
            .rposition(|line| line.starts_with('#'))
            .map_or(0, |index| index + 1);
        lines[last_step..].join("\n").trim().to_owned() + "\n"
    }

    /// Asserts that the log has all of `parts`.
    pub fn says(&self, parts: &[&str]) -> &Built {
        for part in parts {
            assert!(self.log.contains(part), "`{part}` is not in:\n{}", self.log);
        }
        self
    }

    /// Whether the step whose name has `part` came from the cache; `None` if there is no such step.
    pub fn cached(&self, part: &str) -> Option<bool> {
        let number = self.log.lines().find_map(|line| {
            let (number, name) = line.strip_prefix('#')?.split_once(' ')?;
            (name.starts_with('[') && name.contains(part)).then_some(number)
        })?;
        Some(
            self.log
                .lines()
                .any(|line| line == format!("#{number} CACHED")),
        )
    }

    /// Whether the step of a stage has run: it was not found in the cache, and somebody asked for it.
    pub fn ran(&self, image: &str, stage: &str) -> bool {
        let mut lines = self.log.lines();
        let number = lines.find_map(|line| {
            let (number, name) = line.split_once(' ')?;
            let inside = name.strip_prefix('[')?.split_once(']')?.0;
            let is_it =
                inside.starts_with(&format!("{image} ")) && inside.ends_with(&format!(" {stage}"));
            is_it.then_some(number)
        });
        let cached = number.map(|number| format!("{number} CACHED"));
        cached.is_some_and(|cached| self.log.lines().all(|line| line != cached))
    }
}
