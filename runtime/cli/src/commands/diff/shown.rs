//! Differences for people and for programs.

use baton_core::handoff::Usage;
use baton_core::ids::{RunId, TaskPath};
use baton_journal::rows::State;
use imara_diff::{Algorithm, Diff, InternedInput};
use serde::Serialize;

use super::facts::Facts;
use super::parts::Part;
use super::{Change, Difference, Task};
use crate::error::Result;
use crate::output::{BAD, BOLD, DIM, GOOD, WARN};
use crate::render::detailed;
use crate::shapes::{self, UsageShape};
use crate::text::{clean, duration, one_line, paint, plural};

/// Lines of one part that are shown to people.
const LINES_MAX: usize = 60;

#[derive(Serialize)]
struct Shape<'a> {
    a: &'a RunId,
    b: &'a RunId,
    equal: bool,
    program: Option<Sides<'a>>,
    input: Option<Sides<'a>>,
    outcome: Vec<PartShape<'a>>,
    tasks: Vec<TaskShape<'a>>,
    totals: TotalsShape,
}

#[derive(Serialize)]
struct Sides<'a> {
    a: &'a str,
    b: &'a str,
}

#[derive(Serialize)]
struct PartShape<'a> {
    part: &'static str,
    a: &'a str,
    b: &'a str,
}

#[derive(Serialize)]
struct TaskShape<'a> {
    change: &'static str,
    a: Option<String>,
    b: Option<String>,
    kind: &'static str,
    label: Option<&'a str>,
    parts: Vec<PartShape<'a>>,
}

#[derive(Serialize)]
struct TotalsShape {
    a: RunTotals,
    b: RunTotals,
}

#[derive(Serialize)]
struct RunTotals {
    state: State,
    tasks: u64,
    shared: u64,
    usage: UsageShape,
}

/// The differences as one JSON object on one line.
///
/// # Errors
/// When they cannot be written.
pub fn json(difference: &Difference<'_>) -> Result<String> {
    let Difference { a, b, run, tasks } = difference;
    let side = |name: &str| {
        run.iter().find(|part| part.name == name).map(|part| Sides { a: &part.a, b: &part.b })
    };
    let outcome = run.iter().filter(|part| !matches!(part.name, "program" | "input"));
    shapes::line(&Shape {
        a: &a.row.run,
        b: &b.row.run,
        equal: difference.is_none(),
        program: side("program"),
        input: side("input"),
        outcome: outcome.map(part_shape).collect(),
        tasks: tasks.iter().map(|task| task_shape(difference, task)).collect(),
        totals: TotalsShape { a: totals(a), b: totals(b) },
    })
}

fn part_shape(part: &Part) -> PartShape<'_> {
    PartShape { part: part.name, a: &part.a, b: &part.b }
}

fn task_shape<'a>(difference: &Difference<'a>, task: &'a Task) -> TaskShape<'a> {
    let (kind, label) = described(difference, task);
    let id = |facts: &Facts, path: &TaskPath| format!("{}/{path}", facts.row.run);
    TaskShape {
        change: word(task.change),
        a: task.a.as_ref().map(|path| id(difference.a, path)),
        b: task.b.as_ref().map(|path| id(difference.b, path)),
        kind,
        label,
        parts: task.parts.iter().map(part_shape).collect(),
    }
}

fn totals(facts: &Facts) -> RunTotals {
    RunTotals {
        state: facts.row.state,
        tasks: facts.tasks.len() as u64,
        shared: facts.row.shared,
        usage: (&facts.usage).into(),
    }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Removed => "removed",
        Change::Added => "added",
        Change::Changed => "changed",
        Change::Moved => "moved",
    }
}

fn described<'a>(difference: &Difference<'a>, task: &Task) -> (&'static str, Option<&'a str>) {
    let of = |facts: &'a Facts, path: &Option<TaskPath>| facts.tasks.get(path.as_ref()?);
    let known = of(difference.b, &task.b).or_else(|| of(difference.a, &task.a));
    known.map_or(("task", None), |known| (known.work.kind(), known.work.label()))
}

/// The differences for people.
pub fn text(difference: &Difference<'_>) -> String {
    let Difference { a, b, run, tasks } = difference;
    let mut out = format!("{}\n{}\n", heading("a", a), heading("b", b));
    for part in run {
        out.push_str(&format!("\n{}\n", paint(BOLD, part.name)));
        lines(&mut out, part, "  ");
    }
    for task in tasks.iter().filter(|task| task.change != Change::Moved) {
        out.push('\n');
        out.push_str(&headline(difference, task));
        for part in &task.parts {
            out.push_str(&format!("    {}\n", paint(DIM, part.name)));
            lines(&mut out, part, "      ");
        }
    }
    out.push_str(&format!("\n{}\n", verdict(difference)));
    out
}

