//! Agents of a run that moved are performed by another program.

use std::fs;

use crate::support::{Bench, fails, json, told};

const STEPS: usize = 5;

#[test]
fn another_program_goes_on_with_the_agents_of_a_run_that_moved() {
    let bench = Bench::new();
    let run = bench.half(STEPS, &[]);
    assert!(bench.output(&["export", &run, "-o", "half.baton"]).status.success());
    let there = |arguments: &[&str]| bench.elsewhere("there", arguments).output().unwrap();
    fs::create_dir_all(bench.path("there/bin")).unwrap();
    fs::rename(bench.path("worker.sh"), bench.path("there/bin/other.sh")).unwrap();
    fs::copy(bench.path("chain.js"), bench.path("there/chain.js")).unwrap();
    let told_of = told(&there(&["import", "../half.baton"]));
    assert!(told_of.contains("--agent command:PROGRAM"), "{told_of}");

    let resume = ["resume", &run, "--yes", "--json"];
    let text = fails(&there(&resume), "B0008", 2);
    assert!(text.contains("worker.sh, which is not here"), "{text}");
    assert!(text.contains("--agent command:PROGRAM"), "{text}");
    let with = |agent: &str| there(&[&resume[..], &["--agent", agent]].concat());
    assert!(fails(&with("command:./bin/gone.sh"), "B0008", 2).contains("gone.sh"));
    for (agent, why) in [
        ("acp:./bin/other.sh", "cannot take its place"),
        ("component:auditor", "cannot take its place"),
        ("claude", "cannot take its place"),
        ("reviewer=command:./bin/other.sh", "names nobody for its agents of the type reviewer"),
    ] {
        let output = with(agent);
        assert_eq!(output.status.code(), Some(2), "{agent}: {}", told(&output));
        assert!(told(&output).contains(why), "{agent}: {}", told(&output));
    }

    let other = "command:./bin/other.sh";
    let report = json(&with(other));
    let expected: Vec<String> =
        (0..STEPS).map(|step| format!("did step {step} after {step}")).collect();
    assert_eq!(report["output"], serde_json::json!(expected), "{report}");
    assert_eq!(calls(&bench), ["3", "4", "5"], "nothing that was done is done again");
    let lines = there(&["journal", &run, "--json"]);
    let resumed = String::from_utf8_lossy(&lines.stdout)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .rfind(|record| record["kind"] == "resumed")
        .unwrap();
    let named = resumed["body"]["programs"][bench.worker()].as_str().unwrap().to_owned();
    assert!(named.starts_with("command:/") && named.ends_with("there/bin/other.sh"), "{resumed}");
    let mut shown = bench.elsewhere("there", &["journal", &run]);
    let shown = shown.env("COLUMNS", "1000").output().unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("in place of command:"), "{shown:?}");
    assert!(there(&["replay", &run]).status.success());

    let shown = json(&there(&["show", &run, "--json"]));
    assert_eq!(shown["programs"][bench.worker()], named, "{shown}");

    // It stays with the run, and so with a fork of it, which says so first.
    let question = fails(&there(&["fork", &format!("{run}/4")]), "B0006", 3);
    assert!(question.contains(&format!("starts {named} in place of")), "{question}");
    let fork = json(&there(&["fork", &format!("{run}/4"), "--yes", "--json"]));
    assert_eq!((&fork["state"], &fork["output"]), (&"done".into(), &report["output"]), "{fork}");
    assert_eq!(calls(&bench), ["3", "4", "5", "4", "5"]);
    assert!(there(&["replay", fork["run"].as_str().unwrap()]).status.success());
    // Also with one that begins before it was named.
    let early = json(&there(&["fork", &format!("{run}/1"), "--yes", "--json"]));
    assert_eq!((&early["state"], &early["output"]), (&"done".into(), &report["output"]), "{early}");
    assert_eq!(calls(&bench).split_off(5), ["1", "2", "3", "4", "5"]);
    assert!(there(&["replay", early["run"].as_str().unwrap()]).status.success());
    // What it did serves where it is asked, what the one before it did does not.
    let again = ["run", "chain.js", "--args-json", "5", "--agent", other, "--reuse", &run];
    let again = json(&there(&[&again[..], &["--yes", "--json"]].concat()));
    assert_eq!((&again["output"], &again["reused"]), (&report["output"], &3.into()), "{again}");
    assert_eq!(calls(&bench).split_off(10), ["1", "2"]);
}

/// Tasks that the other program was called for, in order.
fn calls(bench: &Bench) -> Vec<String> {
    bench.read("there/bin/calls").lines().map(ToOwned::to_owned).collect()
}
