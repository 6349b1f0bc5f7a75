//! What a command reads and writes.

use baton_core::handoff::FailureKind;
use serde_json::json;

use crate::call::Call;

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
