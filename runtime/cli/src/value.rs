//! Values on the command line: spans of time, numbers, money, limits and backends.

mod caps;

use std::fmt;
use std::path::Path;

use baton_core::backend::{ACP, COMMAND, COMPONENT};
use baton_core::scope::Capability;
use baton_core::spec::micro_usd;

pub use self::caps::{phase_cap, task_cap};
use crate::project::policy::{Flag, Pattern};

/// Milliseconds of a span such as `90s`, `5m`, `1h30m` or `250ms`.
///
/// # Errors
/// Says how a span is written.
pub fn duration_ms(text: &str) -> Result<u64, String> {
    let error = || format!("`{text}` is not a span of time; write it like 90s, 5m or 1h30m");
    let mut rest = text;
    let mut total = 0_u64;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(error()),
        };
        // Units come in falling order, so that a slip such as `30m1h` is not silently accepted.
        if unit >= smallest {
            return Err(error());
        }
        smallest = unit;
        let part = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(error)?;
        rest = tail;
    }
    if total == 0 { Err(error()) } else { Ok(total) }
}

/// A number such as `1000`, `200k`, `1.5M`, `64MiB` or `1_000`.
///
/// # Errors
/// Says how a number is written.
pub fn number(text: &str) -> Result<u64, String> {
    let error = || format!("`{text}` is not a number; write it like 1000, 200k, 1.5M or 64MiB");
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let unit: u64 = match unit {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(error()),
    };
    let digits = digits.replace('_', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
        return Err(error());
    }
    let mut total =
        whole.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(error)?;
    if !fraction.is_empty() {
        let scale = 10_u64.pow(u32::try_from(fraction.len()).unwrap_or_default());
        let parts = fraction.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
        let parts = parts.filter(|parts| parts % scale == 0).ok_or_else(error)?;
        total = total.checked_add(parts / scale).ok_or_else(error)?;
    }
    Ok(total)
}

/// Bytes of a size such as `500MB`, `5GB`, `64MiB` or `1000`.
///
/// # Errors
/// Says how a size is written.
pub fn size(text: &str) -> Result<u64, String> {
    // The number itself has names only for powers of 1024 with a `B`.
    let bare = match text.strip_suffix('B') {
        Some(bare) if !bare.ends_with('i') => bare,
        _ => text,
    };
    number(bare).map_err(|_| format!("`{text}` is not a size; write it like 500MB, 5GB or 64MiB"))
}

/// A number of tokens such as `500000`, `500k` or `2m`; a `+` in front changes nothing.
///
/// # Errors
/// Says how a number of tokens is written.
pub fn tokens(text: &str) -> Result<u64, String> {
    let bare = text.strip_prefix('+').unwrap_or(text);
    let (digits, unit) = match bare.chars().last() {
        Some('k' | 'K') => (bare.get(..bare.len() - 1), "k"),
        Some('m' | 'M') => (bare.get(..bare.len() - 1), "M"),
        _ => (Some(bare), ""),
    };
    let plain = |digits: &&str| !digits.contains(|c: char| c.is_ascii_alphabetic());
    let number = digits.filter(plain).and_then(|digits| number(&format!("{digits}{unit}")).ok());
    number.ok_or_else(|| {
        format!("`{text}` is not a number of tokens; write it like 500000, 500k or 2m")
    })
}

/// Millionths of a dollar of an amount such as `5`, `0.25` or `$1`.
///
/// # Errors
/// Says how an amount is written.
pub fn money(text: &str) -> Result<u64, String> {
    let amount = text.strip_prefix('$').unwrap_or(text).parse::<f64>();
    match amount {
        Ok(usd) if usd.is_finite() && usd >= 0.0 => Ok(micro_usd(usd)),
        _ => Err(format!("`{text}` is not an amount of dollars; write it like 5 or 0.25")),
    }
}

/// A limit and its value, such as `workflow.fuel=1G`.
///
/// # Errors
/// Says how a limit is written.
pub fn limit(text: &str) -> Result<(String, u64), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not a limit; write it like run.agents=50"))?;
    Ok((name.into(), number(value)?))
}

