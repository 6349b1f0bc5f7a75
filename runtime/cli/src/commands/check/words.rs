//! A script in words.

use super::script::{Looked, requests};
use super::{fact, list};
use crate::consent::patterns;
use crate::consent::words::requested;
use crate::output::{BAD, BOLD, GOOD, WARN};
use crate::project::Project;
use crate::project::inspection::{AgentCall, Finding, Meta, Nested, Use};
use crate::project::script::Script;
use crate::text::{bytes, clean, dollars, nearest, one_line, pad, paint, plural};

/// Everything about a script for people.
#[must_use]
pub fn text(
    script: &Script,
    workflows: &[Looked<'_, Nested>],
    agent_types: &[Looked<'_, Use>],
    held: &str,
    project: &mut Project,
) -> String {
    let found = &script.inspection;
    let mut out = String::new();
    fact(&mut out, "file", &script.shown);
    if let (Some(digest), Some(text)) = (script.digest(), &script.text) {
        fact(&mut out, "digest", &digest.to_string());
        fact(&mut out, "size", &bytes(text.len() as u64));
    }
    if let Some(meta) = &found.meta {
        facts(&mut out, meta);
    }
    if found.meta.is_some() {
        list(&mut out, "Asks for", &words(script));
    }
    out.push_str(held);
    list(&mut out, "Agent calls", &calls(&found.agents));
    list(&mut out, "Nested workflows", &nested(workflows, project));
    list(&mut out, "Agent types", &types(agent_types, project));
    let uses = |uses: &[Use]| -> Vec<String> {
        uses.iter().map(|place| at(place.line, place.column, &place.name)).collect()
    };
    list(&mut out, "Only in Baton", &uses(&found.extensions));
    findings(&mut out, "Warnings", &found.warnings, WARN, script);
    findings(&mut out, "Errors", &found.errors, BAD, script);
    let verdict = if found.errors.is_empty() {
        paint(GOOD, "baton runs this script")
    } else {
        paint(BAD, "baton refuses this script")
    };
    out.push_str(&format!("\n{verdict}\n"));
    out
}

fn facts(out: &mut String, meta: &Meta) {
    fact(out, "name", &meta.name);
    fact(out, "says", &meta.description);
    if let Some(when) = &meta.when_to_use {
        fact(out, "when", when);
    }
    for (index, phase) in meta.phases.iter().enumerate() {
        let mut line = phase.title.clone();
        if let Some(detail) = &phase.detail {
            line.push_str(&format!(": {detail}"));
        }
        if let Some(model) = &phase.model {
            line.push_str(&format!(" ({model})"));
        }
        fact(out, if index == 0 { "phases" } else { "" }, &line);
    }
}

/// What a script asks for, in words.
fn words(script: &Script) -> Vec<String> {
    let requests = requests(script);
    let mut lines = Vec::new();
    match &requests.read {
        Some(layer) => {
            let what = patterns(layer);
            lines.push(format!("read {what} below the root that the operator grants"));
        }
        None => lines.push("read no files".into()),
    }
    lines.push("spawn agents".into());
    for name in &requests.workflows {
        lines.push(format!("run the workflow {}", one_line(name)));
    }
    let on_behalf = if requests.tools.is_empty() { "" } else { "let its tools " };
    for line in requested(&requests) {
        let own = ["call ", "run "].iter().any(|own| line.starts_with(own));
        lines.push(if own { line } else { format!("{on_behalf}{line}") });
    }
    let budget = &script.asked.budget;
    for (amount, unit) in [
        (budget.agents, "agents"),
        (budget.tokens, "tokens"),
        (budget.output_tokens, "output tokens"),
    ] {
        if let Some(amount) = amount {
            lines.push(format!("a budget of {amount} {unit}"));
        }
    }
    if let Some(amount) = budget.cost_micro_usd {
        lines.push(format!("a budget of {}", dollars(amount)));
    }
    lines
}

fn at(line: u32, column: u32, what: &str) -> String {
    format!("{} {}", pad(&format!("{line}:{column}"), 8), one_line(what))
}

fn calls(calls: &[AgentCall]) -> Vec<String> {
    let mut lines: Vec<String> = calls
        .iter()
        .map(|call| {
            let mut facts = vec![call.label.clone().unwrap_or_else(|| "agent".into())];
            facts.extend(call.model.as_ref().map(|model| format!("model {model}")));
            facts.extend(call.tier.as_ref().map(|tier| format!("tier {tier}")));
            if !call.ladder.is_empty() {
                facts.push(format!("ladder {}", call.ladder.join(" → ")));
            }
            if call.repeated {
                facts.push("any number of times".into());
            }
            at(call.line, call.column, &facts.join(", "))
        })
        .collect();
    let repeated = calls.iter().any(|call| call.repeated);
    if !calls.is_empty() {
        let bound = if repeated { "unbounded".into() } else { plural(calls.len() as u64, "agent") };
        lines.push(format!("{} {bound}", pad("at most", 8)));
    }
    lines
}

fn nested(workflows: &[Looked<'_, Nested>], project: &Project) -> Vec<String> {
    let mut lines = Vec::new();
    for Looked { place, found, problem } in workflows {
        let what = match (&place.name, &place.script_path) {
            (Some(name), _) => name.clone(),
            (None, Some(path)) => path.clone(),
            (None, None) => {
                let what = "a computed name: any workflow of the project or the person, or those \
                            that `meta.baton.workflows` names";
                lines.push(at(place.line, place.column, what));
                continue;
            }
        };
        let known = || nearest(&what, project.catalog.names()).map(ToOwned::to_owned);
        let what = looked(&what, found.as_deref(), problem.as_deref(), known);
        lines.push(at(place.line, place.column, &what));
    }
    lines
}

fn types(agent_types: &[Looked<'_, Use>], project: &mut Project) -> Vec<String> {
    let known = project.agent_types();
    agent_types
        .iter()
        .map(|Looked { place, found, problem }| {
            let names = || {
                nearest(&place.name, known.known.keys().map(String::as_str)).map(ToOwned::to_owned)
            };
            let what = looked(&place.name, found.as_deref(), problem.as_deref(), names);
            at(place.line, place.column, &what)
        })
        .collect()
}

fn looked(
    what: &str,
    found: Option<&str>,
    problem: Option<&str>,
    meant: impl Fn() -> Option<String>,
) -> String {
    match (found, problem) {
        (Some(found), None) => format!("{what}: {found}"),
        (Some(found), Some(problem)) => format!("{what}: {found}, but {problem}"),
        (None, Some(problem)) => format!("{what}: NOT FOUND: the call will reject; {problem}"),
        (None, None) => match meant() {
            Some(meant) => format!("{what}: NOT FOUND; did you mean `{meant}`?"),
            None => format!("{what}: NOT FOUND: the call will reject"),
        },
    }
}

fn findings(
    out: &mut String,
    title: &str,
    findings: &[Finding],
    style: anstyle::Style,
    script: &Script,
) {
    if findings.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint(BOLD, title)));
    for finding in findings {
        let text = finding.text(&script.shown);
        let text = clean(&text);
        let mut lines = text.lines();
        if let Some(first) = lines.next() {
            out.push_str(&format!("  {}\n", paint(style, first)));
        }
        for line in lines {
            out.push_str(format!("  {line}").trim_end());
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agent_calls_say_whether_their_number_is_bounded() {
        let call = |line, repeated| AgentCall { line, column: 3, repeated, ..AgentCall::default() };
        let labelled = AgentCall {
            label: Some("look\x1b[m".into()),
            model: Some("opus".into()),
            ..call(7, false)
        };
        assert_eq!(
            calls(&[call(2, false), labelled.clone()]),
            ["2:3      agent", "7:3      look[m, model opus", "at most  2 agents"]
        );
        let ladder = vec!["small".into(), "large".into()];
        let climbing = AgentCall { tier: Some("tiny".into()), ladder, ..call(3, false) };
        assert_eq!(calls(&[climbing])[0], "3:3      agent, tier tiny, ladder small → large");
        assert_eq!(
            calls(&[labelled, call(9, true)])[1..],
            ["9:3      agent, any number of times", "at most  unbounded"]
        );
        assert_eq!(calls(&[]), Vec::<String>::new());
    }
}
