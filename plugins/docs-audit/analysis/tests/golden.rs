//! Every kind of true finding, and every known trap, in one small tree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use docs_audit_analysis::work::{Bounds, challenge_groups, groups};
use docs_audit_analysis::{
    Check, Memory, Report, Summary, audit, challenge, conclude, crosscheck, render_markdown,
    render_text,
};

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn corpus() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let file = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    let mut files: Vec<_> = files.into_iter().map(file).collect();
    files.sort();
    files
}

/// The whole audit as the workflow makes it, with all parts in one process.
fn run(files: &[(String, String)], checks: &[Check]) -> Report {
    let tree = Memory::new(files.iter().cloned());
    let markdown: Vec<(String, u64)> = files
        .iter()
        .filter(|(path, _)| path.ends_with(".md"))
        .map(|(path, text)| (path.clone(), text.len() as u64))
        .collect();
    let groups = groups(&markdown);
    let bounds = Bounds::share(groups.len());
    let (mut findings, mut facts) = (Vec::new(), Vec::new());
    for group in groups {
        let mut audited = audit::audit(&tree, &group, checks, bounds);
        findings.append(&mut audited.findings);
        facts.append(&mut audited.facts);
    }
    findings.append(&mut crosscheck::compare(&mut facts, checks));
    let (mut findings, _) = conclude::select(findings, 1_000);
    for group in challenge_groups(&findings) {
        let challenged = challenge::challenge(&tree, &findings[group.clone()]);
        conclude::judge(&mut findings, group, "challenger", challenged);
    }
    conclude::report(findings, Summary { files: markdown.len() as u64, ..Summary::default() })
}

fn lines(report: &Report) -> Vec<String> {
    let findings = report.findings.iter().map(|finding| {
        let mut others: Vec<String> =
            finding.others.iter().map(|place| format!("{}:{}", place.path, place.lines)).collect();
        others.sort();
        format!(
            "{}:{} {} {} [{}]",
            finding.place.path,
            finding.place.lines,
            finding.kind.name(),
            finding.subject,
            others.join(" ")
        )
    });
    findings.collect()
}

#[test]
fn the_corpus_has_exactly_these_findings() {
    let report = run(&corpus(), &Check::ALL);
    let expected = [
        ".claude/agents/reviewer.md:1-3 front-matter-field name []",
        "README.md:32 missing-file docs/gone.md [README.md:32]",
        "README.md:33 missing-file assets/lost.png []",
        "README.md:33 missing-file docs/Guide.md []",
        "README.md:33 undefined-label nobody defined []",
        "README.md:34 missing-anchor README.md#no-such-heading []",
        "README.md:34 missing-anchor docs/guide.md#no-such-part []",
        "README.md:35 missing-file docs/absent.md []",
        "README.md:37 missing-file assets/missing.svg []",
        "README.md:39 missing-file docs/not-there.md []",
        "agents/silent.md:1-4 front-matter-field description []",
        "docs/contributing.md:11 contradicting-setting MAX_JOBS [docs/guide.md:8]",
        "docs/contributing.md:15 contradicting-setting --page-size [docs/guide.md:19]",
        "docs/contributing.md:3-4 repeated-instruction 1 passage in 2 files [docs/guide.md:5-6]",
        "pkg/README.md:5 missing-file docs/gone-too.md []",
        "site/broken.md:2 front-matter-syntax front matter []",
        "skills/bad/SKILL.md:3 front-matter-syntax front matter []",
        "skills/bare/SKILL.md:1 front-matter-field front matter []",
        "skills/nameless/SKILL.md:1-3 front-matter-field description []",
        "skills/nameless/SKILL.md:2 front-matter-field name []",
        "vendor/a-1.0.0/README.md:1 repeated-file 2 equal files [vendor/b-1.0.0/README.md:1]",
    ];
    let mut expected: Vec<String> = expected.map(String::from).to_vec();
    let mut found = lines(&report);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert!(report.refuted.is_empty(), "{:?}", report.refuted);
}

#[test]
fn every_finding_was_challenged_and_quotes_its_lines() {
    let files = corpus();
    let report = run(&files, &Check::ALL);
    for finding in &report.findings {
        assert!(finding.challenge.is_some(), "{finding:?}");
        for place in std::iter::once(&finding.place).chain(&finding.others) {
            let (_, text) = files.iter().find(|(path, _)| *path == place.path).unwrap();
            let (first, last) = (place.lines.first as usize, place.lines.last as usize);
            let cited: Vec<&str> = text.lines().skip(first - 1).take(last + 1 - first).collect();
            assert!(cited.join("\n").contains(&place.quote), "{place:?}");
        }
    }
    assert_eq!(report.summary.unchallenged, 0);
}

#[test]
fn a_check_that_is_off_brings_nothing() {
    let files = corpus();
    for check in Check::ALL {
        let others: Vec<Check> = Check::ALL.into_iter().filter(|other| *other != check).collect();
        let all = lines(&run(&files, &Check::ALL)).len();
        assert_eq!(lines(&run(&files, &[check])).len() + lines(&run(&files, &others)).len(), all);
    }
}

#[test]
fn order_of_groups_does_not_matter_and_reports_are_stable() {
    let files = corpus();
    let report = run(&files, &Check::ALL);
    assert_eq!(report, run(&files, &Check::ALL));
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let mut ordered = report.findings.clone();
    ordered.sort_by(|left, right| left.order().cmp(&right.order()));
    assert_eq!(ordered, report.findings);
}

#[test]
fn people_can_read_it() {
    let report = run(&corpus(), &Check::ALL);
    let (text, markdown) = (render_text(&report), render_markdown(&report));
    for part in
        ["docs/Guide.md", "upheld by challenger", "fix: ", "21 findings in 24 Markdown files"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    for part in ["# Audit of documents", "## `README.md`", "| high |", "challenged by challenger"] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    assert!(!text.contains('\u{1b}'));
}
