//! Caps that a person changes on the screen before a run.

use baton_core::budget::Caps;
use clap::Parser;

use crate::args::CapArgs;

/// A line of flags.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Line {
    #[command(flatten)]
    caps: CapArgs,
}

/// The caps of a line such as `--max-agents 20 --max-cost 1.50`.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn of_line(line: &str) -> Result<Caps, String> {
    let words = shell_words::split(line).map_err(|error| error.to_string())?;
    match Line::try_parse_from(words) {
        Ok(line) => Ok(line.caps.caps()),
        Err(error) => {
            let told = error.to_string();
            let first = told.lines().next().unwrap_or_default();
            Err(first.trim_start_matches("error: ").to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_line_is_read_like_flags() {
        let caps = of_line("--max-agents 20 --max-cost 1.50 --phase-cap 'A b:agents=2'").unwrap();
        assert_eq!((caps.run.agents, caps.run.cost_micro_usd), (Some(20), Some(1_500_000)));
        assert_eq!(caps.phases["A b"].agents, Some(2));
        assert_eq!(of_line("").unwrap(), Caps::default());
        for wrong in ["--max-agents x", "--yes", "20", "'"] {
            assert!(!of_line(wrong).unwrap_err().is_empty(), "{wrong}");
        }
    }
}
