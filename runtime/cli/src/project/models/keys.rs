//! Whether the key of a provider is there. Its value is not looked at.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use baton_core::tool::SecretSource;
use baton_tools::secrets::SECRET_CHARACTERS_MIN;

/// What keeps a key from being used; none: it is there, as far as that can be known without it.
#[must_use]
pub fn problem(source: &SecretSource, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match source {
        SecretSource::Env(name) => match variable(name) {
            Some(value) if value.trim().is_empty() => Some(format!("${name} is empty")),
            // It could not be told apart in what comes back, and would be refused when it is read.
            Some(value) if value.trim().chars().count() < SECRET_CHARACTERS_MIN => {
                Some(format!("${name} has fewer than {SECRET_CHARACTERS_MIN} characters"))
            }
            Some(_) => None,
            None => Some(format!("${name} is not set")),
        },
        SecretSource::File(path) => {
            let path = Path::new(path);
            let is_file = path.metadata().map(|meta| meta.is_file());
            let opened =
                is_file.and_then(|is| if is { File::open(path).map(drop) } else { Ok(()) });
            match (opened, path.is_file()) {
                (Ok(()), true) => None,
                (Ok(()), false) => Some(format!("{} is no file", path.display())),
                (Err(error), _) => Some(format!("{}: {error}", path.display())),
            }
        }
        SecretSource::Command(argv) => {
            let program = argv.first().map(String::as_str).unwrap_or_default();
            (!is_program(program, variable)).then(|| format!("there is no program `{program}`"))
        }
    }
}

/// Whether a program is there: by its path, or somewhere in `PATH`.
#[must_use]
pub fn is_program(program: &str, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let runs = |path: &Path| {
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return runs(Path::new(program));
    }
    let paths = variable("PATH").unwrap_or_default();
    !program.is_empty() && std::env::split_paths(&paths).any(|dir| runs(&dir.join(program)))
}

/// Where a key comes from, for people.
#[must_use]
pub fn words(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) => format!("${name}"),
        SecretSource::File(path) => path.clone(),
        SecretSource::Command(argv) => format!("`{}`", shell_words::join(argv)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_key_is_there_or_what_is_wrong_is_said() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("key");
        std::fs::write(&file, "k").unwrap();
        let variable = |name: &str| match name {
            "SET" => Some("12345678".to_owned()),
            "SHORT" => Some("1234567 ".to_owned()),
            "EMPTY" => Some(" ".to_owned()),
            "PATH" => Some("/usr/bin:/bin".to_owned()),
            _ => None,
        };
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let command = |word: &str| SecretSource::Command(vec![word.into(), "x".into()]);
        for (source, expected) in [
            (SecretSource::Env("SET".into()), None),
            (SecretSource::Env("SHORT".into()), Some("$SHORT has fewer than 8 characters")),
            (SecretSource::Env("EMPTY".into()), Some("$EMPTY is empty")),
            (SecretSource::Env("NONE".into()), Some("$NONE is not set")),
            (SecretSource::File(text(&file)), None),
            (SecretSource::File(text(temp.path())), Some("is no file")),
            (SecretSource::File(text(&temp.path().join("no"))), Some("No such file")),
            (command("sh"), None),
            (command("/bin/sh"), None),
            (command("no-such-program"), Some("there is no program `no-such-program`")),
            (command(&text(&file)), Some("there is no program")),
        ] {
            let found = problem(&source, &variable);
            match expected {
                None => assert_eq!(found, None, "{source:?}"),
                Some(part) => assert!(found.unwrap().contains(part), "{source:?}"),
            }
        }
    }
}
