//! `baton why`.

use baton_test_support::kill_9;
use serde_json::Value;

use super::support::{Place, told};

/// What is said, with names and moments that differ from run to run replaced.
fn said(place: &Place, id: &str) -> String {
    let run = place.0.last_run();
    let shown = place.says(&["why", id]);
    let lines = shown.lines().map(|line| match line.split_once(", since ") {
        Some((lead, rest)) => {
            let rest = rest.split_once(')').map_or("", |(_, rest)| rest);
            format!("{lead}, since …{rest}")
        }
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n").replace(&run, "RUN")
}

/// The findings as JSON.
fn findings(place: &Place, id: &str) -> Vec<Value> {
    let shape = place.0.object(&["why", id, "--json"]);
    shape["findings"].as_array().unwrap().clone()
}

/// The finding of a cause, and the kinds of the records behind it.
fn behind(place: &Place, id: &str, cause: &str) -> (Value, Vec<String>) {
    let all = findings(place, id);
    let found: Vec<&Value> = all.iter().filter(|finding| finding["cause"] == cause).collect();
    assert_eq!(found.len(), 1, "{cause}: {all:#?}");
    let journal = place.0.journal(&place.0.last_run());
    let kind = |seq: &Value| {
        let record = journal.iter().find(|record| record["seq"] == *seq).unwrap();
        record["kind"].as_str().unwrap().to_owned()
    };
    let kinds = found[0]["records"].as_array().unwrap().iter().map(kind).collect();
    (found[0].clone(), kinds)
}

#[test]
fn a_run_that_ended_says_what_went_wrong_on_the_way() {
    let place = Place::with(
        "const one = await agent('do it', { label: 'first' })
         await agent('break it', { label: 'second' }).catch(() => null)
         try { await agent('one more') } catch {}
         return one",
    );
    place.run(&["--limit", "run.agents=2"]);
    insta::assert_snapshot!(said(&place, "last"), @r"
    ✓ RUN flow done
      it is done: 2 agents: 1 ok, 1 null (exit-status 1); 1 call refused (record 13)
        → `baton show RUN` shows the result
      /2: it failed: the program exited with status 7; standard error ends: it broke (exit-status)
      (record 10)
        → `baton retry RUN/2` does it again, with everything else reused
      a request was refused, for a limit is reached: the run has 2 agents, its limit (run.agents)
      (record 12)
        → raise it with --limit run.agents=N
    ");
    insta::assert_snapshot!(said(&place, "last/1"), @r"
    ✓ RUN/1 first done
      it is done: answered (record 6)
    ");
    let (refused, kinds) = behind(&place, "last", "refused");
    assert_eq!(kinds, ["refused"]);
    assert!(refused["hint"].as_str().unwrap().contains("--limit run.agents=N"));
    let (failed, kinds) = behind(&place, "last/2", "failed");
    assert_eq!(kinds, ["completed"]);
    assert!(failed["task"].as_str().unwrap().ends_with("/2"));
}

#[test]
fn a_run_at_its_cap_says_which_flag_helps() {
    let place = Place::with("await agent('one'); return agent('two')");
    place.run(&["--max-agents", "1"]);
    let (paused, kinds) = behind(&place, "last", "paused-cap");
    assert_eq!(kinds, ["paused"]);
    assert_eq!(
        paused["hint"].as_str().unwrap().replace(&place.0.last_run(), "RUN"),
        "`baton resume RUN --max-agents 2` lets one more start, a higher cap more"
    );
    let (waits, _) = behind(&place, "last/2", "waits-run");
    assert!(waits["hint"].as_str().unwrap().contains("baton why"));
    // The run goes on, and says that it was paused.
    let run = place.0.last_run();
    let output = place.0.output(&["resume", &run, "--max-agents", "2", "--json"]);
    assert!(output.status.success(), "{}", told(&output));
    let (was, kinds) = behind(&place, "last", "was-paused");
    assert_eq!(kinds, ["paused", "resumed"]);
    assert_eq!(was["text"], "it was paused (cap on agents reached), and tester went on with it");
}

#[test]
fn a_run_whose_process_was_killed_says_so() {
    let place = Place::with("return agent('hang on', { label: 'slow' })");
    let child = place.running(&[]).spawn().unwrap();
    place.until("the agent", |place| !place.tasks().is_empty());
    let (works, kinds) = behind(&place, "last/1", "works");
    assert!(works["text"].as_str().unwrap().starts_with("it is at work since "), "{works}");
    assert!(kinds.contains(&"started".to_owned()), "{kinds:?}");
    behind(&place, "last", "driven");
    kill_9(child);
    place.until("its end", |place| place.0.object(&["ls", "--json"])["owned"] == false);
    insta::assert_snapshot!(said(&place, "last"), @r"
    ‖ RUN flow interrupted
      nobody drives it: the process that did is gone, since … (record 5)
        → `baton resume RUN` goes on; what ended is not done again
      /1: it waits for the run to go on (record 4)
    ");
    let _ = place.0.output(&["cancel", "last"]);
}

#[test]
fn a_call_that_was_not_reused_says_what_differs() {
    let place = Place::with("return agent('first words', { label: 'a' })");
    let first = place.run(&[]);
    place.script("return agent('other words', { label: 'a' })");
    place.run(&["--reuse", "last"]);
    let (missed, kinds) = behind(&place, "last/1", "not-reused");
    assert_eq!(kinds, ["not-reused"]);
    assert_eq!(
        missed["text"].as_str().unwrap().replace(&first, "FIRST"),
        "it was performed, not reused: the nearest call, FIRST/1, differs in: prompt"
    );
    behind(&place, "last", "reuses");
    // The same again is reused, and says from where.
    let second = place.0.last_run();
    place.run(&["--reuse", "last"]);
    let (reused, kinds) = behind(&place, "last/1", "reused");
    assert_eq!(kinds, ["completed"]);
    assert!(reused["text"].as_str().unwrap().ends_with(&format!("{second}/1")), "{reused}");
}

#[test]
fn there_is_no_why_of_what_is_not_there() {
    let place = Place::with("return 1");
    place.run(&[]);
    let output = place.0.output(&["why", "last/7"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("there is no task"), "{}", told(&output));
    assert_eq!(place.0.output(&["why", "nothing"]).status.code(), Some(2));
}

#[test]
fn a_question_says_how_it_is_answered_and_that_works() {
    let place =
        Place::with("return (await baton.gate('Ship it?', { choices: ['now', 'later'] })).choice");
    place.run(&["--extensions", "--no-wait"]);
    behind(&place, "last", "paused-gate");
    let (waits, kinds) = behind(&place, "last/1", "waits-gate");
    assert_eq!(kinds, ["spawned"]);
    assert_eq!(waits["text"], "it waits for a person: “Ship it?”; choices: now, later");
    let hint = waits["hint"].as_str().unwrap();
    let command = hint.split('`').nth(1).unwrap().strip_prefix("baton ").unwrap();
    let mut words: Vec<&str> = command.split(' ').collect();
    words.push("--json");
    let answered = place.0.object(&words);
    assert_eq!(
        (&answered["state"], &answered["output"]),
        (&"done".into(), &"now".into()),
        "{hint}"
    );
    let (was, _) = behind(&place, "last", "was-paused");
    assert_eq!(was["text"], "it was paused (/1 asks: Ship it?), and tester went on with it");
}
