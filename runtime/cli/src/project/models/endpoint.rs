//! Where the API of a provider begins.

use std::net::IpAddr;

/// The address as it is pinned: with a slash at its end.
///
/// # Errors
/// Says why it cannot be one.
pub fn parse(text: &str) -> Result<String, String> {
    let text = text.trim();
    let wrong = |why: &str| Err(format!("`{text}` is no address of an API: {why}"));
    let Some(rest) = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme))
    else {
        return wrong("it begins with https:// or http://");
    };
    if rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return wrong("it has a space or another sign that no address has");
    }
    if rest.contains(['?', '#']) {
        return wrong("it has a query or a fragment");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return wrong("it has a user or password; keys are named under `key`");
    }
    if host(authority).is_none_or(str::is_empty) {
        return wrong("it names no host");
    }
    Ok(if text.ends_with('/') { text.to_owned() } else { format!("{text}/") })
}

/// Whether an address leads to this machine alone, whatever a name server says.
#[must_use]
pub fn is_loopback(base_url: &str) -> bool {
    let authority = base_url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let Some(host) = host(authority).filter(|_| !authority.contains('@')) else { return false };
    let address = host.parse::<IpAddr>();
    address.is_ok_and(|address| address.is_loopback()) || host == "localhost"
}

/// The host of an authority, without the brackets of an address.
fn host(authority: &str) -> Option<&str> {
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let fits = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return fits.then_some(host);
    }
    match authority.split_once(':') {
        Some((host, port)) => is_port(port).then_some(host),
        None => Some(authority),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_with_a_slash() {
        for (text, expected) in [
            ("https://a.example/v1", Some("https://a.example/v1/")),
            (" http://127.0.0.1:8000/v1/ ", Some("http://127.0.0.1:8000/v1/")),
            ("http://[::1]:1", Some("http://[::1]:1/")),
            ("ftp://a", None),
            ("a.example", None),
            ("https://", None),
            ("https:///v1", None),
            ("https://u:p@a", None),
            ("https://a/?key=1", None),
            ("https://a:port/", None),
            ("https://a:0/", None),
            ("https://a b/", None),
            ("https://a\\@b/", None),
        ] {
            assert_eq!(parse(text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, expected) in [
            ("http://127.0.0.1:8000/v1/", true),
            ("http://127.9.9.9/", true),
            ("http://localhost:11434/", true),
            ("http://[::1]:1/", true),
            ("http://localhost.example.org/", false),
            ("http://127.0.0.1.example.org/", false),
            ("http://127.0.0.1@example.org/", false),
            ("http://10.0.0.1/", false),
            ("https://api.example.org/127.0.0.1/", false),
            ("http://0.0.0.0/", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(text), expected, "{text}");
        }
    }
}
