//! Arguments about what is granted.

use clap::Args;

use crate::project::policy::Flag;
use crate::value;

/// What the command line grants and denies, beside baton.toml and the person's config.toml.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Authority")]
pub struct PolicyArgs {
    /// Grant something that is requested, such as write='out/**', http='GET api.example.org',
    /// env=LANG, secrets=github, exec='cargo test **', tools='git/*' or read='.git/**'.
    #[arg(long = "grant", value_name = "KIND=PATTERN", value_parser = value::grant)]
    pub grants: Vec<Flag>,
    /// Take something away, whoever grants it.
    #[arg(long = "deny", value_name = "KIND=PATTERN", value_parser = value::grant)]
    pub denies: Vec<Flag>,
}

/// Whether a run starts without a question.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ConsentArgs {
    /// Start without asking, with what policy grants and no more.
    #[arg(long, short)]
    pub yes: bool,
    /// Start without asking now and ever after, until the program or what it may touch changes.
    #[arg(long, conflicts_with = "yes")]
    pub always: bool,
}

impl PolicyArgs {
    /// Flags as [`Self::words`] writes them.
    #[must_use]
    pub fn from_words(words: &[String]) -> Self {
        let mut args = Self::default();
        for word in words {
            let split = shell_words::split(word).unwrap_or_default();
            let [flag, pair] = split.as_slice() else { continue };
            let Ok(parsed) = value::grant(pair) else { continue };
            if flag == "--deny" { args.denies.push(parsed) } else { args.grants.push(parsed) }
        }
        args
    }

    /// The flags as they are written.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let words = |name: &str, flags: &[Flag]| -> Vec<String> {
            let pair = |flag: &Flag| format!("{}={}", flag.capability.as_str(), flag.text);
            flags.iter().map(|flag| format!("{name} {}", shell_words::quote(&pair(flag)))).collect()
        };
        [words("--grant", &self.grants), words("--deny", &self.denies)].concat()
    }
}

/// `baton receipts`.
#[derive(Debug, Args)]
#[command(after_help = "\
A receipt is kept where you answer `a` before a run, or say --always. It lets that program start \
without a question, with what it was allowed then. A changed program, or more authority, is asked \
about again. Receipts are yours and lie in ~/.config/baton/receipts; no project brings its own.

With --json, one object per receipt and line: workflow, root, at, program, flags, may.

Examples:
  baton receipts
  baton receipts --forget ./flow.wasm
  baton receipts --forget-all")]
pub struct ReceiptsArgs {
    /// Take back what is always allowed to this workflow.
    #[arg(long, value_name = "WORKFLOW", conflicts_with = "forget_all")]
    pub forget: Option<String>,
    /// Take back everything.
    #[arg(long)]
    pub forget_all: bool,
    /// Print JSON Lines.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn flags_are_read_back_as_they_were_written() {
        let args = PolicyArgs {
            grants: vec![value::grant("exec=git log '*'").unwrap(), value::grant("env=A").unwrap()],
            denies: vec![value::grant("http=POST a.org").unwrap()],
        };
        let words = args.words();
        assert_eq!(words[1..], ["--grant 'env=A'", "--deny 'http=POST a.org'"]);
        let read = PolicyArgs::from_words(&words);
        assert_eq!((read.grants, read.denies), (args.grants, args.denies));
    }
}
