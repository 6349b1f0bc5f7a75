//! Help of `run`: flags and backends.

use super::support::Project;

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
