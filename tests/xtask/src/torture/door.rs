//! The registry through a door that shuts.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// Another address of a registry. It is there until the process ends.
pub struct Door {
    /// `host:port`, as in references.
    pub address: String,
    left: Arc<AtomicU64>,
}

impl Door {
    /// Opens one for the registry at `upstream`.
    pub fn of(upstream: &str) -> Result<Door> {
        let listener = TcpListener::bind("127.0.0.1:0").context("open a door")?;
        let address = listener.local_addr()?.to_string();
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let (upstream, shared) = (upstream.to_owned(), Arc::clone(&left));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, left) = (upstream.clone(), Arc::clone(&shared));
                thread::spawn(move || serve(&client, &upstream, &left));
            }
        });
        Ok(Door { address, left })
    }

    /// Lets so many bytes through from now on, in both directions together, and nothing more.
    pub fn shut_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// Lets everything through.
    pub fn open(&self) {
        self.shut_after(u64::MAX);
    }

    /// Whether it has shut.
    pub fn is_shut(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// Returns how many bytes have gone through since it was opened.
    pub fn passed(&self) -> u64 {
        u64::MAX - self.left.load(Ordering::SeqCst)
    }
}

/// Hands on what both say until one of them hangs up or the door shuts.
fn serve(client: &TcpStream, upstream: &str, left: &AtomicU64) {
    if left.load(Ordering::SeqCst) == 0 {
        return;
    }
    let Ok(registry) = TcpStream::connect(upstream) else {
        return;
    };
    thread::scope(|scope| {
        scope.spawn(|| pass(client, &registry, left));
        pass(&registry, client, left);
    });
}

fn pass(mut from: &TcpStream, mut to: &TcpStream, left: &AtomicU64) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(bytes) = from.read(&mut buffer) {
        let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            Some(left.saturating_sub(bytes as u64))
        });
        let may_pass = usize::try_from(before.unwrap_or(0))
            .unwrap_or(usize::MAX)
            .min(bytes);
        if bytes == 0 || to.write_all(&buffer[..may_pass]).is_err() || may_pass < bytes {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shuts_in_the_middle_of_an_answer_and_opens_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for client in listener.incoming() {
                let _ = client.unwrap().write_all(&[7; 1000]);
            }
        });
        let door = Door::of(&upstream).unwrap();
        let ask = || {
            let mut answer = Vec::new();
            let _ = TcpStream::connect(&door.address)
                .unwrap()
                .read_to_end(&mut answer);
            answer.len()
        };
        assert_eq!(ask(), 1000);
        assert_eq!(door.passed(), 1000);
        door.shut_after(600);
        assert_eq!((ask(), door.is_shut()), (600, true));
        assert_eq!(ask(), 0);
        door.open();
        assert_eq!((ask(), door.is_shut()), (1000, false));
    }
}
