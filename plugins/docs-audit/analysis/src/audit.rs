//! The audit of single files.

use crate::document::{BlockKind, Document};
use crate::passages::passages;
use crate::project::Projects;
use crate::references::References;
use crate::report::Check;
use crate::settings::settings;
use crate::tree::{Source, Tree};
use crate::work::{ANSWER_BYTES_MAX, Audited, Bounds, Facts, Opening};
use crate::{front_matter, rules, text};

/// Findings of one file at the most; the rest is counted as omitted.
pub const FILE_FINDINGS_MAX: usize = 200;
/// Longest opening line in bytes.
const OPENING_BYTES_MAX: usize = 120;

/// Audits files of a tree, one after the other, so that only one is in memory at a time. The answer
/// keeps within the bounds and has at most [`ANSWER_BYTES_MAX`] bytes as JSON.
pub fn audit(tree: &dyn Tree, files: &[String], checks: &[Check], bounds: Bounds) -> Audited {
    let projects = Projects::new(tree);
    let references = References::new(tree, &projects);
    let mut audited = Audited::default();
    for file in files {
        let Some(source) = tree.read(file) else {
            audited.unread.insert(file.clone(), "could not be read".into());
            continue;
        };
        let document = Document::new(&source.text);
        let mut findings = Vec::new();
        if !rules::is_fixture(file) {
            if checks.contains(&Check::References) {
                findings.extend(references.check(file, &source, &document));
            }
            if checks.contains(&Check::FrontMatter) {
                findings.extend(front_matter::check(file, &source));
            }
        }
        audited.omitted += findings.len().saturating_sub(FILE_FINDINGS_MAX) as u64;
        findings.truncate(FILE_FINDINGS_MAX);
        audited.findings.append(&mut findings);
        audited.facts.push(facts(file, &source, &document, &projects, checks));
    }
    audited.fit(bounds, ANSWER_BYTES_MAX);
    audited
}

fn facts(
    file: &str,
    source: &Source,
    document: &Document<'_>,
    projects: &Projects<'_>,
    checks: &[Check],
) -> Facts {
    let repetition = checks.contains(&Check::Repetition);
    let running = document.blocks.iter().filter(|block| block.kind != BlockKind::Heading);
    let opening = source.text.lines().zip(1..).find(|(line, _)| !line.trim().is_empty());
    Facts {
        path: file.into(),
        digest: source.digest.clone(),
        bytes: source.text.len() as u64,
        words: running.map(|block| text::words(&block.plain).len() as u64).sum(),
        project: projects.of(file).unwrap_or_default(),
        opening: opening.map(|(line, number)| Opening {
            line: number,
            quote: text::cut(line, OPENING_BYTES_MAX).into(),
        }),
        passages: if repetition { passages(file, document) } else { Vec::new() },
        settings: if checks.contains(&Check::Contradictions) {
            settings(file, document)
        } else {
            Vec::new()
        },
    }
}
