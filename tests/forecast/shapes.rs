//! Workflows of many shapes: the number of agents that they had lies in the range that was forecast.

use serde_json::Value;

use crate::answers::answer;
use crate::place::{MODEL, Place};

/// A workflow, and what it is run with.
struct Shape {
    name: &'static str,
    what: &'static str,
    flags: &'static [&'static str],
}

const fn script(name: &'static str, what: &'static str) -> Shape {
    Shape { name, what, flags: &["--agent", MODEL] }
}

/// The scripts, and a component that has agents of its own.
const SHAPES: &[Shape] = &[
    script("fan-out", "fixed fan-out"),
    script("review-verify", "a challenger for each finding"),
    script("converge", "until nothing new is found"),
    script("pipeline", "three stages for each item"),
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
    script("branch", "one of three branches"),
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

/// What became of one workflow.
struct Row {
    inside: bool,
    text: String,
    wrong: Vec<String>,
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
    let cost = report["usage"]["cost_usd"].as_f64().unwrap_or_default();
    let costs = &first["cost_usd"];
    let what = shape.what;
    let text = format!(
        "{name:14} {what:34} {low:>4} {likely:>6} {high:>4} {actual:>6}{mark} {known:>12}   ${cost:.4} of {}–{}\n",
        costs["low"], costs["high"]
    );
    Row { inside, text, wrong }
}

#[test]
fn the_number_of_agents_lies_in_the_range_of_nine_forecasts_of_ten() {
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
        "{:14} {:34} {:>4} {:>6} {:>4} {:>6}  {:>12}   {}\n",
        "workflow", "shape", "low", "likely", "high", "actual", "after a run", "cost"
    );
    table.extend(rows.iter().map(|row| row.text.as_str()));
    println!("{table}");
    let wrong: Vec<&String> = rows.iter().flat_map(|row| &row.wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{table}");
    let inside = rows.iter().filter(|row| row.inside).count();
    let bar = (rows.len() * 9).div_ceil(10);
    assert!(inside >= bar, "{inside} of {} lie inside, {bar} must\n{table}", rows.len());
}
