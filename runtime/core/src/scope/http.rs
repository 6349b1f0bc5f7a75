//! Requests that may be sent over HTTP.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::authority::PatternError;
use super::names::merged;

/// Ends a rule that admits private addresses for a name.
const PRIVATE: &str = "+private";
/// The name of this machine.
const LOCALHOST: &str = "localhost";

/// Which requests may be sent: `[METHOD,… ]SCHEME://HOST[:PORT][ +private]`, such as
/// `GET https://api.example.org` or `http://127.0.0.1:8080`.
///
/// Without methods, all of them. Without a scheme, `https`. HOST is a name, a name that begins with
/// `*.` (any name below it), an address (IPv6 in brackets), or `*`. PORT is a number or `*`; without
/// it, the scheme's own. Paths are no part of a rule.
///
/// A rule reaches private, loopback and link-local addresses only if it names such an address or
/// `localhost` itself, or ends with `+private`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpRule {
    methods: Vec<String>,
    scheme: String,
    host: Host,
    port: Option<u16>,
    private: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    Below(String),
    Name(String),
    Address(IpAddr),
}

impl HttpRule {
    /// Whether a request is one of those meant. `method` in capitals, `scheme` and `host` in small
    /// letters, the address of an IPv6 host without brackets.
    #[must_use]
    pub fn matches(&self, method: &str, scheme: &str, host: &str, port: u16) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let host_fits = match &self.host {
            Host::Any => true,
            Host::Below(parent) => is_below(host, parent),
            Host::Name(name) => name == host,
            Host::Address(address) => host.parse() == Ok(*address),
        };
        host_fits
            && self.scheme == scheme
            && self.port.is_none_or(|own| own == port)
            && (self.methods.is_empty() || self.methods.iter().any(|own| own == method))
    }

    /// Whether it reaches private, loopback and link-local addresses.
    #[must_use]
    pub fn reaches_private(&self) -> bool {
        self.private
    }

    /// Whether it lets every request pass that the other one means. Where they may go is left out.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let host = match (&self.host, &other.host) {
            (Host::Any, _) => true,
            (Host::Below(mine), Host::Name(theirs)) => is_below(theirs, mine),
            (Host::Below(mine), Host::Below(theirs)) => mine == theirs || is_below(theirs, mine),
            (mine, theirs) => mine == theirs,
        };
        let methods = self.methods.is_empty()
            || (!other.methods.is_empty()
                && other.methods.iter().all(|m| self.methods.contains(m)));
        host && methods
            && self.scheme == other.scheme
            && (self.port.is_none() || self.port == other.port)
    }

    /// Whether there is a request that both mean. Where they may go is left out.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let hosts = match (&self.host, &other.host) {
            (Host::Any, _) | (_, Host::Any) => true,
            (Host::Below(parent), Host::Name(name)) | (Host::Name(name), Host::Below(parent)) => {
                is_below(name, parent)
            }
            (Host::Below(mine), Host::Below(theirs)) => {
                mine == theirs || is_below(theirs, mine) || is_below(mine, theirs)
            }
            (mine, theirs) => mine == theirs,
        };
        let methods = self.methods.is_empty()
            || other.methods.is_empty()
            || self.methods.iter().any(|method| other.methods.contains(method));
        let ports = self.port.is_none() || other.port.is_none() || self.port == other.port;
        hosts && methods && ports && self.scheme == other.scheme
    }

    /// The same rule, reaching private addresses: what a guest asks for does not restrict that.
    #[must_use]
    pub fn with_private(mut self) -> Self {
        self.private = true;
        self
    }
}

impl FromStr for HttpRule {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = |what: &str| PatternError::new(text, what);
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let marked = words.last() == Some(&PRIVATE);
        if marked {
            words.pop();
        }
        let (methods, place) = match *words.as_slice() {
            [place] => (Vec::new(), place),
            [methods, place] => (methods.split(',').map(ToOwned::to_owned).collect(), place),
            _ => return Err(wrong("not `[METHODS ]SCHEME://HOST[:PORT][ +private]`")),
        };
        let is_method = |method: &String| {
            !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase())
        };
        if !methods.iter().all(is_method) {
            return Err(wrong("methods are capitals, separated by commas"));
        }
        let (scheme, rest) = place.split_once("://").unwrap_or(("https", place));
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(wrong("the scheme is `https` or `http`")),
        };
        let (host, port) = split_port(rest.strip_suffix('/').unwrap_or(rest))
            .ok_or_else(|| wrong("the host or the port cannot be read"))?;
        let port = match port {
            None => Some(default_port),
            Some("*") => None,
            Some(port) => Some(port.parse().map_err(|_| wrong("the port is no number"))?),
        };
        let host = read_host(host).ok_or_else(|| {
            wrong("the host is a name, `*.NAME`, an address or `*`; paths are no part of a rule")
        })?;
        let private = marked
            || match &host {
                Host::Name(name) => name == LOCALHOST,
                Host::Address(address) => is_private(*address),
                Host::Any | Host::Below(_) => false,
            };
        Ok(Self { methods, scheme: scheme.to_owned(), host, port, private })
    }
}

