#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_guest::testing::Script;
use docs_audit_analysis::work::{Audited, Bounds, Challenged};
use docs_audit_analysis::{Check, Kind, Verdict};

use super::*;

fn task(input: Work) -> Task<Work> {
    Task {
        id: "run_1/1".into(),
        attempt: 1,
        prompt: String::new(),
        input,
        schema: None,
        corrections: Vec::new(),
        options: Default::default(),
    }
}

#[test]
fn audits_files_and_challenges_what_it_found() {
    let script = Script::new()
        .file("docs/a.md", "[gone](gone.md) [case](B.md) [fine](b.md) [dir](../docs)\n")
        .file("docs/b.md", "# B\n");
    let work = Work::Audit {
        files: vec!["docs/a.md".into(), "docs/none.md".into()],
        checks: Check::ALL.to_vec(),
        bounds: Bounds::share(1),
    };
    let handoff = perform(script.agent_cx(), task(work)).unwrap();
    let audited: Audited = serde_json::from_value(handoff.output).unwrap();
    let found: Vec<(Kind, &str)> =
        audited.findings.iter().map(|finding| (finding.kind, finding.subject.as_str())).collect();
    assert_eq!(found, [(Kind::MissingFile, "docs/gone.md"), (Kind::MissingFile, "docs/B.md")]);
    assert!(audited.unread.contains_key("docs/none.md"), "{:?}", audited.unread);

    let mut findings = audited.findings;
    findings[0].subject = "docs/b.md".into();
    findings[0].place.quote = "[fine](b.md)".into();
    let handoff = perform(script.agent_cx(), task(Work::Challenge { findings })).unwrap();
    let challenged: Challenged = serde_json::from_value(handoff.output).unwrap();
    let verdicts: Vec<Verdict> = challenged.verdicts.iter().map(|judged| judged.verdict).collect();
    assert_eq!(verdicts, [Verdict::Refuted, Verdict::Upheld]);
    assert!(challenged.verdicts[1].reason.contains("upper and lower case"), "{challenged:?}");
}
