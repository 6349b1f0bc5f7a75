//! Limits hold, and what exceeds them is counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use docs_audit_analysis::work::{
    ANSWER_BYTES_MAX, Bounds, CHALLENGE_FINDINGS, FINDINGS_DEFAULT, FINDINGS_MAX, GROUP_BYTES,
    Input, challenge_groups, groups,
};
use docs_audit_analysis::{Check, Finding, Memory, audit, conclude};

/// A page with this many links to files that do not exist.
fn page(links: usize) -> String {
    (0..links).map(|at| format!("[a](gone-{at}.md)\n")).collect()
}

fn findings(count: usize) -> Vec<Finding> {
    let pages = count.div_ceil(audit::FILE_FINDINGS_MAX);
    let files: Vec<(String, String)> =
        (0..pages).map(|at| (format!("{at:04}.md"), page(audit::FILE_FINDINGS_MAX))).collect();
    let tree = Memory::new(files.iter().cloned());
    let paths: Vec<String> = files.into_iter().map(|(path, _)| path).collect();
    let mut found = Vec::new();
    for group in paths.chunks(4) {
        found.extend(audit::audit(&tree, group, &Check::ALL, Bounds::share(1)).findings);
    }
    found.truncate(count);
    assert_eq!(found.len(), count);
    found
}

#[test]
fn one_file_brings_at_most_its_share_of_findings() {
    let tree = Memory::new([("a.md", page(audit::FILE_FINDINGS_MAX + 7))]);
    let audited = audit::audit(&tree, &["a.md".into()], &Check::ALL, Bounds::share(1));
    assert_eq!((audited.findings.len(), audited.omitted), (audit::FILE_FINDINGS_MAX, 7));
}

#[test]
fn an_answer_keeps_within_bounds_and_bytes() {
    let text: String = (0..50)
        .map(|at| {
            format!("- Always run step {at} of the long list before any of the other {at} steps.\n")
        })
        .collect();
    let tree = Memory::new([("a.md", page(40)), ("b.md", text)]);
    let files = ["a.md".to_string(), "b.md".to_string()];
    let bounds = Bounds { findings: 30, facts: 20 };
    let audited = audit::audit(&tree, &files, &Check::ALL, bounds);
    assert_eq!((audited.findings.len(), audited.omitted), (30, 10));
    let passages: usize = audited.facts.iter().map(|facts| facts.passages.len()).sum();
    assert_eq!((passages, audited.uncompared), (20, 30));

    let mut small = audited.clone();
    small.fit(bounds, 4_000);
    assert!(serde_json::to_vec(&small).unwrap().len() <= 4_000);
    assert_eq!(small.findings.len() as u64 + small.omitted, 40);
}

#[test]
fn groups_are_of_moderate_size_and_number() {
    let small: Vec<(String, u64)> = (0..1_000).map(|at| (format!("{at:05}.md"), 2_000)).collect();
    let cut = groups(&small);
    assert_eq!(cut.concat().len(), 1_000);
    assert!(cut.iter().all(|group| group.len() as u64 * 2_000 <= GROUP_BYTES));

    for size in [0, 100, 8 << 20] {
        let many: Vec<(String, u64)> =
            (0..50_000).map(|at| (format!("{at:05}.md"), size)).collect();
        let cut = groups(&many);
        assert!(cut.len() <= 601, "{} groups of files of {size} bytes", cut.len());
        assert_eq!(cut.concat().len(), 50_000);
    }
    assert!(groups(&[]).is_empty());
}

#[test]
fn challengers_get_every_finding_once() {
    for count in [0, 1, CHALLENGE_FINDINGS, CHALLENGE_FINDINGS + 1, 9_000] {
        let found = findings(count);
        let cut = challenge_groups(&found);
        assert!(cut.len() <= 300, "{} challengers for {count}", cut.len());
        let given: Vec<usize> = cut.into_iter().flatten().collect();
        assert_eq!(given, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn a_report_fits_into_an_answer() {
    let (kept, omitted) = conclude::select(findings(5_000), 5_000);
    assert!(serde_json::to_vec(&kept).unwrap().len() <= ANSWER_BYTES_MAX);
    assert_eq!(kept.len() as u64 + omitted, 5_000);
    let (kept, omitted) = conclude::select(findings(20), 3);
    assert_eq!((kept.len(), omitted), (3, 17));
}

#[test]
fn the_number_of_findings_is_clamped() {
    for (asked, given) in [(None, FINDINGS_DEFAULT), (Some(0), 1), (Some(u32::MAX), FINDINGS_MAX)] {
        let input = Input { max_findings: asked, ..Input::default() };
        assert_eq!(input.findings_max(), given as usize);
    }
}
