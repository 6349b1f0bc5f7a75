//! The way to a provider: connections, certificates, the header with the key.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use baton_core::model::Api;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::classify::error;
use crate::error::{ModelError, Trouble};

/// Connections to one provider, shared by the exchanges with it.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    client: reqwest::Client,
    base: String,
    api: Api,
}

impl Upstream {
    /// `certificates`: PEM files of authorities that are trusted beside the public ones.
    pub(crate) fn new(
        base: &str,
        api: Api,
        certificates: &[Vec<u8>],
        connect_timeout: Duration,
    ) -> Result<Self, ModelError> {
        let bad = |message: String| error(Trouble::Permanent, "bad-request", message);
        let url =
            reqwest::Url::parse(base).map_err(|_| bad("Its base URL is not a URL.".into()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(bad("Its base URL is not of http or https.".to_owned()));
        }
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(certificates).map_err(bad)?)
            // A redirection would take the key and the conversation elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Nothing is expanded: limits are on bytes that were sent.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .referer(false)
            .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .connect_timeout(connect_timeout)
            .build()
            .map_err(|failure| bad(format!("Requests cannot be made: {failure}.")))?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned(), api })
    }

    /// Sends a request; the answer's head.
    pub(super) async fn send(
        &self,
        path: &str,
        body: bytes::Bytes,
        key: Option<&Arc<str>>,
        traceparent: Option<&str>,
    ) -> Result<reqwest::Response, Unsendable> {
        let mut request = self
            .client
            .post(format!("{}/{path}", self.base))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            .body(body);
        if self.api == Api::Anthropic {
            request = request.header("anthropic-version", "2023-06-01");
        }
        if let Some(key) = key {
            let (name, value) = match self.api {
                Api::Anthropic => ("x-api-key", key.to_string()),
                Api::Gemini => ("x-goog-api-key", key.to_string()),
                Api::OpenaiChat | Api::OpenaiResponses | Api::Ollama => {
                    ("authorization", format!("Bearer {key}"))
                }
            };
            let mut value = HeaderValue::from_str(&value).map_err(|_| Unsendable::Key)?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if let Some(traceparent) = traceparent.and_then(|value| HeaderValue::from_str(value).ok()) {
            request = request.header("traceparent", traceparent);
        }
        request.send().await.map_err(Unsendable::Failed)
    }
}

/// A client that reaches a socket, whatever host it is given.
pub(super) fn local(socket: PathBuf) -> Result<reqwest::Client, String> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls(&[])?)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        .unix_socket(socket)
        .build()
        .map_err(|failure| failure.to_string())
}

/// Why there is no answer.
pub(super) enum Unsendable {
    /// The key cannot stand in a header.
    Key,
    /// The connection failed.
    Failed(reqwest::Error),
}

/// What follows the base URL.
pub(super) fn path(api: Api, model: &str) -> String {
    match api {
        Api::Anthropic => "messages".to_owned(),
        Api::OpenaiChat => "chat/completions".to_owned(),
        Api::OpenaiResponses => "responses".to_owned(),
        Api::Gemini => format!("models/{}:streamGenerateContent?alt=sse", segment(model)),
        Api::Ollama => "api/chat".to_owned(),
    }
}

/// A model's name as part of a path. Slashes stay: `tuned/x` is a path of its own.
fn segment(model: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte);
    let mut segment = String::with_capacity(model.len());
    for byte in model.bytes() {
        if plain(byte) {
            segment.push(byte.into());
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

fn tls(certificates: &[Vec<u8>]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for file in certificates {
        for certificate in CertificateDer::pem_slice_iter(file) {
            let certificate = certificate
                .map_err(|failure| format!("A certificate cannot be read: {failure}."))?;
            roots
                .add(certificate)
                .map_err(|failure| format!("A certificate is not one: {failure}."))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|failure| format!("TLS cannot be set up: {failure}."))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let cases = [
            (Api::Anthropic, "m", "messages"),
            (Api::OpenaiChat, "m", "chat/completions"),
            (Api::OpenaiResponses, "m", "responses"),
            (Api::Gemini, "g-1.5", "models/g-1.5:streamGenerateContent?alt=sse"),
            (Api::Gemini, "a?b#c d", "models/a%3Fb%23c%20d:streamGenerateContent?alt=sse"),
            (Api::Ollama, "m", "api/chat"),
        ];
        for (api, model, expected) in cases {
            assert_eq!(path(api, model), expected);
        }
    }

    #[test]
    fn only_addresses_of_the_web() {
        let of = |base: &str| Upstream::new(base, Api::Ollama, &[], Duration::from_secs(1));
        for base in ["", "x", "file:///etc/passwd", "unix:/x", "ftp://host/"] {
            assert_eq!(
                of(base).map(|_| ()).map_err(|error| error.code),
                Err("bad-request"),
                "{base}"
            );
        }
        assert!(of("http://127.0.0.1:1/").is_ok());
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        let broken = Upstream::new("https://x/", Api::Ollama, &[broken], Duration::from_secs(1));
        assert!(broken.is_err());
    }
}
