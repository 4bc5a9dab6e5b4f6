//! Images that were built: their files, their configuration, what they do when run.

use std::process::Command;

use serde_json::Value;

/// An image in the daemon's store.
///
/// It stays there when the test is over: as long as others build, Docker may not remove what shares layers with their
/// images, or their exports fail now and then (moby/buildkit issue 6521). `cargo xtask` removes what a process has left that is gone.
#[derive(Debug)]
pub struct Image {
    tag: String,
    /// What the client needs to know to reach the daemon that has it.
    variables: Vec<(String, String)>,
}

impl Image {
    /// Names an image of the daemon that a client with these variables talks to.
    pub fn new(tag: String, variables: Vec<(String, String)>) -> Image {
        Image { tag, variables }
    }

    /// Runs the client of the daemon that has it, which must succeed, and returns standard output.
    pub fn docker(&self, arguments: &[&str]) -> String {
        docker_with(&self.variables, arguments)
    }

    /// Returns its name.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Runs it with `command` (empty: its own), which must succeed, and returns standard output.
    pub fn run(&self, command: &[&str]) -> String {
        self.docker(
            &[
                &["run", "--rm", "--network=none", self.tag.as_str()],
                command,
            ]
            .concat(),
        )
    }

    /// Returns `docker image inspect`.
    pub fn inspect(&self) -> Value {
        let text = self.docker(&["image", "inspect", &self.tag]);
        let mut list: Vec<Value> = serde_json::from_str(&text).expect("inspect prints JSON");
        list.remove(0)
    }

    /// Returns the image's configuration (`Config` of inspect).
    pub fn config(&self) -> Value {
        self.inspect()["Config"].take()
    }

    /// Returns the content of a regular file without starting anything, or `None` if it does not exist.
    pub fn file(&self, path: &str) -> Option<String> {
        let archive = self.archive();
        let output = Command::new("tar")
            .args(["-x", "-O", "-f"])
            .arg(archive.path())
            .arg(path.trim_start_matches('/'))
            .output()
            .expect("tar is installed");
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns all paths of the image's file system, sorted, without those that the container runtime
    /// makes.
    pub fn paths(&self) -> Vec<String> {
        let archive = self.archive();
        let output = Command::new("tar")
            .args(["-t", "-f"])
            .arg(archive.path())
            .output()
            .expect("tar is installed");
        let made_by_runtime = [
            "dev/",
            "proc/",
            "sys/",
            ".dockerenv",
            "etc/hostname",
            "etc/hosts",
            "etc/mtab",
            "etc/resolv.conf",
        ];
        let mut paths: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|path| {
                *path != "etc/" && !made_by_runtime.iter().any(|made| path.starts_with(made))
            })
            .map(str::to_owned)
            .collect();
        paths.sort();
        paths
    }

    fn archive(&self) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let container = self.docker(&["create", &self.tag, "-"]);
        let output = file.path().to_str().expect("a plain path").to_owned();
        self.docker(&["export", "--output", &output, container.trim()]);
        self.docker(&["rm", "--force", container.trim()]);
        file
    }
}

/// Returns a name for an image of this process, by which `cargo xtask` knows whose it was.
pub fn tag(name: &str) -> String {
    format!("werf-frontend-test:{}-{name}", std::process::id())
}

/// Builds the Dockerfile of a directory and pushes the image under this name.
pub fn push(directory: &std::path::Path, reference: &str) {
    let directory = directory.to_str().expect("a plain path");
    docker(&[
        "buildx",
        "build",
        "--quiet",
        "--provenance=false",
        "--push",
        "-t",
        reference,
        directory,
    ]);
}

/// Pushes an image under this name that has `content` and a line break in `/origin`.
pub fn push_origin(reference: &str, content: &str) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let text = format!("FROM busybox:latest\nRUN echo {content} > /origin\n");
    std::fs::write(directory.path().join("Dockerfile"), text).expect("write a Dockerfile");
    push(directory.path(), reference);
}

/// Runs the docker client, which must succeed, and returns standard output.
pub fn docker(arguments: &[&str]) -> String {
    docker_with(&[], arguments)
}

fn docker_with(variables: &[(String, String)], arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .args(arguments)
        .output()
        .expect("docker is installed");
    assert!(
        output.status.success(),
        "docker {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
