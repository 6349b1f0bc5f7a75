//! Results that messages steered, in a run that uses results again.

use serde_json::json;

use crate::support::{MODEL, Place};

#[test]
fn a_steered_result_is_used_again_only_where_that_is_said() {
    let place = Place::new();
    let run = place.many(2, &[]);
    place.asked(2);
    let (told, _) = place.object(&["send", &format!("{run}/1"), "be brief", "--json"]);
    assert_eq!(told["outcome"], "obeyed", "{told}");
    place.hold.release();
    place.reaches(&run, "done");
    assert_eq!(place.server.requests(), 3, "one of them heard the message in a call of its own");

    let again = |more: &[&str]| {
        let arguments = ["run", "many.js", "--args-json", "2", "--agent", MODEL, "--yes", "--json"];
        let before = place.server.requests();
        let (result, code) = place.object(&[&arguments[..], &["--reuse", &run], more].concat());
        assert_eq!(code, 0, "{result}");
        (result["run"].as_str().unwrap().to_owned(), place.server.requests() - before)
    };
    let (second, asked) = again(&[]);
    assert_eq!(asked, 1, "the one that nobody steered is used again");
    let (_, why, _) = place.said(&["why", &format!("{second}/1")]);
    assert!(why.contains(&format!("1 message steered {run}/1")), "{why}");
    assert!(why.contains("--reuse-steered"), "{why}");
    let journal = place.project.journal(&second);
    let missed: Vec<_> = journal.iter().filter(|record| record["kind"] == "not-reused").collect();
    let reason = json!({ "steered": { "from": "1", "messages": 1 } });
    assert_eq!(missed[0]["body"]["reason"], reason, "{missed:?}");

    assert_eq!(again(&["--reuse-steered"]).1, 0);
}
