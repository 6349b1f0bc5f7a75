//! Calls about files.

use std::collections::VecDeque;
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::files::{Entry, EntryKind, FileAnswer};
use baton_core::limits::Limits;

use super::{FILES, TEXTS};
use crate::Host;
use crate::tests::guests::workflow;
use crate::tests::mock::{Mock, host, run, said};

const READ: &str = "
  (call $read (i32.const 100) (i32.const 2) (i32.const 2048))
  (call $done (i32.const 108) (i32.const 1))";

async fn read(host: &Host, limits: &Limits, size: usize) -> crate::GuestEnd {
    let bytes = vec![0; size];
    let answer = FileAnswer::Content { digest: Digest::of(&bytes), bytes };
    let mock = Mock { files: VecDeque::from([Ok(answer)]), ..Mock::default() };
    run(host, &workflow(FILES, TEXTS, READ), limits, mock).await
}

#[tokio::test]
async fn what_is_read_is_charged() {
    let host = host();
    let limits = Limits::default();
    let (small, large) = (read(&host, &limits, 1_000).await, read(&host, &limits, 21_000).await);
    assert_eq!(large.fuel - small.fuel, 20_000);
    assert_eq!(large.fuel, read(&host, &limits, 21_000).await.fuel);
    let mut poor = limits;
    poor.workflow.fuel = 20_000;
    let end = read(&host, &poor, 21_000).await;
    assert_eq!((said(&end).as_str(), end.fuel), ("fuel", 20_000));
}

#[tokio::test]
async fn the_largest_file_arrives_whole() {
    let end = read(&host(), &Limits::default(), 8 << 20).await;
    assert_eq!(said(&end), "7", "{end:?}");
}

#[tokio::test]
async fn a_file_request_that_does_not_fit_is_refused_without_the_port() {
    let mut limits = Limits::default();
    limits.files.path_bytes = 1;
    let body = "
      (call $read (i32.const 100) (i32.const 2) (i32.const 2048))
      (call $must (i32.load8_u (i32.const 2048)))
      (call $done (i32.const 108) (i32.const 1))";
    let mock = Mock::default();
    let log = Arc::clone(&mock.log);
    let end = run(&host(), &workflow(FILES, TEXTS, body), &limits, mock).await;
    assert_eq!(said(&end), "7", "{end:?}");
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_port_that_answers_another_question_is_the_hosts_fault() {
    let entry = Entry { path: "go".into(), kind: EntryKind::File, size: 1 };
    let mock = Mock { files: VecDeque::from([Ok(FileAnswer::Entry(entry))]), ..Mock::default() };
    let end = run(&host(), &workflow(FILES, TEXTS, READ), &Limits::default(), mock).await;
    assert!(said(&end).starts_with("port: "), "{end:?}");
}
