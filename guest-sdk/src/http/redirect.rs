//! Sending a request, and following where its response leads.

use super::error::{Error, ErrorKind};
use super::url::Url;
use super::{Request, Response};

/// Header fields that are not for another origin.
const OWN: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// Sends the request by `send`, and further ones as far as redirects are followed.
pub(super) fn follow(
    mut request: Request,
    send: impl Fn(&Request, &Url) -> Result<Response, Error>,
) -> Result<Response, Error> {
    if let Some(error) = request.broken {
        return Err(error);
    }
    let malformed = |text: &str| {
        let message = format!("`{text}` is no URL of `http` or `https`");
        Error::new(ErrorKind::Request, "bad-url", message)
    };
    let mut url = Url::parse(&request.url).ok_or_else(|| malformed(&request.url))?;
    let mut left = request.redirects;
    loop {
        let mut response = send(&request, &url)?;
        response.url = url.to_string();
        let location = match (response.status, response.header("location")) {
            (301 | 302 | 303 | 307 | 308, Some(location)) if request.redirects > 0 => location,
            _ => return Ok(response),
        };
        let Some(next) = url.join(location) else {
            let message = format!("`{url}` leads to `{location}`, which is no URL of HTTP");
            return Err(Error::new(ErrorKind::Redirect, "bad-redirect", message));
        };
        if left == 0 {
            let message = format!("more than {} redirects", request.redirects);
            return Err(Error::new(ErrorKind::Redirect, "too-many-redirects", message));
        }
        left -= 1;
        let becomes_get = match response.status {
            303 => request.method != "HEAD",
            301 | 302 => request.method == "POST",
            _ => false,
        };
        if becomes_get {
            request.method = "GET".into();
            request.body = Vec::new();
            request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
        }
        if !url.same_origin(&next) {
            request
                .headers
                .retain(|(name, _)| !OWN.iter().any(|own| name.eq_ignore_ascii_case(own)));
        }
        request.url = next.to_string();
        url = next;
    }
}
