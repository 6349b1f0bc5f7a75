//! Files that an agent reads and writes through us, and by itself.

use std::fs;
use std::sync::Arc;

use baton_agents::confine::{Probe, probe};
use baton_core::scope::{Authority, Scope};
use serde_json::json;

use crate::common::supervisor;
use crate::world::{World, exists, layer};

#[tokio::test]
async fn files_within_the_scope_are_served() {
    let world = World::new(
        "! read {\"path\":\"ROOT/src/main.rs\"}
! read {\"path\":\"ROOT/src/main.rs\",\"line\":2,\"limit\":1}
! write {\"path\":\"ROOT/src/gen/deep/new.rs\",\"content\":\"made\"}
! read {\"path\":\"ROOT/src/gen/deep/new.rs\"}",
    );
    let came = world.perform("").await;
    let text = came.text();
    let lines: Vec<&str> = text.lines().collect();
    let content = |text: &str| json!({ "content": text }).to_string();
    assert_eq!(
        lines,
        [
            content("fn main() {}\nsecond\nthird\n").as_str(),
            content("second\n").as_str(),
            "{}",
            content("made").as_str(),
        ]
    );
    assert_eq!(fs::read(world.root.path().join("src/gen/deep/new.rs")).unwrap(), b"made");
    assert_eq!(came.tried(), [""; 0]);
}

#[tokio::test]
async fn files_outside_are_refused_and_told() {
    let world = World::new(
        "! read {\"path\":\"ROOT/docs/read.md\"}
! read {\"path\":\"ROOT/src/.env\"}
! read {\"path\":\"/etc/passwd\"}
! read {\"path\":\"ROOT/src/../../x\"}
! write {\"path\":\"ROOT/src/main.rs\",\"content\":\"x\"}
! write {\"path\":\"ROOT/src/gen/../main.rs\",\"content\":\"x\"}
! write {\"path\":\"/etc/baton-test\",\"content\":\"x\"}",
    );
    let came = world.perform("").await;
    let text = came.text();
    assert_eq!(text.matches("\"code\":-32603").count(), 7, "{text}");
    assert!(!text.contains("canary") && !text.contains("words"), "{text}");
    assert_eq!(came.denials.len(), 7, "{:?}", came.denials);
    assert!(came.denials.iter().all(|denial| denial.code.starts_with("path-")));
    let file = world.root.path().join("src/main.rs");
    assert!(fs::read_to_string(file).unwrap().starts_with("fn main"));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_no_denial() {
    let world = World::new("! read {\"path\":\"ROOT/src/none.rs\"}");
    let came = world.perform("").await;
    assert!(came.text().contains("\"code\":-32002"), "{}", came.text());
    assert_eq!(came.tried(), [""; 0]);
}

#[tokio::test]
async fn only_what_was_granted_is_offered_and_terminals_never() {
    let offered = |read: bool, write: bool| {
        format!("\"fs\":{{\"readTextFile\":{read},\"writeTextFile\":{write}}}")
    };
    let mut world = World::new("! offered");
    let text = world.perform("").await.text();
    assert!(text.contains(&offered(true, true)), "{text}");
    assert!(!text.contains("\"terminal\":true"), "{text}");
    world.job.authority = Arc::default();
    let text = world.perform("").await.text();
    assert!(text.contains(&offered(true, false)), "{text}");
    world.job.scope = Arc::new(Scope::default());
    let text = world.perform("").await.text();
    assert!(text.contains(&offered(false, false)), "{text}");
    world.prompt("! call terminal/create\n! call of/tomorrow");
    let text = world.perform("").await.text();
    assert_eq!(text.matches("\"code\":-32601").count(), 2, "{text}");
}

/// Whether this machine can confine files.
fn confines() -> bool {
    let Probe { landlock, .. } = probe(&supervisor());
    if landlock.is_none() {
        eprintln!("SKIPPED: this machine has no Landlock");
    }
    landlock.is_some()
}

#[tokio::test]
async fn what_it_does_without_asking_the_system_keeps_within_the_granted_directories() {
    if !confines() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let secret = home.path().join("secret");
    fs::write(&secret, "canary").unwrap();
    let mut world = World::new("");
    world.prompt(&format!(
        "! cat ROOT/src/main.rs
! touch ROOT/src/gen/made
! cat ROOT/docs/read.md
! touch ROOT/src/other
! cat {secret}
! touch {secret}",
        secret = secret.display()
    ));
    let came = world.perform("").await;
    let text = came.text();
    assert!(text.starts_with("fn main() {}\nsecond\nthird\ntouched\n"), "{text}");
    assert_eq!(text.matches("error: PermissionDenied").count(), 4, "{text}");
    assert!(exists(&world.root.path().join("src/gen/made")));
    assert!(!exists(&world.root.path().join("src/other")));
    assert_eq!(fs::read_to_string(secret).unwrap(), "canary");
}

#[tokio::test]
async fn without_a_root_there_is_an_empty_directory_that_goes_away() {
    let mut world = World::new("");
    world.job.root = None;
    world.job.authority = Arc::new(Authority { write: Some(layer(&[])), ..Authority::default() });
    world.prompt("! touch here\n! cat here\n! read {\"path\":\"here\"}");
    let came = world.perform("").await;
    let text = came.text();
    assert!(text.starts_with("touched\ntouched\n"), "{text}");
    assert_eq!(came.denials.len(), 1, "nothing was granted: {text}");
}
