//! Outputs of the commands that act on runs.

use crate::support::Project;

#[test]
fn where_nothing_ever_ran_there_is_nothing_to_act_on() {
    let project = Project::new();
    for arguments in [
        &["pause", "last"][..],
        &["cancel", "last"],
        &["send", "last", "x"],
        &["approve", "last"],
        &["reject", "last/1"],
        &["restart", "last/1"],
        &["attach", "last"],
    ] {
        let said = project.run(arguments);
        assert_eq!((said.exit, said.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(said.stderr.starts_with("error[B0009]: nothing has run in"), "{}", said.stderr);
    }
    assert!(!project.path(".baton").exists(), "nothing was made");
    let said = project.run(&["ls", "--waiting"]);
    assert_eq!((said.exit, said.stdout.as_str()), (0, ""));
}

#[test]
fn a_question_as_people_meet_it() {
    let project = Project::with_scripts();
    project.write(
        "ask.js",
        "export const meta = { name: 'ask', description: 'Asks people.' }
return await baton.gate('Ship it?', { choices: ['staging', 'production'], details: 'All 40 tests pass.', phase: 'Deploy' })
",
    );
    let said = project.run(&["run", "ask.js", "--extensions", "--yes"]);
    insta::assert_snapshot!(without_times(&said.shown()), @r"
    exit 5
    --- stderr
    ask [RUN]
      ? /1 asks: Ship it?
    ‖ paused: /1 asks: Ship it?
    [RUN] · [TIME]
    error[B0016]: [RUN] waits for an answer: Ship it?
      hint: `baton approve [RUN]/1 --choice staging --resume` or `baton reject [RUN]/1 --resume` goes on; `baton ls --waiting` says what can be answered
      `baton explain B0016` says more
    ");
    insta::assert_snapshot!(without_times(&project.run(&["ls", "--waiting"]).shown()), @r"
    exit 0
    --- stdout
    ? Ship it?
        [RUN]/1 · ask · Deploy · asked [TIME] ago
        All 40 tests pass.
        choices: staging, production
        baton approve [RUN]/1 --choice staging
    ");
    insta::assert_snapshot!(project.run(&["approve", "last"]).shown(), @r"
    exit 2
    --- stderr
    error[B0055]: the answer does not fit the gate
      because: an approval must choose one of: staging, production
      hint: --choice is one of: staging, production
      `baton explain B0055` says more
    ");
    insta::assert_snapshot!(project.run(&["approve", "last", "--choice", "moon"]).shown(), @r"
    exit 2
    --- stderr
    error[B0055]: the answer does not fit the gate
      because: `moon` is none of: staging, production
      hint: --choice is one of: staging, production
      `baton explain B0055` says more
    ");
    let said = project.run(&["approve", "last", "--choice", "staging", "--note", "go"]);
    insta::assert_snapshot!(said.shown(), @r"
    exit 0
    --- stderr
    nobody drives [RUN] now; when somebody goes on with it, /1 is approved: staging, if nobody has answered it before (`baton resume [RUN]` goes on)
    ");
    let said = project.run(&["resume", "last", "--format", "json"]);
    insta::assert_snapshot!(without_times(&said.shown()), @r#"
    exit 0
    --- stdout
    {
      "approved": true,
      "by": "tester",
      "choice": "staging",
      "data": null,
      "defaulted": false,
      "note": "go"
    }
    --- stderr
    ask [RUN]
      ? /1 asks: Ship it?
    ‖ paused: /1 asks: Ship it?
    ▸ resumed by tester
      ✓ /1 approved by tester: staging
    ✓ 0 agents; 1 question
    [RUN] · [TIME]
    "#);
    insta::assert_snapshot!(project.run(&["approve", "last/1"]).shown(), @r"
    exit 2
    --- stderr
    error[B0054]: [RUN]/1 is answered already: done
      hint: `baton show [RUN]/1` says more; `baton ls --waiting` lists what is asked
      `baton explain B0054` says more
    ");
}

/// The text with spans of time replaced.
fn without_times(text: &str) -> String {
    let is_time =
        |word: &str| word.strip_suffix('s').is_some_and(|number| number.parse::<f64>().is_ok());
    let line = |line: &str| {
        let words: Vec<&str> =
            line.split(' ').map(|word| if is_time(word) { "[TIME]" } else { word }).collect();
        words.join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
