//! How a command ends.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use baton_agents::backend::{BackendError, JobContext, Notice};
use baton_core::handoff::FailureKind;
use baton_tools::exec::ExecTool;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::call::{Call, files, supervisor};

/// Far more than anything here takes; only a test that fails waits so long.
const LONG: Duration = Duration::from_secs(300);

/// A script whose processes ignore being asked to end, and say who they are in `out/pids`.
const FAMILY: &str = "trap '' TERM
echo $$ > out/pids
sleep 3600 & echo $! >> out/pids
(setsid sh -c 'sleep 3600 & echo $! >> out/pids; echo end >> out/pids' &) </dev/null >/dev/null 2>&1
while :; do sleep 1; done";

fn family() -> Call {
    Call::shell(FAMILY).granted(|authority| authority.write = files(&["out/**"]))
}

fn runs(pid: &str) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, Some(Some('Z' | 'X')))
}

/// The processes of a family, once all are there.
async fn pids(root: &Path) -> Vec<String> {
    let give_up = Instant::now() + LONG;
    loop {
        let said = fs::read_to_string(root.join("out/pids")).unwrap_or_default();
        if let Some(pids) = said.strip_suffix("end\n") {
            return pids.lines().map(ToOwned::to_owned).collect();
        }
        assert!(Instant::now() < give_up, "the family never said who it is: {said}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_signal_is_a_failure() {
    let failure = Call::shell("echo before; kill -KILL $$").failure().await;
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Failed, "signal"));
    let detail = failure.detail.value();
    assert_eq!((&detail["signal"], &detail["stdout"]), (&json!(9), &json!("before\n")));
}

#[tokio::test]
async fn time_ends_a_command_and_all_that_it_started() {
    let mut call = family();
    call.job.timeout_ms = 5_000;
    let failure = call.failure().await;
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::TimedOut, "timeout"));
    let pids = pids(&call.root()).await;
    assert_eq!(pids.len(), 3);
    for pid in pids {
        assert!(!runs(&pid), "{pid} is left");
    }
}

#[tokio::test]
async fn a_cancel_ends_a_command_and_all_that_it_started() {
    let call = family();
    let (cancel, cancelled) = watch::channel(false);
    let (notices, mut noticed) = mpsc::unbounded_channel();
    let job = call.job.clone();
    let work = tokio::spawn(async move {
        let context = JobContext::alone(cancelled, notices);
        ExecTool::new(supervisor()).call(&job, &context).await
    });
    let Some(Notice::Process { pid, ticks }) = noticed.recv().await else { panic!("no process") };
    let pids = pids(&call.root()).await;
    assert!(pids.iter().all(|pid| runs(pid)) && pids.len() == 3, "{pids:?}");
    assert_eq!(baton_agents::supervise::start_ticks(pid), Some(ticks));
    cancel.send(true).unwrap();
    assert_eq!(work.await.unwrap().result, Err(BackendError::Cancelled));
    for pid in pids.into_iter().chain([pid.to_string()]) {
        assert!(!runs(&pid), "{pid} is left");
    }
}
