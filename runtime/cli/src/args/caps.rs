//! Arguments about what a run may consume.

use baton_core::budget::{Cap, Caps};
use clap::Args;

use crate::value;

/// What a run may consume. At a cap the run pauses; `baton resume` with a higher one goes on.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Caps")]
pub struct CapArgs {
    /// Agents that may start.
    #[arg(long, value_name = "N", value_parser = value::number)]
    pub max_agents: Option<u64>,
    /// Input and output tokens together, such as 200k.
    #[arg(long, value_name = "N", value_parser = value::number)]
    pub max_tokens: Option<u64>,
    /// Input tokens, cached ones included.
    #[arg(long, value_name = "N", value_parser = value::number)]
    pub max_input_tokens: Option<u64>,
    /// Output tokens.
    #[arg(long, value_name = "N", value_parser = value::number)]
    pub max_output_tokens: Option<u64>,
    /// Input tokens that a provider serves from its cache.
    #[arg(long, value_name = "N", value_parser = value::number)]
    pub max_cached_tokens: Option<u64>,
    /// US dollars, such as 5 or 0.25.
    #[arg(long, value_name = "USD", value_parser = value::money)]
    pub max_cost: Option<u64>,
    /// Wall time of this sitting, such as 90s, 5m or 1h30m.
    #[arg(long, value_name = "D", value_parser = value::duration_ms)]
    pub timeout: Option<u64>,
    /// What the agents of a phase may consume together, such as 'Review:cost=1.50,agents=5'. Of
    /// agents, tokens, input-tokens, output-tokens, cached-tokens, cost, timeout. May be repeated.
    #[arg(long = "phase-cap", value_name = "TITLE:NAME=N,..", value_parser = value::phase_cap)]
    pub phases: Vec<(String, Cap)>,
    /// What each agent may consume, such as cost=0.20,tokens=50k.
    #[arg(long = "task-cap", value_name = "NAME=N,..", value_parser = value::task_cap)]
    pub task: Option<Cap>,
}

impl CapArgs {
    /// The caps as they were given.
    #[must_use]
    pub fn caps(&self) -> Caps {
        let mut caps = Caps {
            run: Cap {
                agents: self.max_agents,
                tokens: self.max_tokens,
                input_tokens: self.max_input_tokens,
                output_tokens: self.max_output_tokens,
                cached_tokens: self.max_cached_tokens,
                cost_micro_usd: self.max_cost,
                wall_ms: self.timeout,
            },
            phases: Default::default(),
            task: self.task.unwrap_or_default(),
        };
        for (title, cap) in &self.phases {
            let known = caps.phases.entry(title.clone()).or_default();
            *known = known.updated(cap);
        }
        caps
    }
}
