//! Attacks: what may come of one, and an honest run in the same home after each.

use serde_json::{Value, json};

use crate::case::{Case, Runs, script, text};
use crate::place::{COMPONENT, Place};

/// Fuel that no honest case needs.
const LITTLE_FUEL: [&str; 2] = ["--limit", "workflow.fuel=300M"];

/// Fuel for those that are after another limit.
pub const MUCH_FUEL: [&str; 2] = ["--limit", "workflow.fuel=20G"];

/// A script that attacks, and what may come of it: `done`, or the kind and code of the failure as in
/// `limit:fuel`.
pub fn attack(body: &str, ends: &'static [&'static str]) -> Case {
    script(body).flags(&LITTLE_FUEL).also(move |ended| {
        let failure = &ended.report["error"]["failure"];
        let word = |key: &str| failure[key].as_str().unwrap_or("nothing").to_owned();
        let end = match ended.report["state"].as_str() {
            Some("done") => "done".to_owned(),
            _ => format!("{}:{}", word("kind"), word("code")),
        };
        assert!(ends.contains(&end.as_str()), "{end}: {}\n{}", ended.report, ended.said.stderr);
        if let Some(message) = ended.report["error"]["message"].as_str() {
            assert!(!message.is_empty() && message.len() < 20_000, "{} bytes", message.len());
        }
    })
}

/// An attack that is answered with an error inside the script, or with nothing worth having.
pub fn answered(body: &str, output: Value) -> Case {
    attack(body, &["done"]).done(output)
}

/// Attacks in one home, with an honest run after each.
pub struct Family(Vec<Case>);

pub fn family(cases: Vec<Case>) -> Family {
    Family(cases)
}

impl Runs for Family {
    fn run(self, label: &str) {
        let place = Place::new();
        for case in self.0 {
            case.run_in(&place, label);
            honest(&place);
        }
        let verified = place.say(&["journal", "--verify"]);
        assert_eq!(verified.exit, 0, "{verified:?}");
    }
}

/// An honest script still runs here.
fn honest(place: &Place) {
    place.write(
        "honest.js",
        text("return await parallel([() => agent('say honest'), () => [].concat(1)])"),
    );
    let said = place.say(&["run", "honest.js", "--yes", "--json", "--agent", COMPONENT]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert_eq!(said.report()["output"], json!(["honest", [1]]));
}
