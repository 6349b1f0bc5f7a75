//! What goes wrong goes wrong at the right byte.

use std::time::Duration;

use super::*;

async fn playing(reply: Reply) -> FakeLlm {
    FakeLlm::start(move |_| reply.clone()).await.unwrap()
}

#[tokio::test]
async fn bodies_end_too_early() {
    for api in Api::ALL {
        for streamed in [false, true] {
            let good = ask(&playing(Reply::text("abc")).await, api, streamed).await;
            let short = playing(Reply::text("abc").with(Fault::ShortBody)).await;
            let got = ask(&short, api, streamed).await;
            assert!(!got.whole, "{api:?}");
            assert_eq!(got.body, good.body);
            assert_eq!(short.fired("short-body"), 1);

            let reset = playing(Reply::text("abc").with(Fault::Reset)).await;
            let got = ask(&reset, api, streamed).await;
            assert!(!got.whole && got.body.len() < good.body.len(), "{api:?}");

            for bytes in [0, 1, good.body.len() / 2, good.body.len()] {
                let cut = playing(Reply::text("abc").with(Fault::Cut(bytes))).await;
                let got = ask(&cut, api, streamed).await;
                assert!(got.whole, "HTTP sees nothing wrong");
                assert_eq!(got.body, good.body[..bytes]);
            }
        }
        let whole = ask(&playing(Reply::text("abc")).await, api, true).await.text();
        let got = ask(&playing(Reply::text("abc").with(Fault::NoEnd)).await, api, true).await;
        assert!(got.whole && whole.starts_with(&got.text()) && got.text().len() < whole.len());
        assert!(got.text().contains("abc"));
    }
}

#[tokio::test]
async fn silence_lasts_until_the_other_side_leaves() {
    let cases = [
        (Fault::SilentBeforeHeaders, ""),
        (Fault::SilentAfterHeaders, "HTTP/1.1 200 OK"),
        (Fault::SilentAfter(3), "\r\n\r\ndat"),
    ];
    for (fault, last) in cases {
        let server = playing(Reply::fault(fault)).await;
        let (path, body) = question(Api::OpenaiChat, true, "x");
        let body = body.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
        let request =
            format!("POST {path} HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut came = Vec::new();
        while !String::from_utf8_lossy(&came).contains(last) || came.is_empty() && !last.is_empty()
        {
            assert_ne!(stream.read_buf(&mut came).await.unwrap(), 0);
        }
        while server.now() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!((server.now(), server.gone()), (1, 0));
        drop(stream);
        while server.gone() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!((server.now(), server.most(), server.answered()), (0, 1, 0));
    }
}

#[tokio::test]
async fn answers_wait_until_they_are_released() {
    let hold = Hold::default();
    let held = hold.clone();
    let server = FakeLlm::start(move |_| Reply::text("x").held(&held)).await.unwrap();
    let asking = async {
        tokio::join!(ask_held(&server), ask_held(&server), ask_held(&server));
    };
    let releasing = async {
        while server.now() < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.answered(), 0);
        hold.release();
    };
    tokio::join!(asking, releasing);
    assert_eq!((server.most(), server.answered(), server.now()), (3, 3, 0));
}

