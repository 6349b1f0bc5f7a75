//! Another program goes on from the cut, if it repeats what is before it.

use serde_json::json;

use crate::support::{Bench, script};

const OLD: &str =
    "const one = await agent('one')\nconst two = await agent(`two ${one}`)\nreturn two\n";
/// The same to the end of the first agent, in other words.
const FITS: &str = "const found = await agent('one')\n\
    const all = await parallel([1, 2].map((n) => () => agent(`${n} of ${found}`)))\n\
    return { found, all }\n";
/// Asks for something else at once.
const STRANGE: &str = "return await agent('something else')\n";

fn bench() -> (Bench, String) {
    let bench = Bench::new();
    for (name, body) in [("old.js", OLD), ("fits.js", FITS), ("strange.js", STRANGE)] {
        bench.project.write(name, script(body));
    }
    let run = bench.run("old.js", &[]).run().to_owned();
    (bench, run)
}

/// The record that ends the first agent.
fn end_of_first(bench: &Bench, run: &str) -> String {
    let journal = bench.project.journal(run);
    let ended = journal.iter().find(|record| record["kind"] == "completed");
    ended.unwrap()["seq"].to_string()
}

#[test]
fn a_program_that_repeats_what_is_shared_goes_on() {
    let (bench, run) = bench();
    let at = end_of_first(&bench, &run);
    let fork = bench.fork(&[&run, "--at", &at, "--workflow", "fits.js", "--yes"]);
    assert_eq!(fork.state(), "done", "{}", fork.told);
    let mut calls = fork.calls.clone();
    calls.sort_unstable();
    assert_eq!(calls, ["1 of one", "2 of one"]);
    assert_eq!(*fork.output(), json!({ "found": "one", "all": ["1 of one", "2 of one"] }));
    let shown = bench.project.object(&["show", fork.run(), "--json"]);
    assert_ne!(shown["program"], bench.project.object(&["show", &run, "--json"])["program"]);
    bench.reproduces(fork.run());
    // What is on record of the fork is the other program's; it is not asked for again.
    let again = bench.fork(&[fork.run(), "--at", "/1", "--workflow", "old.js", "--yes", "--reuse"]);
    assert_eq!(again.calls, ["one", "two one"]);
}

#[test]
fn a_program_that_does_something_else_is_told_where() {
    let (bench, run) = bench();
    let runs = bench.project.lines(&["ls", "--json"]).len();
    let at = end_of_first(&bench, &run);
    for flags in [&["--yes"][..], &["--yes", "--dry-run"]] {
        let arguments = [&["fork", &run, "--at", &at, "--workflow", "strange.js"], flags].concat();
        let (code, told) = bench.fails(&arguments);
        assert!(code == 1 && told.contains("B0018"), "{told}");
        assert!(told.contains("command 1 of workflow /") && told.contains("record 2"), "{told}");
        let anew = format!("`baton run strange.js --reuse {run}`");
        assert!(told.contains("--at 1") && told.contains(&anew), "{told}");
    }
    assert_eq!(bench.project.lines(&["ls", "--json"]).len(), runs, "nothing was written");
    // Before the place it fits.
    let fork = bench.fork(&[&run, "--at", "1", "--workflow", "strange.js", "--yes"]);
    assert_eq!(fork.calls, ["something else"]);
    // As old.js beyond the cut: the command after it may be any.
    let late = bench.project.journal(&run).len().to_string();
    let (_, told) = bench.fails(&["fork", &run, "--at", &late, "--workflow", "fits.js", "--yes"]);
    assert!(told.contains("command 2 of workflow /"), "{told}");
}

#[test]
fn another_program_asks_as_a_run_does() {
    let (bench, run) = bench();
    let arguments = ["fork", &run, "--at", "1", "--workflow", "fits.js"];
    let (code, told) = bench.fails(&arguments);
    assert!(code == 3 && told.contains("B0006"), "{told}");
    // What would be is said without a question: nothing is started for it.
    let before = (bench.calls().len(), bench.project.lines(&["ls", "--json"]).len());
    let dry = bench.fork(&[&arguments[1..], &["--dry-run"]].concat());
    assert_eq!(dry.shown["run"], run.as_str(), "{}", dry.told);
    assert_eq!((bench.calls().len(), bench.project.lines(&["ls", "--json"]).len()), before);
}

#[test]
fn another_program_for_a_run_of_somebody_else_wants_a_yes() {
    let (bench, run) = bench();
    // A journal that came along: whoever works here never started its runs.
    std::fs::remove_file(bench.project.path("person/.config/baton/started")).unwrap();
    let always = ["run", "fits.js", "--root", "root", "--agent", "command:./worker.sh", "--always"];
    assert!(bench.project.output(&always).status.success());
    let agent = "command:./worker.sh";
    let arguments = ["fork", &run, "--at", "/1", "--workflow", "fits.js", "--agent", agent];
    let before = bench.calls().len();
    let (code, told) = bench.fails(&arguments);
    assert!(code == 3 && told.contains("B0006") && told.contains("not started by you"), "{told}");
    assert_eq!(bench.calls().len(), before, "nothing was performed");
}

#[test]
fn a_program_that_asks_the_very_task_in_another_way_goes_on_before_it() {
    let (bench, run) = bench();
    bench.project.write(
        "better.js",
        script("const one = await agent('one')\nreturn await agent(`better than ${one}`)\n"),
    );
    let task = format!("{run}/2");
    let dry = bench.fork(&[&task, "--workflow", "better.js", "--yes", "--dry-run"]);
    assert!(dry.told.contains("asks for /2 in another way"), "{}", dry.told);
    let fork = bench.fork(&[&task, "--workflow", "better.js", "--yes"]);
    assert!(fork.told.contains("asks for /2 in another way"), "{}", fork.told);
    assert_eq!(
        (fork.state(), fork.calls.as_slice()),
        ("done", &["better than one".to_owned()][..])
    );
    bench.reproduces(fork.run());
    // An earlier task is another matter: the record to fork before is one of the run.
    let (code, told) = bench.fails(&["fork", &task, "--workflow", "strange.js", "--yes"]);
    assert!(code == 1 && told.contains("B0018") && told.contains("--at 1"), "{told}");
}
