//! What a workflow leaves behind ends with it.

use serde_json::{Value, json};

use crate::yard::Yard;

#[test]
fn children_never_outlive_their_workflow() {
    let yard = Yard::new();
    for case in ["leave-children-behind", "panic-over-children"] {
        let attack = yard.attack(&json!({ "case": case }), &[], None);
        let run = attack.report["run"].as_str().unwrap();
        let said = yard.run(&["tree", run, "--json"]);
        let tasks: Vec<Value> =
            said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let states = |wanted: &str| tasks.iter().filter(|task| task["state"] == wanted).count();
        // Three children, a timer in each, three timers beside them, and the one that ended.
        assert_eq!(states("cancelled"), 9, "{case}: {tasks:#?}");
        assert!(states("done") >= 1, "{case}: {tasks:#?}");
        for open in ["queued", "running", "waiting"] {
            assert_eq!(states(open), 0, "{case}: {tasks:#?}");
        }
        yard.canary();
    }
    yard.settled();
}
