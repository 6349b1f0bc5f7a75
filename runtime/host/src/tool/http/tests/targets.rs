use http::{Method, Uri};

use super::super::error::HttpError;
use super::super::target::Target;

fn target(method: &str, url: &str) -> Result<Target, HttpError> {
    let uri: Uri = url.parse().map_err(|_| HttpError::UriInvalid)?;
    Target::of(&Method::from_bytes(method.as_bytes()).unwrap(), &uri, 1_000)
}

#[test]
fn urls_are_read_in_one_way() {
    for (url, shown, host, port, path) in [
        ("https://example.org", "GET https://example.org", "example.org", 443, "/"),
        ("http://Example.ORG:80/A?b", "GET http://example.org", "example.org", 80, "/A?b"),
        ("https://a.b:8443?x=1", "GET https://a.b:8443", "a.b", 8443, "/?x=1"),
        ("http://127.0.0.1:1/", "GET http://127.0.0.1:1", "127.0.0.1", 1, "/"),
        ("http://[::1]:1/", "GET http://[::1]:1", "::1", 1, "/"),
        ("http://[::0:1]/", "GET http://[::1]", "::1", 80, "/"),
        // A URL in the path does not say where the request goes.
        ("http://a.b//c.d/e", "GET http://a.b", "a.b", 80, "//c.d/e"),
    ] {
        let target = target("GET", url).unwrap();
        assert_eq!(
            (target.to_string().as_str(), target.host.to_string().as_str(), target.port),
            (shown, host, port),
            "{url}"
        );
        assert_eq!(target.path.as_str(), path, "{url}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for url in [
        "/path/only",
        "example.org:443",
        "ftp://example.org/",
        "file://example.org/",
        // Somebody's name and password in front of the host.
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://example.org@evil.test/",
        // Addresses that only resolvers know to be such.
        "http://127.1/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.0.0.1./",
        "http://[::1%25eth0]/",
        "http://[::ffff:127.0.0.1/",
        // Hosts that are none.
        "http://example.org./",
        "http://.example.org/",
        "http://a..b/",
        "http://exa%6dple.org/",
        "http://exa$mple.org/",
        "http://[example.org]/",
        // Ports that are none.
        "http://example.org:/",
        "http://example.org:0/",
        "http://example.org:+80/",
        "http://example.org:65536/",
        "http://example.org:80:81/",
        "http://[::1]80/",
        // Bytes that a request line cannot hold.
        "http://example.org/a\u{e9}",
    ] {
        assert_eq!(target("GET", url), Err(HttpError::UriInvalid), "{url}");
    }
    let long = format!("http://{}.org/", "a".repeat(64));
    assert_eq!(target("GET", &long), Err(HttpError::UriInvalid));
    let long = format!("http://{}org/", "a.".repeat(130));
    assert_eq!(target("GET", &long), Err(HttpError::UriInvalid));
    let long = format!("http://example.org/{}", "a".repeat(1_000));
    assert_eq!(target("GET", &long), Err(HttpError::UriTooLong));
}

#[test]
fn methods_that_are_no_requests_to_the_host_are_refused() {
    for method in ["CONNECT", "TRACE", "TRACK"] {
        let refused = target(method, "https://example.org/");
        assert_eq!(refused, Err(HttpError::MethodInvalid), "{method}");
    }
    assert_eq!(target("PURGE", "https://example.org/").unwrap().method.as_str(), "PURGE");
}
