//! The same tests in a world without `openat2`, as on old kernels and in some containers: libraries
//! then resolve paths by themselves.

use std::fs;
use std::io::Write;
use std::process::Command;

/// Set to `require`, it is an error that this world cannot be made.
const SWITCH: &str = "BATON_TEST_STRACE";

/// Runs tests of this suite again, with `openat2` failing as if the kernel had none.
pub fn without_openat2(tests: &[&str]) {
    // Where tracing is not possible, nothing can be said about this world.
    let trial =
        Command::new("strace").args(["-f", "--seccomp-bpf", "-o", "/dev/null", "true"]).output();
    if !trial.is_ok_and(|output| output.status.success()) {
        return told_loudly();
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("calls");
    let output = Command::new("strace")
        .args(["-f", "-qq", "--seccomp-bpf", "-e", "trace=openat2"])
        .args(["-e", "inject=openat2:error=ENOSYS", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .arg("--exact")
        .args(tests)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains(&format!("{} passed", tests.len())), "{shown}");
    let calls = fs::read_to_string(&log).unwrap();
    // A library that was told so once asks no more, so there may be few.
    let asked: Vec<&str> = calls.lines().filter(|line| line.contains("openat2(")).collect();
    assert!(!asked.is_empty(), "nothing asked for openat2: this was the ordinary world");
    assert!(asked.iter().all(|line| line.contains("INJECTED")), "{asked:?}");
}

/// Past what the test runner captures: nobody should think that this was tested.
fn told_loudly() {
    let message =
        "\n*** NOT TESTED: the world without `openat2`. Install strace, or let it trace. ***\n\n";
    assert!(std::env::var(SWITCH).as_deref() != Ok("require"), "{message}");
    let _ = std::io::stderr().write_all(message.as_bytes());
}
