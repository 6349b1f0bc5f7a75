#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::manifest::AgentType;

use super::*;

fn program(component: &str) -> Program {
    Program {
        name: "flow".into(),
        component: Digest::of(component.as_bytes()),
        script: None,
        workflows: BTreeMap::new(),
        scripts: BTreeMap::new(),
        requests: Default::default(),
        agents: BTreeMap::new(),
        tools: [("git".to_owned(), Digest::of(b"git 1"))].into(),
        agent_types: [("judge".to_owned(), AgentType::default())].into(),
        instructions: Vec::new(),
        skills: BTreeMap::new(),
    }
}

fn receipt(root: Option<&str>, component: &str) -> Receipt {
    Receipt {
        authority: Digest::of(b"authority"),
        may: vec!["git: read .git/**".into(), "read all files".into()],
        asks: vec!["git: read .git/**".into()],
        details: [("tool git/log".to_owned(), Digest::of(b"1"))].into(),
        ..Receipt::new("/a/flow.wasm".into(), root.map(Into::into), program(component))
    }
}

#[test]
fn a_receipt_holds_for_the_same_program_and_authority_and_root_alone() {
    let temp = tempfile::tempdir().unwrap();
    let receipts = Receipts { dir: temp.path().join("baton/receipts") };
    assert_eq!(receipts.of_workflow("/a/flow.wasm").unwrap(), []);
    receipts.keep(receipt(Some("/r"), "old")).unwrap();
    receipts.keep(receipt(None, "old")).unwrap();
    receipts.keep(receipt(Some("/r"), "new")).unwrap();
    let kept = receipts.of_workflow("/a/flow.wasm").unwrap();
    assert_eq!(kept.len(), 2, "one for each root");
    let holds = |now: &Receipt| kept.iter().any(|kept| kept.holds_for(now));
    assert!(holds(&receipt(Some("/r"), "new")));
    assert!(holds(&receipt(None, "old")));
    for other in [
        receipt(Some("/r"), "old"),
        receipt(None, "new"),
        receipt(Some("/other"), "new"),
        Receipt { authority: Digest::of(b"more"), ..receipt(Some("/r"), "new") },
        Receipt { workflow: "/b/flow.wasm".into(), ..receipt(Some("/r"), "new") },
    ] {
        assert!(!holds(&other), "{other:?}");
    }
    assert_eq!(receipts.all().unwrap().len(), 2);
    assert_eq!(receipts.forget("/a/flow.wasm").unwrap(), 2);
    assert_eq!(receipts.forget("/a/flow.wasm").unwrap(), 0);
    assert_eq!(receipts.all().unwrap(), []);
}

#[test]
fn a_damaged_receipt_allows_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let receipts = Receipts { dir: temp.path().into() };
    receipts.keep(receipt(None, "x")).unwrap();
    let path = receipts.file("/a/flow.wasm");
    let text = fs::read_to_string(&path).unwrap();
    for damaged in [text.replace("\"version\": 1", "\"version\": 2"), text[..text.len() / 2].into()]
    {
        fs::write(&path, damaged).unwrap();
        assert_eq!(receipts.of_workflow("/a/flow.wasm").unwrap(), []);
    }
}

#[test]
fn every_change_is_told() {
    let then = receipt(None, "old");
    assert_eq!(difference(&then, &then), Vec::<String>::new());
    let mut now = receipt(None, "new");
    now.program.tools =
        [("git".to_owned(), Digest::of(b"git 2")), ("code".to_owned(), Digest::of(b"code"))].into();
    now.program.agent_types.clear();
    now.program.scripts.insert("sub".into(), Digest::of(b"sub"));
    now.asks.push("git: write **".into());
    now.may = vec!["git: read .git/**".into(), "git: write **".into()];
    now.details = [("tool git/log".to_owned(), Digest::of(b"2"))].into();
    now.backends.all = Some("command:x".into());
    insta::assert_snapshot!(difference(&then, &now).join("\n"), @r"
    the workflow's component changed: sha256:cba06b5736fa is now sha256:11507a0e2f5e
    the nested script sub is new: sha256:ddc6e2b224d0
    the tool component code is new: sha256:5694d08a2e53
    the tool component git changed: sha256:666d1f639868 is now sha256:47981d6bcaa3
    the agent type judge is gone
    asked for now: git: write **
    allowed now: git: write **
    no longer allowed: read all files
    the definition of tool git/log changed: sha256:6b86b273ff34 is now sha256:d4735e3a265e
    agents are performed by command:x, not whom the program names
    ");
    let widened = Receipt { authority: Digest::of(b"more"), ..receipt(None, "old") };
    assert_eq!(difference(&then, &widened), ["what it may touch is defined in another way"]);
}
