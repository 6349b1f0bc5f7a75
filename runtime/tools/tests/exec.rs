//! Commands, through a real supervisor.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_agents::Supervisor;
use baton_agents::backend::{BackendError, JobContext, Notice};
use baton_agents::confine::probe;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::scope::{Authority, Capability, ExecScope, GlobLayer, NameScope, PathScope};
use baton_core::tool::Denial;
use baton_tools::ToolJob;
use baton_tools::exec::ExecTool;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// Far more than anything here takes; only a test that fails waits so long.
const LONG: Duration = Duration::from_secs(30);

/// The supervisor as a program; cargo builds it with the tests of the workspace.
fn supervisor() -> Supervisor {
    let own = std::env::current_exe().unwrap();
    let program = own.parent().unwrap().parent().unwrap().join("examples/supervise");
    assert!(program.is_file(), "{} is missing: run `cargo test --workspace`", program.display());
    Supervisor { program, args: Vec::new() }
}

fn files(patterns: &[&str]) -> Option<PathScope> {
    let include = patterns.iter().map(ToString::to_string).collect();
    Some(PathScope { layers: vec![GlobLayer { include, ..GlobLayer::default() }] })
}

/// One call and what came of it.
struct Call {
    directory: TempDir,
    job: ToolJob,
    noticed: Vec<Notice>,
}

impl Call {
    fn new(argv: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap().join("root");
        fs::create_dir_all(root.join("sub")).unwrap();
        let authority = Authority {
            read: files(&["**"]),
            exec: Some(ExecScope::default()),
            ..Authority::default()
        };
        let job = ToolJob {
            task: TaskId {
                run: RunId::from_ulid(ulid::Ulid::nil()),
                path: TaskPath::root().child(3),
            },
            attempt: 1,
            tool: "exec".into(),
            input: json!({ "argv": argv }).into(),
            authority: Arc::new(authority),
            root: Some(root),
            limits: Arc::new(Limits::default()),
            timeout_ms: 600_000,
            idempotency_key: "the-key".into(),
        };
        Self { directory, job, noticed: Vec::new() }
    }

    fn shell(script: &str) -> Self {
        Self::new(&["sh", "-c", script])
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        let mut input = self.job.input.value();
        input[name] = value.into();
        self.job.input = input.into();
        self
    }

    fn granted(mut self, change: impl FnOnce(&mut Authority)) -> Self {
        change(Arc::make_mut(&mut self.job.authority));
        self
    }

    fn limited(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(Arc::make_mut(&mut self.job.limits));
        self
    }

    fn root(&self) -> PathBuf {
        self.job.root.clone().unwrap()
    }

    async fn result(&mut self) -> Result<Value, BackendError> {
        let (_cancel, cancelled) = watch::channel(false);
        let (notices, mut noticed) = mpsc::unbounded_channel();
        let context = JobContext { cancelled, notices, tools: None };
        let answer = ExecTool::new(supervisor()).call(&self.job, &context).await;
        drop(context);
        while let Some(notice) = noticed.recv().await {
            self.noticed.push(notice);
        }
        answer.result.map(|handoff| handoff.output.value())
    }

    async fn output(&mut self) -> Value {
        self.result().await.unwrap()
    }

    async fn stdout(&mut self) -> String {
        let output = self.output().await;
        assert_eq!((&output["status"], &output["stderr"]), (&json!(0), &json!("")), "{output}");
        output["stdout"].as_str().unwrap().to_owned()
    }

