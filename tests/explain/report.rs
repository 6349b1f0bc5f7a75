//! `baton report`.

use std::fs;

use baton_test_llm::{Api, FakeLlm, Reply};
use tokio::runtime::Runtime;

use super::support::{Place, told};

#[test]
fn a_page_is_written_that_stands_for_itself() {
    let place = Place::with(
        "phase('Look')
         await agent('</pre><script>alert(1)</script>', { label: '<b>\\u202ebold</b>' })
         await agent('break it', { label: 'second' }).catch(() => null)
         return [{ path: 'a.md', problem: '<img src=x onerror=alert(1)>' }]",
    );
    let run = place.run(&[]);
    let output = place.0.output(&["report", "last"]);
    assert!(output.status.success(), "{}", told(&output));
    let page = place.0.read(&format!("baton-{run}.html"));
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
    for broken in ["<script", "<img", "<b>", "\u{202e}", "href=\"http"] {
        assert!(!page.contains(broken), "{broken}");
    }
    for shown in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&lt;b&gt;bold&lt;/b&gt;",
        "&lt;img src=x onerror=alert(1)&gt;",
        "exited with status 7",
        "<th>problem</th>",
        "Look",
    ] {
        assert!(page.contains(shown), "{shown}\n\n{page}");
    }
    // The same goes to standard output, and replaces a page that is there.
    fs::write(place.0.path("page.html"), "old").unwrap();
    let output = place.0.output(&["report", &run, "-o", "page.html"]);
    assert!(output.status.success(), "{}", told(&output));
    let written = place.0.read("page.html");
    let printed = place.says(&["report", &run, "-o", "-"]);
    let stable = |page: &str| page.split("<footer").next().unwrap().to_owned();
    assert_eq!(stable(&written), stable(&printed));
    assert_eq!(stable(&written), stable(&page));
}

#[test]
fn a_page_that_cannot_be_written_leaves_what_was_there() {
    let place = Place::with("return 1");
    place.run(&[]);
    let output = place.0.output(&["report", "last", "-o", "nowhere/page.html"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("cannot write nowhere/page.html"), "{}", told(&output));
    assert_eq!(place.0.output(&["report", "nothing"]).status.code(), Some(2));
}

#[test]
fn what_models_said_stands_on_the_page_and_keys_do_not() {
    let runtime = Runtime::new().unwrap();
    let server = runtime
        .block_on(FakeLlm::start(|_| Reply::text("My key is key-of-the-tests.").usage(120, 9)))
        .unwrap();
    let place = Place::with("return agent('tell me')");
    let output = place
        .0
        .command(&["run", "flow.js", "--agent", "anthropic:claude-haiku-4-5", "--yes", "--json"])
        .env("ANTHROPIC_BASE_URL", server.base_url(Api::Anthropic))
        .env("ANTHROPIC_API_KEY", "key-of-the-tests")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let page = place.says(&["report", "last", "-o", "-"]);
    assert!(page.contains("My key is "), "{page}");
    assert!(!page.contains("key-of-the-tests"), "a secret stands on the page");
    assert!(page.contains("anthropic:claude-haiku-4-5"));
}
