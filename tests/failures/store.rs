//! What is on record: the same on replay, found where it is damaged, readable from outside (F62 to
//! F64).

use std::collections::BTreeSet;
use std::fs;

use crate::place::{MODEL, body, kill_9, until};
use crate::slots::held;

#[test]
fn f62_the_text_of_a_stack_is_the_same_on_replay() {
    let (place, hold) = held();
    let flow = "function deep(n) { if (n === 0) throw new Error('broken'); return deep(n - 1) }
let stack
try { deep(7) } catch (error) { stack = error.stack }
const first = await agent(`Explain: ${stack}`)
return { first, stack, second: await agent(`Again: ${stack}`) }";
    let child = place.spawn(&place.flow(flow, &[]));
    until("the first agent", || place.server.requests() == 1);
    kill_9(child);
    hold.release();
    let last = place.resume("last", &[]);
    last.done();
    let log = place.server.log();
    assert_eq!(log.len(), 3);
    assert_eq!(log[0].by("user"), log[1].by("user"));
    let stack = last.shown["output"]["stack"].as_str().unwrap();
    assert!(stack.contains("deep (flow.js:2:"), "{stack}");
    assert_eq!(log[2].by("user"), format!("Again: {stack}"));
}

#[test]
fn f63_damage_is_found_by_name_and_stays_in_its_run() {
    let (place, hold) = held();
    hold.release();
    let runs: Vec<String> = ["first", "second canary value", "third"]
        .iter()
        .map(|word| {
            let last = place.object(&place.flow(&format!("return await agent('{word}')"), &[]));
            last.done();
            last.run()
        })
        .collect();
    assert_eq!(place.text(&["journal", "--verify"]).2, 0);
    // A bit turns over on the disk, in a record of the second run.
    let home = place.project.path("home");
    let mut damaged = 0;
    for name in ["journal.db", "journal.db-wal"] {
        let path = home.join(name);
        let Ok(mut bytes) = fs::read(&path) else { continue };
        let word = b"second canary value";
        let places: Vec<usize> = (0..bytes.len().saturating_sub(word.len()))
            .filter(|at| bytes[*at..].starts_with(word))
            .collect();
        for at in places {
            bytes[at] ^= 1;
            damaged += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(damaged > 0, "nothing was damaged");
    let (shown, told, exit) = place.text(&["journal", "--verify"]);
    assert_eq!(exit, 1, "{shown}{told}");
    let said = format!("{shown}{told}");
    assert!(said.contains(&runs[1]), "it names the run: {said}");
    assert!(!said.contains(&runs[0]) && !said.contains(&runs[2]), "and no other: {said}");
    let broken = place.text(&["journal", &runs[1]]);
    assert_ne!(broken.2, 0, "never read as data: {broken:?}");
    for run in [&runs[0], &runs[2]] {
        assert_eq!(place.text(&["journal", run]).2, 0);
        assert_eq!(place.text(&["show", run]).2, 0);
    }
    // Work goes on beside it. A run whose steps nobody schedules any more is found as well.
    let (other, hold) = held();
    let child = other.spawn(&["run", "many.js", "--args-json", "2", "--agent", MODEL, "--yes"]);
    until("two agents", || other.server.now() == 2);
    let suspended = other.newest();
    kill_9(child);
    let (shown, ..) = other.text(&["doctor"]);
    assert!(
        shown.contains(&format!("{suspended} has no living owner: `baton resume {suspended}`")),
        "{shown}"
    );
    hold.release();
    other.resume(&suspended, &[]).done();
    assert!(!other.text(&["doctor"]).0.contains("no living owner"));
    place.many(2, &[]).done();
}

#[test]
fn f64_the_state_can_be_read_from_outside_at_any_moment() {
    let (place, hold) = held();
    let states = |run: &str| {
        let row = place.row(run);
        let (shown, ..) = place.text(&["ls"]);
        let line = shown.lines().find(|line| line.contains(run)).unwrap().to_owned();
        assert_eq!(place.text(&["show", run]).2, 0);
        assert_eq!(place.text(&["tree", run]).2, 0);
        (row["state"].as_str().unwrap().to_owned(), row["owned"].as_bool().unwrap(), line)
    };
    let child =
        place.spawn(&["run", "many.js", "--args-json", "2", "--agent", MODEL, "--yes", "--json"]);
    until("two agents", || place.server.now() == 2);
    let run = place.newest();
    let (state, owned, live) = states(&run);
    assert_eq!((state.as_str(), owned), ("running", true));
    assert!(live.contains("● running"), "{live}");
    let journal = place.project.journal(&run);
    assert_eq!(body(&journal[0]).0, "run-started");
    assert_eq!(body(&journal[0]).1["format"], 1, "a versioned format");
    assert!(journal.len() >= 4, "it is on record while it goes on");
    kill_9(child);
    let (state, owned, crashed) = states(&run);
    assert_eq!((state.as_str(), owned), ("running", false));
    assert!(crashed.contains("‖ interrupted"), "{crashed}");
    until("nobody asks", || place.server.now() == 0);
    let child = place.spawn(&["resume", &run, "--json"]);
    until("two agents", || place.server.now() == 2);
    let paused = crate::place::stop(child);
    assert_eq!((paused.state(), paused.exit), ("paused", 130));
    let (state, owned, paused) = states(&run);
    assert_eq!((state.as_str(), owned), ("paused", false));
    assert!(paused.contains("‖ paused"), "{paused}");
    hold.release();
    place.resume(&run, &[]).done();
    let (state, _, done) = states(&run);
    assert_eq!(state, "done");
    let words: BTreeSet<String> = [live, crashed, paused, done]
        .iter()
        .map(|line| line.split_whitespace().skip(2).take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(words.len(), 4, "live, crashed, paused and done look different: {words:?}");
}
