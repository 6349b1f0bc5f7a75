//! What was consumed, by phase, model and task.

use baton_core::handoff::Usage;

use super::html::Html;
use super::{Report, tree};
use crate::text::{count, dollars, one_line, plural, signed_dollars};
use crate::totals::Totals;

/// Tasks in the table of the most expensive ones.
const TASKS_MAX: usize = 25;

/// The section with the tables.
pub fn write(html: &mut Html, report: &Report) {
    phases(html, &report.totals);
    models(html, &report.totals);
    tasks(html, report);
    remarks(html, &report.totals);
}

fn phases(html: &mut Html, totals: &Totals) {
    let phases: Vec<_> =
        totals.phases.iter().filter(|(_, usage)| *usage != Usage::default()).collect();
    if phases.is_empty() {
        return;
    }
    html.line("h3", "", "by phase");
    table(html, ["phase", "agents"], |html| {
        for (title, usage) in phases {
            let title = one_line(title);
            let title = if title.is_empty() { "no phase" } else { &title };
            let name = |html: &mut Html| {
                html.text(title);
            };
            row(html, name, &usage.agents.to_string(), usage);
        }
    });
}

fn models(html: &mut Html, totals: &Totals) {
    if totals.models.is_empty() {
        return;
    }
    html.line("h3", "", "by model");
    table(html, ["model", "calls"], |html| {
        for (backend, used) in &totals.models {
            let calls = if used.calls > 0 { used.calls.to_string() } else { String::new() };
            let name = |html: &mut Html| {
                html.text(&one_line(backend));
            };
            row(html, name, &calls, &used.usage);
        }
    });
}

fn tasks(html: &mut Html, report: &Report) {
    let mut tasks: Vec<_> = report
        .tasks
        .iter()
        .filter(|task| {
            task.kind != "workflow" && (task.usage.tokens() > 0 || task.usage.cost_micro_usd > 0)
        })
        .collect();
    tasks.sort_by_key(|task| std::cmp::Reverse((task.usage.cost_micro_usd, task.usage.tokens())));
    if tasks.is_empty() {
        return;
    }
    html.line("h3", "", "the most expensive tasks");
    table(html, ["task", "attempts"], |html| {
        for task in tasks.iter().take(TASKS_MAX) {
            let label = task.label.as_deref().map(one_line).unwrap_or_default();
            let name = |html: &mut Html| {
                tree::link(html, &task.path);
                html.text(" ").text(&label);
            };
            row(html, name, &task.attempts.to_string(), &task.usage);
        }
    });
}

/// What no row of a table says.
fn remarks(html: &mut Html, totals: &Totals) {
    if totals.failed.attempts > 0 {
        let lost = &totals.failed.usage;
        let words = format!(
            "{} came to nothing, with {} tokens and {}.",
            plural(totals.failed.attempts, "attempt"),
            count(lost.tokens()),
            dollars(lost.cost_micro_usd)
        );
        html.line("p", "dim", &words);
    }
    if !totals.ladders.passed.is_empty() {
        let saved = signed_dollars(totals.ladders.saved_micro_usd);
        let words = format!("Ladders of models saved {saved} against their last step alone.");
        html.line("p", "dim", &words);
    }
    if totals.used.estimated_calls > 0 {
        let words = format!(
            "~ marks numbers of which a part is an estimate: of {} nobody said what it took.",
            plural(totals.used.estimated_calls, "call")
        );
        html.line("p", "dim", &words);
    }
}

/// Whether anything was consumed.
#[must_use]
pub fn is_empty(report: &Report) -> bool {
    report.totals.phases.iter().all(|(_, usage)| *usage == Usage::default())
        && report.totals.models.is_empty()
}

fn table(html: &mut Html, [what, beside]: [&'static str; 2], rows: impl FnOnce(&mut Html)) {
    html.of("table", "", |html| {
        html.of("thead", "", |html| {
            html.of("tr", "", |html| {
                html.line("th", "", what).line("th", "num", beside);
                for name in ["in", "cached", "out", "cost"] {
                    html.line("th", "num", name);
                }
            });
        });
        html.of("tbody", "", rows);
    });
}

fn row(html: &mut Html, name: impl FnOnce(&mut Html), beside: &str, usage: &Usage) {
    let about = if usage.estimated_calls > 0 { "~" } else { "" };
    html.of("tr", "", |html| {
        html.of("td", "", name);
        html.line("td", "num", beside);
        for tokens in [usage.input_tokens, usage.cached_tokens, usage.output_tokens] {
            html.line("td", "num", &format!("{about}{}", count(tokens)));
        }
        html.line("td", "num", &format!("{about}{}", dollars(usage.cost_micro_usd)));
    });
}
