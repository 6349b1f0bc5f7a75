//! The supervisor: nothing outlives the host, whoever dies first.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use baton_agents::{BackendError, supervise};
use common::{example, family, job, pids, process, runs, shell, spawn, until};
use rustix::process::{Pid, Signal, kill_process};

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

async fn all_gone(pids: &[u32]) {
    until("all processes are gone", || pids.iter().all(|pid| !runs(*pid))).await;
}

/// A supervisor of a shell script, and the host's end of its socket.
fn supervise(words: &[&str]) -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let child = Command::new(example("supervise"))
        .arg("--")
        .args(words)
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    (child.unwrap(), ours)
}

fn send(socket: &mut UnixStream, task: &[u8]) {
    socket.write_all(&u32::try_from(task.len()).unwrap().to_le_bytes()).unwrap();
    socket.write_all(task).unwrap();
}

#[test]
fn the_exit_code_says_how_the_program_ended() {
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137)] {
        let (mut child, mut socket) = supervise(&["/bin/sh", "-c", script]);
        send(&mut socket, b"{}");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{script}");
    }
    let (mut child, mut socket) = supervise(&["/no/such/program"]);
    send(&mut socket, b"{}");
    assert_eq!(child.wait().unwrap().code(), Some(127));
    let called_wrongly = Command::new(example("supervise")).stderr(Stdio::null()).status();
    assert_eq!(called_wrongly.unwrap().code(), Some(2));
}

#[test]
fn nothing_starts_before_the_whole_task_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ran");
    let script = format!("touch '{}'", file.display());
    for part in [&b""[..], &[9, 0], &[9, 0, 0, 0], &[9, 0, 0, 0, b'{']] {
        let (mut child, mut socket) = supervise(&["/bin/sh", "-c", &script]);
        socket.write_all(part).unwrap();
        drop(socket);
        assert_eq!(child.wait().unwrap().code(), Some(143), "{part:?}");
        assert!(!file.exists(), "{part:?}");
    }
    let (mut child, mut socket) = supervise(&["/bin/sh", "-c", &script]);
    send(&mut socket, b"{}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(file.exists());
}

#[test]
fn a_task_beyond_the_limit_starts_nothing() {
    let (mut child, mut socket) = supervise(&["/bin/true"]);
    socket.write_all(&u32::MAX.to_le_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(127));
}

/// A supervised family in which everybody runs.
async fn supervised_family(directory: &Path, stubborn: bool) -> (Child, UnixStream, Vec<u32>) {
    let (child, mut socket) = supervise(&["/bin/sh", "-c", &family(directory, stubborn)]);
    send(&mut socket, b"{}");
    let pids = pids(&directory.join("pids")).await;
    assert!(pids.len() == 4 && pids.iter().all(|pid| runs(*pid)), "{pids:?}");
    (child, socket, pids)
}

#[tokio::test]
async fn everybody_dies_when_the_host_closes_its_end() {
    for stubborn in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let (mut child, socket, pids) = supervised_family(directory.path(), stubborn).await;
        drop(socket);
        assert_eq!(child.wait().unwrap().code(), Some(143));
        assert!(pids.iter().all(|pid| !runs(*pid)), "{pids:?}");
    }
}

#[tokio::test]
async fn everybody_dies_when_the_supervisor_is_asked_to_end() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, _socket, pids) = supervised_family(directory.path(), false).await;
    signal(child.id(), Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(pids.iter().all(|pid| !runs(*pid)), "{pids:?}");
}

#[tokio::test]
async fn everybody_dies_when_the_host_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("family.sh");
    std::fs::write(&file, family(directory.path(), false)).unwrap();
    let mut host = Command::new(example("command"))
        .arg(format!("/bin/sh '{}'", file.display()))
        .arg("live long")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pids = pids(&directory.path().join("pids")).await;
    assert!(pids.iter().all(|pid| runs(*pid)), "{pids:?}");
    host.kill().unwrap();
    host.wait().unwrap();
    all_gone(&pids).await;
}

#[tokio::test]
async fn the_program_dies_when_its_supervisor_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let script = "echo $$ > pids; echo end >> pids; exec sleep 3600";
    let backend = shell(directory.path(), script);
    let (task, _cancel, mut noticed) = spawn(backend, job(Some(directory.path())));
    let (supervisor, _) = process(&mut noticed).await;
    let pids = pids(&directory.path().join("pids")).await;
    signal(supervisor, Signal::KILL);
    all_gone(&pids).await;
    match task.await.unwrap().result {
        Err(BackendError::Retryable { failure, .. }) => {
            assert_eq!(failure.code, "supervisor-ended");
        }
        other => panic!("unexpected: {other:?}"),
    }
}

#[tokio::test]
async fn reaping_kills_only_the_process_that_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    let backend = shell(directory.path(), &family(directory.path(), true));
    let (task, _cancel, mut noticed) = spawn(backend, job(Some(directory.path())));
    let (supervisor, ticks) = process(&mut noticed).await;
    assert_eq!(supervise::start_ticks(supervisor), Some(ticks));
    let pids = pids(&directory.path().join("pids")).await;

    assert!(!supervise::reap(supervisor, ticks + 1));
    assert!(pids.iter().all(|pid| runs(*pid)), "{pids:?}");

    // The supervisor does not listen: neither its socket nor SIGTERM would end it.
    signal(supervisor, Signal::STOP);
    let reaped = tokio::task::spawn_blocking(move || supervise::reap(supervisor, ticks));
    assert!(reaped.await.unwrap());
    assert!(pids.iter().all(|pid| !runs(*pid)), "{pids:?}");
    assert!(!runs(supervisor));
    assert!(task.await.unwrap().result.is_err());
    assert!(!supervise::reap(supervisor, ticks), "there is nothing left");
}
