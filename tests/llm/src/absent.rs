//! Servers that are not there, or not what they should be.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// An address whose name no resolver knows.
pub const UNRESOLVABLE: &str = "http://baton-test.invalid:1";

/// A port that refuses connections for as long as this lives.
#[derive(Debug)]
pub struct Refusing {
    address: SocketAddr,
    // Bound and never listening: nobody else gets the port.
    _socket: TcpSocket,
}

impl Refusing {
    /// Takes a port.
    ///
    /// # Errors
    /// When none can be had.
    pub fn start() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: socket.local_addr()?, _socket: socket })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A server that answers the beginning of TLS with something else.
#[derive(Debug)]
pub struct TlsGarbage(Counting);

impl TlsGarbage {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let counting = Counting::start(|mut stream| async move {
            let mut hello = [0; 1024];
            // Whoever leaves before it has said anything hears nothing.
            if stream.read(&mut hello).await.is_ok_and(|bytes| bytes > 0) {
                let _ = stream.write_all(b"220 this is no server of TLS\r\n").await;
            }
        });
        Ok(Self(counting.await?))
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.0.address)
    }

    /// Connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.connections()
    }
}

/// A server of TLS whose certificate nobody has signed.
#[derive(Debug)]
pub struct TlsUntrusted {
    counting: Counting,
    shaken: Arc<AtomicUsize>,
}

impl TlsUntrusted {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// When no port can be had or no certificate made.
    pub async fn start() -> io::Result<Self> {
        let names = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let shaken = Arc::new(AtomicUsize::default());
        let counter = Arc::clone(&shaken);
        let counting = Counting::start(move |stream| {
            let (acceptor, counter) = (acceptor.clone(), Arc::clone(&counter));
            async move {
                if let Ok(mut stream) = acceptor.accept(stream).await
                    && stream.read_u8().await.is_ok()
                {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Ok(Self { counting: counting.await?, shaken })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.counting.address)
    }

    /// Connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.counting.connections()
    }

    /// How many trusted it and sent something.
    #[must_use]
    pub fn trusted(&self) -> usize {
        self.shaken.load(Ordering::SeqCst)
    }
}

/// Accepts, counts, and lets each connection be dealt with.
#[derive(Debug)]
struct Counting {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Counting {
    async fn start<F>(deal: impl Fn(TcpStream) -> F + Send + 'static) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicUsize::default());
        let counter = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(deal(stream));
            }
        });
        Ok(Self { address, connections, task })
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.task.abort();
    }
}
