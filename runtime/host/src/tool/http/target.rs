//! Where a request goes, read in one strict way.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::HeaderValue;
use http::uri::{PathAndQuery, Scheme};
use http::{Method, Uri};

use super::error::HttpError;

/// Bytes of a host name (RFC 1035).
const NAME_BYTES_MAX: usize = 253;
/// Bytes of one label of it.
const LABEL_BYTES_MAX: usize = 63;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) method: Method,
    pub(super) tls: bool,
    pub(super) host: Host,
    pub(super) port: u16,
    /// Begins with `/`.
    pub(super) path: PathAndQuery,
}

/// A host: whatever could be read in two ways is neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// A name in small letters.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Target {
    /// Takes method and URL apart. `uri_max`: bytes of a URL.
    pub(super) fn of(method: &Method, uri: &Uri, uri_max: u64) -> Result<Self, HttpError> {
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(HttpError::UriInvalid),
        };
        let authority = uri.authority().ok_or(HttpError::UriInvalid)?.as_str();
        let (host, port) = split(authority).ok_or(HttpError::UriInvalid)?;
        let host = Host::read(host).ok_or(HttpError::UriInvalid)?;
        let port = match port {
            Some(port) => read_port(port).ok_or(HttpError::UriInvalid)?,
            None => default_port(tls),
        };
        let path = path(uri).ok_or(HttpError::UriInvalid)?;
        if (authority.len() + path.as_str().len()) as u64 > uri_max {
            return Err(HttpError::UriTooLong);
        }
        // A tunnel would carry what nobody checked, and an echo of the request its secrets.
        if [Method::CONNECT, Method::TRACE].contains(method) || method.as_str() == "TRACK" {
            return Err(HttpError::MethodInvalid);
        }
        Ok(Self { method: method.clone(), tls, host, port, path })
    }

    /// The scheme, in small letters.
    pub(super) fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    /// The host and, unless it is the scheme's own, the port.
    pub(super) fn authority(&self) -> String {
        let host = match &self.host {
            Host::Name(name) => name.clone(),
            Host::Address(IpAddr::V4(address)) => address.to_string(),
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
        };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }

    /// The value of the header `Host`.
    pub(super) fn host_header(&self) -> Result<HeaderValue, HttpError> {
        HeaderValue::try_from(self.authority()).map_err(|_| HttpError::UriInvalid)
    }
}

/// As people see it: without the path, which may hold what is not for everybody.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}://{}", self.method, self.scheme(), self.authority())
    }
}

impl Host {
    fn read(text: &str) -> Option<Self> {
        if let Some(inside) = text.strip_prefix('[') {
            let address: Ipv6Addr = inside.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let is_label = |label: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(fits)
        };
        let name = text.to_ascii_lowercase();
        // What ends like a number is an address to resolvers: `127.1`, `0x7f.1`, `2130706433`.
        let numeric = |label: &str| {
            label.bytes().all(|byte| byte.is_ascii_digit()) || label.starts_with("0x")
        };
        let fits = name.len() <= NAME_BYTES_MAX
            && name.split('.').all(is_label)
            && !name.rsplit('.').next().is_some_and(numeric);
        fits.then_some(Self::Name(name))
    }
}

/// As rules take it: an IPv6 address without brackets.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Host and port of an authority. None: there is more than those two in it.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, rest) = authority.split_at_checked(end)?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

fn read_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// Path and query as they go into the request line: visible characters only, and no second URL.
fn path(uri: &Uri) -> Option<PathAndQuery> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let text = match uri.path() {
        "" => format!("/{query}"),
        path => format!("{path}{query}"),
    };
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    (visible && text.starts_with('/')).then(|| PathAndQuery::try_from(text).ok())?
}