    async fn failure(&mut self) -> Failure {
        match self.result().await.unwrap_err() {
            BackendError::Permanent(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    /// A failure because of a denial that is on record.
    async fn denial(&mut self) -> Denial {
        let failure = self.failure().await;
        let denials: Vec<_> = self
            .noticed
            .iter()
            .filter_map(|notice| match notice {
                Notice::Denied(denial) => Some(denial.clone()),
                _ => None,
            })
            .collect();
        let [denial] = <[Denial; 1]>::try_from(denials).unwrap();
        assert_eq!((failure.kind, &failure.code), (FailureKind::Refused, &denial.code));
        assert!(!self.started(), "nothing was started");
        denial
    }

    fn started(&self) -> bool {
        self.noticed.iter().any(|notice| matches!(notice, Notice::Process { .. }))
    }
}

#[tokio::test]
async fn a_command_says_its_status_and_both_outputs() {
    let mut call = Call::shell("echo out; echo err >&2; exit 7");
    let expected = json!({"status": 7, "stdout": "out\n", "stderr": "err\n", "truncated": false});
    assert_eq!(call.output().await, expected);
    assert!(call.started());
    let words = Call::new(&["printf", "%s|", "a b", "$HOME;ls", "*"]).stdout().await;
    assert_eq!(words, "a b|$HOME;ls|*|");
    assert_eq!(Call::new(&["cat"]).with("stdin", "é\0x\n").stdout().await, "é\0x\n");
    assert_eq!(Call::new(&["cat"]).stdout().await, "");
}

#[tokio::test]
async fn a_signal_is_a_failure() {
    let failure = Call::shell("echo before; kill -KILL $$").failure().await;
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Failed, "signal"));
    let detail = failure.detail.value();
    assert_eq!((&detail["signal"], &detail["stdout"]), (&json!(9), &json!("before\n")));
}

#[tokio::test]
async fn programs_are_names_or_absolute() {
    let at = |path: &Path| path.to_str().unwrap().to_owned();
    assert_eq!(Call::new(&["/bin/echo", "x"]).stdout().await, "x\n");
    let mut call = Call::new(&["./tool"]);
    let tool = call.root().join("tool");
    fs::write(&tool, "#!/bin/sh\necho ran\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(call.failure().await.code, "tool-input");
    for (argv, code) in [
        (vec!["sub/../tool".to_owned()], "tool-input"),
        (vec!["no-such-program-anywhere".to_owned()], "exec-start"),
        (vec![at(&call.root().join("absent"))], "exec-start"),
        (vec![at(&call.root())], "exec-start"),
    ] {
        call.job.input = json!({ "argv": argv }).into();
        assert_eq!(call.failure().await.code, code, "{argv:?}");
    }
    // By its path it is what policy granted, as long as the call cannot change it.
    call.job.input = json!({ "argv": [at(&tool)] }).into();
    assert_eq!(call.stdout().await, "ran\n");
}

#[tokio::test]
async fn a_program_that_the_call_may_write_is_refused() {
    let mut call = Call::new(&[]).granted(|authority| authority.write = files(&["sub/**", "top"]));
    let root = call.root();
    fs::create_dir(root.join("safe")).unwrap();
    symlink("/bin/echo", root.join("sub/link")).unwrap();
    symlink("../sub/link", root.join("safe/link")).unwrap();
    symlink("/bin/echo", root.join("safe/echo")).unwrap();
    symlink("/bin/echo", root.join("top")).unwrap();
    symlink("sub", root.join("alias")).unwrap();
    for (name, refused) in [
        ("sub/link", true),
        ("safe/link", true),
        ("alias/link", true),
        ("top", true),
        ("safe/echo", false),
    ] {
        let argv = [root.join(name).to_str().unwrap().to_owned(), "x".into()];
        call.job.input = json!({ "argv": argv }).into();
        call.noticed.clear();
        if refused {
            let denial = call.denial().await;
            assert_eq!(
                (denial.capability, denial.code.as_str()),
                (Capability::Exec, "exec-writable-program"),
                "{name}"
            );
        } else {
            assert_eq!(call.stdout().await, "x\n");
        }
    }
}

#[tokio::test]
async fn arguments_that_are_not_granted_are_refused() {
    let granted = |authority: &mut Authority| {
        authority.exec = Some(ExecScope {
            layers: vec![vec!["echo a *".parse().unwrap()]],
            ..ExecScope::default()
        });
    };
    assert_eq!(Call::new(&["echo", "a", "b"]).granted(granted).stdout().await, "a b\n");
    for argv in [&["echo", "b", "b"][..], &["echo", "a"], &["/bin/echo", "a", "b"], &["sh"]] {
        let denial = Call::new(argv).granted(granted).denial().await;
        assert_eq!(
            (denial.capability, denial.code.as_str()),
            (Capability::Exec, "exec-not-granted")
        );
    }
    let denial = Call::new(&["echo"]).granted(|authority| authority.exec = None).denial().await;
    assert_eq!(denial.code, "exec-not-granted");
}

#[tokio::test]
async fn the_working_directory_is_in_the_root() {
    let mut call = Call::new(&["pwd"]);
    let root = call.root();
    symlink("sub", root.join("inner")).unwrap();
    let says = |path: &Path| format!("{}\n", path.display());
    assert_eq!(call.stdout().await, says(&root));
    for cwd in ["sub", "./sub/", "inner", "sub/../inner/."] {
        assert_eq!(with_cwd(&mut call, cwd).stdout().await, says(&root.join("sub")), "{cwd}");
    }
    assert_eq!(call.directory.path().read_dir().unwrap().count(), 1);
}

/// The same call with another working directory.
fn with_cwd<'a>(call: &'a mut Call, cwd: &str) -> &'a mut Call {
    let mut input = call.job.input.value();
    input["cwd"] = cwd.into();
    call.job.input = input.into();
    call.noticed.clear();
    call
}

