//! Workflows of many shapes: what they came to lies in the ranges that were forecast.

use serde_json::Value;

use crate::answers::answer;
use crate::place::{MODEL, Place};
use crate::provider;

/// A workflow, and what it is run with.
struct Shape {
    name: &'static str,
    what: &'static str,
    flags: &'static [&'static str],
}

const fn script(name: &'static str, what: &'static str) -> Shape {
    Shape { name, what, flags: &["--agent", MODEL] }
}

/// A script whose agents have files to look into.
const fn looking(name: &'static str, what: &'static str) -> Shape {
    Shape { name, what, flags: &["--agent", MODEL, "--root", "root"] }
}

/// The scripts, and a component that has agents of its own.
const SHAPES: &[Shape] = &[
    script("fan-out", "fixed fan-out"),
    looking("review-verify", "a challenger for each finding"),
    script("converge", "until nothing new is found"),
    looking("pipeline", "three stages for each item"),
    script("nested", "a child workflow for each area"),
    Shape {
        name: "files",
        what: "an agent for each file",
        flags: &["--agent", MODEL, "--extensions", "--root", "root"],
    },
    script("panel", "judges, and a tie"),
    script("retry", "again until a check passes"),
    Shape {
        name: "budget",
        what: "as long as the budget lasts",
        flags: &["--agent", MODEL, "--budget", "12k"],
    },
    looking("branch", "one of three branches"),
    script("race", "races against timers"),
    Shape {
        name: "docs-audit",
        what: "a component, files of any number",
        flags: &["--root", "root"],
    },
];

/// Pages, some with what an audit finds.
const FILES: &[(&str, &str)] = &[
    (
        "README.md",
        "# Product\n\nSee [the guide](docs/guide.md) and [the old guide](docs/old.md).\n",
    ),
    ("docs/guide.md", "# Guide\n\nThe port is 80. See [install](install.md).\n"),
    (
        "docs/install.md",
        "# Install\n\nRun the installer. Then open [the missing page](none.md#top).\n",
    ),
    ("docs/api.md", "# API\n\nThe port is 8080. See [errors](errors.md#codes).\n"),
    ("docs/errors.md", "# Errors\n\n## Codes\n\nEach error has a code.\n"),
    ("docs/faq.md", "# FAQ\n\nAlways run the tests before you push a change to the main branch.\n"),
    (
        "docs/team/how.md",
        "# How\n\nAlways run the tests before you push a change to the main branch.\n",
    ),
    ("docs/team/who.md", "# Who\n\nAsk [the owner](../owners.md).\n"),
];

