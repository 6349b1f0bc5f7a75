//! `[caps]` of a file of settings, as it is written.

use std::collections::BTreeMap;

use baton_core::budget::{Cap, Caps};
use baton_core::spec::micro_usd;
use serde::Deserialize;
use toml::Spanned;

use crate::project::policy::file::Wrong;
use crate::value;

/// A string and where it stands.
type Word = Spanned<String>;

/// What a run may consume where no flag says otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawCaps {
    max_cost: Option<Spanned<f64>>,
    max_tokens: Option<Spanned<Amount>>,
    max_input_tokens: Option<Spanned<Amount>>,
    max_output_tokens: Option<Spanned<Amount>>,
    max_cached_tokens: Option<Spanned<Amount>>,
    max_agents: Option<Spanned<Amount>>,
    timeout: Option<Word>,
    phases: BTreeMap<String, RawCap>,
    task: RawCap,
}

/// What a phase, or one agent, may consume.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawCap {
    max_cost: Option<Spanned<f64>>,
    max_tokens: Option<Spanned<Amount>>,
    max_input_tokens: Option<Spanned<Amount>>,
    max_output_tokens: Option<Spanned<Amount>>,
    max_cached_tokens: Option<Spanned<Amount>>,
    max_agents: Option<Spanned<Amount>>,
    timeout: Option<Word>,
}

/// A number, or a text such as `200k`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Amount {
    Number(u64),
    Text(String),
}

impl RawCaps {
    /// The caps.
    ///
    /// # Errors
    /// Says what cannot be understood, and where.
    pub fn read(self) -> Result<Caps, Wrong> {
        let run = RawCap {
            max_cost: self.max_cost,
            max_tokens: self.max_tokens,
            max_input_tokens: self.max_input_tokens,
            max_output_tokens: self.max_output_tokens,
            max_cached_tokens: self.max_cached_tokens,
            max_agents: self.max_agents,
            timeout: self.timeout,
        };
        let agents = self.task.max_agents.as_ref().map(|word| word.span().start);
        let timeout = self.task.timeout.as_ref().map(|word| word.span().start);
        if let Some(at) = agents.or(timeout) {
            let message = "one agent has no cap of agents or time".into();
            return Err(Wrong { at, message });
        }
        let phases = self.phases.into_iter().map(|(title, own)| Ok((title, cap(own)?)));
        Ok(Caps {
            run: cap(run)?,
            phases: phases.collect::<Result<_, Wrong>>()?,
            task: cap(self.task)?,
        })
    }
}

fn cap(raw: RawCap) -> Result<Cap, Wrong> {
    let number = |amount: Option<Spanned<Amount>>| {
        let Some(amount) = amount else { return Ok(None) };
        let at = amount.span().start;
        match amount.into_inner() {
            Amount::Number(number) => Ok(Some(number)),
            Amount::Text(text) => {
                value::number(&text).map(Some).map_err(|message| Wrong { at, message })
            }
        }
    };
    let cost = |amount: Option<Spanned<f64>>| {
        let Some(amount) = amount else { return Ok(None) };
        let (at, usd) = (amount.span().start, *amount.get_ref());
        let message = || "`max_cost` is no amount of US dollars".into();
        let fits = usd.is_finite() && usd >= 0.0;
        fits.then(|| Some(micro_usd(usd))).ok_or_else(|| Wrong { at, message: message() })
    };
    let time = |word: Option<Word>| {
        let Some(word) = word else { return Ok(None) };
        let at = word.span().start;
        value::duration_ms(word.get_ref()).map(Some).map_err(|message| Wrong { at, message })
    };
    Ok(Cap {
        agents: number(raw.max_agents)?,
        tokens: number(raw.max_tokens)?,
        input_tokens: number(raw.max_input_tokens)?,
        output_tokens: number(raw.max_output_tokens)?,
        cached_tokens: number(raw.max_cached_tokens)?,
        cost_micro_usd: cost(raw.max_cost)?,
        wall_ms: time(raw.timeout)?,
    })
}
