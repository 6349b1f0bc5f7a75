//! Programs that are spoken with while they run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::path::Path;
use std::time::Duration;

use baton_agents::supervise::{Ended, start_ticks};
use baton_agents::{StreamLaunch, StreamProcess, Streaming};
use common::{LONG, family, pids, runs, supervisor, until};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

async fn start(argv: &[&str], directory: &Path) -> Streaming {
    let launch = StreamLaunch {
        argv: argv.iter().map(Into::into).collect(),
        environment: baton_agents::command::environment(),
        directory: directory.to_owned(),
        stderr_bytes_kept: 64,
        confinement: None,
    };
    supervisor().stream(launch).await.unwrap()
}

async fn ended(process: StreamProcess) -> Option<Ended> {
    process.end(LONG).await.0
}

#[tokio::test]
async fn a_program_answers_while_it_runs_and_ends_with_its_input() {
    let directory = tempfile::tempdir().unwrap();
    let script = "while read -r line; do echo \"got $line\"; done; echo over; pwd -P; exit 3";
    let Streaming { mut stdin, stdout, process } =
        start(&["/bin/sh", "-c", script], directory.path()).await;
    assert_eq!(start_ticks(process.pid()), Some(process.ticks()));
    let mut lines = BufReader::new(stdout).lines();
    for word in ["one", "two"] {
        stdin.write_all(format!("{word}\n").as_bytes()).await.unwrap();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), format!("got {word}"));
    }
    stdin.shutdown().await.unwrap();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "over");
    let here = directory.path().canonicalize().unwrap();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), here.to_str().unwrap());
    assert_eq!(ended(process).await, Some(Ended::Exited(3)));
}

#[tokio::test]
async fn its_input_can_be_opened_again_and_holds_any_size() {
    let directory = tempfile::tempdir().unwrap();
    let Streaming { mut stdin, mut stdout, process } =
        start(&["/bin/sh", "-c", "cat /dev/stdin | wc -c"], directory.path()).await;
    stdin.write_all(&vec![b'x'; 3_000_000]).await.unwrap();
    drop(stdin);
    let mut said = String::new();
    stdout.read_to_string(&mut said).await.unwrap();
    assert_eq!(said.trim(), "3000000");
    assert_eq!(ended(process).await, Some(Ended::Exited(0)));
}

#[tokio::test]
async fn a_program_that_closed_its_input_refuses_more_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let script = "exec <&-; echo closed; sleep 1; exit 4";
    let Streaming { mut stdin, stdout, process } =
        start(&["/bin/sh", "-c", script], directory.path()).await;
    let mut lines = BufReader::new(stdout).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "closed");
    let flood = async { while stdin.write_all(&[b'x'; 65_536]).await.is_ok() {} };
    tokio::time::timeout(LONG, flood).await.expect("a broken pipe");
    assert_eq!(ended(process).await, Some(Ended::Exited(4)));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let Streaming { process, .. } = start(&["/no/such/program"], directory.path()).await;
    let ended = ended(process).await;
    assert!(
        matches!(&ended, Some(Ended::NotStarted(why)) if why.contains("No such file")),
        "{ended:?}"
    );
}

#[tokio::test]
async fn the_end_of_its_standard_error_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let script = "i=0; while [ $i -lt 200 ]; do echo \"line $i\" >&2; i=$((i+1)); done; cat";
    let Streaming { stdin, process, .. } =
        start(&["/bin/sh", "-c", script], directory.path()).await;
    until("standard error is there", || process.stderr().ends_with(b"line 199\n")).await;
    drop(stdin);
    let (ended, stderr) = process.end(LONG).await;
    assert_eq!((ended, stderr.len()), (Some(Ended::Exited(0)), 64));
}

/// A family that reads nothing, so that its input is full, and is stubborn.
async fn deaf_family(directory: &Path) -> (Streaming, Vec<u32>) {
    let script = family(directory, true);
    let mut streaming = start(&["/bin/sh", "-c", &script], directory).await;
    let flood = async { while streaming.stdin.write_all(&[b'x'; 65_536]).await.is_ok() {} };
    assert!(tokio::time::timeout(Duration::from_millis(300), flood).await.is_err(), "not full");
    let pids = pids(&directory.join("pids")).await;
    assert!(pids.len() == 4 && pids.iter().all(|pid| runs(*pid)), "{pids:?}");
    (streaming, pids)
}

#[tokio::test]
async fn a_program_that_does_not_end_is_killed_with_all_that_it_started() {
    let directory = tempfile::tempdir().unwrap();
    // The input is still held: that must not keep anything alive.
    let (Streaming { stdin: _stdin, stdout: _stdout, process }, pids) =
        deaf_family(directory.path()).await;
    let supervisor = process.pid();
    let (ended, _) = process.end(Duration::ZERO).await;
    assert_eq!(ended, Some(Ended::Killed));
    for pid in pids.into_iter().chain([supervisor]) {
        assert!(!runs(pid), "{pid} is left");
    }
}

#[tokio::test]
async fn dropping_a_program_ends_it() {
    let directory = tempfile::tempdir().unwrap();
    let (streaming, pids) = deaf_family(directory.path()).await;
    drop(streaming);
    until("all processes are gone", || pids.iter().all(|pid| !runs(*pid))).await;
}
