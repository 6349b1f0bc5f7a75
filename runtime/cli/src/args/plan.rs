//! Arguments about what a run will come to.

use baton_forecast::{SEEDS_MAX, SEEDS_MIN};
use clap::Args;

use super::RunArgs;

/// Whether a forecast is made, and how.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Forecast")]
pub struct ForecastArgs {
    /// Make a forecast also where nobody is asked: with --yes, or if the run is always allowed.
    #[arg(long, conflicts_with_all = ["no_forecast", "each"])]
    pub forecast: bool,
    /// Make no forecast.
    #[arg(long)]
    pub no_forecast: bool,
    /// Dry runs of a forecast, 3 to 256; else 8.
    #[arg(long, value_name = "N",
          value_parser = clap::value_parser!(u32).range(i64::from(SEEDS_MIN)..=i64::from(SEEDS_MAX)))]
    pub seeds: Option<u32>,
}

/// `baton plan`.
#[derive(Debug, Args)]
#[command(after_help = "\
Takes everything that `baton run` takes, so that one word of a command line changes. First comes \
what the workflow is and asks for, what it gets, who performs its agents, what these cost, and the \
caps that hold. That executes nothing. A key that is missing is only a warning.

Then a forecast of agents, tokens, money and time, as ranges: the workflow runs in the sandbox \
several times, over a journal in memory, and agents, tools and people answer what their JSON \
Schemas allow. Earlier runs of the same workflow are blended in: what agents consumed, and how many \
failed. Nothing is started, sent or written. What a command would print is made up by its kind, \
such as a patch for `git diff`; only tools that can do nothing but read, in the sandbox, are called. \
The notes say all of that. It reads files below --root, so where a workflow does that, it needs \
your word: --yes, a receipt of `--always`, a grant of reading in your config.toml or by --grant, or \
your answer on a terminal.

With --json, one object: workflow, name, description, phases, source, program, script, root, \
agents_max, authority, backends, caps, budget, concurrency, warnings, allowed (always, changed or \
never), forecast, and no_forecast (why there is none). A forecast has agents, input_tokens, \
output_tokens, cost_usd and wall_ms, each {low, likely, high}; phases, each with title and the \
same; basis {seeds, runs, tokenizer}, complete (false: the figures may mean nothing, and the notes \
say why), notes.

Examples:
  baton plan docs-audit --root . --yes
  baton plan ./flow.js --agent anthropic --args 'the login page'
  baton plan ./flow.js --agent openai:gpt-5-mini --seeds 32 --json | jq .forecast.agents
  baton plan ./flow.wasm --root . --no-forecast")]
pub struct PlanArgs {
    /// What would run.
    #[command(flatten)]
    pub run: RunArgs,
}
