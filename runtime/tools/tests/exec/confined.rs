//! What a command is kept from.

use std::fs;
use std::net::TcpListener;

use baton_agents::confine::probe;
use baton_core::scope::Authority;

use crate::call::{Call, files, supervisor};

/// A script that tries something and says whether it could.
fn attempt(what: &str) -> String {
    format!("if ({what}) >/dev/null 2>&1; then echo yes; else echo no; fi")
}

#[tokio::test]
async fn files_are_confined_or_a_person_is_told_that_they_are_not() {
    let probe = probe(&supervisor());
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, "canary").unwrap();
    let secret = secret.display();
    for (what, may) in [
        (format!("cat '{secret}'"), false),
        (format!("echo x >> '{secret}'"), false),
        ("cat ../../*/secret".to_owned(), false),
        ("echo x > sub/new".to_owned(), false),
        ("echo x > out/new && cat out/new".to_owned(), true),
        ("ls . sub".to_owned(), true),
    ] {
        let write = |authority: &mut Authority| authority.write = files(&["out/**"]);
        let said = Call::shell(&attempt(&what)).granted(write).stdout().await;
        if may || probe.landlock.is_some() {
            assert_eq!(said, if may { "yes\n" } else { "no\n" }, "{what}");
        } else {
            let words = probe.words(false).join("\n");
            assert!(words.contains("files are NOT confined"), "{words}");
        }
    }
}

#[tokio::test]
async fn the_network_is_closed_unless_some_request_is_granted() {
    let probe = probe(&supervisor());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = attempt(&format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'"));
    let said = Call::shell(&script).stdout().await;
    if probe.network.is_some() {
        assert_eq!((said.as_str(), listener.accept().is_ok()), ("no\n", false));
    } else {
        let words = probe.words(false).join("\n");
        assert!(words.contains("the network is NOT closed to commands"), "{words}");
    }
    let http = |authority: &mut Authority| authority.http = Authority::unlimited().http;
    assert_eq!(Call::shell(&script).granted(http).stdout().await, "yes\n");
    assert!(listener.accept().is_ok());
}
