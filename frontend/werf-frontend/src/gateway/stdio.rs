//! HTTP/2 over standard input and output: we are the client, BuildKit is the server.
//!
//! Nothing else in the program may read standard input or write standard output in the gateway face.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

/// Flow-control windows and frames large enough that reading a plan is one round trip.
const WINDOW_BYTES: u32 = 16 << 20;

/// The status of a failed solve carries Go stacks, the failed operation and whole source files, all in one HTTP/2 trailer.
/// hyper takes 16 KiB of headers unless it is told otherwise; the daemon does not ask, and more than that ends the
/// connection.
const HEADER_LIST_BYTES: u32 = 32 << 20;

/// Opens the one connection that BuildKit gives a frontend.
///
/// # Errors
/// Standard input or output that is not a pipe or socket, or a failed HTTP/2 handshake.
pub async fn connect() -> Result<Channel, tonic::transport::Error> {
    let mut pipes = Some(Stdio::take());
    Endpoint::from_static("http://localhost")
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .http2_max_header_list_size(HEADER_LIST_BYTES)
        .connect_with_connector(service_fn(move |_| {
            // A second call would be a reconnect after the daemon went away: there is nothing to
            // reconnect to.
            let pipes = pipes.take();
            async move {
                match pipes {
                    Some(pipes) => pipes.map(TokioIo::new),
                    None => Err(io::Error::new(
                        io::ErrorKind::BrokenPipe,
                        "BuildKit closed the connection",
                    )),
                }
            }
        }))
        .await
}

/// Standard input and output as one stream.
struct Stdio {
    input: Input,
    output: Output,
}

/// The daemon hands over pipes, which can be waited for without a thread; anything else goes through
/// tokio's blocking standard input.
enum Input {
    Pipe(pipe::Receiver),
    Other(tokio::io::Stdin),
}

enum Output {
    Pipe(pipe::Sender),
    Other(tokio::io::Stdout),
}

impl Stdio {
    fn take() -> io::Result<Stdio> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let output = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Stdio {
            input: match pipe::Receiver::from_owned_fd(input) {
                Ok(pipe) => Input::Pipe(pipe),
                Err(_) => Input::Other(tokio::io::stdin()),
            },
            output: match pipe::Sender::from_owned_fd(output) {
                Ok(pipe) => Output::Pipe(pipe),
                Err(_) => Output::Other(tokio::io::stdout()),
            },
        })
    }
}

impl AsyncRead for Stdio {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().input {
            Input::Pipe(pipe) => Pin::new(pipe).poll_read(cx, buffer),
            Input::Other(stdin) => Pin::new(stdin).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stdio {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().output {
            Output::Pipe(pipe) => Pin::new(pipe).poll_write(cx, bytes),
            Output::Other(stdout) => Pin::new(stdout).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().output {
            Output::Pipe(pipe) => Pin::new(pipe).poll_flush(cx),
            Output::Other(stdout) => Pin::new(stdout).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().output {
            Output::Pipe(pipe) => Pin::new(pipe).poll_shutdown(cx),
            Output::Other(stdout) => Pin::new(stdout).poll_shutdown(cx),
        }
    }
}
