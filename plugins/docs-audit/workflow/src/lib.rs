//! Audits a tree of Markdown: one agent per group of files in parallel, a comparison of what they
//! brought, challengers that try to refute each finding, and one report.

mod ground;
mod handoff;

use baton_guest::prelude::*;
use docs_audit_analysis::conclude::{judge, report, select};
use docs_audit_analysis::work::{
    Audited, Bounds, Challenged, Facts, Input, Task as Work, challenge_groups, groups,
};
use docs_audit_analysis::{Finding, Report, Summary, crosscheck, prompt};

/// The kind of agent that audits and challenges.
const AUDITOR: &str = "docs-auditor";

/// Runs the audit.
///
/// # Errors
/// Fails if the files cannot be listed, or if no auditor at all brought an answer.
#[baton_guest::workflow(
    name = "docs-audit",
    description = "Audits Markdown: references to what does not exist, broken front matter, \
                   repeated instructions, contradicting defaults; with a model also statements that \
                   the project contradicts. Every finding is challenged.",
    phases("survey", "audit", "cross-check", "challenge", "report"),
    read("**/*"),
    agents,
    agent_types(docs_auditor(
        description = "Audits Markdown files, and challenges findings about them.",
        backend = "component:docs-auditor",
        system = "You check documentation against the project it belongs to. You open what you talk \
                  about, you copy quotes exactly, and you report only what you can show. You never \
                  change anything."
    )),
    budget(agents = 1_000)
)]
pub async fn run(cx: Cx, input: Option<Input>) -> Result<Handoff<Report>> {
    let input = input.unwrap_or_default();
    cx.report().phase("survey");
    let files = survey(&cx, &input)?;
    let mut summary = Summary {
        files: files.len() as u64,
        bytes: files.iter().map(|(_, size)| size).sum(),
        ..Summary::default()
    };

    cx.report().phase("audit");
    let (mut findings, mut facts) = audit(&cx, &input, &files, &mut summary).await?;

    cx.report().phase("cross-check");
    findings.append(&mut crosscheck::compare(&mut facts, &input.checks()));
    drop(facts);
    let (findings, mut unfounded) = ground::ground(&cx, findings);
    let (mut findings, omitted) = select(findings, input.findings_max());
    summary.omitted += omitted;

    cx.report().phase("challenge");
    challenge(&cx, &mut findings).await;

    cx.report().phase("report");
    findings.append(&mut unfounded);
    findings.sort_by(|left, right| left.order().cmp(&right.order()));
    handoff::write(&cx, report(findings, summary))
}

/// The files to audit with their sizes.
fn survey(cx: &Cx, input: &Input) -> Result<Vec<(String, u64)>> {
    let selection = cx.files().select(input.patterns()).exclude(input.exclude.clone()).hidden();
    let listing = selection.list()?;
    if listing.truncated {
        log!(cx, warn, "the tree has more files than one listing can name; the rest is left out");
    }
    log!(cx, "{} Markdown files", listing.entries.len());
    Ok(listing.entries.into_iter().map(|entry| (entry.path, entry.size)).collect())
}

/// What all auditors bring. The files of an auditor that failed are named as unread.
async fn audit(
    cx: &Cx,
    input: &Input,
    files: &[(String, u64)],
    summary: &mut Summary,
) -> Result<(Vec<Finding>, Vec<Facts>)> {
    let checks = input.checks();
    let groups = groups(files);
    let bounds = Bounds::share(groups.len());
    let calls = groups.iter().enumerate().map(|(at, group)| {
        let work = Work::Audit { files: group.clone(), checks: checks.clone(), bounds };
        let label = match group.as_slice() {
            [only] => only.clone(),
            _ => format!("group {} ({} files)", at + 1, group.len()),
        };
        cx.agent(prompt::audit(group, &checks))
            .input(&work)
            .schema::<Audited>()
            .label(label)
            .agent_type(AUDITOR)
    });
    let (mut findings, mut facts, mut failure) = (Vec::new(), Vec::new(), None);
    let answers = join_all(calls).await;
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    for (group, answer) in groups.iter().zip(answers) {
        match answer {
            Ok(mut audited) => {
                findings.append(&mut audited.findings);
                facts.append(&mut audited.facts);
                summary.unread.append(&mut audited.unread);
                summary.omitted += audited.omitted;
                summary.uncompared += audited.uncompared;
            }
            Err(error) => {
                let reason = error.to_string();
                summary.unread.extend(group.iter().map(|path| (path.clone(), reason.clone())));
                failure = Some(error);
            }
        }
    }
    summary.files -= summary.unread.len() as u64;
    match failure {
        Some(error) if failed == groups.len() => Err(error.into()),
        _ => Ok((findings, facts)),
    }
}

/// Lets challengers write their verdicts to the findings.
async fn challenge(cx: &Cx, findings: &mut [Finding]) {
    let groups = challenge_groups(findings);
    let calls: Vec<_> = groups
        .iter()
        .enumerate()
        .filter_map(|(at, group)| {
            let part = findings.get(group.clone())?.to_vec();
            let call = cx
                .agent(prompt::challenge(&part))
                .input(&Work::Challenge { findings: part })
                .schema::<Challenged>()
                .label(challenger(at))
                .agent_type(AUDITOR);
            Some(call)
        })
        .collect();
    let answers = join_all(calls).await;
    for (at, (group, answer)) in groups.into_iter().zip(answers).enumerate() {
        match answer {
            Ok(challenged) => judge(findings, group, &challenger(at), challenged),
            Err(error) => log!(cx, warn, "{} failed: {error}", challenger(at)),
        }
    }
}

/// The name of a challenger, as the report gives it.
fn challenger(at: usize) -> String {
    format!("challenger {}", at + 1)
}

#[cfg(test)]
mod tests;
