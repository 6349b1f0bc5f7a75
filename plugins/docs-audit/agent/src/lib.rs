//! The agent of `docs-audit`: audits Markdown files, and challenges findings about them. It needs
//! no model and no network.

mod disk;

use baton_guest::prelude::*;
use docs_audit_analysis::work::Task as Work;
use docs_audit_analysis::{audit, challenge};
use serde_json::Value;

use crate::disk::Disk;

/// Performs one audit or one challenge.
///
/// # Errors
/// Fails if the answer cannot be written as JSON.
#[baton_guest::agent(
    name = "docs-auditor",
    description = "Audits Markdown files for broken references, front matter, repetition and \
                   contradictions, and challenges such findings.",
    read("**/*")
)]
pub fn perform(cx: AgentCx, task: Task<Work>) -> Result<Handoff<Value>> {
    let mut disk = Disk::new(cx.files());
    match task.input {
        Work::Audit { files, checks, bounds } => {
            let mut audited = audit::audit(&disk, &files, &checks, bounds);
            for (path, reason) in &mut audited.unread {
                if let Some(why) = disk.why_unread(path) {
                    *reason = why;
                }
            }
            let summary = format!(
                "Audited {} files; {} findings.",
                audited.facts.len(),
                audited.findings.len()
            );
            Ok(Handoff::new(serde_json::to_value(audited)?).summary(summary))
        }
        Work::Challenge { findings } => {
            disk.list(&challenge::directories(&findings));
            let challenged = challenge::challenge(&disk, &findings);
            let summary = format!("Challenged {} findings.", findings.len());
            Ok(Handoff::new(serde_json::to_value(challenged)?).summary(summary))
        }
    }
}

#[cfg(test)]
mod tests;
