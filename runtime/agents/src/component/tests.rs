#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use baton_core::files::Selection;
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::scope::{GlobLayer, PathScope, Scope};
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_host::HostConfig;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::backend::{Inbox, Message};

/// An agent whose `perform` has this body of core WebAssembly. Its only parameter points to the
/// task: the id, the attempt, the prompt and so on. `$done` makes a handoff of an output text.
fn agent(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (data (i32.const 16) "\22done\22")
  (func $done (result i32)
    (i32.store (i32.const 1036) (i32.const 16))
    (i32.store (i32.const 1040) (i32.const 6))
    (i32.const 1024))
  (func (export "perform")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) {body})
  (@custom "baton:manifest" "{{\"name\":\"test\",\"world\":\"agent\"}}"))"#
    );
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some("agent")).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    wit_component::ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

fn backend(body: &str, root: Option<&Path>) -> ComponentBackend {
    let host = Arc::new(Host::new(HostConfig { cache_dir: None, live_max: 2 }).unwrap());
    let guest = host.load(&agent(body)).unwrap();
    let root = root.map(|root| Arc::new(Root::open(root).unwrap()));
    ComponentBackend::new("component:test".into(), host, guest, root)
}

fn job() -> Job {
    Job {
        task: TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) },
        attempt: 1,
        spec: Arc::new(AgentSpec::default()),
        corrections: Vec::new(),
        earlier: Vec::new(),
        scope: Arc::default(),
        root: None,
        limits: Arc::default(),
        timeout_ms: 600_000,
        definition: None,
        authority: Arc::default(),
        rung: 0,
        guidance: Arc::default(),
        traceparent: None,
    }
}

fn context() -> (JobContext, watch::Sender<bool>, mpsc::UnboundedReceiver<Notice>) {
    let (cancel, cancelled) = watch::channel(false);
    let (notices, noticed) = mpsc::unbounded_channel();
    (JobContext::alone(cancelled, notices), cancel, noticed)
}

const ENDLESS: &str = "(loop (br 0)) (unreachable)";

#[tokio::test]
async fn an_agent_answers_and_its_fuel_is_billed() {
    let (context, _cancel, _noticed) = context();
    let backend = backend("(call $done)", None);
    let answer = backend.perform(&job(), &context).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"done\"");
    assert!(answer.usage.fuel > 0);
    assert_eq!((backend.name(), backend.effect()), ("component:test", Effect::Repeatable));
}

#[tokio::test]
async fn a_trap_is_a_permanent_failure() {
    let (context, _cancel, _noticed) = context();
    let answer = backend("(unreachable)", None).perform(&job(), &context).await;
    let Err(BackendError::Permanent(failure)) = answer.result else { panic!("{answer:?}") };
    assert_eq!(failure.code, "guest-panic");
}

#[tokio::test]
async fn an_endless_agent_ends_with_its_time() {
    let (context, _cancel, _noticed) = context();
    let job = Job { timeout_ms: 20, ..job() };
    let answer = backend(ENDLESS, None).perform(&job, &context).await;
    let Err(BackendError::Permanent(failure)) = answer.result else { panic!("{answer:?}") };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::TimedOut, "timeout"));
}

#[tokio::test]
async fn a_cancel_ends_an_agent_and_frees_its_slot() {
    let backend = backend(ENDLESS, None);
    for _ in 0..3 {
        let (context, cancel, _noticed) = context();
        let job = job();
        let cancel = async {
            tokio::task::yield_now().await;
            cancel.send(true).unwrap();
        };
        let (answer, ()) = tokio::join!(backend.perform(&job, &context), cancel);
        assert_eq!(answer.result, Err(BackendError::Cancelled));
    }
}

#[tokio::test]
async fn a_cancel_ends_the_wait_for_a_slot() {
    let backend = backend("(call $done)", None);
    let _all = (backend.host.slot().await, backend.host.slot().await);
    let (context, cancel, _noticed) = context();
    cancel.send(true).unwrap();
    assert_eq!(backend.perform(&job(), &context).await.result, Err(BackendError::Cancelled));
}

