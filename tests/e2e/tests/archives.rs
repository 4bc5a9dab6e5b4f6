//! An archive as the build context, from standard input or a web server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use e2e::{Build, Built, Repo};

fn app() -> Repo {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\ngit:\n- {{add: /src, to: /src, stageDependencies: {{setup: a}}}}\nshell:\n  setup: ': {}; read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamp'\n",
        e2e::salt()
    ));
    repo.write("src/a", "one");
    repo.commit("a file");
    repo
}

/// Returns the archive of a directory, as `tar` makes it with these options more.
fn archive(directory: &Path, options: &[&str]) -> Vec<u8> {
    let output = Command::new("tar")
        .args(options)
        .args(["--create", "--directory"])
        .arg(directory)
        .arg(".")
        .output()
        .unwrap();
    assert!(output.status.success(), "tar");
    output.stdout
}

/// Builds somewhere else: what is there has no say.
fn build(context: &str) -> Build {
    let elsewhere = std::env::temp_dir();
    Build::in_directory(&elsewhere).context(context)
}

fn files(built: &Built) -> String {
    built.image.run(&["cat", "/src/a", "/stamp"])
}

#[test]
fn standard_input_brings_the_repository_along() {
    let repo = app();
    let of_directory = files(&Build::of(&repo).ok());
    for options in [&[][..], &["--gzip"]] {
        let built = build("-").stdin(archive(repo.path(), options)).ok();
        // The same commit: no stage is built again.
        assert_eq!(files(&built), of_directory, "{options:?}: {}", built.log);
    }
    // The configuration is compared with the commit, as in a directory.
    repo.write("werf.yaml", "# changed\n");
    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.git(&["checkout", "--quiet", "werf.yaml"]);
    let kept = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("werf.yaml", kept + &text);
    build("-")
        .stdin(archive(repo.path(), &[]))
        .fails()
        .says(&["`werf.yaml` differs between the working directory and commit"]);
}

#[test]
fn a_configuration_in_a_directory_of_the_archive() {
    let repo = app();
    let text = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("deploy/werf.yaml", text);
    repo.git(&["rm", "--quiet", "werf.yaml"]);
    repo.commit("moved");
    let built = build("-")
        .config(Some("deploy/werf.yaml"))
        .stdin(archive(repo.path(), &[]))
        .ok();
    assert_eq!(built.image.file("/src/a").as_deref(), Some("one"));
}

#[test]
fn a_web_server_has_the_archive() {
    let repo = app();
    let url = serve(archive(repo.path(), &["--gzip"]), "app.tar.gz");
    let built = build(&url).ok();
    assert_eq!(built.image.file("/src/a").as_deref(), Some("one"));
}

#[test]
fn without_a_repository_the_message_says_so() {
    let repo = app();
    std::fs::remove_dir_all(repo.join(".git")).unwrap();
    build("-").stdin(archive(repo.path(), &[])).fails().says(&[
        "the build context is `http",
        "neither a local directory nor a git repository",
        "an archive that has `.git` in it",
    ]);
}

#[test]
fn the_repository_can_be_given_by_name() {
    let repo = app();
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("repository");
    std::fs::rename(repo.join(".git"), &moved).unwrap();
    let option = format!("--build-context=git-dir={}", moved.display());
    let built = build("-")
        .args([option.as_str()])
        .stdin(archive(repo.path(), &[]))
        .ok();
    assert_eq!(built.image.file("/src/a").as_deref(), Some("one"));
}

#[test]
fn files_of_the_client_are_not_there() {
    let repo = Repo::with_config("image: app\ndockerfile: Dockerfile\ncontextAddFiles: [dist]\n");
    repo.write("Dockerfile", "FROM scratch\nCOPY dist /dist\n");
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  dockerfile: {allowContextAddFiles: [dist]}\n",
    );
    repo.commit("a Dockerfile");
    build("-")
        .stdin(archive(repo.path(), &[]))
        .fails()
        .says(&["`contextAddFiles` of image `app` takes files of the client, and the build context is the archive"]);
}

/// Serves `content` to whoever asks, until the test program ends, and returns the URL.
fn serve(content: Vec<u8>, name: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n")
                && stream.read(&mut byte).is_ok_and(|read| read == 1)
            {
                request.push(byte[0]);
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: \"{}\"\r\nConnection: close\r\n\r\n",
                content.len(),
                content.len()
            );
            let _ = stream.write_all(head.as_bytes());
            if !request.starts_with(b"HEAD") {
                let _ = stream.write_all(&content);
            }
        }
    });
    format!("http://{address}/{name}")
}