#[tokio::test]
async fn a_working_directory_outside_of_the_root_is_refused() {
    let mut call = Call::new(&["pwd"]);
    let root = call.root();
    fs::create_dir(call.directory.path().join("outside")).unwrap();
    symlink("../outside", root.join("leak")).unwrap();
    symlink("/", root.join("slash")).unwrap();
    symlink("/proc/self/cwd", root.join("magic")).unwrap();
    fs::write(root.join("file"), "").unwrap();
    for cwd in ["..", "/", "/etc", "../outside", "sub/../..", "leak", "leak/", "slash", "magic"] {
        let denial = with_cwd(&mut call, cwd).denial().await;
        assert_eq!(
            (denial.capability, denial.code.as_str()),
            (Capability::Read, "path-read"),
            "{cwd}"
        );
    }
    for cwd in ["absent", "file"] {
        assert_eq!(with_cwd(&mut call, cwd).failure().await.code, "cwd", "{cwd}");
    }
    call.job.root = None;
    assert_eq!(with_cwd(&mut call, "sub").failure().await.code, "cwd");
}

#[tokio::test]
async fn the_environment_is_scrubbed_and_the_temporary_directory_goes() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there is something to scrub");
    let mut call = Call::new(&["env"]);
    let text = call.stdout().await;
    let value = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(ToOwned::to_owned)
    };
    for line in text.lines() {
        let name = line.split_once('=').unwrap().0;
        let usual = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];
        let ours = ["BATON_RUN", "BATON_TASK", "BATON_ATTEMPT", "BATON_IDEMPOTENCY_KEY"];
        let allowed = usual.contains(&name) || ours.contains(&name) || name.starts_with("LC_");
        assert!(allowed, "{name} was passed on");
    }
    assert_eq!(value(&text, "BATON_IDEMPOTENCY_KEY").unwrap(), "the-key");
    assert_eq!(value(&text, "BATON_TASK").unwrap(), "run_00000000000000000000000000/3");

    let named = |authority: &mut Authority| {
        authority.env = Some(NameScope::of(&["CARGO_MANIFEST_*".to_owned()]));
    };
    let text = Call::new(&["env"]).granted(named).stdout().await;
    assert_eq!(value(&text, "CARGO_MANIFEST_DIR"), std::env::var("CARGO_MANIFEST_DIR").ok());
    assert_eq!(value(&text, "CARGO"), None);

    let script = "mkdir \"$TMPDIR/d\" && echo x > \"$TMPDIR/d/f\" && cat \"$TMPDIR/d/f\" && \
                  stat -c %a \"$TMPDIR\" && echo \"$TMPDIR\"";
    let text = Call::shell(script).stdout().await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["x", "700"]);
    assert!(!Path::new(lines[2]).exists(), "{} is left", lines[2]);
}

