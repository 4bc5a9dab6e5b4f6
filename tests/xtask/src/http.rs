//! The little HTTP that the harness speaks: one request on one local connection, status back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

const PATIENCE: Duration = Duration::from_secs(5);

/// Asks a server on a unix socket and returns the status.
pub fn unix_status(socket: &Path, path: &str) -> Result<u16> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    status(stream, "GET", path, "")
}

/// Asks a server on a loopback port and returns the status.
pub fn tcp_status(address: SocketAddr, method: &str, path: &str, headers: &str) -> Result<u16> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    status(stream, method, path, headers)
}

fn status(mut stream: impl Read + Write, method: &str, path: &str, headers: &str) -> Result<u16> {
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n"
    )?;
    let mut answer = Vec::new();
    // The status line is at the beginning; whatever the body is, some of it is enough.
    stream.take(4096).read_to_end(&mut answer)?;
    parse_status(&answer).context("no HTTP answer")
}

fn parse_status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|&byte| byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    line.strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::parse_status;

    #[test]
    fn the_status_is_read_from_the_first_line_only() {
        assert_eq!(
            parse_status(b"HTTP/1.0 200 OK\r\nA: HTTP/1.1 404\r\n\r\n"),
            Some(200)
        );
        assert_eq!(parse_status(b"HTTP/1.1 404 Not Found\r\n"), Some(404));
        assert_eq!(parse_status(b"SSH-2.0-OpenSSH\r\n"), None);
        assert_eq!(parse_status(b""), None);
    }
}
