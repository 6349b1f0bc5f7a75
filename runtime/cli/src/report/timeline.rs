//! When tasks waited, worked and ended: a bar for each.

use baton_core::ids::Timestamp;
use baton_journal::rows::{State, TaskRow};

use super::head::took;
use super::html::{Anchor, At, Html};
use super::{LANES_MAX, Report};
use crate::text::{duration, one_line};

/// Width of a bar's drawing, in units of its own.
const WIDTH: u64 = 1_000;
/// Marks of failed attempts on one bar.
const MARKS_MAX: usize = 50;

/// The section with the bars.
pub fn write(html: &mut Html, report: &Report) {
    let scale = Scale { began: report.row.created, whole: took(report).max(1) };
    let end = report.row.created.plus_ms(scale.whole);
    key(html);
    html.of("div", "time", |html| {
        html.line("div", "", "");
        html.of("div", "axis", |html| {
            for quarter in 0..=4 {
                html.line("span", "", &duration(scale.whole * quarter / 4));
            }
        });
        html.line("div", "", "");
        for task in report.tasks.iter().take(LANES_MAX) {
            lane(html, report, task, scale, end);
        }
    });
    if report.tasks.len() > LANES_MAX {
        let more = report.tasks.len() - LANES_MAX;
        html.line("p", "cut", &format!("{more} tasks are left out here; the tree has them"));
    }
}

#[derive(Clone, Copy)]
struct Scale {
    began: Timestamp,
    whole: u64,
}

impl Scale {
    fn at(self, moment: Timestamp) -> u64 {
        let passed = u128::from(moment.since(self.began)) * u128::from(WIDTH);
        u64::try_from(passed / u128::from(self.whole)).unwrap_or(WIDTH).min(WIDTH)
    }
}

fn key(html: &mut Html) {
    html.of("div", "key", |html| {
        for (class, words) in [
            ("queued", "waits"),
            ("works", "at work"),
            ("ran", "done"),
            ("broke", "failed"),
            ("left", "cancelled"),
            ("asks", "a person is asked"),
        ] {
            html.of("span", "", |html| {
                html.element("svg", &[At::Fixed("viewBox", "0 0 10 10")], |html| {
                    bar(html, class, 0, 10, 10);
                });
                html.text(words);
            });
        }
    });
}

fn lane(html: &mut Html, report: &Report, task: &TaskRow, scale: Scale, end: Timestamp) {
    let anchor = Anchor::of(&task.path);
    let label = task.label.as_deref().map_or_else(|| task.kind.clone(), one_line);
    html.of("div", "what", |html| {
        html.element("a", &[At::Link(&anchor), At::Hint(&label)], |html| {
            html.text(&format!("/{} {label}", task.path));
        });
    });
    let ended = task.ended.unwrap_or(end);
    let began = task.started.unwrap_or(ended).min(ended);
    let class = match task.state {
        State::Failed => "broke",
        State::Cancelled => "left",
        _ if task.kind == "gate" => "asks",
        State::Done => "ran",
        _ => "works",
    };
    // A timer or gate begins when it is asked for.
    let began = if matches!(task.kind.as_str(), "gate" | "timer") { task.spawned } else { began };
    html.element(
        "svg",
        &[At::Fixed("viewBox", "0 0 1000 14"), At::Fixed("preserveAspectRatio", "none")],
        |html| {
            bar(html, "lane", 0, WIDTH, 14);
            let (asked, from, to) = (scale.at(task.spawned), scale.at(began), scale.at(ended));
            bar(html, "queued", asked, from.saturating_sub(asked), 14);
            if task.started.is_some() || task.ended.is_some() || class == "asks" {
                bar(html, class, from, to.saturating_sub(from).max(2), 14);
            }
            for broke in report.broke.get(&task.path).into_iter().flatten().take(MARKS_MAX) {
                bar(html, "mark", scale.at(*broke), 3, 14);
            }
        },
    );
    html.line("div", "took", &duration(ended.since(began)));
}

fn bar(html: &mut Html, class: &'static str, x: u64, width: u64, height: u64) {
    if width == 0 {
        return;
    }
    let attributes = [
        At::Fixed("class", class),
        At::Number("x", x),
        At::Number("y", 0),
        At::Number("width", width),
        At::Number("height", height),
    ];
    html.element("rect", &attributes, |_| {});
}