/// Whether a name is one below another.
fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// Host and port; the brackets of an IPv6 address are taken off.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((text, None)),
    }
}

fn read_host(text: &str) -> Option<Host> {
    if text == "*" {
        return Some(Host::Any);
    }
    if let Ok(address) = text.parse() {
        return Some(Host::Address(address));
    }
    let (below, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text),
    };
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(fits)
    };
    // A last label of digits only is an address to a resolver, however it is written.
    let numeric =
        |label: &str| label.bytes().all(|byte| byte.is_ascii_digit()) || label.starts_with("0x");
    if !name.split('.').all(is_label) || name.rsplit('.').next().is_some_and(numeric) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    Some(if below { Host::Below(name) } else { Host::Name(name) })
}

/// Whether an address is not one of the public internet: private, loopback, link-local (the
/// addresses of cloud metadata among them), shared, reserved, multicast or unspecified, also when
/// it is written as an IPv6 one that stands for it (RFC 6890, 4291, 6052).
#[must_use]
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b))
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_private(IpAddr::V4(v4));
            }
            let [a, b, c, d, .., g, h] = v6.segments();
            let [[g1, g2], [h1, h2]] = [g.to_be_bytes(), h.to_be_bytes()];
            let embedded = IpAddr::V4([g1, g2, h1, h2].into());
            // NAT64, and addresses that hold an IPv4 one in their low bits.
            if (a, b) == (0x64, 0xff9b) || (a, b, c, d) == (0, 0, 0, 0) {
                return (a, b) == (0x64, 0xff9b) && c == 1
                    || v6.is_loopback()
                    || v6.is_unspecified()
                    || is_private(embedded);
            }
            // 6to4 holds the IPv4 address behind its prefix.
            if a == 0x2002 {
                let [[b1, b2], [c1, c2]] = [b.to_be_bytes(), c.to_be_bytes()];
                return is_private(IpAddr::V4([b1, b2, c1, c2].into()));
            }
            v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || (a & 0xffc0) == 0xfec0
                || (a == 0x2001 && (b < 0x200 || b == 0xdb8))
                || a == 0x100
        }
    }
}

impl fmt::Display for HttpRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.methods.is_empty() {
            write!(f, "{} ", self.methods.join(","))?;
        }
        write!(f, "{}://", self.scheme)?;
        match &self.host {
            Host::Any => write!(f, "*")?,
            Host::Below(name) => write!(f, "*.{name}")?,
            Host::Name(name) => write!(f, "{name}")?,
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
        }
        match (self.port, self.scheme.as_str()) {
            (Some(443), "https") | (Some(80), "http") => {}
            (Some(port), _) => write!(f, ":{port}")?,
            (None, _) => write!(f, ":*")?,
        }
        let says_itself = match &self.host {
            Host::Name(name) => name == LOCALHOST,
            Host::Address(address) => is_private(*address),
            Host::Any | Host::Below(_) => false,
        };
        if self.private && !says_itself { write!(f, " {PRIVATE}") } else { Ok(()) }
    }
}

impl TryFrom<String> for HttpRule {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<HttpRule> for String {
    fn from(rule: HttpRule) -> Self {
        rule.to_string()
    }
}

/// Requests in layers of rules: a request must match a rule of every layer, and none of the
/// exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpScope {
    /// The layers, widest first. A layer without rules lets nothing pass.
    pub layers: Vec<Vec<HttpRule>>,
    /// What is taken away, whatever the layers let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<HttpRule>,
}

impl HttpScope {
    /// Whether every layer lets a request pass, and then whether it may go to a private address.
    /// Parts as [`HttpRule::matches`] takes them.
    #[must_use]
    pub fn allows(&self, method: &str, scheme: &str, host: &str, port: u16) -> Option<Reach> {
        if self.except.iter().any(|rule| rule.matches(method, scheme, host, port)) {
            return None;
        }
        let mut private = true;
        for layer in &self.layers {
            let mut matching =
                layer.iter().filter(|rule| rule.matches(method, scheme, host, port)).peekable();
            matching.peek()?;
            private &= matching.any(HttpRule::reaches_private);
        }
        Some(if private { Reach::Anywhere } else { Reach::Public })
    }

    /// What both let pass.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self {
            layers: merged(&self.layers, &other.layers),
            except: merged(&self.except, &other.except),
        }
    }
}

/// Which addresses a request may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of the public internet.
    Public,
    /// Private, loopback and link-local ones as well.
    Anywhere,
}
