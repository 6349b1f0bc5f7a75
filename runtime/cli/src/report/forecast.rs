//! What was expected of a run, and what became of it.

use baton_core::forecast::{Figures, Forecast, Range};
use baton_core::handoff::Usage;

use super::Report;
use super::head::took;
use super::html::Html;
use crate::text::{count, dollars, duration, one_line, plural};

/// What is counted: its name, what was expected of it, where it stands in a usage, and its words.
type Row = (&'static str, Range, fn(&Usage) -> u64, fn(u64) -> String);

/// The section about the forecast of a run.
pub fn write(html: &mut Html, report: &Report, forecast: &Forecast) {
    let ended = report.row.state.is_final();
    html.of("table", "", |html| {
        html.fixed(
            "<thead><tr><th></th><th>what</th><th class=\"num\">expected</th>\
             <th class=\"num\">likely</th><th class=\"num\">actual</th><th></th></tr></thead>",
        );
        html.of("tbody", "", |html| {
            let used = &report.totals.used;
            let agents = report.row.usage.agents;
            let total = Usage { agents, wall_ms: took(report), ..*used };
            figures(html, "the run", &forecast.total, Some(&total), true, ended);
            for phase in &forecast.phases {
                let title = phase.title.clone().unwrap_or_default();
                let actual = report.totals.phases.iter().find(|(name, _)| *name == title);
                let title = if title.is_empty() { "no phase".to_owned() } else { one_line(&title) };
                // Agents of a phase work at once, so the sum of their times says nothing of its time.
                let actual = actual.map(|(_, usage)| usage);
                figures(html, &title, &phase.figures, actual, false, ended);
            }
        });
    });
    let basis = &forecast.basis;
    let tokenizer = match one_line(&basis.tokenizer) {
        name if name.is_empty() => name,
        name => format!(", tokens counted by {name}"),
    };
    let words = format!(
        "It rests on {} and {}{tokenizer}.",
        plural(basis.seeds.into(), "dry run"),
        plural(basis.runs.into(), "earlier run")
    );
    html.line("p", "dim", &words);
    for note in &forecast.notes {
        html.line("p", "dim", &one_line(note));
    }
}

fn figures(
    html: &mut Html,
    whose: &str,
    figures: &Figures,
    actual: Option<&Usage>,
    with_time: bool,
    ended: bool,
) {
    let number = |number: u64| number.to_string();
    let rows: [Row; 5] = [
        ("agents", figures.agents, |usage| usage.agents, number),
        ("input tokens", figures.input_tokens, |usage| usage.input_tokens, count),
        ("output tokens", figures.output_tokens, |usage| usage.output_tokens, count),
        ("cost", figures.cost_micro_usd, |usage| usage.cost_micro_usd, dollars),
        ("time", figures.wall_ms, |usage| usage.wall_ms, duration),
    ];
    let wanted = rows
        .iter()
        .filter(|(name, range, ..)| *range != Range::default() && (with_time || *name != "time"));
    for (index, (name, range, of, words)) in wanted.enumerate() {
        html.of("tr", "", |html| {
            html.line("td", "", if index == 0 { whose } else { "" });
            html.line("td", "", name);
            html.line("td", "num", &format!("{} – {}", words(range.low), words(range.high)));
            html.line("td", "num", &words(range.likely));
            let actual = actual.map(of);
            html.line("td", "num", &actual.map(words).unwrap_or_default());
            let verdict = match actual {
                Some(actual) if actual > range.high => "above",
                Some(_) if !ended => "",
                Some(actual) if actual < range.low => "below",
                Some(_) => "within",
                None => "",
            };
            html.line("td", "dim", verdict);
        });
    }
}
