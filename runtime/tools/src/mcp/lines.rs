//! Messages as lines over a pair of pipes.

use std::io;
use std::sync::Arc;

use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Mutex, watch};

/// Characters quoted of a line.
const QUOTE_CHARS: usize = 200;

/// Lines that are no messages, after which nothing of a server is read any more. Programs write
/// some words to standard output before they know better; a stream of them is not a server.
const NOISE_LINES_MAX: usize = 1_000;

/// Why nothing comes from a server any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It closed its end.
    Closed,
    /// A line was longer than a message may be.
    TooLong,
    /// It wrote what is not a message.
    NoMessage(String),
}

/// The transport of a server that speaks over its standard streams.
///
/// A line that is not a message is passed over: it is a word of a program to people that went to the
/// wrong stream. One that is an answer which cannot be read, or is too long, ends the connection:
/// somebody would wait for it in vain.
pub(super) struct Lines<R, W> {
    from: BufReader<R>,
    /// What has come of the next line. Kept here because a read may be given up half way.
    line: Vec<u8>,
    bytes_max: u64,
    noise: usize,
    to: Arc<Mutex<Option<W>>>,
    end: watch::Sender<Option<End>>,
}

impl<R: AsyncRead + Unpin, W> Lines<R, W> {
    /// Also brings where the end of the connection is told.
    pub(super) fn new(from: R, to: W, bytes_max: u64) -> (Self, watch::Receiver<Option<End>>) {
        let (end, ended) = watch::channel(None);
        let to = Arc::new(Mutex::new(Some(to)));
        let from = BufReader::new(from);
        (Self { from, line: Vec::new(), bytes_max, noise: 0, to, end }, ended)
    }

    /// The next whole line, without its end. May be dropped and called again: nothing is lost.
    async fn next_line(&mut self) -> Result<Vec<u8>, End> {
        loop {
            let part = self.from.fill_buf().await.map_err(|_| End::Closed)?;
            if part.is_empty() {
                return Err(End::Closed);
            }
            let stop = part.iter().position(|byte| *byte == b'\n');
            let text = part.get(..stop.unwrap_or(part.len())).unwrap_or_default();
            if (self.line.len() + text.len()) as u64 > self.bytes_max {
                return Err(End::TooLong);
            }
            self.line.extend_from_slice(text);
            let used = text.len() + usize::from(stop.is_some());
            self.from.consume(used);
            if stop.is_some() {
                return Ok(std::mem::take(&mut self.line));
            }
        }
    }

    async fn next(&mut self) -> Result<RxJsonRpcMessage<RoleClient>, End> {
        loop {
            let line = self.next_line().await?;
            match read(&line) {
                Line::Message(message) => return Ok(*message),
                Line::NoMessage => return Err(End::NoMessage(quote(&line))),
                Line::Noise => self.noise += 1,
            }
            if self.noise > NOISE_LINES_MAX {
                return Err(End::NoMessage(quote(&line)));
            }
        }
    }
}

enum Line {
    Message(Box<RxJsonRpcMessage<RoleClient>>),
    NoMessage,
    Noise,
}

fn read(line: &[u8]) -> Line {
    if let Ok(message) = serde_json::from_slice(line) {
        return Line::Message(Box::new(message));
    }
    // Anything that parses has at most as many levels as the parser takes.
    match serde_json::from_slice::<serde_json::Value>(line) {
        Ok(value) if is_answer(&value) => Line::NoMessage,
        _ => Line::Noise,
    }
}

fn is_answer(value: &serde_json::Value) -> bool {
    let has = |key| value.get(key).is_some();
    has("jsonrpc") && has("id") && !has("method")
}

fn quote(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().take(QUOTE_CHARS).collect()
}

impl<R, W> Transport<RoleClient> for Lines<R, W>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let to = Arc::clone(&self.to);
        async move {
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            let mut to = to.lock().await;
            let to = to.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            to.write_all(&line).await?;
            to.flush().await
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        if self.end.borrow().is_some() {
            return None;
        }
        match self.next().await {
            Ok(message) => Some(message),
            Err(end) => {
                self.end.send_replace(Some(end));
                None
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        // A server ends when its standard input does.
        drop(self.to.lock().await.take());
        Ok(())
    }
}
