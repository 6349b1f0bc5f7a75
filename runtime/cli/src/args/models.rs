//! Arguments of `baton models`.

use clap::Args;

/// `baton models`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prices are US dollars per million tokens: sent, received, read from the provider's cache. A model \
without a price is not used: name one under [prices.\"PROVIDER:MODEL\"] of your \
~/.config/baton/config.toml. `baton explain B0040` shows the settings.

With --json, one object per entry and line. Of a provider: type, name, api, base_url, key, ready, \
problem, requests_per_minute, tokens_per_minute, concurrency, from. Of a model: type, name, \
provider, ready, input, output, cached, cache_write (US dollars per million tokens), context, \
output_max. Of a tier: type, name, backend, ready.

Examples:
  baton models
  baton models haiku
  baton models --json | jq -r 'select(.type == \"model\" and .ready) | .name'")]
pub struct ModelsArgs {
    /// Only what has this in its name.
    #[arg(value_name = "PATTERN")]
    pub pattern: Option<String>,
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
}