#[tokio::test]
async fn without_a_root_a_command_has_its_temporary_directory() {
    let mut call = Call::shell("[ \"$(pwd -P)\" = \"$(cd \"$TMPDIR\" && pwd -P)\" ] && echo same");
    call.job.root = None;
    assert_eq!(call.stdout().await, "same\n");
}

#[tokio::test]
async fn long_output_loses_its_middle() {
    let script = "i=0; while [ $i -lt 500 ]; do echo \"line $i\"; i=$((i+1)); done; echo e >&2";
    let output =
        Call::shell(script).limited(|limits| limits.tools.exec_output_bytes = 100).output().await;
    let stdout = output["stdout"].as_str().unwrap();
    assert_eq!((&output["status"], &output["truncated"]), (&json!(0), &json!(true)));
    assert!(stdout.starts_with("line 0\nline 1\n") && stdout.ends_with("\nline 499\n"), "{stdout}");
    assert!(stdout.contains(" bytes left out]\n") && stdout.len() < 150, "{stdout}");
    assert_eq!(output["stderr"], "e\n");

    // An endless one is no danger, and what is no text still makes a result.
    let flood = "head -c 30000000 /dev/zero; head -c 30000000 /dev/zero >&2";
    let output =
        Call::shell(flood).limited(|limits| limits.run.result_bytes = 9_000).output().await;
    assert_eq!(output["truncated"], true);
    assert!(output.to_string().len() <= 9_000);
}

#[tokio::test]
async fn too_much_input_is_refused() {
    let failure = Call::new(&["cat"])
        .with("stdin", "12345")
        .limited(|limits| limits.tools.exec_input_bytes = 4)
        .failure()
        .await;
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Limit, "tools.exec_input_bytes")
    );
    let fits = "x".repeat(1 << 20);
    assert_eq!(Call::new(&["wc", "-c"]).with("stdin", &fits).stdout().await.trim(), "1048576");
}

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
async fn time_ends_a_command_and_all_that_it_started() {
    let mut call = family();
    call.job.timeout_ms = 2_000;
    fs::create_dir(call.root().join("out")).unwrap();
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
        let context = JobContext { cancelled, notices, tools: None };
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

/// A script that tries something and says whether it could.
fn attempt(what: &str) -> String {
    format!("if ({what}) >/dev/null 2>&1; then echo yes; else echo no; fi")
}

#[tokio::test]
async fn files_are_confined_or_a_person_is_told_that_they_are_not() {
    let probe = probe(&supervisor());
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, "canary").unwrap();
    let secret = secret.display();
    for (what, may) in [
        (format!("cat '{secret}'"), false),
        (format!("echo x >> '{secret}'"), false),
        ("cat ../../*/secret".to_owned(), false),
        ("echo x > sub/new".to_owned(), false),
        ("echo x > out/new && cat out/new".to_owned(), true),
        ("ls . sub".to_owned(), true),
    ] {
        let write = |authority: &mut Authority| authority.write = files(&["out/**"]);
        let said =
            Call::shell(&format!("mkdir -p out; {}", attempt(&what))).granted(write).stdout().await;
        if may || probe.landlock.is_some() {
            assert_eq!(said, if may { "yes\n" } else { "no\n" }, "{what}");
        } else {
            let words = probe.words(false).join("\n");
            assert!(words.contains("files are NOT confined"), "{words}");
        }
    }
}

#[tokio::test]
async fn the_network_is_closed_unless_some_request_is_granted() {
    let probe = probe(&supervisor());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = attempt(&format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'"));
    let said = Call::shell(&script).stdout().await;
    if probe.network.is_some() {
        assert_eq!((said.as_str(), listener.accept().is_ok()), ("no\n", false));
    } else {
        let words = probe.words(false).join("\n");
        assert!(words.contains("the network is NOT closed to commands"), "{words}");
    }
    let http = |authority: &mut Authority| authority.http = Authority::unlimited().http;
    assert_eq!(Call::shell(&script).granted(http).stdout().await, "yes\n");
    assert!(listener.accept().is_ok());
}
