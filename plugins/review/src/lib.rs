//! Reviews a change: reviewers by concern in parallel, challengers that open the cited lines again
//! and try to refute each finding, and one report.

mod change;
mod finding;
mod input;
mod prompt;
mod report;

use baton_guest::prelude::*;

use crate::change::{Change, find, obtain};
use crate::finding::{Finding, Lines, Raw, Reviewed};
use crate::input::Input;
use crate::report::Report;

/// Entries of evidence at the most; the output names the rest.
const EVIDENCE_MAX: usize = 1_000;
/// Tools of the agents, as far as they are granted, beside those for files.
const TOOLS: [&str; 2] = ["git/*", "code/*"];
/// Name of the report among the artifacts.
const ARTIFACT: &str = "review.md";

/// Runs the review.
///
/// `.git` is read by the tools that show revisions; agents do not open what lies in it, where the
/// addresses of remotes may hold keys.
///
/// # Errors
/// When there is no change to review, or no reviewer brought an answer.
#[baton_guest::workflow(
    name = "review",
    description = "Reviews a change (a branch, a patch, or the working tree): reviewers by concern, \
                   challengers that try to refute each finding, one report. Needs a model.",
    phases("change", "review", "challenge", "report"),
    read("**/*", ".git/**"),
    agents,
    tools("git/diff", "git/show", "git/file", "git/log", "git/blame", "code/*"),
    exec(
        "git diff --no-color --no-ext-diff --no-textconv HEAD",
        "git ls-files --others --exclude-standard"
    ),
    write(),
    http(),
    env(),
    secrets(),
    agent_types(
        reviewer(
            description = "Looks for defects that a change brings, under one concern.",
            system = "You review changes of software. You are exact: you open files before you \
                      claim something about them, you follow the code through, and you report only \
                      what you can show. You never change anything.",
            read("[!.]*", "[!.]*/**", ".github/**")
        ),
        challenger(
            description = "Tries to refute a finding of a reviewer.",
            system = "You check claims of others about software, and you do not believe them. You \
                      open the cited lines yourself, follow the code through, and decide by what \
                      stands there. You never change anything.",
            read("[!.]*", "[!.]*/**", ".github/**")
        )
    ),
    budget(agents = 1_000),
    input_schema = "input.schema.json"
)]
pub async fn run(cx: Cx, input: Option<Input>) -> Result<Handoff<Report>> {
    let input = input.unwrap_or_default();
    cx.report().phase("change");
    let change = obtain(&cx, &input).await?;
    let mut report = Report::of(&change);
    log!(cx, "{}: {} files to review", change.title, change.parts.len());

    cx.report().phase("review");
    let mut findings = review(&cx, &input, &change, &mut report).await?;
    report.omitted = findings.len().saturating_sub(input.findings_max());
    findings.truncate(input.findings_max());

    cx.report().phase("challenge");
    challenge(&cx, &input, &change, &mut findings, &mut report).await;

    cx.report().phase("report");
    report.conclude(findings);
    hand_off(&cx, report)
}

