//! What a host sends to the standard input of a program that runs.

use std::time::Duration;

use rustix::net::{Shutdown, shutdown};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::pipe::Sender;
use tokio::time::sleep;

/// Bytes passed on at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Pause between two looks at whether the host is still there, while there is nothing to read from
/// it.
const POLL: Duration = Duration::from_millis(50);

/// Passes on what the host sends. Returns when the host is gone or wants no more of the program:
/// when both directions are closed. If it closes only its own, standard input of the program ends
/// and the program goes on.
pub(super) async fn relay(control: &mut UnixStream, mut feed: Sender) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = control.read(&mut chunk).await {
        let bytes = chunk.get(..count).unwrap_or_default();
        tokio::select! {
            written = feed.write_all(bytes) => if written.is_err() {
                // The program reads no more. The host learns it as it would from a pipe.
                let _ = shutdown(&*control, Shutdown::Read);
                break;
            },
            () = gone(control) => return,
        }
    }
    drop(feed);
    gone(control).await;
}

/// Returns when the other end is closed in both directions. While bytes lie unread, or one
/// direction is closed, reading cannot tell; what the kernel says about the socket does.
async fn gone(control: &UnixStream) {
    while let Ok(ready) = control.ready(Interest::WRITABLE).await
        && !ready.is_write_closed()
    {
        sleep(POLL).await;
    }
}
