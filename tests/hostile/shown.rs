//! Text of guests on a terminal.

use serde_json::json;

use crate::cases::AGENT;
use crate::yard::{Yard, harmless};

#[test]
fn no_guest_steers_a_terminal() {
    let yard = Yard::new();
    for case in ["escape-sequences", "panic-in-colour"] {
        let attack = yard.attack(&json!({ "case": case }), &[], AGENT);
        let run = attack.report["run"].as_str().unwrap().to_owned();
        assert!(attack.report["error"]["message"].as_str().unwrap().contains("owned"), "{case}");
        let first = format!("{run}/1");
        for args in [
            &["ls"][..],
            &["show", &run],
            &["tree", &run],
            &["journal", &run],
            &["show", &first],
            &["resume", &run],
        ] {
            if case == "panic-in-colour" && args[1..] == [first.as_str()] {
                continue;
            }
            let said = yard.run(args);
            assert!(harmless(&said.stdout), "{case} {args:?}: {:?}", said.stdout);
            assert!(harmless(&said.stderr), "{case} {args:?}: {:?}", said.stderr);
        }
    }
    let input = json!({ "case": "escape-sequences" }).to_string();
    let said =
        yard.run(&["run", "./hostile.wasm", "--yes", "--input", &input, "--agent", AGENT.unwrap()]);
    assert_eq!(said.exit, 1);
    assert!(said.stderr.contains("evil"), "{}", said.stderr);
    assert!(harmless(&said.stdout), "{:?}", said.stdout);
}
