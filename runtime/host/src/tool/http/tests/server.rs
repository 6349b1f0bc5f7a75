//! Servers that behave as a test needs it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a server answers, and what it does then.
#[derive(Clone)]
pub(super) struct Answer {
    head: Vec<u8>,
    then: Then,
}

#[derive(Clone)]
enum Then {
    /// It ends the connection.
    End,
    /// It keeps the connection and says nothing.
    Silence,
    /// It sends the same again and again, waiting some milliseconds in between.
    Repeat(Vec<u8>, u64),
}

impl Answer {
    /// A complete response.
    pub(super) fn ok(body: &str) -> Self {
        Self::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    /// These bytes.
    pub(super) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { head: bytes.into(), then: Then::End }
    }

    /// These bytes, and nothing more while the client waits.
    pub(super) fn silence(bytes: impl Into<Vec<u8>>) -> Self {
        Self { head: bytes.into(), then: Then::Silence }
    }

    /// The first bytes, and the others without end.
    pub(super) fn endless(head: &str, again: impl Into<Vec<u8>>, pause_ms: u64) -> Self {
        Self { head: head.into(), then: Then::Repeat(again.into(), pause_ms) }
    }
}

/// A server on a port of its own, until it is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A server that always answers the same.
    pub(super) async fn start(answer: Answer) -> Self {
        Self::answering(move |_| answer.clone()).await
    }

    /// A server whose answer follows from the request.
    pub(super) async fn answering(
        answer: impl Fn(&str) -> Answer + Clone + Send + 'static,
    ) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), None, answer).await
    }

    /// A server at this address, behind TLS if there is an acceptor.
    pub(super) async fn at(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&str) -> Answer + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen, tls) = (answer.clone(), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, answer, &seen).await,
                        Some(tls) => {
                            // A client that does not trust the certificate hangs up.
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, answer, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, requests, task }
    }

    /// A URL of the server by its address.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A rule that grants everything of the server.
    pub(super) fn rule(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A URL of the server by a name.
    pub(super) fn named(&self, scheme: &str, name: &str) -> String {
        format!("{scheme}://{name}:{}", self.address.port())
    }

    /// The same port at another address of this machine.
    pub(super) fn beside(&self, address: &str) -> SocketAddr {
        SocketAddr::new(address.parse::<IpAddr>().unwrap(), self.address.port())
    }

    /// The requests that came, as they were on the wire.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answer: impl Fn(&str) -> Answer,
    seen: &Mutex<Vec<String>>,
) {
    let Some(request) = read_request(&mut stream).await else { return };
    let Answer { head, then } = answer(&request);
    seen.lock().unwrap().push(request);
    // Every write may fail: the client hangs up when it has seen enough.
    if stream.write_all(&head).await.is_err() {
        return;
    }
    match then {
        Then::End => {}
        Then::Silence => {
            let _ = stream.read_u8().await;
        }
        Then::Repeat(again, pause_ms) => {
            while stream.write_all(&again).await.is_ok() && stream.flush().await.is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(pause_ms)).await;
            }
        }
    }
    let _ = stream.shutdown().await;
}

/// Reads a request with its body. None: the client hung up before it was complete.
async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            let chunked = head.contains("transfer-encoding: chunked");
            if if chunked { body.ends_with("0\r\n\r\n") } else { body.len() >= length } {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