#[test]
fn a_task_has_what_was_given_and_no_more() {
    let mut job = job();
    job.spec = Arc::new(AgentSpec {
        prompt: "p".into(),
        options: AgentOptions {
            label: Some("l".into()),
            model: Some("m".into()),
            timeout_ms: Some(9),
            ..AgentOptions::default()
        },
        ..AgentSpec::default()
    });
    let (said, inbox) = watch::channel(Arc::from([]));
    let (mut context, _cancel, _noticed) = context();
    context.inbox = Inbox::new(inbox);
    let task = task(&job, &context);
    assert_eq!(task.id, "run_00000000000000000000000000/1");
    assert!(task.input.is_null());
    assert_eq!(task.options.value(), json!({"label": "l", "model": "m"}));
    let message = Message { seq: 3, sender: "ada".into(), text: "be brief".into(), urgent: true };
    said.send_replace(Arc::from([message]));
    job.earlier = vec!["attempt 1: no luck (unlucky)".into()];
    let task = super::task(&job, &context);
    let options = json!({
        "label": "l", "model": "m", "earlier": ["attempt 1: no luck (unlucky)"],
        "messages": [{ "sender": "ada", "text": "be brief", "urgent": true }],
    });
    assert_eq!(task.options.value(), options);
}

#[tokio::test]
async fn files_are_those_of_the_scope() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.md"), "a").unwrap();
    fs::write(directory.path().join("b.txt"), "b").unwrap();
    let layer = GlobLayer { include: vec!["*.md".into()], ..GlobLayer::default() };
    let scope = |layers| Scope { read: Some(PathScope { layers }), ..Scope::default() };
    let read = |path: &str| FileRequest::Read { path: path.into() };
    for (root, scope, request, expected) in [
        (true, scope(vec![layer.clone()]), read("a.md"), Ok(())),
        (true, scope(vec![layer.clone()]), read("b.txt"), Err("out-of-scope")),
        (true, scope(vec![]), read("b.txt"), Ok(())),
        (true, Scope::default(), read("a.md"), Err("not-granted")),
        (false, scope(vec![]), read("a.md"), Err("not-granted")),
        (
            false,
            scope(vec![]),
            FileRequest::List { selection: Selection::default() },
            Err("not-granted"),
        ),
    ] {
        let (context, _cancel, _noticed) = context();
        let job = Job { scope: Arc::new(scope), ..job() };
        let backend = backend("(call $done)", root.then_some(directory.path()));
        let mut port = backend.port(&job, &context).unwrap();
        let answer = port.observe(request).await;
        assert_eq!(answer.map(|_| ()).map_err(|error| error.code), expected.map_err(String::from));
    }
}

#[test]
fn a_scope_that_cannot_be_applied_is_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    let layers = vec![GlobLayer { include: vec!["[".into()], ..GlobLayer::default() }];
    let scope = Scope { read: Some(PathScope { layers }), ..Scope::default() };
    let job = Job { scope: Arc::new(scope), ..job() };
    let (context, _cancel, _noticed) = context();
    let failure = backend("(call $done)", Some(directory.path())).port(&job, &context).err();
    assert_eq!(failure.unwrap().code, "bad-scope");
}

/// A port with these limits, and what it notices once it is gone.
fn noticed(limits: Limits, calls: impl FnOnce(&mut Port)) -> Vec<Notice> {
    let (notices, mut noticed) = mpsc::unbounded_channel();
    let mut port = Port {
        tools: None,
        files: None,
        reads: ReadSet::default(),
        may_read: false,
        notices,
        denied: Denied::default(),
        report_bytes_left: limits.run.log_bytes,
        reports_dropped: 0,
        artifact_bytes_left: limits.run.artifact_bytes,
    };
    calls(&mut port);
    drop(port);
    std::iter::from_fn(|| noticed.blocking_recv()).collect()
}