/// What all reviewers bring: findings whose quotes are where they say, each once, the gravest first.
async fn review(
    cx: &Cx,
    input: &Input,
    change: &Change,
    report: &mut Report,
) -> Result<Vec<Finding>> {
    let (batches, concerns) = (change.batches(), input.concerns());
    let mut calls = Vec::new();
    let mut asked = Vec::new();
    for parts in &batches {
        for concern in &concerns {
            let label = match parts {
                [only] => format!("{} of {}", concern.name, only.path),
                _ => format!("{} of {} files", concern.name, parts.len()),
            };
            let call = cx
                .agent(prompt::review(change, parts, input, concern))
                .schema::<Reviewed>()
                .agent_type("reviewer")
                .tools(TOOLS)
                .label(&label);
            calls.push(call);
            asked.push((label, concern.name.clone()));
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    let mut last = None;
    for ((label, concern), answer) in asked.iter().zip(join_all(calls).await) {
        let reviewed = match answer {
            Ok(reviewed) => reviewed,
            Err(error) => {
                report.failed.push((label.clone(), error.to_string()));
                last = Some(error);
                continue;
            }
        };
        for raw in reviewed.findings {
            match ground(cx, change, raw, concern) {
                Ok(finding) => match findings.iter_mut().find(|one| one.repeats(&finding)) {
                    Some(same) => same.absorb(finding),
                    None => findings.push(finding),
                },
                Err(raw) => report.unfounded.push(raw),
            }
        }
    }
    if let Some(error) = last.filter(|_| report.failed.len() == asked.len()) {
        return Err(error.into());
    }
    findings.sort_by(|a, b| (a.severity, &a.path, a.lines).cmp(&(b.severity, &b.path, b.lines)));
    Ok(findings)
}

/// Finds the lines that a finding quotes: in the change, or else in the file as it is now.
fn ground(cx: &Cx, change: &Change, raw: Raw, concern: &str) -> Result<Finding, Raw> {
    let in_change = change.part(&raw.path).and_then(|part| part.locate(&raw.quote, raw.line));
    let in_file = || {
        let text = change.on_disk.then(|| cx.files().read_text(&raw.path).ok()).flatten()?;
        let lines: Vec<(u32, String)> = (1..).zip(text.lines().map(str::to_owned)).collect();
        find(&lines, &raw.quote, raw.line).map(|(first, last)| (first, last, false))
    };
    let Some((first, last, removed)) = in_change.or_else(in_file) else { return Err(raw) };
    Ok(Finding {
        title: raw.title,
        severity: raw.severity,
        path: raw.path,
        lines: Lines { first, last },
        removed,
        quote: raw.quote,
        why: raw.why,
        fix: raw.fix,
        concerns: vec![concern.to_owned()],
        ruling: None,
        challenges: Vec::new(),
    })
}

/// Sets challengers on every finding.
async fn challenge(
    cx: &Cx,
    input: &Input,
    change: &Change,
    findings: &mut [Finding],
    report: &mut Report,
) {
    let challengers = input.challengers();
    let verifications = findings.iter().map(|finding| {
        verify(challengers, |number| {
            cx.agent(prompt::challenge(change, finding, number))
                .schema::<Verdict>()
                .agent_type("challenger")
                .tools(TOOLS)
                .label(format!("{} {}: {}", finding.path, number + 1, finding.title))
        })
    });
    let verifications = join_all(verifications.collect::<Vec<_>>()).await;
    for (finding, verification) in findings.iter_mut().zip(verifications) {
        finding.judge(&verification);
        for error in verification.verdicts.iter().filter_map(|verdict| verdict.as_ref().err()) {
            report.failed.push((format!("challenger of {}", finding.title), error.to_string()));
        }
    }
}

fn hand_off(cx: &Cx, report: Report) -> Result<Handoff<Report>> {
    let markdown = report.markdown();
    let artifact = cx.report().artifact(ARTIFACT, "text/markdown", markdown.as_bytes())?;
    // Lines that are gone are nowhere to be opened.
    let cited = report.findings.iter().filter(|finding| !finding.removed).take(EVIDENCE_MAX);
    let evidence: Vec<Evidence> = cited
        .map(|one| Evidence::lines(&one.path, one.lines.first, one.lines.last, &one.title))
        .collect();
    let fixes: Vec<String> = report
        .findings
        .iter()
        .take(EVIDENCE_MAX)
        .map(|one| format!("{}:{} {}", one.path, one.lines.first, one.fix))
        .collect();
    let summary = report.headline();
    let handoff = Handoff::new(report).summary(summary).evidence(evidence).artifact(artifact);
    Ok(fixes.into_iter().fold(handoff, Handoff::follow_up))
}

#[cfg(test)]
mod tests;
