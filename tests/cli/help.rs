//! What needs no run: help, version, pages, completions.

use std::io::Read;
use std::process::Stdio;

use super::support::Project;

#[test]
fn the_version_is_one_line() {
    let said = Project::new().run(&["--version"]);
    assert_eq!(said.stdout, format!("baton {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!((said.exit, said.stderr.as_str()), (0, ""));
}

#[test]
fn help_lists_the_commands() {
    insta::assert_snapshot!(Project::new().run(&["--help"]).shown(), @r"
    exit 0
    --- stdout
    Run agent workflows as sandboxed WebAssembly components, durably.

    A workflow touches only what it was granted, every step is journaled before it is taken, and a run
    that was killed goes on where it was.

    Usage: baton [OPTIONS] <COMMAND>

    Commands:
      run          Start a workflow and show its result
      plan         Say what a run would do and come to, and run nothing
      list         List the workflows that can be run here
      new          Write a new script, tool, workflow or agent
      ls           List runs, newest first
      show         Show one run or task
      tree         Show the tasks of a run as a tree
      watch        Watch runs on the whole terminal, and act on them
      journal      Show the records of a run
      resume       Go on with a run or batch that stopped
      attach       Follow a run that another process drives, to its end
      pause        Stop a run for a time
      cancel       Cancel runs, or tasks with what is below them
      send         Tell an agent, a phase or a workflow something
      approve      Say yes to a question that a run asks
      reject       Say no to a question that a run asks
      restart      Let an agent that is at work begin anew
      fork         Make a run that shares the record of another up to a place
      retry        Do a task that has ended once more, in a run of its own
      diff         Show in what two runs differ
      replay       Prove that the record of a run reproduces
      apply        Merge what an isolated agent changed into the working tree
      check        Look into a workflow without executing it
      metrics      Print numbers about all runs, for Prometheus
      models       List providers of models, their models and what these cost
      test         Perform the recorded cases of a component or script
      manifest     Work on the manifest of a component
      receipts     List what you always allow, or take it back
      export       Write a run to a file, to take it elsewhere
      import       Bring in a run that was exported
      save         Keep the program of a run as a workflow that has a name
      gc           Remove old runs, and what nobody needs any more
      doctor       Check this machine, the journal and worktrees
      why          Say why a run or task is as it is, and what it waits for
      report       Write a page about a run: one HTML file that loads nothing
      explain      Say what an error code means
      completions  Print a completion script for a shell

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Everywhere:
          --home <DIR>
              Directory of the state; else BATON_HOME, else the nearest `.baton` at or above here

          --plain
              Progress as plain lines, also on a terminal

    Examples:
      baton run docs-audit --root .         audit the Markdown below this directory
      baton list                            workflows that can be run here
      baton ls                              what ran, and what can go on
      baton ls --waiting                    what people are asked
      baton resume last                     go on with the newest run
      baton explain B0006                   what an error means

    Exit codes:
      0 done · 1 failed · 2 usage · 3 refused by policy · 4 cap or limit reached
      5 waiting for a person or paused by one · 6 done, but tasks failed (--strict) · 130 interrupted
    ");
}

const COMMANDS: &[&str] = &[
    "run",
    "plan",
    "list",
    "new",
    "ls",
    "show",
    "tree",
    "watch",
    "journal",
    "resume",
    "attach",
    "pause",
    "cancel",
    "send",
    "approve",
    "reject",
    "restart",
    "fork",
    "retry",
    "diff",
    "replay",
    "apply",
    "check",
    "metrics",
    "models",
    "test",
    "manifest",
    "receipts",
    "export",
    "import",
    "save",
    "gc",
    "doctor",
    "why",
    "report",
    "explain",
    "completions",
];

#[test]
fn every_command_has_help() {
    let project = Project::new();
    for command in COMMANDS {
        let said = project.run(&[command, "--help"]);
        assert_eq!((said.exit, said.stderr.as_str()), (0, ""), "{command}");
        assert!(said.stdout.contains("Examples:\n  baton "), "{command}");
    }
}

#[test]
fn paragraphs_of_help_fill_the_terminal() {
    let project = Project::new();
    let is_text = |line: &str| line.starts_with(|first: char| !first.is_whitespace());
    for (command, width) in COMMANDS.iter().flat_map(|command| [(command, 80), (command, 100)]) {
        let columns = width.to_string();
        let said = project.run_with(&[command, "--help"], &[("COLUMNS", &columns)]);
        let lines: Vec<&str> = said.stdout.lines().collect();
        for pair in lines.windows(2) {
            let &[line, next] = pair else { continue };
            if is_text(line) && is_text(next) {
                let word = next.split_whitespace().next().unwrap_or_default();
                let filled = line.chars().count() + 1 + word.chars().count() > width;
                assert!(filled, "{command} at {width} columns: `{line}` ends before `{word}`");
            }
        }
    }
}

#[test]
fn codes_are_listed_and_explained() {
    let project = Project::new();
    let list = project.run(&["explain"]);
    assert_eq!(list.exit, 0);
    for line in list.stdout.lines() {
        let code = line.split_whitespace().next().unwrap();
        let page = project.run(&["explain", code]);
        assert_eq!(page.exit, 0, "{code}");
        assert!(page.stdout.starts_with(&format!("# {code}: ")), "{code}");
    }
    insta::assert_snapshot!(project.run(&["explain", "B0006"]).shown(), @r"
    exit 0
    --- stdout
    # B0006: nobody was there to consent

    ## What happened

    A workflow gets nothing before somebody has seen what it asks for. Standard input is not a terminal, so
    nobody could be asked, and `--yes` was not given. Nothing was started. If the workflow was always allowed,
    something changed since: the screen above the message says what.

    Or `baton resume` or `baton fork` was to go on with a run that you did not start, as it was imported or comes
    with a directory that somebody else filled, and that reads files or uses models, tools or programs. Or
    `baton apply` was to write what the agents of such a run changed, or files that tell other programs what to do.

    Or a program was to be started that nobody looked at: the settings of a project name it, a recording, or the
    run of somebody else that a message follows up.

    Or a file or record of somebody else raised limits for itself: `baton import` met a text or a number of tasks
    beyond the usual ones, or `baton replay` or `baton fork --workflow` was to execute its workflows with such limits.

    ## What to do

    - Run the command on a terminal and answer the question.
    - Or look at the requests with `baton check WORKFLOW`, then add `--yes`: it starts with what policy grants,
      and grants nothing itself.
    - Or answer `a` once, or add `--always` once: it starts without a question until it changes.
    - A run that you did not start: look at it with `baton show RUN`, then `baton resume RUN --yes` goes on, also
      where `baton approve --resume` stopped: the answer is kept.
    - A program that nobody looked at: `--agent` says who performs the agents.
    - Limits that somebody else raised: the message names them. `--yes` takes them for this one command; Ctrl-C ends
      a replay that computes too long.
    ");
    insta::assert_snapshot!(project.run(&["explain", "B9999"]).shown(), @r"
    exit 2
    --- stderr
    error[B0029]: there is no error code `B9999`
      hint: `baton explain` lists all codes
      `baton explain B0029` says more
    ");
}

#[test]
fn completions_know_the_commands() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = project.run(&["completions", shell]);
        assert_eq!(said.exit, 0, "{shell}");
        assert!(said.stdout.contains("resume"), "{shell}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let project = Project::new();
    let mut command = project.command(&["completions", "bash"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}
