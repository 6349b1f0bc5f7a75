//! Files.

use std::fs;

use baton_agents::confine::{Confinement, probe};
use baton_core::scope::Authority;

use crate::common::supervisor;
use crate::place::{Place, attempt, reads, writes};

/// Whether this kernel confines files. Where it does not, a person must have been told.
fn has_landlock() -> bool {
    let probe = probe(&supervisor());
    let words = probe.words(false).join("\n");
    assert_eq!(probe.landlock.is_none(), words.contains("files are NOT confined"), "{words}");
    if probe.landlock.is_none() {
        eprintln!("this kernel has no Landlock: {words}");
    }
    probe.landlock.is_some()
}

#[tokio::test]
async fn files_within_the_grant_can_be_used_and_others_cannot() {
    let confined = has_landlock();
    // What is tried, under which authority, and whether it may be. `$OUTSIDE` is the directory
    // beside the root, `$OWN` the temporary one.
    let all = reads(&["**"]);
    let some = reads(&["docs/**"]);
    let out = writes(&["out/**", "fresh/deep/*.txt"]);
    let none = Authority::default();
    let environ = format!("cat /proc/{}/environ", std::process::id());
    let cases: &[(&str, &Authority, bool)] = &[
        ("cat docs/a.md top.md", &all, true),
        ("ls .", &all, true),
        ("cat docs/a.md", &some, true),
        ("cat top.md", &some, false),
        ("cat docs/../top.md", &some, false),
        ("cat docs/a.md", &none, false),
        ("cat top.md", &out, false),
        ("echo x > top.md", &all, false),
        ("echo x > new", &all, false),
        ("rm docs/a.md", &all, false),
        ("mkdir d", &all, false),
        ("mv docs/a.md docs/b.md", &all, false),
        (
            "echo x > out/a && cat out/a && mkdir out/d && mv out/a out/d/b && rm -r out/d",
            &out,
            true,
        ),
        ("echo x > fresh/deep/a.txt", &out, true),
        ("echo x > fresh/a.txt", &out, false),
        ("mv out/../top.md out/x", &out, false),
        ("ln top.md out/x", &out, false),
        ("cat $OUTSIDE/secret", &all, false),
        ("cat leak/secret", &all, false),
        ("cat ../outside/secret", &all, false),
        ("echo x > $OUTSIDE/new", &out, false),
        ("ln -s $OUTSIDE/secret out/l && cat out/l", &out, false),
        ("echo x > $OWN/t && cat $OWN/t", &none, true),
        ("echo x > /tmp/baton-confine-test-$$", &all, false),
        ("mknod out/disk b 1 1", &out, false),
        ("cat /etc/passwd && ls /usr && echo x > /dev/null && head -c 1 /dev/urandom", &none, true),
        (&environ, &all, false),
        ("cat /proc/self/environ && cat /dev/stdin", &none, true),
        ("ls /", &all, false),
    ];
    for (what, authority, may) in cases {
        let place = Place::new();
        let said = place.says(&place.attempt(what), authority).await;
        if confined || *may {
            assert_eq!(said.trim(), if *may { "yes" } else { "no" }, "{what}");
        }
        if confined {
            assert_eq!(fs::read_to_string(place.at("outside/secret")).unwrap(), "canary");
            assert_eq!(fs::read_dir(place.at("outside")).unwrap().count(), 1, "{what}");
        }
    }
}

/// The canary: the attempts above fail because of the confinement, not by themselves.
#[tokio::test]
async fn without_confinement_the_same_attempts_succeed() {
    let place = Place::new();
    let open = || Confinement { files: None, network: None };
    for what in [
        "cat $OUTSIDE/secret leak/secret ../outside/secret top.md docs/../top.md",
        "echo x > $OUTSIDE/new",
        "echo x > new && mkdir d && ls / && ln top.md out/x && mv top.md out/y",
    ] {
        let remains = place.run(&place.attempt(what), open()).await;
        assert_eq!(remains.stdout.first, b"yes\n", "{what}");
    }
}

#[tokio::test]
async fn a_grant_to_write_is_no_way_out_of_the_root() {
    let confined = has_landlock();
    let place = Place::new();
    // The link is inside of the root, what it leads to is not.
    for pattern in [
        "leak/**",
        "leak/made/**",
        "../outside/**",
        "../outside/made/**",
        "/etc/**",
        "leak/secret",
        "out/../../outside/**",
    ] {
        let secret = place.at("outside/secret").display().to_string();
        let said =
            place.says(&attempt(&format!("echo x >> '{secret}'")), &writes(&[pattern])).await;
        assert!(said.trim() == "no" || !confined, "{pattern}");
        assert!(!place.at("outside/made").exists(), "{pattern}");
    }
    if confined {
        assert_eq!(fs::read_to_string(place.at("outside/secret")).unwrap(), "canary");
    }
}

#[tokio::test]
async fn a_file_by_name_can_be_written_where_it_is_there() {
    let confined = has_landlock();
    let authority = writes(&["top.md", "absent.md", "docs"]);
    for (what, may) in [
        ("echo x >> top.md && cat top.md", true),
        ("echo x > absent.md", false),
        ("rm top.md", false),
        ("echo x >> docs/a.md", false),
    ] {
        let place = Place::new();
        let said = place.says(&attempt(what), &authority).await;
        if confined || may {
            assert_eq!(said.trim(), if may { "yes" } else { "no" }, "{what}");
        }
    }
}
