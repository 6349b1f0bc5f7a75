use std::net::Ipv4Addr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::super::client::Client;
use super::super::error::HttpError;
use super::server::{Answer, Server};
use super::{Call, Fake, fetch, get};

/// A certificate authority of its own, and a server with a certificate of it.
async fn server(name: &str) -> (Server, Vec<u8>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![name.into()]).unwrap().signed_by(&key, &issuer).unwrap();
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
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let server = Server::at(address, Some(acceptor), |_| Answer::ok("over TLS")).await;
    (server, issuer.der().to_vec())
}

/// Asks the server by a name, trusting these authorities besides the usual ones.
async fn ask(server: &Server, name: &str, trusted: Vec<Vec<u8>>) -> Result<String, HttpError> {
    let url = server.named("https", name);
    let mut call = Call::granted(&[format!("{url} +private")]);
    call.grant.certificates = Arc::new(trusted);
    let here = Fake::answering(name, &[&["127.0.0.1"]]);
    let client = Client::new(&call.grant, &call.limits, Box::new(here));
    fetch(&client, get(&url), "").await.map(|fetched| fetched.body)
}

#[tokio::test]
async fn a_server_with_a_trusted_certificate_is_asked() {
    let (server, authority) = server("api.test").await;
    assert_eq!(ask(&server, "api.test", vec![authority]).await.unwrap(), "over TLS");
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
}

#[tokio::test]
async fn a_server_with_another_certificate_gets_no_request() {
    let (server, authority) = server("api.test").await;
    let error = ask(&server, "api.test", vec![]).await.unwrap_err();
    assert_eq!(error, HttpError::Certificate, "nobody knows the authority");
    let error = ask(&server, "other.test", vec![authority]).await.unwrap_err();
    assert_eq!(error, HttpError::Certificate, "it is of another name");
    let error = ask(&server, "api.test", vec![b"no certificate".to_vec()]).await.unwrap_err();
    assert_eq!(error, HttpError::Tls, "the granted authority is none");
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_that_does_not_shake_hands_gets_no_request() {
    let server = Server::start(Answer::ok("")).await;
    let url = server.named("https", "127.0.0.1");
    let mut call = Call::granted(std::slice::from_ref(&url));
    call.limits.http_connect_ms = 200;
    assert_eq!(call.fetch(get(&url)).await.unwrap_err(), HttpError::ConnectionTimeout);
    assert_eq!(server.requests(), Vec::<String>::new());
}
