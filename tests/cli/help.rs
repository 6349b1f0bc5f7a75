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

#[test]
fn help_of_run_explains_flags_and_backends() {
    insta::assert_snapshot!(Project::new().run(&["run", "--help"]).shown(), @r#"
    exit 0
    --- stdout
    Start a workflow and show its result

    Usage: baton run [OPTIONS] <WORKFLOW>

    Arguments:
      <WORKFLOW>
              A path to a .js, .mjs or .wasm file, or a name that `baton list` shows

    Options:
          --input <JSON|@FILE|->
              The input: JSON, @FILE, or - for standard input. A script sees it as `args`
              
              [alias: --args-json]

          --args <TEXT|@FILE|->
              The input as a plain string: the text itself, @FILE, or - for standard input

          --root <DIR>
              Directory that the workflow and its agents may read, as far as the workflow asks to

          --base <REV>
              The commit that agents with a worktree of their own begin with; else what is checked out

          --agent <[TYPE=]BACKEND>
              Who performs agent tasks: for all, or for one agent type. May be repeated

          --record <DIR>
              Keep every exchange with a model in this directory, for --agent recorded:DIR

          --no-continue
              Do not go on by itself when a provider serves again; `baton resume` does

          --detach
              Let it go on in the background, and print its id. `baton attach` follows it

          --wait
              Stay while the run waits for nothing but people, as on a terminal anyway

          --no-wait
              Leave with exit code 5 once the run waits for nothing but people, as elsewhere anyway

      -y, --yes
              Start without asking, with what policy grants and no more

          --always
              Start without asking now and ever after, until the program or what it may touch changes

          --json
              Print one JSON object

          --format <FORMAT>
              How to write the workflow's output

              Possible values:
              - text: For people
              - md:   As Markdown
              - json: The output of the workflow as JSON
              
              [default: text]

          --strict
              Exit with 6 where tasks failed although the workflow is done

      -h, --help
              Print help (see a summary with '-h')

    Authority:
          --grant <KIND=PATTERN>
              Grant something that is requested, such as write='out/**', http='GET api.example.org',
              env=LANG, secrets=github, exec='cargo test **', tools='git/*' or read='.git/**'

          --deny <KIND=PATTERN>
              Take something away, whoever grants it

    Caps:
          --max-agents <N>
              Agents that may start

          --max-tokens <N>
              Input and output tokens together, such as 200k

          --max-input-tokens <N>
              Input tokens, cached ones included

          --max-output-tokens <N>
              Output tokens

          --max-cached-tokens <N>
              Input tokens that a provider serves from its cache

          --max-cost <USD>
              US dollars, such as 5 or 0.25

          --timeout <D>
              Wall time of this sitting, such as 90s, 5m or 1h30m

          --phase-cap <TITLE:NAME=N,..>
              What the agents of a phase may consume together, such as 'Review:cost=1.50,agents=5'. Of
              agents, tokens, input-tokens, output-tokens, cached-tokens, cost, timeout. May be repeated

          --task-cap <NAME=N,..>
              What each agent may consume, such as cost=0.20,tokens=50k

          --concurrency <N>
              Agents at work at once, whatever the number of cores; else 16

          --limit <NAME=VALUE>
              Set a limit of the sandbox, such as workflow.fuel=40G; `baton doctor` lists them

    Scripts:
          --budget <N>
              Output tokens that the workflow may spend, such as 500k; a script sees it as `budget`

          --lenient
              `Date.now()`, `new Date()` and `Math.random()` give virtual values instead of an error

          --extensions
              Scripts get the global `baton`: what only Baton has

          --schema-attempts <N>
              Attempts of an agent at a schema, 1 to 5; else MAX_STRUCTURED_OUTPUT_RETRIES, else 5

    Forecast:
          --forecast
              Make a forecast also where nobody is asked: with --yes, or if the run is always allowed

          --no-forecast
              Make no forecast

          --seeds <N>
              Dry runs of a forecast, 3 to 256; else 8

    Reuse:
          --reuse <RUN>
              Use the results of this run where the call is the same and the files it rests on are: only
              what changed, failed or never ended is done. A run id, the beginning or end of one, or
              `last`

          --reuse-stale
              Use results of commands even though files below the root changed since: nobody saw what
              they read

          --reuse-steered
              Use results of agents that messages steered, although nobody says the same to them now

    Batches:
          --each <INPUTS.jsonl>
              One run for each line of a file of JSON values; one result line each, with its "line"

          --runs <N>
              Runs of a batch that are live at once
              
              [default: 256]

    Everywhere:
          --home <DIR>
              Directory of the state; else BATON_HOME, else the nearest `.baton` at or above here

          --plain
              Progress as plain lines, also on a terminal

    The result alone goes to standard output, progress to standard error.

    With --json, one object: run, state, output, summary, evidence, artifacts, follow_ups, usage,
    reused, failed_tasks; and, where there is something to say, line (of a batch), forked_from,
    forecast, degraded, pause, error {code, message, …}.

    Backends:
      PROVIDER:MODEL        a model: anthropic:, openai:, openai-chat:, gemini:, ollama:, or of settings
      PROVIDER              any model of it, as tasks say; else its medium one
      small, medium, large  tiers of models; settings name further ones
      claude, codex, gemini-cli   coding agents that are installed
      acp:PROGRAM ARGS      any coding agent that speaks the Agent Client Protocol
      component:NAME        an agent built in or beside the workflow, sandboxed
      component:FILE.wasm   an agent component in a file, sandboxed
      command:PROGRAM ARGS  any program; a JSON task on its standard input, JSON on its output
      recorded:DIR          what --record DIR kept of an earlier run; nothing is sent anywhere

    Examples:
      baton run docs-audit --root .
      baton run ./flow.js --root . --agent anthropic --max-cost 5
      baton run ./flow.js --agent openai:gpt-5-mini --agent reviewer=large --task-cap cost=0.20
      baton run docs-audit --root docs --yes --json | jq .output
      baton run ./flow.js --args 'the login page' --agent 'command:./worker.sh' --root .
      baton run ./flow.wasm --input '{"topic":"limits"}' --max-agents 50 --timeout 10m
      baton run ./flow.wasm --agent reviewer='command:./review.sh --fast'
      baton run ./flow.js --agent 'command:./worker' --reuse last
      baton run ./release.wasm --root . --grant 'write=CHANGELOG.md' --grant 'exec=cargo test **'
      baton run ./report.wasm --grant 'http=GET https://api.example.org' --deny 'tools=git-write/*'
      baton run docs-audit --root . --yes --detach
      baton run ./flow.wasm --each inputs.jsonl --yes > results.jsonl
    "#);
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

    Or `baton resume` was to go on with a run that you did not start, as it was imported or comes with a
    directory that somebody else filled, and that reads files or uses models, tools or programs; or `[deny]` takes
    away by now what the run was granted when it began, and did so while nobody drove it.

    ## What to do

    - Run the command on a terminal and answer the question.
    - Or look at the requests with `baton check WORKFLOW`, then add `--yes`: it starts with what policy grants,
      and grants nothing itself.
    - Or answer `a` once, or add `--always` once: it starts without a question until it changes.
    - A run that you did not start: look at it with `baton show RUN`, then `baton resume RUN --yes` goes on.
    - A run that policy denies something by now: cancel it and start it again, to be held to the policy of today.
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
