//! Connections: TCP to a checked address, TLS over it where the scheme says so.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::error::HttpError;
use super::target::{Host, Target};

/// Bytes both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Whom TLS trusts: the authorities that browsers trust, and those that were granted.
pub(super) struct Trust {
    certificates: Arc<Vec<Vec<u8>>>,
    config: OnceLock<Option<Arc<ClientConfig>>>,
}

/// The configuration without certificates of one's own, which is the same for all calls.
static PUBLIC: OnceLock<Option<Arc<ClientConfig>>> = OnceLock::new();

impl Trust {
    /// `certificates`: of further authorities, in DER. Nothing is read before the first use.
    pub(super) fn new(certificates: Arc<Vec<Vec<u8>>>) -> Self {
        Self { certificates, config: OnceLock::new() }
    }

    fn config(&self) -> Option<Arc<ClientConfig>> {
        let config = if self.certificates.is_empty() { &PUBLIC } else { &self.config };
        config.get_or_init(|| configuration(&self.certificates)).clone()
    }
}

/// None: a certificate cannot be read.
fn configuration(certificates: &[Vec<u8>]) -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in certificates {
        roots.add(CertificateDer::from(certificate.clone())).ok()?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session would tell a server which calls come from the same host.
    config.resumption = Resumption::disabled();
    Some(Arc::new(config))
}

/// Opens a connection to one of the addresses before the deadline.
pub(super) async fn connect(
    target: &Target,
    addresses: &[IpAddr],
    trust: &Trust,
    deadline: Instant,
) -> Result<Box<dyn Stream>, HttpError> {
    let stream = tcp(addresses, target.port, deadline).await?;
    // Requests are small and waited for; without it the kernel would hold them back.
    stream.set_nodelay(true).map_err(|_| HttpError::ConnectionTerminated)?;
    if !target.tls {
        return Ok(Box::new(stream));
    }
    let config = trust.config().ok_or(HttpError::Tls)?;
    let name = match &target.host {
        Host::Name(name) => {
            ServerName::try_from(name.clone()).map_err(|_| HttpError::UriInvalid)?
        }
        Host::Address(address) => ServerName::from(*address),
    };
    let shaken = timeout_at(deadline, TlsConnector::from(config).connect(name, stream));
    match shaken.await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(tls_error(&error)),
        Err(_) => Err(HttpError::ConnectionTimeout),
    }
}

/// Tries one address after the other, each with its share of the time that is left.
async fn tcp(addresses: &[IpAddr], port: u16, deadline: Instant) -> Result<TcpStream, HttpError> {
    let mut problem = HttpError::Unreachable;
    for (index, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let share = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let until = now + left / share;
        match timeout_at(until, TcpStream::connect(SocketAddr::new(*address, port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                problem = HttpError::ConnectionRefused;
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                problem = HttpError::ConnectionTerminated;
            }
            Ok(Err(_)) => problem = HttpError::Unreachable,
            Err(_) => problem = HttpError::ConnectionTimeout,
        }
    }
    Err(problem)
}

fn tls_error(error: &io::Error) -> HttpError {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => HttpError::Certificate,
        Some(_) => HttpError::Tls,
        None => HttpError::ConnectionTerminated,
    }
}