/// A choice of backend: for every agent, or for one agent type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentArg {
    /// The agent type; none: every agent.
    pub agent_type: Option<String>,
    /// The backend as it was written.
    pub backend: String,
}

impl fmt::Display for AgentArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.agent_type {
            Some(agent_type) => write!(f, "{agent_type}={}", self.backend),
            None => f.write_str(&self.backend),
        }
    }
}

/// Kinds of backend that are written with what they are about behind a colon, whatever that is.
pub const KINDS: [&str; 4] = [COMPONENT, COMMAND, ACP, "recorded:"];
/// Coding agents that are named by a word alone.
pub const CODING_AGENTS: [&str; 3] = ["claude", "codex", "gemini-cli"];

/// `BACKEND` or `TYPE=BACKEND`. Which models, providers and tiers there are is asked later: settings
/// add to them.
///
/// # Errors
/// Says which backends there are.
pub fn agent(text: &str) -> Result<AgentArg, String> {
    let kind = |text: &str| KINDS.into_iter().find(|kind| text.starts_with(kind));
    // What follows a kind may hold any sign; no plugin, whose agent types hold colons too, is called
    // like a kind.
    let (agent_type, backend) = match text.split_once('=') {
        Some((name, backend)) if !name.is_empty() && kind(text).is_none() => {
            (Some(name.to_owned()), backend)
        }
        _ => (None, text),
    };
    let usable = match kind(backend) {
        Some(kind) => !backend.trim_start_matches(kind).trim().is_empty(),
        None => is_name(backend),
    };
    if usable {
        return Ok(AgentArg { agent_type, backend: backend.into() });
    }
    Err(format!(
        "`{backend}` is not a backend; write PROVIDER:MODEL such as anthropic:claude-sonnet-4-5, a \
         provider or tier alone, claude, codex, gemini-cli, acp:PROGRAM ARGUMENTS, component:NAME, \
         component:FILE.wasm, command:PROGRAM ARGUMENTS or recorded:DIR"
    ))
}

/// Whether a text may be a provider, a tier, or a provider and a model.
fn is_name(text: &str) -> bool {
    let (name, model) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let plain = |model: &str| {
        !model.is_empty() && !model.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    !name.is_empty() && name.bytes().all(letter) && model.is_none_or(plain)
}

/// What follows `command:` or `acp:`, with a program that is named by a relative path named from the root, so
/// that a resume from another directory means the same program. Everything else stays as written.
///
/// # Errors
/// When it cannot be split into words, or the path is not UTF-8.
pub fn anchored(argv: &str, here: &Path) -> Result<String, String> {
    let mut words = shell_words::split(argv)
        .map_err(|_| format!("`{argv}` leaves a quote or backslash open"))?;
    match words.first_mut() {
        Some(program) if program.contains('/') && !program.starts_with('/') => {
            let path = here.join(program.trim_start_matches("./"));
            *program = path
                .to_str()
                .ok_or_else(|| format!("the path {} is not UTF-8", path.display()))?
                .to_owned();
            Ok(shell_words::join(words))
        }
        _ => Ok(argv.to_owned()),
    }
}

/// A grant or a denial: `KIND=PATTERN`.
///
/// # Errors
/// Says which kinds there are, or what is wrong with the pattern.
pub fn grant(text: &str) -> Result<Flag, String> {
    let error = || {
        format!(
            "`{text}` is not KIND=PATTERN; KIND is read, write, http, env, secrets, exec or tools"
        )
    };
    let (kind, pattern) = text.split_once('=').ok_or_else(error)?;
    let patterned =
        |capability: &Capability| !matches!(capability, Capability::Agents | Capability::Workflows);
    let capability = Capability::ALL
        .into_iter()
        .filter(patterned)
        .find(|capability| capability.as_str() == kind)
        .ok_or_else(error)?;
    Pattern::parse(capability, pattern)?;
    Ok(Flag { capability, text: pattern.into() })
}

#[cfg(test)]
mod tests;