fn verdict(difference: &Difference<'_>) -> String {
    let count = |change: Change| {
        difference.tasks.iter().filter(|task| task.change == change).count() as u64
    };
    let moved = match count(Change::Moved) {
        0 => String::new(),
        tasks => paint(DIM, &format!(" ({} in other places)", plural(tasks, "task"))),
    };
    if difference.is_none() {
        let tasks = plural(difference.a.tasks.len() as u64, "task");
        return format!("{} {tasks}, and the results{moved}", paint(GOOD, "the same:"));
    }
    let parts: Vec<String> = [Change::Changed, Change::Added, Change::Removed]
        .into_iter()
        .filter_map(|change| match count(change) {
            0 => None,
            tasks => Some(format!("{} {}", plural(tasks, "task"), word(change))),
        })
        .collect();
    let of_runs: Vec<&str> = difference.run.iter().map(|part| part.name).collect();
    let of_runs = (!of_runs.is_empty()).then(|| format!("of the runs: {}", of_runs.join(", ")));
    let all: Vec<String> = parts.into_iter().chain(of_runs).collect();
    format!("{} {}{moved}", paint(WARN, "different:"), all.join("; "))
}

fn heading(name: &str, facts: &Facts) -> String {
    let Usage { agents, wall_ms, .. } = facts.usage;
    let mut parts = vec![
        facts.row.state.as_str().to_owned(),
        plural(facts.tasks.len() as u64, "task"),
        plural(agents, "agent"),
    ];
    let spent = detailed(&facts.usage);
    if !spent.is_empty() {
        parts.push(spent);
    }
    parts.push(duration(wall_ms));
    if let Some(fork) = &facts.started.fork {
        let edit = fork.edit.as_deref().map(|edit| format!(" ({})", one_line(edit)));
        parts.push(format!(
            "forked from {} at record {}{}",
            fork.run,
            fork.at,
            edit.unwrap_or_default()
        ));
    }
    let workflow = one_line(facts.started.name());
    format!("{} {} {workflow} {}", paint(BOLD, name), facts.row.run, paint(DIM, &parts.join(" · ")))
}

fn headline(difference: &Difference<'_>, task: &Task) -> String {
    let (kind, label) = described(difference, task);
    let label = label.map(|label| format!(" {}", one_line(label))).unwrap_or_default();
    let below = |facts: &Facts, path: &TaskPath| match facts.below(path) {
        0 => String::new(),
        tasks => format!(" with {} below", plural(tasks, "task")),
    };
    match (&task.a, &task.b) {
        (Some(a), Some(b)) if a != b => {
            format!("{} /{a} → /{b} {kind}{label}\n", paint(WARN, "~"))
        }
        (Some(_), Some(b)) => format!("{} /{b} {kind}{label}\n", paint(WARN, "~")),
        (Some(a), None) => {
            format!("{} /{a} {kind}{label}{}\n", paint(BAD, "-"), below(difference.a, a))
        }
        (None, Some(b)) => {
            format!("{} /{b} {kind}{label}{}\n", paint(GOOD, "+"), below(difference.b, b))
        }
        (None, None) => String::new(),
    }
}

/// The lines that are different, those removed first.
fn lines(out: &mut String, part: &Part, lead: &str) {
    let input = InternedInput::new(part.a.as_str(), part.b.as_str());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let mut shown = 0;
    for hunk in diff.hunks() {
        let sides = [(&input.before, hunk.before, "-", BAD), (&input.after, hunk.after, "+", GOOD)];
        for (tokens, range, sign, style) in sides {
            let range = range.start as usize..range.end as usize;
            for token in tokens.get(range).unwrap_or_default() {
                shown += 1;
                if shown > LINES_MAX {
                    continue;
                }
                let line =
                    clean(input.interner[*token].trim_end_matches(['\n', '\r'])).into_owned();
                out.push_str(&format!("{lead}{}\n", paint(style, &format!("{sign} {line}"))));
            }
        }
    }
    if shown > LINES_MAX {
        let more = plural((shown - LINES_MAX) as u64, "more line");
        out.push_str(&format!("{lead}{}\n", paint(DIM, &format!("and {more}: --json has all"))));
    }
}
