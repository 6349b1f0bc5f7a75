//! The tasks as a tree that folds, each with what it was asked, how it ended and what was said.

use std::collections::BTreeMap;

use baton_core::handoff::Usage;
use baton_core::ids::{TaskId, TaskPath};
use baton_journal::rows::TaskRow;

use super::head::{class, findings};
use super::html::{Anchor, At, Html};
use super::{Report, TASKS_MAX, result, talk};
use crate::render;
use crate::text::{duration, one_line};

/// A link to a task on this page.
pub fn link(html: &mut Html, task: &TaskPath) {
    html.element("a", &[At::Link(&Anchor::of(task))], |html| {
        html.text(&format!("/{task}"));
    });
}

/// The section with the tree.
pub fn write(html: &mut Html, report: &Report) {
    let mut children: BTreeMap<TaskPath, Vec<&TaskRow>> = BTreeMap::new();
    for task in report.tasks.iter().take(TASKS_MAX) {
        children.entry(task.path.parent().unwrap_or_default()).or_default().push(task);
    }
    Tree { report, children }.below(html, &TaskPath::root());
    if report.talk.is_full() {
        let run = &report.row.run;
        let words = format!(
            "the page is full: what was asked and said later is left out here; `baton show {run}/N` \
             shows it of a task"
        );
        html.line("p", "cut", &words);
    }
    if report.tasks.len() > TASKS_MAX {
        let more = report.tasks.len() - TASKS_MAX;
        let words =
            format!("{more} tasks are left out here; `baton tree {}` shows all", report.row.run);
        html.line("p", "cut", &words);
    }
}

struct Tree<'a> {
    report: &'a Report,
    children: BTreeMap<TaskPath, Vec<&'a TaskRow>>,
}

impl Tree<'_> {
    /// The tasks below a workflow, those of a phase together where its first one stands.
    fn below(&self, html: &mut Html, parent: &TaskPath) {
        let tasks = self.children.get(parent).map(Vec::as_slice).unwrap_or_default();
        let mut phases: Vec<(Option<&str>, Vec<&TaskRow>)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for task in tasks {
            let Some(title) = task.phase.as_deref() else {
                phases.push((None, vec![task]));
                continue;
            };
            let place = *places.entry(title).or_insert_with(|| {
                phases.push((Some(title), Vec::new()));
                phases.len() - 1
            });
            if let Some((_, members)) = phases.get_mut(place) {
                members.push(task);
            }
        }
        for (title, tasks) in phases {
            if let Some(title) = title {
                html.line("div", "phase", &one_line(title));
            }
            for task in tasks {
                self.task(html, task);
            }
        }
    }

    fn task(&self, html: &mut Html, task: &TaskRow) {
        let report = self.report;
        let anchor = Anchor::of(&task.path);
        // Workflows show what is below them; what an agent called stands folded inside of it.
        let open = [At::Id(&anchor), At::Fixed("open", "")];
        let attributes = if task.kind == "workflow" { &open[..] } else { &open[..1] };
        html.element("details", attributes, |html| {
            self.summary(html, task);
            let id = TaskId { run: report.row.run.clone(), path: task.path.clone() }.to_string();
            if let Some(why) = report.why.get(&task.path) {
                findings(html, report, why, false);
            }
            if let Some(asked) = report.asked.get(&task.path) {
                for (name, text) in &asked.texts {
                    html.line("h4", "", name);
                    html.line("pre", "", text.trim_end());
                }
                if let Some(outcome) = &asked.outcome {
                    html.line("h4", "", "result");
                    result::outcome(html, outcome, asked.left_out, &id);
                }
            }
            talk::write(html, &report.talk, &task.path, &id);
            self.below(html, &task.path);
        });
    }

    fn summary(&self, html: &mut Html, task: &TaskRow) {
        let (sign, word, _) = render::state(task.state, self.report.row.owned);
        let mut facts = Vec::new();
        if let (Some(started), Some(ended)) = (task.started, task.ended) {
            facts.push(duration(ended.since(started)));
        }
        facts.extend(task.backend.as_deref().map(one_line));
        if task.attempts > 1 {
            facts.push(format!("{} attempts", task.attempts));
        }
        let consumed = render::usage(&Usage { agents: 0, ..task.usage });
        facts.extend(Some(consumed).filter(|consumed| !consumed.is_empty()));
        if let Some((code, message)) = &task.failure {
            facts.push(format!("{}: {}", one_line(code), one_line(message)));
        }
        html.of("summary", "", |html| {
            html.line("span", class(word), &format!("{sign} {word}")).text(" ");
            html.line("span", "id", &format!("/{}", task.path)).text(" ");
            let label = task.label.as_deref().map_or_else(|| task.kind.clone(), one_line);
            html.line("span", "label", &label).text(" ");
            html.line("span", "dim", &facts.join(" · "));
        });
    }
}
