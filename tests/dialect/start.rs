//! Starting a run, its input, and what it delivers.

use serde_json::{Value, json};

use crate::case::{NO_PLACE, cases, script, steps, text, workflow};
use crate::place::WORKER;

cases! {
    /// A script with a syntax error starts nothing.
    D25_syntax_error: vec![
        script("\nreturn (1 +").refused("syntax", (2, 12), &[]),
        script("\nconst a = 1\nconst a = 2").refused("syntax", NO_PLACE, &["`a`"]),
        script("\nfor (;;) { continue nowhere }").refused("syntax", (2, 21), &["label"]),
        script("\nwith ({}) {}").refused("syntax", (2, 1), &["with"]),
    ];

    /// A run keeps the script it was started with.
    D27_edits_do_not_reach_a_run: steps(|place| {
        let path = ".baton/workflows/kept.js";
        let body = |word: &str| {
            workflow("kept", &format!("const a = await agent('hold it')\nreturn [a, '{word}']"))
        };
        place.write(path, body("old"));
        let mut run = place.start(&["run", "kept", "--agent", WORKER, "--yes", "--json"]);
        run.until(|| place.calls().len() == 1);
        place.write(path, body("new"));
        place.open("it");
        assert_eq!(run.end().report()["output"], json!(["hold it", "old"]));
    });

    /// After a kill, too, a run keeps the script it was started with.
    D27_edits_do_not_reach_a_resumed_run: steps(|place| {
        let body = |word: &str| text(&format!("const a = await agent('hold it')\nreturn '{word}'"));
        place.write("case.js", body("old"));
        let run = place.killed(&["run", "case.js", "--agent", WORKER, "--yes"], || {
            place.calls().len() == 1
        });
        place.write("case.js", body("new"));
        place.open("it");
        assert_eq!(place.say(&["resume", &run, "--json"]).report()["output"], "old");
    });

    /// To resume what is not there is an error, and starts nothing.
    D29_resume_of_nothing: steps(|place| {
        for id in ["run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF", "last", "nonsense"] {
            let said = place.say(&["resume", id, "--json"]);
            assert!(said.exit != 0, "{id}: {said:?}");
            assert!(said.stderr.contains("error["), "{id}: {said:?}");
        }
        assert_eq!(place.runs(), [] as [String; 0]);
    });

    /// A run whose agents are alive has its owner, and nobody else goes on with it.
    D30_resume_of_a_living_run: steps(|place| {
        place.write("case.js", text("return await agent('hold it')"));
        let mut run = place.start(&["run", "case.js", "--agent", WORKER, "--yes", "--json"]);
        run.until(|| place.calls().len() == 1);
        let refused = place.say(&["resume", "last", "--json"]);
        assert_eq!(refused.exit, 1, "{refused:?}");
        assert!(refused.stderr.contains("is owned by"), "{refused:?}");
        place.open("it");
        assert_eq!(run.end().report()["output"], "hold it");
        assert_eq!(place.calls().len(), 1);
    });

    /// Exactly one final report: state, result, agents, tokens, duration.
    D31_one_report: script("log('a')\nawait agent('tokens 7')\nreturn 'end'").worker()
        .done(json!("end"))
        .also(|ended| {
            assert_eq!(ended.said.stdout.lines().count(), 1, "{}", ended.said.stdout);
            let usage = &ended.report["usage"];
            assert_eq!((&usage["agents"], &usage["output_tokens"]), (&json!(1), &json!(7)));
            assert!(usage["wall_ms"].is_u64(), "{usage}");
        });

    /// `resume` uses the stored input, and takes no other.
    D32_resume_has_the_input: steps(|place| {
        place.write("case.js", text("await agent('hold it')\nreturn args"));
        let start =
            ["run", "case.js", "--agent", WORKER, "--yes", "--input", r#"{"b":1,"a":[null]}"#];
        let run = place.killed(&start, || place.calls().len() == 1);
        for other in [&["--input", "1"][..], &["--args", "x"]] {
            let refused = place.say(&[&["resume", &run][..], other].concat());
            assert_eq!(refused.exit, 2, "{refused:?}");
            assert!(refused.stderr.contains("--reuse"), "points to `run --reuse`: {refused:?}");
        }
        place.open("it");
        let report = place.say(&["resume", &run, "--json"]).report();
        assert_eq!(report["output"], json!({ "a": [null], "b": 1 }));
        assert_eq!(report["error"], Value::Null);
    });
}
