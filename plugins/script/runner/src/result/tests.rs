#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use serde_json::json;

use super::{SUMMARY_BYTES_MAX, of_script, sound, summary};

#[test]
fn the_summary_counts_what_became_of_the_calls() {
    let counts = json!({
        "agents": 22, "ok": 6, "refused": 1, "rejected": 1, "swallowed": 2, "workflows": 1,
        "nulls": [{ "cause": "exit-status", "count": 12 }, { "cause": "cancelled", "count": 2 }],
        "open": [{ "task": 22, "label": "late" }],
    });
    assert_eq!(
        summary(&counts),
        "22 agents: 6 ok, 14 null (exit-status 12, cancelled 2), 1 rejected; 1 nested workflow; \
         1 call refused; 2 errors swallowed; 1 call cancelled at return"
    );
    assert_eq!(summary(&json!({})), "0 agents");
    assert_eq!(summary(&json!({ "agents": 1, "ok": 1 })), "1 agent: 1 ok");
}

#[test]
fn what_a_script_says_of_itself_comes_first_and_is_cut_to_the_limit() {
    let handoff = of_script(&json!({ "summary": "Done.", "followUps": ["next"] }), "1".into());
    assert_eq!(handoff.summary, "Done.\n\n0 agents");
    assert_eq!(handoff.follow_ups, ["next"]);
    let long = of_script(&json!({ "summary": "ä".repeat(SUMMARY_BYTES_MAX) }), "1".into());
    assert!(long.summary.len() <= SUMMARY_BYTES_MAX);
    assert!(long.summary.ends_with("0 agents"));
}

#[test]
fn halves_of_surrogate_pairs_are_replaced_and_nothing_else() {
    for (text, wanted) in [
        (r#""a\ud800b""#, r#""a\ufffdb""#),
        (r#""\udfff\uD8AB""#, r#""\ufffd\ufffd""#),
        (r#""\\ud800 \\\ud800""#, r#""\\ud800 \\\ufffd""#),
        (r#""\ud7ff \u0000 \n \"""#, r#""\ud7ff \u0000 \n \"""#),
        (r#"{"ä":"😀"}"#, r#"{"ä":"😀"}"#),
    ] {
        assert_eq!(sound(text), wanted);
    }
}
