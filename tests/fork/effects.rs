//! What must not happen twice does so only where a person says yes.

use serde_json::json;

use crate::support::{Bench, Ran};

/// A command that leaves a trace, between two agents.
const FLOW: &str = r#"export const meta = {
  name: 'flow', description: 'One command.', baton: { exec: ['/bin/sh **'] },
}
const before = await agent('before')
const done = await baton.exec(['/bin/sh', args.step, before])
return await agent(`after ${done.stdout.trim()}`)
"#;

const STEP: &str = "#!/bin/sh\necho \"$1\" >> \"$(dirname \"$0\")/traces\"\necho \"did $1\"\n";

fn prepared() -> (Bench, Ran) {
    let bench = Bench::new();
    bench.project.write("flow.js", FLOW);
    bench.project.write("root/step.sh", STEP);
    bench.project.write("baton.toml", "[grant]\nexec = [\"/bin/sh **\"]\nwrite = [\"**\"]\n");
    let input = json!({ "step": bench.project.path("root/step.sh") }).to_string();
    let run = bench.run("flow.js", &["--extensions", "--args-json", &input]);
    assert_eq!(run.state(), "done", "{run:?}");
    (bench, run)
}

fn traces(bench: &Bench) -> usize {
    bench.project.read("root/traces").lines().count()
}

#[test]
fn an_effect_that_would_happen_twice_wants_a_yes() {
    let (bench, run) = prepared();
    let run = run.run();
    assert_eq!(traces(&bench), 1);
    for place in ["/1", "/2"] {
        let (code, told) = bench.fails(&["fork", run, "--at", place]);
        assert!(code == 3 && told.contains("B0061") && told.contains("twice:"), "{place}: {told}");
        assert_eq!((traces(&bench), bench.calls().len()), (1, 2), "nothing was started");
    }
    let dry = bench.fork(&[run, "--at", "/2", "--dry-run"]);
    assert_eq!(dry.shown["twice"][0]["task"], json!(format!("{run}/2")));
    assert_eq!(dry.shown["twice"][0]["certain"], true);
    let yes = bench.fork(&[run, "--at", "/2", "--yes"]);
    assert_eq!((yes.state(), traces(&bench)), ("done", 2));
    // After it there is nothing to ask: it is shared.
    let after = bench.fork(&[run, "--at", "/3"]);
    assert_eq!((after.state(), traces(&bench), after.calls.len()), ("done", 2, 1));
    // Nor where its output is given.
    let given = r#"{"code":0,"stdout":"nothing\n","stderr":""}"#;
    let fork = bench.fork(&[run, "--at", "/2", "--edit-output", given]);
    assert_eq!((fork.calls.as_slice(), traces(&bench)), (&["after nothing".to_owned()][..], 2));
}

#[test]
fn a_command_that_was_not_granted_cannot_be_written_into_a_fork() {
    let (bench, run) = prepared();
    let place = format!("{}/2", run.run());
    let edit = r#"{"argv":["/bin/rm","-rf","root"]}"#;
    let (_, told) = bench.fails(&["fork", &place, "--edit-input", edit, "--yes"]);
    assert!(told.contains("not granted"), "{told}");
    let step = bench.project.path("root/step.sh");
    let edit = json!({ "argv": ["/bin/sh", step, "edited"] }).to_string();
    let fork = bench.fork(&[&place, "--edit-input", &edit, "--yes"]);
    assert_eq!(fork.calls, ["after did edited"]);
}
