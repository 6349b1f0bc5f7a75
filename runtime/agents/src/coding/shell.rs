//! Lines for a shell, as far as they are nothing but a command.

/// Programs that take a line for a shell.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh"];

/// The argument list that a line makes a shell run; none if it would do anything beyond: run several
/// commands, replace words, match files, redirect, or leave its own process.
pub(crate) fn argv(line: &str) -> Option<Vec<String>> {
    if !is_plain(line) {
        return None;
    }
    let words = shell_words::split(line).ok()?;
    // A word like `A=b` before a command is no command.
    let program = words.first().filter(|word| !word.is_empty() && !word.contains('='))?;
    let name = program.rsplit('/').next().unwrap_or_default();
    if SHELLS.contains(&name) {
        return wrapped(&words);
    }
    Some(words)
}

/// The argument list that a program is run with, a shell in between left out.
pub(crate) fn unwrapped(words: &[String]) -> Option<Vec<String>> {
    let name = words.first()?.rsplit('/').next().unwrap_or_default();
    if SHELLS.contains(&name) { wrapped(words) } else { Some(words.to_vec()) }
}

fn wrapped(words: &[String]) -> Option<Vec<String>> {
    match words {
        [_, option, line] if matches!(option.as_str(), "-c" | "-lc") => {
            // A shell in a shell in a shell is no plain command.
            let inner = is_plain(line).then(|| shell_words::split(line).ok()).flatten()?;
            let name = inner.first()?.rsplit('/').next().unwrap_or_default();
            (!SHELLS.contains(&name) && !name.contains('=')).then_some(inner)
        }
        _ => None,
    }
}

/// Whether every letter of a line means itself, quotes and blanks aside.
fn is_plain(line: &str) -> bool {
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (_, '\n' | '\r' | '\0') => return false,
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (_, '$' | '`' | '!') => return false,
            (_, '\\') if letters.next().is_none_or(|next| next == '\n') => return false,
            (_, '\\') => {}
            (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '{' | '}' | '*' | '?' | '[' | ']')
            | (None, '~' | '#') => return false,
            _ => {}
        }
    }
    quote.is_none()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn plain_commands_are_what_they_say() {
        for (line, expected) in [
            ("ls", &["ls"][..]),
            ("  git   log -n 3 ", &["git", "log", "-n", "3"]),
            ("grep 'a b|c' file", &["grep", "a b|c", "file"]),
            ("echo \"x;y\" z\\ w", &["echo", "x;y", "z w"]),
            ("/bin/sh -lc 'cargo test'", &["cargo", "test"]),
            ("bash -c \"ls -l\"", &["ls", "-l"]),
        ] {
            assert_eq!(argv(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn whatever_else_a_shell_does_is_refused() {
        for line in [
            "",
            "  ",
            "ls; rm x",
            "ls && rm x",
            "ls | sh",
            "ls & rm x",
            "ls > x",
            "cat < x",
            "a\nb",
            "echo $(rm x)",
            "echo `rm x`",
            "echo \"$(rm x)\"",
            "echo \"`rm`\"",
            "cat $HOME/x",
            "cat ~/x",
            "cat *",
            "cat a?",
            "cat [ab]",
            "echo {a,b}",
            "(ls)",
            "A=b ls",
            "'unclosed",
            "! ls",
            "ls # x",
            "sh -c 'ls; rm'",
            "sh -c ls x",
            "sh x.sh",
            "bash",
            "sh -c 'sh -c ls'",
            "sh -c 'A=b ls'",
            "a\\\nb",
            "end\\",
        ] {
            assert_eq!(argv(line), None, "{line:?}");
        }
    }

    #[test]
    fn argument_lists_lose_their_shell() {
        let list = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(unwrapped(&list(&["ls", "$x;"])).unwrap(), ["ls", "$x;"]);
        assert_eq!(unwrapped(&list(&["bash", "-lc", "ls -l"])).unwrap(), ["ls", "-l"]);
        assert_eq!(unwrapped(&list(&["bash", "-lc", "ls; rm"])), None);
        assert_eq!(unwrapped(&[]), None);
    }
}
