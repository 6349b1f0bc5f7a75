//! What people answered and said, in runs that are forked.

use serde_json::json;

use crate::support::{Bench, script};

#[test]
fn an_answer_is_given_anew_or_changed() {
    let bench = Bench::new();
    let body = "const go = await baton.gate('Which?', { choices: ['a', 'b'] })\n\
        return await agent(`${go.approved ? 'chosen' : 'left'} ${go.choice}`)\n";
    bench.project.write("ask.js", script(body));
    let waiting = bench.run("ask.js", &["--extensions"]);
    assert_eq!(waiting.state(), "waiting", "{waiting:?}");
    let run = waiting.run().to_owned();
    // While it waits, a fork may know the answer already.
    let ahead = bench.fork(&[&format!("{run}/1"), "--edit-output", r#""a""#]);
    assert_eq!(ahead.calls, ["chosen a"]);
    let approve = ["approve", &format!("{run}/1"), "--choice", "b", "--resume", "--json"];
    assert_eq!(*bench.ran(&approve).output(), json!("chosen b"));
    // Afterwards it is asked again, or answered in another way.
    let again = bench.fork(&[&format!("{run}/1")]);
    assert_eq!((again.state(), again.calls.len()), ("waiting", 0));
    let approve = ["approve", &format!("{}/1", again.run()), "--choice", "a", "--resume", "--json"];
    assert_eq!(*bench.ran(&approve).output(), json!("chosen a"));
    let rejected = bench.fork(&[&format!("{run}/1"), "--edit-output", "false"]);
    assert_eq!(rejected.calls, ["left null"]);
    assert_eq!(
        bench.changes(&run, rejected.run()),
        ["changed 1: output, summary", "changed 2: prompt, output", "run: output"]
    );
    for fork in [ahead.run(), again.run(), rejected.run(), &run] {
        bench.reproduces(fork);
    }
    for (output, words) in
        [(r#""c""#, "none of"), ("7", "must be true, false"), ("{\"yes\":1}", "no key")]
    {
        let (_, told) = bench.fails(&["fork", &format!("{run}/1"), "--edit-output", output]);
        assert!(told.contains("B0060") && told.contains(words), "{output}: {told}");
    }
}

#[test]
fn messages_that_were_heard_are_heard_again() {
    let bench = Bench::new();
    let body = "const said = await baton.nextMessage()\n\
        const one = await agent(`one of ${said.text}`)\nreturn await agent(`two of ${one}`)\n";
    bench.project.write("hear.js", script(body));
    let waiting = bench.run("hear.js", &["--extensions"]);
    assert_eq!(waiting.state(), "waiting", "{waiting:?}");
    let run = waiting.run().to_owned();
    assert!(bench.project.output(&["send", &run, "words"]).status.success());
    let done = bench.ran(&["resume", &run, "--json"]);
    assert_eq!(done.calls, ["one of words", "two of one of words"]);
    let fork = bench.fork(&[&format!("{run}/2")]);
    assert_eq!(
        (fork.calls.as_slice(), fork.state()),
        (&["two of one of words".to_owned()][..], "done")
    );
    bench.reproduces(fork.run());
    // Before the message the fork waits for one of its own.
    let before = bench.fork(&[&run, "--at", "2"]);
    assert_eq!((before.state(), before.calls.len()), ("waiting", 0));
}
