//! The network.

use std::net::TcpListener;

use baton_agents::confine::{Barrier, probe};
use baton_agents::supervise::Ended;
use baton_core::scope::Authority;

use crate::common::supervisor;
use crate::place::{Place, attempt, reads};

/// A script that connects to a port of this machine.
fn connect(listener: &TcpListener) -> String {
    let port = listener.local_addr().unwrap().port();
    format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'")
}

/// Whether somebody has connected.
fn somebody_came(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_ok()
}

#[tokio::test]
async fn without_a_grant_there_is_no_network() {
    let probe = probe(&supervisor());
    let words = probe.words(false).join("\n");
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let said = place.says(&attempt(&connect(&listener)), &reads(&["**"])).await;
    match probe.network {
        Some(_) => {
            assert_eq!((said.trim(), somebody_came(&listener)), ("no", false));
            assert!(words.contains("have no"), "{words}");
        }
        None => {
            eprintln!("{words}");
            assert!(words.contains("the network is NOT closed to commands"), "{words}");
        }
    }
}

#[tokio::test]
async fn with_a_grant_for_http_there_is() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = Authority { http: Authority::unlimited().http, ..reads(&["**"]) };
    let said = place.says(&attempt(&connect(&listener)), &authority).await;
    assert_eq!((said.trim(), somebody_came(&listener)), ("yes", true));
    let words = probe(&supervisor()).words(true).join("\n");
    assert!(words.contains("which hosts they call can NOT be checked"), "{words}");
}

#[tokio::test]
async fn every_barrier_that_this_machine_has_holds() {
    let own = probe(&supervisor());
    let place = Place::new();
    let mut held = 0;
    for barrier in [Barrier::Namespace, Barrier::UserNamespace, Barrier::Tcp] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut confinement = place.confinement(&reads(&["**"]), own);
        confinement.network = Some(barrier);
        let script = format!("id -u; {}", attempt(&connect(&listener)));
        let remains = place.run(&script, confinement).await;
        match remains.ended {
            Some(Ended::Exited(0)) => {
                held += 1;
                let user = rustix::process::getuid().as_raw();
                let said = String::from_utf8(remains.stdout.first).unwrap();
                assert_eq!(said, format!("{user}\nno\n"), "{barrier:?}");
            }
            // What cannot be enforced is not started.
            Some(Ended::NotStarted(why)) => assert!(why.contains("cannot be confined"), "{why}"),
            other => panic!("{barrier:?}: {other:?}"),
        }
        assert!(!somebody_came(&listener), "{barrier:?}");
    }
    assert_eq!(held > 0, own.network.is_some());
}

#[tokio::test]
async fn a_program_can_speak_with_itself_in_a_network_of_its_own() {
    let barrier = probe(&supervisor()).network;
    if matches!(barrier, None | Some(Barrier::Tcp)) {
        let words = probe(&supervisor()).words(false).join("\n");
        assert!(!words.contains("a network namespace of their own"), "{words}");
        return;
    }
    let place = Place::new();
    let said = place.says("cat /proc/net/if_inet6 /sys/class/net/lo/operstate 2>/dev/null; cat /proc/net/route; bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1", &reads(&["**"])).await;
    assert!(said.contains("refused"), "reached, and nobody listens: {said}");
}
