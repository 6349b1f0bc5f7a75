//! Which programs may be run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use baton_core::scope::{Authority, Capability, ExecScope};
use serde_json::json;

use crate::call::{Call, files};

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
