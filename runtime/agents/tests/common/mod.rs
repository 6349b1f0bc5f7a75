//! What the tests of this crate share.

#![allow(dead_code, reason = "every test executable uses another part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_agents::{Answer, Backend, CommandBackend, Job, JobContext, Notice, Supervisor};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::scope::Scope;
use baton_core::spec::AgentSpec;
use tokio::sync::{mpsc, watch};

/// Far more than anything here takes; only a test that fails waits so long.
pub const LONG: Duration = Duration::from_secs(300);

/// An example of this crate; cargo builds them with the tests.
pub fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(path.is_file(), "{} is missing: run `cargo test` without `--test`", path.display());
    path
}

pub fn supervisor() -> Supervisor {
    Supervisor { program: example("supervise"), args: Vec::new() }
}

/// A backend that runs a shell script. The shell is named, and reads the script: nothing that was
/// just written is executed.
pub fn shell(directory: &Path, script: &str) -> CommandBackend {
    let file = directory.join("agent.sh");
    fs::write(&file, script).unwrap();
    CommandBackend::new(&format!("/bin/sh '{}'", file.display()), supervisor()).unwrap()
}

pub fn job(root: Option<&Path>) -> Job {
    Job {
        task: TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(3) },
        attempt: 1,
        spec: Arc::new(AgentSpec { prompt: "do it".into(), ..AgentSpec::default() }),
        corrections: Vec::new(),
        earlier: Vec::new(),
        scope: Arc::new(Scope::default()),
        root: root.map(Path::to_path_buf),
        limits: Arc::new(Limits::default()),
        timeout_ms: 600_000,
        definition: None,
        authority: Arc::default(),
        rung: 0,
        guidance: Arc::default(),
        traceparent: None,
    }
}

/// A context, what cancels it, and what is noticed in it.
pub fn context() -> (JobContext, watch::Sender<bool>, mpsc::UnboundedReceiver<Notice>) {
    let (cancel, cancelled) = watch::channel(false);
    let (notices, noticed) = mpsc::unbounded_channel();
    (JobContext::alone(cancelled, notices), cancel, noticed)
}

/// Runs one attempt to its end.
pub async fn perform(backend: &dyn Backend, job: &Job) -> Answer {
    let (context, _cancel, _noticed) = context();
    backend.perform(job, &context).await
}

/// Starts one attempt in the background.
pub fn spawn(
    backend: CommandBackend,
    job: Job,
) -> (tokio::task::JoinHandle<Answer>, watch::Sender<bool>, mpsc::UnboundedReceiver<Notice>) {
    let (context, cancel, noticed) = context();
    let task = tokio::spawn(async move { backend.perform(&job, &context).await });
    (task, cancel, noticed)
}

/// The supervisor that an attempt was said to run under.
pub async fn process(noticed: &mut mpsc::UnboundedReceiver<Notice>) -> (u32, u64) {
    match noticed.recv().await {
        Some(Notice::Process { pid, ticks }) => (pid, ticks),
        other => panic!("expected a process, not {other:?}"),
    }
}

/// Whether a process runs; one that has ended and only waits to be noticed does not.
pub fn runs(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, Some(Some('Z' | 'X')))
}

/// Waits until `condition` holds; fails if it does not within [`LONG`].
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !condition() {
        assert!(Instant::now() < end, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits for a file with process numbers, one per line, complete with a last line `end`.
pub async fn pids(file: &Path) -> Vec<u32> {
    let read = || fs::read_to_string(file).unwrap_or_default();
    until("the program says which processes it has", || read().ends_with("end\n")).await;
    let pids: Vec<u32> = read().lines().filter_map(|line| line.parse().ok()).collect();
    assert!(!pids.is_empty());
    pids
}

/// A script that starts a child in its group and one in a session of its own, says who they are in
/// the file `pids`, and goes on for long. With `stubborn`, SIGTERM does not end any of them.
pub fn family(directory: &Path, stubborn: bool) -> String {
    let trap = if stubborn { "trap '' TERM" } else { "" };
    let pids = directory.join("pids");
    format!(
        "{trap}
echo $$ > '{pids}'
sleep 3600 & echo $! >> '{pids}'
setsid sleep 3600 </dev/null >/dev/null 2>&1 & echo $! >> '{pids}'
(setsid sh -c 'sleep 3600 & echo $! >> \"{pids}\"; echo end >> \"{pids}\"' &) </dev/null >/dev/null 2>&1
while :; do sleep 1; done
",
        pids = pids.display()
    )
}
