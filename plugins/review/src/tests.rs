#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_guest::patterns::Ruling;
use baton_guest::testing::{AgentRequest, Event, Reply, Script, ToolRequest};
use baton_guest::{Failure, Refusal, RefusalKind};
use serde_json::{Value, json};

use super::*;
use crate::change::{Part, parse};
use crate::finding::Severity;
use crate::report::Verdict as Outcome;

const PATCH: &str = "\
diff --git a/src/pay.rs b/src/pay.rs
index 1..2 100644
--- a/src/pay.rs
+++ b/src/pay.rs
@@ -10,4 +10,4 @@ fn total() {
 fn total(items: &[u32]) -> u32 {
-    items.iter().sum()
+    items.iter().skip(1).sum()
 }
 
diff --git a/Cargo.lock b/Cargo.lock
--- a/Cargo.lock
+++ b/Cargo.lock
@@ -1 +1 @@
-a
+b
diff --git a/gone.md b/gone.md
--- a/gone.md
+++ /dev/null
@@ -1,2 +0,0 @@
---- a title
-text
";

fn raw(quote: &str, severity: &str) -> Value {
    json!({
        "title": "The first item is skipped", "severity": severity, "path": "src/pay.rs", "line": 11,
        "quote": quote, "why": "total(&[1]) is 0", "fix": "remove skip(1)",
    })
}

fn input(value: Value) -> Option<Input> {
    Some(serde_json::from_value(value).unwrap())
}

fn is_reviewer(request: &AgentRequest) -> bool {
    request.options["agent_type"] == "reviewer"
}

fn agents(script: &Script) -> Vec<AgentRequest> {
    let agent = |event| match event {
        Event::Agent(request) => Some(request),
        _ => None,
    };
    script.events().into_iter().filter_map(agent).collect()
}

fn verdict(refuted: bool) -> Value {
    json!({ "refuted": refuted, "reason": "I looked." })
}

#[test]
fn patches_are_taken_apart_with_their_lines() {
    let parts = parse(PATCH);
    let paths: Vec<&str> = parts.iter().map(|part| part.path.as_str()).collect();
    assert_eq!(paths, ["src/pay.rs", "Cargo.lock", "gone.md"]);
    let pay = &parts[0];
    assert_eq!((pay.additions, pay.deletions), (1, 1));
    assert_eq!(pay.after[1], (11, "    items.iter().skip(1).sum()".to_owned()));
    assert_eq!(pay.before[1], (11, "    items.iter().sum()".to_owned()));
    // A removed line that looks like the beginning of a file is one all the same.
    assert_eq!(parts[2].before[0].1, "--- a title");
    assert!(parts.iter().map(|part| part.text.as_str()).collect::<String>() == PATCH);
    assert!(parse("no patch at all\n").is_empty());
    // Plain `diff -u` has no `diff --git` lines.
    let plain = "--- a.txt\t2020\n+++ a.txt\t2021\n@@ -1 +1 @@\n-x\n+y\n--- b.txt\n+++ b.txt\n@@ -0,0 +1 @@\n+z\n";
    let paths: Vec<String> = parse(plain).into_iter().map(|part| part.path).collect();
    assert_eq!(paths, ["a.txt", "b.txt"]);
}

#[test]
fn quotes_are_found_where_they_stand() {
    let parts = parse(PATCH);
    let pay: &Part = &parts[0];
    for (quote, near, place) in [
        ("items.iter().skip(1).sum()", 99, Some((11, 11, false))),
        (
            "fn total(items: &[u32]) -> u32 {\n  items.iter().skip(1).sum()\n",
            1,
            Some((10, 11, false)),
        ),
        ("items.iter().sum()", 11, Some((11, 11, true))),
        ("items.iter().skip(2).sum()", 11, None),
        ("\n \n", 11, None),
    ] {
        assert_eq!(pay.locate(quote, near), place, "{quote}");
    }
    let twice = vec![(1, "x".to_owned()), (9, "x".to_owned())];
    assert_eq!(find(&twice, "x", 7), Some((9, 9)));
}

#[test]
fn a_finding_that_holds_is_reported_with_its_place() {
    let script = Script::new().agents(|request| {
        if is_reviewer(request) {
            json!({ "findings": [raw("items.iter().skip(1).sum()", "high")] })
        } else {
            verdict(false)
        }
    });
    let given = input(json!({ "patch": PATCH, "about": "Faster sums." }));
    let handoff = script.run(|cx| run(cx, given)).unwrap().unwrap();
    let report = &handoff.output;
    // Four reviewers said the same.
    let [finding] = report.findings.as_slice() else { panic!("{:?}", report.findings) };
    assert_eq!((finding.lines.first, finding.removed), (11, false));
    assert_eq!(finding.concerns, ["correctness", "security", "interfaces", "tests"]);
    assert_eq!((finding.ruling, finding.challenges.len()), (Some(Ruling::Holds), 2));
    assert_eq!((report.verdict, report.complete), (Outcome::RequestChanges, true));
    assert_eq!(report.files, ["src/pay.rs", "gone.md"]);
    assert_eq!(report.skipped, [("Cargo.lock".to_owned(), "a lock file".to_owned())]);
    assert_eq!(handoff.evidence[0].path, "src/pay.rs");
    assert_eq!(handoff.follow_ups, ["src/pay.rs:11 remove skip(1)"]);
    let asked = agents(&script);
    assert_eq!(asked.len(), 4 + 2);
    // What reviewers of the same files are told is the same up to the concern.
    let common = asked[0].prompt.split("under one concern").next().unwrap();
    assert!(common.contains("skip(1)") && common.contains("Faster sums."));
    assert!(asked[1..4].iter().all(|request| request.prompt.starts_with(common)));
    assert_ne!(asked[4].prompt, asked[5].prompt, "challengers come from different sides");
    let markdown = script.events().into_iter().find_map(|event| match event {
        Event::Artifact { bytes, .. } => Some(String::from_utf8(bytes).unwrap()),
        _ => None,
    });
    let markdown = markdown.unwrap();
    for part in ["## high: The first item is skipped", "challenged, and holds", "`Cargo.lock`"] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
}

#[test]
fn refuted_and_unfounded_findings_do_not_stand() {
    let script = Script::new().agents(|request| {
        if is_reviewer(request) {
            let quotes = ["items.iter().skip(1).sum()", "never_written()"];
            json!({ "findings": quotes.map(|quote| raw(quote, "medium")) })
        } else {
            verdict(true)
        }
    });
    let given = input(json!({ "patch": PATCH, "concerns": ["tests"], "challengers": 1 }));
    let report = script.run(|cx| run(cx, given)).unwrap().unwrap().output;
    assert_eq!((report.findings.len(), report.refuted.len(), report.unfounded.len()), (0, 1, 1));
    assert_eq!((report.verdict, report.complete), (Outcome::Approve, true));
}

#[test]
fn what_nobody_could_look_at_is_said() {
    let fail = || Failure::new(FailureKind::Failed, "x", "no answer");
    let script = Script::new().agents(move |request| {
        if !is_reviewer(request) || request.prompt.contains("one concern only, security") {
            return Reply::from(fail());
        }
        json!({ "findings": [raw("items.iter().skip(1).sum()", "low")] }).into()
    });
    let given = input(json!({ "patch": PATCH, "concerns": ["tests", "security"] }));
    let handoff = script.run(|cx| run(cx, given)).unwrap().unwrap();
    let report = &handoff.output;
    assert_eq!((report.verdict, report.complete), (Outcome::Comment, false));
    assert_eq!(report.failed.len(), 3, "one reviewer and two challengers");
    assert_eq!(report.findings[0].ruling, Some(Ruling::Undecided));
    assert!(handoff.summary.contains("NOT COMPLETE"), "{}", handoff.summary);

    let script = Script::new().agents(move |_| fail());
    let error = script.run(|cx| run(cx, input(json!({ "patch": PATCH })))).unwrap().unwrap_err();
    assert_eq!(error.failure().code, "x", "a review without any answer fails");
}

fn tool(request: &ToolRequest) -> Reply {
    match request.name.as_str() {
        "git/diff" => json!({
            "from": "a".repeat(40), "to": "b".repeat(40), "truncated": false,
            "files": [
                { "path": "src/pay.rs", "status": "modified", "binary": false, "patch": PATCH },
                { "path": "logo.png", "status": "added", "binary": true },
            ],
        })
        .into(),
        "exec" => {
            let stdout = match request.input["argv"][1].as_str().unwrap() {
                "diff" => PATCH,
                _ => "new.rs\nimage.bin\n",
            };
            json!({ "status": 0, "stdout": stdout, "stderr": "" }).into()
        }
        _ => Refusal {
            kind: RefusalKind::NotFound,
            code: "unknown-tool".into(),
            message: "there is none".into(),
            hint: String::new(),
        }
        .into(),
    }
}

#[test]
fn changes_come_from_revisions_the_working_tree_and_files() {
    let nothing = |_: &AgentRequest| json!({ "findings": [] });
    let reviewed = |given: Value| {
        let script = Script::new()
            .agents(nothing)
            .tools(tool)
            .file("change.patch", PATCH)
            .file("new.rs", "fn new() {}\n")
            .file("image.bin", vec![0xff, 0xfe]);
        let report = script.run(|cx| run(cx, input(given))).unwrap().map(|handoff| handoff.output);
        (report, script.events())
    };
    let (report, events) = reviewed(json!({ "base": "main", "head": "HEAD" }));
    let report = report.unwrap();
    assert_eq!(report.skipped[1], ("logo.png".to_owned(), "not a text".to_owned()));
    let wanted = json!({ "from": "main", "to": "HEAD", "merge_base": true });
    assert!(events.iter().any(|event| matches!(event, Event::Tool(call) if call.input == wanted)));
    assert_eq!(report.change, "main (aaaaaaaaaaaa) to HEAD (bbbbbbbbbbbb)");

    let (report, _) = reviewed(json!({}));
    let report = report.unwrap();
    assert_eq!(report.files, ["src/pay.rs", "gone.md", "new.rs"]);
    assert_eq!(report.skipped[1].0, "image.bin");

    let (report, _) = reviewed(json!({ "patch_file": "change.patch", "include": ["src"] }));
    assert_eq!(report.unwrap().files, ["src/pay.rs"]);

    for (wrong, code) in [
        (json!({ "base": "main", "patch": PATCH }), "input"),
        (json!({ "patch": "nothing" }), "nothing-to-review"),
        (json!({ "patch": PATCH, "include": ["elsewhere"] }), "nothing-to-review"),
        (json!({ "patch_file": "absent.patch" }), "not-found"),
    ] {
        assert_eq!(reviewed(wrong.clone()).0.unwrap_err().failure().code, code, "{wrong}");
    }
}

#[test]
fn a_line_outside_of_the_patch_may_be_cited_where_the_files_are_there() {
    let script = Script::new()
        .tools(tool)
        .file("src/other.rs", "fn a() {}\nfn caller() { total(&[1]); }\n")
        .file("new.rs", "fn new() {}\n")
        .agents(|request| {
            if !is_reviewer(request) {
                return verdict(false);
            }
            let mut finding = raw("fn caller() { total(&[1]); }", "low");
            finding["path"] = json!("src/other.rs");
            json!({ "findings": [finding] })
        });
    let given = input(json!({ "concerns": ["interfaces"] }));
    let report = script.run(|cx| run(cx, given)).unwrap().unwrap().output;
    assert_eq!((report.findings[0].lines.first, report.findings[0].severity), (2, Severity::Low));
}

#[test]
fn large_changes_are_cut_into_parts_and_limits_are_said() {
    let part = |path: &str, lines: usize| {
        let added: String = (0..lines).map(|n| format!("+let value_{n} = {n};\n")).collect();
        format!(
            "diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -0,0 +1,{lines} @@\n{added}"
        )
    };
    let patch =
        format!("{}{}{}", part("a.rs", 1_000), part("b.rs", 1_000), part("huge.rs", 20_000));
    let script = Script::new().agents(|request| {
        if !is_reviewer(request) {
            return verdict(false);
        }
        let findings: Vec<Value> = (0..3)
            .map(|n| {
                let mut finding = raw(&format!("let value_{n} = {n};"), "low");
                finding["path"] =
                    json!(if request.prompt.contains("a.rs") { "a.rs" } else { "b.rs" });
                finding
            })
            .collect();
        json!({ "findings": findings })
    });
    let given = json!({ "patch": patch, "concerns": [{ "name": "own", "question": "Is it good?" }],
        "max_findings": 4, "challengers": 0 });
    let report = script.run(|cx| run(cx, input(given))).unwrap().unwrap().output;
    assert_eq!(agents(&script).len(), 2, "two batches, one concern, no challengers");
    assert_eq!((report.findings.len(), report.omitted, report.complete), (4, 2, false));
    assert_eq!((report.findings[0].ruling, report.verdict), (None, Outcome::Comment));
    assert_eq!(report.skipped[0].0, "huge.rs");
}

#[test]
fn unknown_keys_of_the_input_are_refused() {
    for wrong in [json!({ "bse": "main" }), json!({ "concerns": ["beauty"] })] {
        assert!(serde_json::from_value::<Input>(wrong).is_err());
    }
}
