//! A server of git repositories over HTTP, for builds that fetch: git's own `http-backend` behind a few lines of HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::Repo;

/// Serves repositories on an address that the daemon reaches, as long as the process lives.
pub struct GitServer {
    address: String,
    root: tempfile::TempDir,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The `Authorization` that clients must send; none asks for nothing.
    authorization: Option<String>,
    /// Every request: method and path.
    requests: Mutex<Vec<String>>,
    /// A branch that is to move.
    to_move: Mutex<Option<ToMove>>,
}

/// A branch that moves between two requests of a client.
struct ToMove {
    /// How many clients have asked for references before.
    behind: usize,
    bare: PathBuf,
    reference: String,
    commit: String,
}

/// A request as far as git needs it.
struct HttpRequest {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl GitServer {
    /// Starts a server for everybody.
    pub fn start() -> GitServer {
        GitServer::start_with(Shared::default())
    }

    /// Starts a server for clients that send this `Authorization`.
    pub fn with_authorization(value: &str) -> GitServer {
        GitServer::start_with(Shared {
            authorization: Some(value.to_owned()),
            ..Shared::default()
        })
    }

    fn start_with(shared: Shared) -> GitServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let server = GitServer {
            address,
            root: tempfile::tempdir().expect("a temporary directory"),
            shared: Arc::new(shared),
        };
        let (root, shared) = (server.root.path().to_owned(), Arc::clone(&server.shared));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (root, shared) = (root.clone(), Arc::clone(&shared));
                // A client that goes away in the middle is its own business.
                std::thread::spawn(move || answer(stream, &root, &shared));
            }
        });
        server
    }

    /// Returns the `host:port` of the server.
    pub fn host(&self) -> &str {
        &self.address
    }

    /// Makes the branches and tags of `repo` those of the repository `name` (`team/lib.git`), and returns its URL.
    pub fn publish(&self, repo: &Repo, name: &str) -> String {
        let bare: PathBuf = self.root.path().join(name);
        let bare = bare.to_str().expect("a plain path");
        if !Path::new(bare).exists() {
            repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", bare]);
        }
        let all = ["refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"];
        repo.git(&[
            "push", "--quiet", "--force", "--prune", bare, all[0], all[1],
        ]);
        format!("http://{}/{name}", self.address)
    }

    /// Moves a branch of the repository `name` to a commit that is there, just before references are asked for again behind
    /// `behind` more times: BuildKit asks for them to know the commit, and once more when it fetches that.
    pub fn move_branch(&self, name: &str, branch: &str, commit: &str, behind: usize) {
        *self.shared.to_move.lock().expect("no thread panics") = Some(ToMove {
            behind,
            bare: self.root.path().join(name),
            reference: format!("refs/heads/{branch}"),
            commit: commit.to_owned(),
        });
    }

    /// Returns how often contents were fetched.
    pub fn fetches(&self) -> usize {
        let requests = self.shared.requests.lock().expect("no thread panics");
        requests
            .iter()
            .filter(|request| request.contains("FETCH"))
            .count()
    }
}

fn answer(stream: TcpStream, root: &Path, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    let request = HttpRequest::read(&mut reader, &mut stream)?;
    let given = request.header("authorization");
    if shared.authorization.is_some() && shared.authorization.as_deref() != given {
        let refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return stream.write_all(refusal.as_bytes()).ok();
    }
    if request.path.ends_with("/info/refs") {
        shared.move_branch()?;
    }
    let is_fetch = request
        .body
        .windows(13)
        .any(|bytes| bytes == b"command=fetch");
    let kind = if is_fetch { "FETCH" } else { "ASK" };
    let line = format!("{kind} {}", request.path);
    shared.requests.lock().ok()?.push(line);
    let output = request.backend(root)?;
    stream.write_all(&to_http(&output)?).ok()
}

impl Shared {
    /// Moves the branch that is to move, if it is time.
    fn move_branch(&self) -> Option<()> {
        let mut to_move = self.to_move.lock().ok()?;
        match &mut *to_move {
            Some(ToMove { behind, .. }) if *behind > 0 => *behind -= 1,
            Some(it) => {
                let mut git = Command::new("git");
                git.arg("--git-dir").arg(&it.bare);
                git.args(["update-ref", &it.reference, &it.commit]);
                git.status().ok()?;
                *to_move = None;
            }
            None => {}
        }
        Some(())
    }
}

impl HttpRequest {
    fn read(reader: &mut BufReader<TcpStream>, stream: &mut TcpStream) -> Option<HttpRequest> {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = HttpRequest {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Vec::new(),
        };
        if request.header("expect").is_some() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
        }
        if let Some(length) = request.header("content-length") {
            request.body.resize(length.parse().ok()?, 0);
            reader.read_exact(&mut request.body).ok()?;
        }
        Some(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known == name);
        header.map(|(_, value)| value.as_str())
    }

    /// Runs `git http-backend`, which speaks CGI.
    fn backend(&self, root: &Path) -> Option<Vec<u8>> {
        let mut command = Command::new("git");
        command
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("REQUEST_METHOD", &self.method)
            .env("PATH_INFO", &self.path)
            .env("QUERY_STRING", &self.query)
            .env("CONTENT_LENGTH", self.body.len().to_string());
        for (header, variable) in [
            ("content-type", "CONTENT_TYPE"),
            ("content-encoding", "HTTP_CONTENT_ENCODING"),
            ("git-protocol", "GIT_PROTOCOL"),
        ] {
            if let Some(value) = self.header(header) {
                command.env(variable, value);
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().ok()?;
        child.stdin.take()?.write_all(&self.body).ok()?;
        Some(child.wait_with_output().ok()?.stdout)
    }
}

/// Turns the output of a CGI program into a response.
fn to_http(output: &[u8]) -> Option<Vec<u8>> {
    let end = output.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = (
        std::str::from_utf8(&output[..end]).ok()?,
        &output[end + 4..],
    );
    let status = head
        .lines()
        .find_map(|line| line.strip_prefix("Status: "))
        .unwrap_or("200 OK");
    let mut response = format!("HTTP/1.1 {status}\r\n");
    for line in head.lines().filter(|line| !line.starts_with("Status:")) {
        response.push_str(&format!("{line}\r\n"));
    }
    response.push_str(&format!(
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    ));
    Some([response.as_bytes(), body].concat())
}
