//! The first lines: what run it is, how it ended, and what it took.

use baton_core::forecast::{Figures, Range};
use baton_core::handoff::Usage;
use baton_core::ids::TaskPath;
use baton_core::record::RunStarted;

use super::html::Html;
use super::{Report, when};
use crate::render::{self, detailed};
use crate::text::{count, dollars, duration, one_line, plural};
use crate::why::Telling;

/// The class of a word for a state.
#[must_use]
pub fn class(word: &str) -> &'static str {
    match word {
        "done" => "state good",
        "failed" => "state bad",
        "running" => "state busy",
        "interrupted" | "paused" | "waiting" => "state warn",
        _ => "state dim",
    }
}

/// The header.
pub fn write(html: &mut Html, report: &Report) {
    let Report { row, started, .. } = report;
    let (sign, word, _) = render::state(row.state, row.owned);
    html.of("header", "", |html| {
        html.of("h1", "", |html| {
            html.text(&one_line(&row.name)).text(" ");
            html.line("span", class(word), &format!("{sign} {word}"));
        });
        html.line("p", "id", row.run.as_str());
        let by = one_line(&started.by);
        let by = if by.is_empty() { by } else { format!(" by {by}") };
        html.line("p", "dim", &format!("started {}{by}", when(row.created)));
        origin(html, started);
    });
    html.of("div", "tiles", |html| tiles(html, report));
}

fn origin(html: &mut Html, started: &RunStarted) {
    if let Some(fork) = &started.fork {
        let edit = fork.edit.as_deref().map(|edit| format!("; changed: {}", one_line(edit)));
        let shared = plural(fork.records, "record");
        let words = format!(
            "forked from {} at its record {}, {shared} shared{}",
            fork.run,
            fork.at,
            edit.unwrap_or_default()
        );
        html.line("p", "dim", &words);
    }
    if let Some(run) = &started.follows {
        html.line("p", "dim", &format!("follows up {run}"));
    }
    if let Some(reuse) = &started.reuse {
        html.line("p", "dim", &format!("uses results of {}", reuse.run));
    }
}

/// Milliseconds from the beginning to the end, or to now.
#[must_use]
pub fn took(report: &Report) -> u64 {
    let row = &report.row;
    let ongoing = row.owned && !row.state.is_final();
    let until = if ongoing { report.standing.now } else { row.updated };
    until.since(row.created)
}

fn tiles(html: &mut Html, report: &Report) {
    let used = &report.totals.used;
    let about = if used.estimated_calls > 0 { "~" } else { "" };
    let tile = |html: &mut Html, name: &str, big: &str, more: &str| {
        html.of("div", "tile", |html| {
            html.line("div", "name", name).line("div", "big", big);
            if !more.is_empty() {
                html.line("div", "name", more);
            }
        });
    };
    let expected = |what: fn(&Figures) -> Range, words: fn(u64) -> String| {
        let Some(forecast) = &report.started.forecast else { return String::new() };
        let range = what(&forecast.total);
        if range == Range::default() {
            return String::new();
        }
        format!("expected {} to {}", words(range.low), words(range.high))
    };
    tile(html, "time", &duration(took(report)), &expected(|it| it.wall_ms, duration));
    tile(
        html,
        "cost",
        &format!("{about}{}", dollars(used.cost_micro_usd)),
        &expected(|it| it.cost_micro_usd, dollars),
    );
    let tokens = Usage { cost_micro_usd: 0, ..*used };
    let more = detailed(&tokens);
    tile(html, "tokens", &format!("{about}{}", count(used.tokens())), &more);
    let agents = report.row.usage.agents;
    let number = |number: u64| number.to_string();
    tile(html, "agents", &agents.to_string(), &expected(|it| it.agents, number));
    let failed = format!("{} failed", report.row.failed_tasks);
    tile(html, "tasks", &report.row.tasks.to_string(), &failed);
}

/// Why it is as it is.
pub fn why(html: &mut Html, report: &Report) {
    findings(html, report, &report.findings, true);
}

/// Statements, each with the records behind it.
pub fn findings(html: &mut Html, report: &Report, all: &[crate::why::Finding], of_run: bool) {
    let root = TaskPath::root();
    html.of("ul", "", |html| {
        for finding in all {
            let run = &report.row.run;
            let telling = Telling {
                run,
                task: &finding.task,
                about: if of_run { &root } else { &finding.task },
                owned: report.row.owned,
                now: report.standing.now,
            };
            let (words, hint) = finding.cause.words(telling);
            html.of("li", "", |html| {
                if of_run && !finding.task.is_root() {
                    super::tree::link(html, &finding.task);
                    html.text(": ");
                }
                html.text(&words);
                if !finding.records.is_empty() {
                    let numbers: Vec<String> =
                        finding.records.iter().take(8).map(ToString::to_string).collect();
                    let noun = if finding.records.len() == 1 { "record" } else { "records" };
                    html.line("span", "dim", &format!(" ({noun} {})", numbers.join(", ")));
                }
                if let Some(hint) = hint {
                    html.of("div", "hint", |html| prose(html, &hint));
                }
            });
        }
    });
}

/// Words in which code stands between backticks.
fn prose(html: &mut Html, words: &str) {
    for (index, piece) in words.split('`').enumerate() {
        if index % 2 == 1 {
            html.line("code", "", piece);
        } else {
            html.text(piece);
        }
    }
}
