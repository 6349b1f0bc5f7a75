use std::sync::atomic::Ordering;
use std::time::Duration;

use baton_core::scope::Reach;

use super::super::client::Client;
use super::super::error::HttpError;
use super::super::resolve::addresses;
use super::super::target::Host;
use super::server::{Answer, Server};
use super::{Call, Fake, fetch, get};

#[tokio::test]
async fn a_granted_request_is_sent_and_answered() {
    let server = Server::start(Answer::ok("hello")).await;
    let call = Call::granted(&[server.rule()]);
    let client = call.client();
    let request = get(server.url("/a?b=c")).method("POST").header("X-Mine", "yes");
    let fetched = fetch(&client, request, "the body").await.unwrap();
    assert_eq!((fetched.status, fetched.body.as_str()), (200, "hello"));
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert!(request.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nthe body"), "{request}");
    let host = format!("host: {}\r\n", server.address);
    for header in [host.as_str(), "x-mine: yes\r\n", "connection: close\r\n", "user-agent: baton/"]
    {
        assert!(request.contains(header), "{header} is not in {request}");
    }
    assert_eq!(call.codes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_no_rule_grants_is_refused_before_anything_is_sent() {
    let server = Server::start(Answer::ok("")).await;
    let port = server.address.port();
    let other = if port == 8080 { 8081 } else { 8080 };
    for (rule, url) in [
        // Another port, method, scheme and host.
        (format!("http://127.0.0.1:{other}"), server.url("/")),
        (format!("POST {}", server.rule()), server.url("/")),
        (format!("https://127.0.0.1:{port}"), server.url("/")),
        (format!("http://127.0.0.2:{port}"), server.url("/")),
        (format!("http://localhost:{port}"), server.url("/")),
        (server.rule(), format!("http://localhost:{port}/")),
        (server.rule(), format!("http://127.0.0.1:{other}/")),
    ] {
        let call = Call::granted(std::slice::from_ref(&rule));
        assert_eq!(call.fetch(get(&url)).await.unwrap_err(), HttpError::Denied, "{rule} {url}");
        assert_eq!(call.codes(), ["http-not-granted"], "{rule} {url}");
    }
    let mut call = Call::granted(&[]);
    call.grant.authority = std::sync::Arc::default();
    assert_eq!(call.fetch(get(server.url("/"))).await.unwrap_err(), HttpError::Denied);
    assert_eq!(call.codes(), ["http-not-granted"]);
    assert_eq!(call.denials.lock().unwrap()[0].tried, format!("GET http://127.0.0.1:{port}"));
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_redirect_is_another_request_and_checked_like_the_first() {
    let inside = Server::start(Answer::ok("inside")).await;
    let location = inside.url("/secrets");
    let server = Server::start(Answer::raw(format!(
        "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    )))
    .await;
    let call = Call::granted(&[server.rule()]);
    let fetched = call.fetch(get(server.url("/"))).await.unwrap();
    assert_eq!(fetched.status, 302);
    assert!(fetched.headers.contains(&location));
    assert_eq!(call.fetch(get(&location)).await.unwrap_err(), HttpError::Denied);
    assert_eq!(call.codes(), ["http-not-granted"]);
    assert_eq!(inside.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn private_addresses_are_out_of_reach_unless_a_rule_says_so() {
    let server = Server::start(Answer::ok("")).await;
    let (port, url) = (server.address.port(), server.named("http", "name.test"));
    let any = [format!("http://*:{port}")];
    for address in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"] {
        let call = Call::granted(&any);
        let named = Fake::answering("name.test", &[&[address]]);
        let client = Client::new(&call.grant, &call.limits, Box::new(named));
        let refused = fetch(&client, get(&url), "").await.unwrap_err();
        assert_eq!(refused, HttpError::PrivateAddress, "{address}");
        let literal = if address.contains(':') { format!("[{address}]") } else { address.into() };
        let refused = call.fetch(get(format!("http://{literal}:{port}/"))).await.unwrap_err();
        assert_eq!(refused, HttpError::PrivateAddress, "{address}");
        assert_eq!(call.codes(), ["http-private-address", "http-private-address"], "{address}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());

    let call = Call::granted(&[format!("{url} +private")]);
    let named = Fake::answering("name.test", &[&["127.0.0.1"]]);
    let client = Client::new(&call.grant, &call.limits, Box::new(named));
    assert_eq!(fetch(&client, get(&url), "").await.unwrap().status, 200);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert!(request.contains(&format!("host: name.test:{port}\r\n")), "{request}");
}

#[tokio::test]
async fn an_answer_that_mixes_public_and_private_addresses_is_refused() {
    let server = Server::start(Answer::ok("")).await;
    let url = server.named("http", "mixed.test");
    for answer in [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"]] {
        let call = Call::granted(std::slice::from_ref(&url));
        let mixed = Fake::answering("mixed.test", &[&answer]);
        let client = Client::new(&call.grant, &call.limits, Box::new(mixed));
        let refused = fetch(&client, get(&url), "").await.unwrap_err();
        assert_eq!(refused, HttpError::PrivateAddress, "{answer:?}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_the_connection_goes_to_the_checked_address() {
    // The same port at two addresses: the first answer names one, every later one the other.
    let meant = Server::start(Answer::ok("meant")).await;
    let other = Server::at(meant.beside("127.0.0.2"), None, |_| Answer::ok("other")).await;
    let url = meant.named("http", "rebind.test");
    let call = Call::granted(&[format!("{url} +private")]);
    let rebinding = Fake::answering("rebind.test", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = Client::new(&call.grant, &call.limits, Box::new(rebinding.clone()));
    assert_eq!(fetch(&client, get(&url), "").await.unwrap().body, "meant");
    assert_eq!(rebinding.look_ups.load(Ordering::SeqCst), 1);
    assert_eq!(other.requests(), Vec::<String>::new());

    // What was public and turns private is refused when it is looked up again.
    let rebinding = Fake::answering("rebind.test", &[&["8.8.8.8"], &["127.0.0.1"]]);
    let host = Host::Name("rebind.test".into());
    let first = addresses(&host, Reach::Public, &rebinding).await;
    assert_eq!(first, Ok(vec!["8.8.8.8".parse().unwrap()]));
    let second = addresses(&host, Reach::Public, &rebinding).await;
    assert_eq!(second, Err(HttpError::PrivateAddress));
}

#[tokio::test]
async fn an_unknown_name_and_a_closed_port_are_named() {
    let call = Call::granted(&["http://nobody.test +private".into()]);
    let client = Client::new(&call.grant, &call.limits, Box::new(Fake::default()));
    let error = fetch(&client, get("http://nobody.test/"), "").await.unwrap_err();
    assert_eq!(error, HttpError::Name);

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let call = Call::granted(std::slice::from_ref(&url));
    let error = call.fetch(get(&url)).await.unwrap_err();
    assert_eq!(error, HttpError::ConnectionRefused);
    assert_eq!(call.codes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_second_address_serves_where_the_first_does_not() {
    let server = Server::start(Answer::ok("second")).await;
    let url = server.named("http", "two.test");
    let call = Call::granted(&[format!("{url} +private")]);
    let two = Fake::answering("two.test", &[&["127.0.0.3", "127.0.0.1"]]);
    let client = Client::new(&call.grant, &call.limits, Box::new(two));
    assert_eq!(fetch(&client, get(&url), "").await.unwrap().body, "second");
}

#[tokio::test]
async fn an_address_that_does_not_answer_leaves_time_for_the_next() {
    let server = Server::start(Answer::ok("second")).await;
    // Nobody takes its connections, so when its queue is full, further ones wait.
    let full = std::net::TcpListener::bind(server.beside("127.0.0.4")).unwrap();
    let address = full.local_addr().unwrap();
    let wait = Duration::from_millis(100);
    let queue: Vec<_> =
        std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&address, wait).ok()).collect();
    assert!(!queue.is_empty());
    let url = server.named("http", "two.test");
    let mut call = Call::granted(&[format!("{url} +private")]);
    call.limits.http_connect_ms = 2_000;
    call.limits.http_request_ms = 2_000;
    let two = Fake::answering("two.test", &[&["127.0.0.4", "127.0.0.1"]]);
    let client = Client::new(&call.grant, &call.limits, Box::new(two));
    assert_eq!(fetch(&client, get(&url), "").await.unwrap().body, "second");
    let url = format!("http://{address}");
    let mut call = Call::granted(std::slice::from_ref(&url));
    call.limits.http_connect_ms = 200;
    assert_eq!(call.fetch(get(&url)).await.unwrap_err(), HttpError::ConnectionTimeout);
}
