//! Help of the commands that act on runs.

use crate::support::Project;

#[test]
fn help_of_pause() {
    insta::assert_snapshot!(Project::new().run(&["pause", "--help"]).shown(), @r"
    exit 0
    --- stdout
    Stop a run for a time

    Usage: baton pause [OPTIONS] <RUN>

    Arguments:
      <RUN>  The run: a whole id, the beginning or end of one, or `last`

    Options:
          --now   Stop what is at work instead of letting it finish
          --json  Print one JSON object
      -h, --help  Print help

    Everywhere:
          --home <DIR>  Directory of the state; else BATON_HOME, else the nearest `.baton` at or above
                        here
          --plain       Progress as plain lines, also on a terminal

    Agents at work finish and what they did is kept; nothing new starts. With --now they are stopped,
    and `baton resume` starts them again.

    With --json, one object: run, order, outcome (obeyed, refused, kept, pending or already), message,
    hint.

    Examples:
      baton pause last
      baton pause 01JQ4Z --now
    ");
}

#[test]
fn help_of_cancel() {
    insta::assert_snapshot!(Project::new().run(&["cancel", "--help"]).shown(), @r"
    exit 0
    --- stdout
    Cancel runs, or tasks with what is below them

    Usage: baton cancel [OPTIONS] <RUN|TASK>...

    Arguments:
      <RUN|TASK>...  The runs and tasks

    Options:
          --json  Print JSON Lines
      -h, --help  Print help

    Everywhere:
          --home <DIR>  Directory of the state; else BATON_HOME, else the nearest `.baton` at or above
                        here
          --plain       Progress as plain lines, also on a terminal

    A task is cancelled with everything below it. What was done stays in the journal; what was under way
    is lost. The process that owns the run obeys within a quarter of a second. If none is alive, the
    next one that resumes the run obeys first.

    With --json, one object per run or task and line: run, task, order, outcome (obeyed, refused, kept
    or pending), message, hint, cancelled {KIND: number}.

    Examples:
      baton cancel last
      baton cancel last/3
      baton cancel last/3 last/5
    ");
}

#[test]
fn help_of_send() {
    insta::assert_snapshot!(Project::new().run(&["send", "--help"]).shown(), @r"
    exit 0
    --- stdout
    Tell an agent, a phase or a workflow something

    Usage: baton send [OPTIONS] <RUN|TASK|RUN@PHASE> <TEXT|@FILE|->

    Arguments:
      <RUN|TASK|RUN@PHASE>
              The agent, phase or run

      <TEXT|@FILE|->
              What is said: the text itself, @FILE, or - for standard input. At most 64 KiB

    Options:
          --urgent
              Interrupt what the agent is doing

      -h, --help
              Print help (see a summary with '-h')

    To a finished run:
          --agent <[TYPE=]BACKEND>
              Who answers; else who performed most of the finished run. As in `baton run`

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

    Everywhere:
          --home <DIR>
              Directory of the state; else BATON_HOME, else the nearest `.baton` at or above here

          --plain
              Progress as plain lines, also on a terminal

    An agent reads its messages before its next step; an urgent one interrupts the step under way. Where
    a program performs it: when its turn ends, if it keeps a session, else with its next attempt. A
    message to a phase reaches every agent of it that has not ended. A message to a run goes to its
    workflow, which must listen. A message to a run that has ended starts a follow-up: a new run that
    knows the result.

    With --json, one object: run, task, phase, order, outcome (obeyed, refused, kept or pending),
    message, hint; of a follow-up what `baton run --json` prints.

    Examples:
      baton send last/3 'leave the tests alone'
      baton send last/3 --urgent 'stop: that file is generated'
      baton send last@Review - < guidance.txt
      baton send last @answer.md
    ");
}

#[test]
fn help_of_approve() {
    insta::assert_snapshot!(Project::new().run(&["approve", "--help"]).shown(), @r#"
    exit 0
    --- stdout
    Say yes to a question that a run asks

    Usage: baton approve [OPTIONS] <GATE>

    Arguments:
      <GATE>
              The gate

    Options:
          --choice <CHOICE>
              One of the gate's choices

          --data <JSON|@FILE|->
              Data that fits the gate's schema: JSON, @FILE, or - for standard input

          --note <TEXT>
              What the workflow is told in words

          --resume
              Go on with the run right here, if nobody else does

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

    Everywhere:
          --home <DIR>
              Directory of the state; else BATON_HOME, else the nearest `.baton` at or above here

          --plain
              Progress as plain lines, also on a terminal

    GATE is a task, such as run_01JQ4Z…/3. A run alone, or `last`, is its only open gate; where it has
    several they are listed. The answer is checked before it is sent. `baton ls --waiting` lists what is
    asked.

    With --json, one object: run, task, order, outcome (obeyed, refused, kept or pending), message,
    hint; with --resume what `baton resume --json` prints.

    Examples:
      baton approve last
      baton approve last/3 --choice staging --note 'after lunch'
      baton approve 01JQ4Z/3 --data '{"version":"1.2.0"}' --resume
      baton approve last/3 --data @answer.json
    "#);
}

#[test]
fn help_of_reject() {
    insta::assert_snapshot!(Project::new().run(&["reject", "--help"]).shown(), @r"
    exit 0
    --- stdout
    Say no to a question that a run asks

    Usage: baton reject [OPTIONS] <GATE>

    Arguments:
      <GATE>
              The gate

    Options:
          --note <TEXT>
              What the workflow is told in words

          --resume
              Go on with the run right here, if nobody else does

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

    Everywhere:
          --home <DIR>
              Directory of the state; else BATON_HOME, else the nearest `.baton` at or above here

          --plain
              Progress as plain lines, also on a terminal

    The workflow is told no, and decides what follows. GATE is named as for `baton approve`.

    With --json, one object: run, task, order, outcome (obeyed, refused, kept or pending), message,
    hint; with --resume what `baton resume --json` prints.

    Examples:
      baton reject last
      baton reject last/3 --note 'not on a Friday'
    ");
}

#[test]
fn help_of_restart() {
    insta::assert_snapshot!(Project::new().run(&["restart", "--help"]).shown(), @r"
    exit 0
    --- stdout
    Let an agent that is at work begin anew

    Usage: baton restart [OPTIONS] <TASK>

    Arguments:
      <TASK>  The agent

    Options:
          --note <TEXT>  What the agent is told when it begins again
          --json         Print one JSON object
      -h, --help         Print help

    Everywhere:
          --home <DIR>  Directory of the state; else BATON_HOME, else the nearest `.baton` at or above
                        here
          --plain       Progress as plain lines, also on a terminal

    The task is stopped and begins anew, with nothing of its conversation but the messages to it, of
    which the note is one. What it consumed stays consumed. A task that has answered is not restarted:
    `baton retry` forks its run.

    With --json, one object: run, task, order, outcome (obeyed, refused, kept or pending), message,
    hint.

    Examples:
      baton restart last/3
      baton restart last/3 --note 'the file is src/lib.rs, not lib/src.rs'
    ");
}

#[test]
fn help_of_attach() {
    insta::assert_snapshot!(Project::new().run(&["attach", "--help"]).shown(), @r"
    exit 0
    --- stdout
    Follow a run that another process drives, to its end

    Usage: baton attach [OPTIONS] <RUN>

    Arguments:
      <RUN>
              The run: a whole id, the beginning or end of one, or `last`

    Options:
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

    Everywhere:
          --home <DIR>
              Directory of the state; else BATON_HOME, else the nearest `.baton` at or above here

          --plain
              Progress as plain lines, also on a terminal

    Shows the progress of a run that another process drives, and its result as `baton run` would, with
    the same exit code. Ctrl-C only ends the looking: the run goes on.

    With --json, what `baton run --json` prints.

    Examples:
      baton run docs-audit --root . --yes --detach
      baton attach last
      baton attach last --json | jq .output
    ");
}