fn place() -> Place {
    let place = Place::new(FILES, answer);
    // Enough for several auditors.
    for page in 0..40 {
        let item = |n: usize| {
            format!("- Item {page}-{n} lies in drawer {} of cabinet {}.\n", n * 7, page + n)
        };
        let items: String = (0..60).map(item).collect();
        let text = format!("# Page {page}\n\n{items}\nSee [the next](p{}.md).\n", page + 1);
        place.project.write(&format!("root/manual/p{page}.md"), text);
    }
    macro_rules! flows {
        ($($name:literal)+) => {
            $(place.project.write(
                concat!(".baton/workflows/", $name, ".js"),
                include_str!(concat!("flows/", $name, ".js")),
            );)+
        };
    }
    flows!("fan-out" "review-verify" "converge" "pipeline" "nested" "ask-area" "files" "panel" "retry"
        "budget" "branch" "race");
    place
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Low, likely and high of the agents of a forecast.
fn agents(forecast: &Value) -> (u64, u64, u64) {
    let range = &forecast["agents"];
    (number(&range["low"]), number(&range["likely"]), number(&range["high"]))
}

fn plan(place: &Place, shape: &Shape) -> Value {
    let mut arguments = vec!["plan", shape.name, "--yes", "--json"];
    arguments.extend(shape.flags);
    let shown = place.object(&arguments);
    assert!(shown["forecast"].is_object(), "{}: {shown}", shape.name);
    shown["forecast"].clone()
}

fn run(place: &Place, shape: &Shape) -> Value {
    let mut arguments = vec!["run", shape.name, "--yes", "--json"];
    arguments.extend(shape.flags);
    let report = place.object(&arguments);
    assert_eq!(report["state"], "done", "{}: {report}", shape.name);
    report
}

/// A figure of a forecast and of a run: its key in both, and what it is multiplied with to be a whole
/// number.
const FIGURES: [(&str, f64); 4] =
    [("input_tokens", 1.0), ("output_tokens", 1.0), ("cost_usd", 1e6), (TIME, 1.0)];

/// What is held against a run only where answers take time.
const TIME: &str = "wall_ms";

/// How wide the ranges of what agents consume are at the most, before and after a run.
const WIDTH: (f64, f64) = (10.0, 4.0);

/// A figure as it was forecast, as it was, and as it was forecast after that.
struct Held {
    first: (f64, f64, f64),
    actual: f64,
    again: (f64, f64, f64),
}

impl Held {
    fn of(key: &str, scale: f64, first: &Value, run: &Value, again: &Value) -> Self {
        // What a run took, and what is known of it afterwards, was so many times faster.
        let pace = if key == TIME { provider::pace().unwrap_or(1) as f64 } else { 1.0 };
        let number = |value: &Value, by: f64| (value.as_f64().unwrap_or_default() * by).round();
        let range = |forecast: &Value, by: f64| {
            let range = &forecast[key];
            (number(&range["low"], by), number(&range["likely"], by), number(&range["high"], by))
        };
        Self {
            first: range(first, scale),
            actual: number(&run["usage"][key], scale * pace),
            again: range(again, scale * pace),
        }
    }

    fn inside((low, _, high): (f64, f64, f64), actual: f64) -> bool {
        (low..=high).contains(&actual)
    }

    fn text(&self, what: &str) -> String {
        let (low, likely, high) = self.first;
        let mark = if Self::inside(self.first, self.actual) { " " } else { "!" };
        let later = if Self::inside(self.again, self.actual) { " " } else { "!" };
        let known = format!("{}–{}", self.again.0, self.again.2);
        format!(
            "{what:30} {low:>9} {likely:>9} {high:>9} {:>9}{mark} {known:>17}{later}\n",
            self.actual
        )
    }
}

/// What became of one workflow.
struct Row {
    name: &'static str,
    inside: bool,
    text: String,
    wrong: Vec<String>,
    /// What its agents consumed, in the order of [`FIGURES`]; none: it was no model.
    held: Option<[Held; 4]>,
}

/// A forecast, a run, and a forecast that knows of it.
fn try_out(place: &Place, shape: &Shape) -> Row {
    let first = plan(place, shape);
    let report = run(place, shape);
    let again = plan(place, shape);
    let name = shape.name;
    let actual = number(&report["usage"]["agents"]);
    let (low, likely, high) = agents(&first);
    let (low_again, _, high_again) = agents(&again);
    let checks = [
        (first["complete"] == true, "not complete", &first),
        (high <= 4 * low.max(1), "wider than four", &first),
        ((low_again..=high_again).contains(&actual), "not expected after it was seen", &again),
        (high_again <= 4 * low_again.max(1), "wider than four after a run", &again),
        (again["basis"]["runs"] == 1, "the run is not known", &again),
    ];
    let wrong = checks.iter().filter(|(right, ..)| !right);
    let wrong = wrong.map(|(_, what, forecast)| format!("{name}: {what}: {forecast}")).collect();
    let inside = (low..=high).contains(&actual);
    let mark = if inside { " " } else { "!" };
    let known = format!("{low_again}–{high_again}");
    let what = shape.what;
    let text = format!(
        "{name:14} {what:34} {low:>4} {likely:>6} {high:>4} {actual:>6}{mark} {known:>12}\n"
    );
    let consumed = report["usage"]["output_tokens"] != 0;
    let held =
        consumed.then(|| FIGURES.map(|(key, scale)| Held::of(key, scale, &first, &report, &again)));
    Row { name, inside, text, wrong, held }
}

/// Holds what agents consumed against what was forecast: the table, and what is wrong.
fn consumption(rows: &[Row]) -> (String, Vec<String>) {
    let mut table = format!(
        "{:30} {:>9} {:>9} {:>9} {:>9}  {:>17}\n",
        "", "low", "likely", "high", "actual", "after a run"
    );
    let mut wrong = Vec::new();
    for (at, (key, _)) in FIGURES.iter().enumerate() {
        if *key == TIME && provider::pace().is_none() {
            continue;
        }
        let held: Vec<(&str, &Held)> =
            rows.iter().filter_map(|row| Some((row.name, &row.held.as_ref()?[at]))).collect();
        for (name, held) in &held {
            table.push_str(&held.text(&format!("{name} {key}")));
        }
        let inside = held.iter().filter(|(_, held)| Held::inside(held.first, held.actual)).count();
        let bar = (held.len() * 9).div_ceil(10);
        if inside < bar {
            wrong.push(format!("{key}: {inside} of {} lie inside, {bar} must", held.len()));
        }
        for (name, held) in &held {
            let ratio = |(low, _, high): (f64, f64, f64)| high / low.max(1.0);
            // Both ends are rounded.
            if ratio(held.first) > WIDTH.0 * 1.01 || ratio(held.again) > WIDTH.1 {
                wrong.push(format!("{name}: {key} is too wide"));
            }
            if !Held::inside(held.again, held.actual) {
                wrong.push(format!("{name}: {key} is not expected after it was seen"));
            }
        }
    }
    (table, wrong)
}

#[test]
fn what_runs_come_to_lies_in_the_ranges_of_nine_forecasts_of_ten() {
    let place = &place();
    let (one, other) = SHAPES.split_at(SHAPES.len() / 2);
    let all = |shapes: &'static [Shape]| -> Vec<Row> {
        shapes.iter().map(|shape| try_out(place, shape)).collect()
    };
    let rows: Vec<Row> = std::thread::scope(|scope| {
        let halves = [one, other].map(|half| scope.spawn(move || all(half)));
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    let mut table = format!(
        "{:14} {:34} {:>4} {:>6} {:>4} {:>6}  {:>12}\n",
        "workflow", "shape", "low", "likely", "high", "actual", "after a run"
    );
    table.extend(rows.iter().map(|row| row.text.as_str()));
    let (consumed, too_far) = consumption(&rows);
    println!("{table}\n{consumed}");
    let wrong: Vec<&String> = rows.iter().flat_map(|row| &row.wrong).chain(&too_far).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{table}\n{consumed}");
    let inside = rows.iter().filter(|row| row.inside).count();
    let bar = (rows.len() * 9).div_ceil(10);
    assert!(inside >= bar, "{inside} of {} lie inside, {bar} must\n{table}", rows.len());
}
