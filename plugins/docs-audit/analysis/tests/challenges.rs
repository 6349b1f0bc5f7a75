//! Challengers refute what does not hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use docs_audit_analysis::work::Bounds;
use docs_audit_analysis::{Check, Finding, Kind, Memory, Verdict, audit, challenge, crosscheck};

fn tree() -> Memory {
    let long = "Before each release you must run the slow tests on all three systems, and do not publish \
                while one of them still fails.";
    Memory::new([
        (
            "a.md",
            format!(
                "# A\n\n[gone](gone.md) [lost](b.md#lost)\n\n- {long}\n- `A_JOBS` defaults to `4`.\n"
            ),
        ),
        (
            "b.md",
            format!("# B\n\n- {long}\n- `A_JOBS` defaults to `8`.\n\n```\n[gone](gone.md)\n```\n"),
        ),
        ("SKILL.md", "---\nname: x\n---\n".to_string()),
    ])
}

fn findings() -> Vec<Finding> {
    let files: Vec<String> = ["a.md", "b.md", "SKILL.md"].map(String::from).to_vec();
    let mut audited = audit::audit(&tree(), &files, &Check::ALL, Bounds::share(1));
    audited.findings.append(&mut crosscheck::compare(&mut audited.facts, &Check::ALL));
    audited.findings
}

fn of(kind: Kind) -> Finding {
    findings().into_iter().find(|finding| finding.kind == kind).unwrap()
}

fn check(finding: Finding, verdict: Verdict, reason: &str) {
    let judged = challenge::challenge(&tree(), std::slice::from_ref(&finding)).verdicts.remove(0);
    assert_eq!(judged.verdict, verdict, "{judged:?} {finding:?}");
    assert!(judged.reason.contains(reason), "{judged:?}");
}

#[test]
fn what_the_rules_found_is_upheld() {
    let found = findings();
    assert_eq!(found.len(), 5, "{found:?}");
    for finding in found {
        check(finding, Verdict::Upheld, "");
    }
}

#[test]
fn a_lie_is_refuted() {
    let changed = |kind: Kind, change: &dyn Fn(&mut Finding)| {
        let mut finding = of(kind);
        change(&mut finding);
        finding
    };
    let cases = [
        (changed(Kind::MissingFile, &|it| it.place.lines.first = 1), "do not hold the quote", true),
        (
            changed(Kind::MissingFile, &|it| it.place.quote.push('x')),
            "do not hold the quote",
            false,
        ),
        (
            changed(Kind::MissingFile, &|it| it.place.digest = "sha256:0".into()),
            "not the file",
            false,
        ),
        (
            changed(Kind::MissingFile, &|it| {
                it.subject = "b.md".into();
                it.place.quote = "[lost](b.md#lost)".into();
            }),
            "exists",
            false,
        ),
        (changed(Kind::MissingFile, &|it| it.subject = "other.md".into()), "does not name", false),
        (
            changed(Kind::MissingFile, &|it| {
                it.place.path = "b.md".into();
                it.place.lines = docs_audit_analysis::Lines::one(7);
                it.place.digest.clear();
            }),
            "code block",
            false,
        ),
        (changed(Kind::MissingAnchor, &|it| it.subject = "b.md#b".into()), "reads like", false),
        (changed(Kind::FrontMatterField, &|it| it.subject = "name".into()), "begins with", false),
        (
            changed(Kind::RepeatedInstruction, &|it| {
                it.others[0].lines = docs_audit_analysis::Lines::one(4);
                it.others[0].quote = "A_JOBS".into();
            }),
            "in this order",
            false,
        ),
        (
            changed(Kind::ContradictingSetting, &|it| it.subject = "B_JOBS".into()),
            "do not state",
            false,
        ),
    ];
    for (finding, reason, wider) in cases {
        // A range that is too wide still holds the quote.
        let (verdict, reason) =
            if wider { (Verdict::Upheld, "") } else { (Verdict::Refuted, reason) };
        check(finding, verdict, reason);
    }
}