#[test]
fn reports_are_passed_on_up_to_the_limit() {
    let mut limits = Limits::default();
    limits.run.log_bytes = 3 * (REPORT_BYTES_LEAST + 4);
    let text = |text: &str| Report::Log { level: Level::Info, text: text.into() };
    let notices = noticed(limits, |port| {
        for _ in 0..5 {
            port.report(text("four"));
        }
    });
    let reports: Vec<_> = notices
        .into_iter()
        .map(|notice| match notice {
            Notice::Report(report) => report,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(reports.get(..3), Some(&[text("four"), text("four"), text("four")][..]));
    let dropped = "2 reports beyond the limit were dropped";
    assert_eq!(
        reports.get(3..),
        Some(&[Report::Log { level: Level::Warn, text: dropped.into() }][..])
    );

    let silent = noticed(Limits::default(), |port| port.report(text("x")));
    assert_eq!(silent.len(), 1, "nothing dropped, nothing said");
}

#[test]
fn artifacts_are_kept_up_to_the_limit() {
    let mut limits = Limits::default();
    limits.run.artifact_bytes = 100;
    let notices = noticed(limits, |port| {
        let mut keep =
            |bytes: &[u8]| port.artifact("a".into(), "text/plain".into(), bytes.to_vec());
        assert_eq!(keep(b"some bytes that are kept"), Ok(Digest::of(b"some bytes that are kept")));
        let refused = keep(&[0; 77]).unwrap_err();
        assert!(refused.contains("run.artifact_bytes"), "{refused}");
        assert!(keep(&[0; 76]).is_ok());
        assert!(keep(b"").is_err());
    });
    let [Notice::Artifact(bytes), Notice::Report(Report::Artifact(artifact)), ..] = &notices[..]
    else {
        panic!("{notices:?}")
    };
    assert_eq!((artifact.digest, artifact.size), (Digest::of(bytes), 24));
    assert_eq!(notices.len(), 4);
}

#[test]
fn ends_of_guests() {
    let failure = |kind| Failure::new(kind, "c", "m");
    let end = |outcome| judge(GuestEnd { outcome, fuel: 0, output: Default::default() });
    let failed = |kind| end(Ok(Outcome::Failed(failure(kind))));
    assert_eq!(end(Ok(Outcome::Done(Handoff::default()))), Ok(Handoff::default()));
    assert_eq!(
        failed(FailureKind::Limit),
        Err(BackendError::Permanent(failure(FailureKind::Limit)))
    );
    assert_eq!(
        failed(FailureKind::Internal),
        Err(BackendError::Retryable { failure: failure(FailureKind::Internal), after_ms: None })
    );
    assert_eq!(end(Err(PortError::Gone)), Err(BackendError::Cancelled));
    let limit = PortError::Limit { name: "host-calls", message: "m".into() };
    assert_eq!(
        end(Err(limit)),
        Err(BackendError::Permanent(Failure::new(FailureKind::Limit, "host-calls", "m")))
    );
    let internal = end(Err(PortError::Internal("m".into())));
    assert!(matches!(internal, Err(BackendError::Permanent(failure)) if failure.code == "host"));
}

/// What a task read, as it is told at the end of an attempt.
fn told(may_read: bool, paths: &[&str]) -> Option<(Vec<String>, bool)> {
    let (notices, mut noticed) = mpsc::unbounded_channel();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "text").unwrap();
    let root = Root::open(directory.path()).unwrap();
    let files = may_read.then(|| root.scoped(&PathScope::default(), &Limits::default().files));
    let limits = Limits::default();
    let mut port = Port {
        tools: None,
        files: files.transpose().unwrap(),
        reads: ReadSet::default(),
        may_read,
        notices,
        denied: Denied::default(),
        report_bytes_left: limits.run.log_bytes,
        reports_dropped: 0,
        artifact_bytes_left: limits.run.artifact_bytes,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for path in paths {
        let request = FileRequest::Read { path: (*path).into() };
        let expected = may_read && *path == "a";
        assert_eq!(runtime.block_on(port.observe(request)).is_ok(), expected);
    }
    drop(port);
    let Notice::Read { reads, complete } = noticed.try_recv().ok()? else { panic!() };
    let name = |seen: &Seen| baton_core::reuse::request_name(&seen.request);
    Some((reads.iter().map(name).collect(), complete))
}

#[test]
fn what_an_attempt_read_is_told_once_at_its_end() {
    let paths = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (may_read, asked, expected) in [
        (true, &["a", "absent", "a"][..], Some(paths(&["a", "absent"]))),
        (true, &[], Some(paths(&[]))),
        // Nothing may be read, so that nothing was needs no word; a refusal was seen.
        (false, &[], None),
        (false, &["a"], Some(paths(&["a"]))),
    ] {
        assert_eq!(told(may_read, asked), expected.map(|names| (names, true)), "{asked:?}");
    }
}
