use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};

use super::super::client::{Client, Patience};
use super::super::error::HttpError;
use super::server::{Answer, Server};
use super::{Call, Fake, fetch, get, placeholder};

const CANARY: &str = "canary-Zq8/1+x&y";

/// A call that may ask the server, and has a secret bound to it.
fn bound(server: &Server) -> Call {
    Call::granted(&[server.rule()]).with_secret("api", CANARY, &[server.rule()])
}

#[tokio::test]
async fn a_secret_takes_the_place_of_its_stand_in() {
    let server = Server::start(Answer::ok("")).await;
    let call = bound(&server).with_secret("second", "another-canary", &[server.rule()]);
    let (api, second) = (placeholder("api"), placeholder("second"));
    let credentials = |text: &str| format!("bAsIc {}", STANDARD.encode(text));
    for (sent, received) in [
        (format!("Bearer {api}"), format!("Bearer {CANARY}")),
        (format!("{api},{api}; {second}"), format!("{CANARY},{CANARY}; another-canary")),
        (
            credentials(&format!("me:{api}")),
            format!("Basic {}", STANDARD.encode(format!("me:{CANARY}"))),
        ),
        (
            credentials(&format!("{second}:{api}")),
            format!("Basic {}", STANDARD.encode(format!("another-canary:{CANARY}"))),
        ),
        (
            format!("Basic {}", STANDARD_NO_PAD.encode(format!("mee:{api}"))),
            format!("Basic {}", STANDARD.encode(format!("mee:{CANARY}"))),
        ),
        ("Bearer nothing".into(), "Bearer nothing".into()),
    ] {
        call.fetch(get(server.url("/")).header("Authorization", &sent)).await.unwrap();
        let request = server.requests().pop().unwrap();
        let expected = format!("authorization: {received}\r\n");
        assert!(request.contains(&expected), "{sent}: {expected} is not in {request}");
        assert!(!request.contains(&api), "{request}");
    }
    assert_eq!(call.codes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_secret_goes_nowhere_else() {
    let server = Server::start(Answer::ok("")).await;
    let (port, rule) = (server.address.port(), server.rule());
    let other = if port == 8080 { 8081 } else { 8080 };
    for hosts in [
        vec![],
        vec![format!("http://127.0.0.2:{port}")],
        vec![format!("http://127.0.0.1:{other}")],
        vec![format!("https://127.0.0.1:{port}")],
        vec![format!("POST {rule}")],
    ] {
        let call = Call::granted(std::slice::from_ref(&rule)).with_secret("api", CANARY, &hosts);
        let basic = format!("Basic {}", STANDARD.encode(format!("me:{}", placeholder("api"))));
        for value in [placeholder("api"), basic] {
            let request = get(server.url("/")).header("Authorization", value);
            assert_eq!(call.fetch(request).await.unwrap_err(), HttpError::Denied, "{hosts:?}");
        }
        assert_eq!(call.codes(), ["http-secret-host", "http-secret-host"], "{hosts:?}");
    }

    let call = bound(&server);
    let encoded = placeholder("api").replace('-', "%2d").replace('b', "%62");
    for request in [
        get(server.url(&format!("/{}", placeholder("api")))),
        get(server.url(&format!("/?token={}", placeholder("api")))),
        get(server.url(&format!("/?token={encoded}"))),
        get(server.url("/")).header(placeholder("api"), "x"),
    ] {
        assert_eq!(call.fetch(request).await.unwrap_err(), HttpError::Denied);
    }
    assert_eq!(call.codes(), ["http-secret-place"; 4]);
    assert_eq!(server.requests(), Vec::<String>::new());

    // In a body it is a text like any other.
    let request = get(server.url("/")).method("POST");
    fetch(&call.client(), request, &placeholder("api")).await.unwrap();
    let request = server.requests().pop().unwrap();
    assert!(request.ends_with(&placeholder("api")) && !request.contains(CANARY), "{request}");
}

#[tokio::test]
async fn a_host_that_only_resolves_to_the_right_address_gets_no_secret() {
    let server = Server::start(Answer::ok("")).await;
    let evil = server.named("http", "evil.test");
    let call = Call::granted(&[format!("{evil} +private"), server.rule()]).with_secret(
        "api",
        CANARY,
        &[server.rule()],
    );
    let here = Fake::answering("evil.test", &[&["127.0.0.1"]]);
    let client = Client::new(&call.grant, &call.limits, Box::new(here));
    let request = get(&evil).header("Authorization", placeholder("api"));
    assert_eq!(fetch(&client, request, "").await.unwrap_err(), HttpError::Denied);
    assert_eq!(call.codes(), ["http-secret-host"]);
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_secret_cannot_bring_a_header_of_its_own() {
    let server = Server::start(Answer::ok("")).await;
    let rules = [server.rule()];
    for (value, error) in [
        ("first line\r\nX-Evil: 1", HttpError::Denied),
        ("first line\nsecond", HttpError::Denied),
        ("nul\0nul-nul", HttpError::Denied),
    ] {
        let call = Call::granted(&rules).with_secret("api", value, &rules);
        let request = get(server.url("/")).header("X-Key", placeholder("api"));
        assert_eq!(call.fetch(request).await.unwrap_err(), error);
        assert_eq!(call.codes(), ["http-secret-value"]);
    }
    let large = "k".repeat(40_000);
    let call = Call::granted(&rules).with_secret("api", &large, &rules);
    let request = get(server.url("/")).header("X-Key", placeholder("api"));
    let refused = call.fetch(request).await.unwrap_err();
    assert!(matches!(refused, HttpError::RequestHeaders(bytes) if bytes >= 40_000), "{refused:?}");
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_response_holds_no_secret() {
    // A server that sends back whatever it got, in pieces that cut the secret.
    let server = Server::answering(|request| {
        let body: String = request
            .as_bytes()
            .chunks(3)
            .map(|piece| format!("{:x}\r\n{}\r\n", piece.len(), String::from_utf8_lossy(piece)))
            .collect();
        let credentials = STANDARD.encode(format!("me:{CANARY}"));
        Answer::raw(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Echo: <{CANARY}>\r\n\
             X-Basic: {credentials}\r\nTrailer: X-Late\r\n\r\n{body}0\r\nX-Late: {CANARY}\r\n\r\n"
        ))
    })
    .await;
    let call = bound(&server);
    let request = get(server.url("/")).header("X-Key", placeholder("api"));
    let fetched = call.fetch(request).await.unwrap();
    assert!(fetched.body.contains(&format!("x-key: {}\r\n", placeholder("api"))), "{fetched:?}");
    let seen = format!("{fetched:?}");
    assert!(fetched.headers.contains(&format!("<{}>", placeholder("api"))), "{seen}");
    assert!(!seen.contains("canary-Zq8"), "{seen}");
    let credentials = STANDARD.encode(format!("me:{CANARY}"));
    assert!(!seen.contains(&credentials[8..16]), "{seen}");
    assert!(server.requests()[0].contains(CANARY), "the server did get it");
}

#[tokio::test]
async fn a_response_whose_length_is_known_may_get_longer() {
    let server = Server::start(Answer::ok(&format!("key={CANARY};"))).await;
    let call = bound(&server);
    let fetched = call.fetch(get(server.url("/"))).await.unwrap();
    assert_eq!(fetched.body, format!("key={};", placeholder("api")));
    assert!(!fetched.headers.contains("content-length"), "{fetched:?}");
}

#[tokio::test]
async fn a_cut_response_does_not_end_with_the_front_of_a_secret() {
    let cut = &CANARY[..CANARY.len() - 1];
    let server = Server::start(Answer::raw(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}key={cut}",
        "-".repeat(500)
    )))
    .await;
    let call = bound(&server);
    let request = get(server.url("/")).body(Full::new(Bytes::new())).unwrap();
    let response = call.client().send(request, Patience::default()).await.unwrap();
    let mut body = response.into_body();
    let (mut seen, mut errors) = (Vec::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => seen.extend_from_slice(&frame.into_data().unwrap()),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!(errors, [HttpError::Incomplete]);
    let seen = String::from_utf8(seen).unwrap();
    assert!(seen.starts_with("---") && !seen.contains("canary"), "{seen}");
}

#[tokio::test]
async fn a_response_to_a_secret_is_readable() {
    let zipped = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nz";
    let server = Server::start(Answer::raw(zipped)).await;
    let call = bound(&server);
    let request = || get(server.url("/")).header("Accept-Encoding", "gzip");
    let refused = call.fetch(request().header("X-Key", placeholder("api"))).await.unwrap_err();
    assert_eq!(refused, HttpError::ContentCoding("gzip".into()));
    assert!(!server.requests().pop().unwrap().contains("accept-encoding"));
    assert_eq!(call.fetch(request()).await.unwrap().body, "z", "it carries none");
    assert!(server.requests().pop().unwrap().contains("accept-encoding: gzip"));
}

#[test]
fn what_people_see_of_a_secret_is_its_name() {
    let call = Call::granted(&[]).with_secret("api", CANARY, &[]);
    let shown = format!("{:?}", call.grant.secrets);
    assert!(shown.contains("api") && !shown.contains("canary"), "{shown}");
}
