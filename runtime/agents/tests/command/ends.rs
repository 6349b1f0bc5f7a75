//! How programs are ended, with everything that they started.

use baton_agents::{BackendError, Job};
use baton_core::handoff::FailureKind;

use crate::common::{context, family, job, perform, pids, process, runs, shell, spawn};
use crate::permanent;

#[tokio::test]
async fn time_ends_the_program_and_its_descendants() {
    let directory = tempfile::tempdir().unwrap();
    let backend = shell(directory.path(), &family(directory.path(), false));
    let job = Job { timeout_ms: 5_000, ..job(Some(directory.path())) };
    let failure = permanent(perform(&backend, &job).await.result.unwrap_err());
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::TimedOut, "timeout"));
    for pid in pids(&directory.path().join("pids")).await {
        assert!(!runs(pid), "{pid} is left");
    }
}

async fn check_cancelled(stubborn: bool) {
    let directory = tempfile::tempdir().unwrap();
    let backend = shell(directory.path(), &family(directory.path(), stubborn));
    let (task, cancel, mut noticed) = spawn(backend, job(Some(directory.path())));
    let (supervisor, _) = process(&mut noticed).await;
    let pids = pids(&directory.path().join("pids")).await;
    assert!(pids.len() == 4 && pids.iter().all(|pid| runs(*pid)), "{pids:?}");
    cancel.send(true).unwrap();
    assert_eq!(task.await.unwrap().result, Err(BackendError::Cancelled));
    for pid in pids.into_iter().chain([supervisor]) {
        assert!(!runs(pid), "{pid} is left");
    }
}

#[tokio::test]
async fn a_cancel_ends_the_program_and_its_descendants() {
    check_cancelled(false).await;
}

#[tokio::test]
async fn a_cancel_ends_programs_that_ignore_sigterm() {
    check_cancelled(true).await;
}

#[tokio::test]
async fn a_task_cancelled_before_it_starts_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let backend = shell(directory.path(), "touch ran; sleep 3600");
    let (context, cancel, _noticed) = context();
    cancel.send(true).unwrap();
    let job = job(Some(directory.path()));
    let answer = baton_agents::work(&backend, job, &context).await;
    assert_eq!(answer.result, Err(BackendError::Cancelled));
    assert!(!directory.path().join("ran").exists());
}

#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let script = "setsid sleep 3600 </dev/null >/dev/null 2>&1 & echo $! > pids; echo end >> pids
        echo '{\"output\":\"\"}'";
    let answer = perform(&shell(directory.path(), script), &job(Some(directory.path()))).await;
    assert!(answer.result.is_ok());
    assert!(!runs(pids(&directory.path().join("pids")).await[0]));
}
