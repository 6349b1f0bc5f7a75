//! Servers that behave as a test needs it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What a server answers, and what it sends again and again then.
#[derive(Clone)]
pub struct Answer {
    head: String,
    again: Option<(String, Duration)>,
}

impl Answer {
    /// A complete response.
    pub fn ok(body: &str) -> Self {
        Self::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    /// These bytes.
    pub fn raw(head: impl Into<String>) -> Self {
        Self { head: head.into(), again: None }
    }

    /// These bytes, and then others without end.
    pub fn endless(head: &str, again: &str, pause: Duration) -> Self {
        Self { head: head.into(), again: Some((again.into(), pause)) }
    }
}

/// A server on a port of its own, as long as the process lives.
pub struct Server {
    /// Where it is.
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server that always answers the same.
    pub fn start(answer: Answer) -> Self {
        Self::answering(move |_| answer.clone())
    }

    /// A server whose answer follows from the request.
    pub fn answering(answer: impl Fn(&str) -> Answer + Clone + Send + 'static) -> Self {
        Self::listen(None, answer)
    }

    /// A server behind TLS, known as `localhost`; with the authority that vouches for it, in PEM.
    pub fn secure(answer: Answer) -> (Self, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()])
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let label = "CERTIFICATE";
        let text = STANDARD.encode(issuer.der());
        let pem = format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
        (Self::listen(Some(Arc::new(config)), move |_| answer.clone()), pem)
    }

    fn listen(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&str) -> Answer + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen, tls) = (answer.clone(), Arc::clone(&seen), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, answer, &seen),
                    Some(config) => secured(stream, config, answer, &seen),
                });
            }
        });
        Self { address, requests }
    }

    /// The requests that came, as they were on the wire.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn secured(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answer: impl Fn(&str) -> Answer,
    seen: &Mutex<Vec<String>>,
) {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    serve(&mut stream, answer, seen);
    stream.conn.send_close_notify();
    // The client may have gone already.
    let _ = stream.flush();
}

fn serve<S: Read + Write>(
    mut stream: S,
    answer: impl Fn(&str) -> Answer,
    seen: &Mutex<Vec<String>>,
) {
    let Some(request) = read_request(&mut stream) else { return };
    let Answer { head, again } = answer(&request);
    seen.lock().unwrap().push(request);
    // Every write may fail: the client hangs up when it has seen enough.
    if stream.write_all(head.as_bytes()).is_err() {
        return;
    }
    if let Some((again, pause)) = again {
        while stream.write_all(again.as_bytes()).is_ok() && stream.flush().is_ok() {
            std::thread::sleep(pause);
        }
    }
}

/// Reads a request with its body. None: the client hung up before it was complete.
fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let chunked = head.contains("transfer-encoding: chunked");
            if !chunked || body.ends_with("0\r\n\r\n") {
                return Some(text);
            }
        }
        let count = stream.read(&mut piece).ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&piece[..count]);
    }
}
