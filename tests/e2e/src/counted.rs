//! The registry through a door at which the bytes are counted.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Another address of a registry. It is open until the process ends.
pub struct CountedRegistry {
    /// `host:port`, as in references.
    pub address: String,
    sent: Arc<AtomicU64>,
}

impl CountedRegistry {
    /// Opens one for the registry at `upstream`.
    ///
    /// # Panics
    /// If there is no port to listen at.
    pub fn of(upstream: &str) -> CountedRegistry {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let sent = Arc::new(AtomicU64::new(0));
        let (upstream, counter) = (upstream.to_owned(), Arc::clone(&sent));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, counter) = (upstream.clone(), Arc::clone(&counter));
                thread::spawn(move || serve(&client, &upstream, &counter));
            }
        });
        CountedRegistry {
            address: format!("127.0.0.1:{port}"),
            sent,
        }
    }

    /// Returns how many bytes it has sent since it was last asked.
    pub fn sent(&self) -> u64 {
        self.sent.swap(0, Ordering::SeqCst)
    }
}

/// Hands on what both say until one of them hangs up.
fn serve(client: &TcpStream, upstream: &str, sent: &AtomicU64) {
    let Ok(registry) = TcpStream::connect(upstream) else {
        return;
    };
    thread::scope(|scope| {
        scope.spawn(|| pass(client, &registry, |_| {}));
        pass(&registry, client, |bytes| {
            sent.fetch_add(bytes as u64, Ordering::SeqCst);
        });
    });
}

fn pass(mut from: &TcpStream, mut to: &TcpStream, count: impl Fn(usize)) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(bytes) = from.read(&mut buffer) {
        if bytes == 0 || to.write_all(&buffer[..bytes]).is_err() {
            break;
        }
        count(bytes);
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
