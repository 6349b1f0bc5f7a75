//! Files that tell other programs what to do: whoever changes them acts later, with the rights of
//! whoever runs those programs.

/// Patterns of what nobody writes: what is granted to the next run, and Baton's own state.
pub const NEVER: &[&str] = &["**/baton.toml", "**/.baton", "**/.baton/**"];

/// Patterns of what nobody writes unless a grant names it.
pub const GUARDED: &[&str] = &["**/.claude", "**/.claude/**"];

/// Names of what an agent may write, and a person confirms before it is applied.
const CONFIRMED: &[&str] = &[".envrc", ".github", ".gitlab-ci.yml", ".vscode", ".husky"];

/// Whether a path is such a file, or lies in such a directory.
#[must_use]
pub fn steers(path: &str) -> bool {
    path.split('/').any(|part| {
        let is = |pattern: &str| pattern.split('/').any(|name| name == part);
        CONFIRMED.contains(&part) || NEVER.iter().chain(GUARDED).any(|pattern| is(pattern))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_from_agents_is_confirmed_by_a_person() {
        for path in [
            "baton.toml",
            "sub/baton.toml",
            ".baton",
            ".baton/state/x",
            "a/.claude/settings.json",
            ".github/workflows/ci.yml",
            ".envrc",
            "sub/.gitlab-ci.yml",
            ".vscode/tasks.json",
            ".husky/pre-commit",
        ] {
            assert!(steers(path), "{path}");
        }
        for path in ["src/main.rs", "baton.toml.md", "docs/github/x", "claude", "a**b", ""] {
            assert!(!steers(path), "{path}");
        }
    }
}