/// As `ask`, without closing its half of the connection: the server would take that for leaving.
async fn ask_held(server: &FakeLlm) {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    stream.write_all(b"POST /api/chat HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    let mut came = Vec::new();
    while !came.ends_with(b"0\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut came).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn streams_with_more_and_with_other_events() {
    for api in Api::ALL {
        let good = ask(&playing(Reply::text("abc")).await, api, true).await.text();
        let twice = ask(&playing(Reply::text("abc").with(Fault::Twice)).await, api, true).await;
        let more =
            ask(&playing(Reply::text("abc").with(Fault::UnknownEvents)).await, api, true).await;
        let (twice, more) = (twice.text(), more.text());
        assert!(
            twice.len() > good.len() && twice.matches("abc").count() == good.matches("abc").count()
                || api == Api::OpenaiResponses,
            "{api:?}"
        );
        assert!(more.matches("weather").count() >= 2 && more.contains("abc"), "{api:?}");
        let server = playing(Reply::text("abc").with(Fault::ErrorEvent)).await;
        let broken = ask(&server, api, true).await;
        assert_eq!(broken.status(), 200);
        assert!(broken.whole && broken.text().contains("abc") && broken.text().contains("error"));
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_and_text_in_single_bytes() {
    for api in Api::ALL {
        let server = playing(Reply::text("it is BAD text").with(Fault::BadUtf8)).await;
        assert!(String::from_utf8(ask(&server, api, true).await.body).is_err(), "{api:?}");
        let good = ask(&playing(Reply::text("äöü 🎉")).await, api, true).await;
        let server = playing(Reply::text("äöü 🎉").with(Fault::OneByteChunks)).await;
        assert_eq!(ask(&server, api, true).await.body, good.body);
    }
}

#[tokio::test]
async fn answers_that_are_too_large() {
    for api in Api::ALL {
        for one_event in [true, false] {
            let fault = Fault::Huge { bytes: 300_000, one_event };
            let got = ask(&playing(Reply::fault(fault)).await, api, true).await;
            assert!(got.whole && got.body.len() >= 300_000);
            let longest = got.text().lines().map(str::len).max().unwrap();
            assert_eq!(longest >= 300_000, one_event, "{api:?}: {longest}");
        }
    }
    let bomb = ask(&playing(Reply::fault(Fault::Bomb(3_000_000))).await, Api::Ollama, true).await;
    assert!(bomb.whole && bomb.body.len() < 10_000 && bomb.head.contains("content-encoding: gzip"));
    let mut expanded = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&bomb.body[..]);
    std::io::Read::read_to_end(&mut decoder, &mut expanded).unwrap();
    assert_eq!(expanded.len(), 3_000_000);
}

#[tokio::test]
async fn refusals_are_said_as_the_protocol_says_them() {
    use Refusal::{Auth, Billing, Overloaded, RateLimited, SpendCap, TooLarge};
    let cases = [
        (Api::Anthropic, RateLimited, 429, "/error/type", "rate_limit_error"),
        (Api::Anthropic, Overloaded, 529, "/error/type", "overloaded_error"),
        (Api::Anthropic, Billing, 400, "/error/type", "invalid_request_error"),
        (Api::OpenaiChat, SpendCap, 429, "/error/code", "insufficient_quota"),
        (Api::OpenaiResponses, Auth, 401, "/error/code", "invalid_api_key"),
        (Api::Gemini, SpendCap, 429, "/error/status", "RESOURCE_EXHAUSTED"),
        (Api::Ollama, TooLarge, 413, "/error", "Request exceeds the maximum size"),
    ];
    for (api, refusal, status, pointer, said) in cases {
        let reply = Reply::fault(Fault::Refuses(refusal)).header("retry-after", "9");
        let got = ask(&playing(reply).await, api, true).await;
        assert_eq!(got.status(), status);
        assert_eq!(got.json().pointer(pointer).unwrap(), said);
        assert!(got.head.contains("retry-after: 9"));
    }
    let raw = Fault::Raw { status: 502, media_type: "text/html".into(), body: "<h1>".into() };
    let got = ask(&playing(Reply::fault(raw)).await, Api::Gemini, true).await;
    assert_eq!((got.status(), got.text().as_str()), (502, "<h1>"));
    let redirect = Fault::Redirect("http://elsewhere.invalid".to_owned());
    let got = ask(&playing(Reply::fault(redirect)).await, Api::Ollama, true).await;
    assert_eq!(got.status(), 307);
    assert!(got.head.contains("location: http://elsewhere.invalid/api/chat"));
}

#[tokio::test]
async fn servers_that_are_not_there() {
    let refusing = Refusing::start().unwrap();
    let address = refusing.url().replace("http://", "");
    let error = TcpStream::connect(&address).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);

    let garbage = TlsGarbage::start().await.unwrap();
    let mut stream = TcpStream::connect(garbage.url().replace("https://", "")).await.unwrap();
    stream.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("220"));
    assert_eq!(garbage.connections(), 1);
}
