//! Where a command runs, and what it sees around it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use baton_core::scope::{Authority, Capability, NameScope};

use crate::call::Call;

/// The same call with another working directory.
fn with_cwd<'a>(call: &'a mut Call, cwd: &str) -> &'a mut Call {
    let mut input = call.job.input.value();
    input["cwd"] = cwd.into();
    call.job.input = input.into();
    call.noticed.clear();
    call
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
        let ours =
            ["BATON_RUN", "BATON_TASK", "BATON_ATTEMPT", "BATON_IDEMPOTENCY_KEY", "TRACEPARENT"];
        let allowed = usual.contains(&name) || ours.contains(&name) || name.starts_with("LC_");
        assert!(allowed, "{name} was passed on");
    }
    assert_eq!(value(&text, "BATON_IDEMPOTENCY_KEY").unwrap(), "the-key");
    assert_eq!(value(&text, "TRACEPARENT").unwrap(), "the-context");
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
