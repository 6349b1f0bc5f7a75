//! Commands that may be run, by the words of their argument list. There is no shell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::authority::PatternError;
use super::names::{merged, name_matches, names_meet};

/// Any further words, at the end of a pattern.
const REST: &str = "**";

/// A pattern of an argument list: words, separated by spaces, `'…'` around one that holds spaces.
///
/// In a word `*` stands for any characters; a word that begins with `*` does not match one that
/// begins with `-`, so that `git log *` grants no options. `**` as the last word stands for any
/// further words, options among them. The first word is the program: a name looked up in `PATH`, or
/// an absolute path; it has no `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArgvPattern {
    words: Vec<String>,
    rest: bool,
    text: String,
}

impl ArgvPattern {
    /// Whether an argument list is one of those meant.
    #[must_use]
    pub fn matches(&self, argv: &[String]) -> bool {
        let count_fits =
            argv.len() == self.words.len() || (self.rest && argv.len() > self.words.len());
        let fits = |(pattern, word): (&String, &String)| {
            let option = word.starts_with('-') && pattern.starts_with('*');
            !option && name_matches(pattern, word)
        };
        count_fits && self.words.iter().zip(argv).all(fits)
    }

    /// Whether it matches every argument list that the other one matches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.words.len(), other.words.len());
        let count_fits = if self.rest { theirs >= mine } else { theirs == mine && !other.rest };
        let fits = |(own, word): (&String, &String)| {
            let option = word.starts_with('-') && own.starts_with('*');
            !option && name_matches(own, word)
        };
        count_fits && self.words.iter().zip(&other.words).all(fits)
    }

    /// Whether there may be an argument list that both match, as far as is cheap to know.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.words.len(), other.words.len());
        let count_fits = match (self.rest, other.rest) {
            (true, true) => true,
            (true, false) => theirs >= mine,
            (false, true) => mine >= theirs,
            (false, false) => mine == theirs,
        };
        let option = |word: &str, other: &str| word.starts_with('-') && other.starts_with('*');
        let fits = |(a, b): (&String, &String)| !option(a, b) && !option(b, a) && names_meet(a, b);
        count_fits && self.words.iter().zip(&other.words).all(fits)
    }

    /// Whether an argument list is one of those meant by a pattern that takes away: `*` stands for
    /// options too, and a program without a folder for one of that name in any folder.
    #[must_use]
    pub fn excludes(&self, argv: &[String]) -> bool {
        let Some((program, arguments)) = argv.split_first() else { return false };
        let Some((own, words)) = self.words.split_first() else { return false };
        let name = program.rsplit('/').next().unwrap_or_default();
        let count_fits =
            arguments.len() == words.len() || (self.rest && arguments.len() > words.len());
        let program_fits = own == program || (!own.contains('/') && own == name);
        let fits = |(pattern, word): (&String, &String)| name_matches(pattern, word);
        count_fits && program_fits && words.iter().zip(arguments).all(fits)
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

impl FromStr for ArgvPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = |what: &str| PatternError::new(text, what);
        let mut words = split(text).ok_or_else(|| wrong("a quote that does not end"))?;
        let rest = words.len() > 1 && words.last().is_some_and(|word| word == REST);
        if rest {
            words.pop();
        }
        let Some(program) = words.first() else {
            return Err(wrong("no program"));
        };
        if program.is_empty() || program.contains('*') {
            return Err(wrong("the program must be named, without `*`"));
        }
        if program.contains('/') && !program.starts_with('/') {
            return Err(wrong("the program is a name, or an absolute path"));
        }
        if words.iter().any(|word| word == REST) {
            return Err(wrong("`**` stands only at the end"));
        }
        Ok(Self { words, rest, text: text.to_owned() })
    }
}

impl fmt::Display for ArgvPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for ArgvPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<ArgvPattern> for String {
    fn from(pattern: ArgvPattern) -> Self {
        pattern.text
    }
}

/// Words at spaces; single quotes keep spaces. None: a quote does not end.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

/// Commands in layers of patterns: an argument list must match a pattern of every layer, and none of
/// the exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecScope {
    /// The layers, widest first. A layer without patterns lets nothing pass.
    pub layers: Vec<Vec<ArgvPattern>>,
    /// What is taken away, whatever the layers let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ArgvPattern>,
}

impl ExecScope {
    /// Whether every layer lets an argument list pass, and nothing takes it away.
    #[must_use]
    pub fn allows(&self, argv: &[String]) -> bool {
        let passes = |layer: &Vec<ArgvPattern>| layer.iter().any(|pattern| pattern.matches(argv));
        !argv.is_empty() && self.layers.iter().all(passes) && !self.takes_away(argv)
    }

    /// Whether an argument list is taken away, so that no grant lets it pass.
    #[must_use]
    pub fn takes_away(&self, argv: &[String]) -> bool {
        self.except.iter().any(|pattern| pattern.excludes(argv))
    }

    /// What both let pass.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self {
            layers: merged(&self.layers, &other.layers),
            except: merged(&self.except, &other.except),
        }
    }
}
