//! Caps of phases and tasks on the command line.

use baton_core::budget::Cap;

use super::{duration_ms, money, number};

/// A cap of a phase, such as `Review:cost=1.50,agents=5`. The title ends at the last colon.
///
/// # Errors
/// Says how such a cap is written.
pub fn phase_cap(text: &str) -> Result<(String, Cap), String> {
    let (title, amounts) =
        text.rsplit_once(':').filter(|(title, _)| !title.trim().is_empty()).ok_or_else(|| {
            format!("`{text}` is not a cap of a phase; write it like 'Review:cost=1.50,agents=5'")
        })?;
    Ok((title.to_owned(), cap(amounts)?))
}

/// A cap of each agent, such as `cost=0.20,tokens=50k`.
///
/// # Errors
/// Says how such a cap is written, and what means nothing for one agent.
pub fn task_cap(text: &str) -> Result<Cap, String> {
    let cap = cap(text)?;
    if cap.agents.is_some() || cap.wall_ms.is_some() {
        return Err(
            "one agent has no cap of agents or time: what a workflow gives as its timeout is \
                    the time of an attempt"
                .into(),
        );
    }
    Ok(cap)
}

fn cap(text: &str) -> Result<Cap, String> {
    let mut cap = Cap::default();
    for pair in text.split(',').map(str::trim) {
        let wrong = || {
            format!(
                "`{pair}` is not NAME=N; NAME is agents, tokens, input-tokens, output-tokens, \
                 cached-tokens, cost or timeout"
            )
        };
        let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
        let (slot, value) = match name.trim() {
            "agents" => (&mut cap.agents, number(value)?),
            "tokens" => (&mut cap.tokens, number(value)?),
            "input-tokens" => (&mut cap.input_tokens, number(value)?),
            "output-tokens" => (&mut cap.output_tokens, number(value)?),
            "cached-tokens" => (&mut cap.cached_tokens, number(value)?),
            "cost" => (&mut cap.cost_micro_usd, money(value)?),
            "timeout" => (&mut cap.wall_ms, duration_ms(value)?),
            _ => return Err(wrong()),
        };
        if slot.replace(value).is_some() {
            return Err(format!("`{text}` says {name} twice"));
        }
    }
    Ok(cap)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn caps_are_read() {
        let (title, cap) = phase_cap("Review: all:cost=1.50, agents=5,timeout=1m").unwrap();
        assert_eq!(title, "Review: all");
        let expected = Cap {
            cost_micro_usd: Some(1_500_000),
            agents: Some(5),
            wall_ms: Some(60_000),
            ..Cap::default()
        };
        assert_eq!(cap, expected);
        let cap = task_cap("tokens=50k,input-tokens=1,output-tokens=2,cached-tokens=3").unwrap();
        assert_eq!((cap.tokens, cap.input_tokens), (Some(50_000), Some(1)));
        assert_eq!((cap.output_tokens, cap.cached_tokens), (Some(2), Some(3)));
    }

    #[test]
    fn what_is_no_cap_says_why() {
        for (text, said) in [
            ("Review", "is not a cap of a phase"),
            (":cost=1", "is not a cap of a phase"),
            ("Review:", "is not NAME=N"),
            ("Review:cost", "is not NAME=N"),
            ("Review:money=1", "is not NAME=N"),
            ("Review:cost=x", "is not an amount of dollars"),
            ("Review:agents=-1", "is not a number"),
            ("Review:cost=1,cost=2", "says cost twice"),
        ] {
            assert!(phase_cap(text).unwrap_err().contains(said), "{text}");
        }
        for text in ["agents=1", "timeout=1m"] {
            assert!(task_cap(text).unwrap_err().contains("one agent has no cap"), "{text}");
        }
    }
}
