//! A pattern of a grant, a denial or a request, and how two of them relate.

use std::fmt;

use baton_core::scope::{ArgvPattern, Capability, HttpRule, name_matches, names_meet};
use baton_host::files::check_pattern;

/// A pattern, by what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Files.
    Glob(String),
    /// Requests.
    Http(HttpRule),
    /// Names of environment variables, secrets or tools.
    Name(String),
    /// Commands.
    Argv(ArgvPattern),
}

impl Pattern {
    /// A pattern of one capability.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn parse(capability: Capability, text: &str) -> Result<Self, String> {
        let bad = |error: &dyn fmt::Display| error.to_string();
        match capability {
            Capability::Read | Capability::Write => {
                check_pattern(text).map_err(|reason| format!("the pattern `{text}` {reason}"))?;
                Ok(Self::Glob(text.into()))
            }
            Capability::Http => text.parse().map(Self::Http).map_err(|error| bad(&error)),
            Capability::Exec => text.parse().map(Self::Argv).map_err(|error| bad(&error)),
            Capability::Env | Capability::Secrets | Capability::Tools => {
                if text.is_empty() || text.chars().any(char::is_whitespace) {
                    return Err(format!("`{text}` is no name"));
                }
                Ok(Self::Name(text.into()))
            }
            Capability::Agents | Capability::Workflows => {
                Err(format!("nothing is granted by patterns of {}", capability.as_str()))
            }
        }
    }

    /// What a denial means: of a host without a scheme, every scheme and port.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn parse_denied(capability: Capability, text: &str) -> Result<Vec<Self>, String> {
        let one = Self::parse(capability, text)?;
        if capability != Capability::Http || text.contains("://") {
            return Ok(vec![one]);
        }
        let (methods, host) = match text.trim().rsplit_once(char::is_whitespace) {
            Some((methods, host)) => (format!("{} ", methods.trim()), host),
            None => (String::new(), text.trim()),
        };
        let port =
            if host.rsplit(']').next().is_some_and(|rest| rest.contains(':')) { "" } else { ":*" };
        ["https", "http"]
            .iter()
            .map(|scheme| Self::parse(capability, &format!("{methods}{scheme}://{host}{port}")))
            .collect()
    }

    /// Whether everything that `other` means is meant.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Glob(mine), Self::Glob(theirs)) => glob_covers(mine, theirs),
            // Private addresses are reached only by rules that say so.
            (Self::Http(mine), Self::Http(theirs)) => {
                mine.covers(theirs) && (mine.reaches_private() || !theirs.reaches_private())
            }
            (Self::Name(mine), Self::Name(theirs)) => name_matches(mine, theirs),
            (Self::Argv(mine), Self::Argv(theirs)) => mine.covers(theirs),
            _ => false,
        }
    }

    /// Whether something may be meant by both, as far as is cheap to know.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Glob(mine), Self::Glob(theirs)) => globs_meet(mine, theirs),
            (Self::Http(mine), Self::Http(theirs)) => mine.meets(theirs),
            (Self::Name(mine), Self::Name(theirs)) => names_meet(mine, theirs),
            (Self::Argv(mine), Self::Argv(theirs)) => mine.meets(theirs),
            _ => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(text) | Self::Name(text) => f.write_str(text),
            Self::Http(rule) => rule.fmt(f),
            Self::Argv(argv) => argv.fmt(f),
        }
    }
}

/// Whether a glob pattern surely matches all that another one matches.
fn glob_covers(mine: &str, theirs: &str) -> bool {
    if mine == theirs || mine == "**" || mine == "**/*" {
        return true;
    }
    match mine.strip_suffix("/**") {
        Some(folder) if is_fixed(folder) => {
            theirs.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        }
        _ => false,
    }
}

/// Whether two glob patterns may match the same path: unless their fixed beginnings contradict.
fn globs_meet(one: &str, other: &str) -> bool {
    one.split('/')
        .zip(other.split('/'))
        .take_while(|(a, b)| is_fixed(a) && is_fixed(b))
        .all(|(a, b)| a == b)
}

fn is_fixed(part: &str) -> bool {
    !part.contains(['*', '?', '[', ']', '{', '}', '\\'])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_grant_covers_a_request_or_meets_it_or_neither() {
        let (full, partly, not) = ((true, true), (false, true), (false, false));
        for (capability, granted, requested, expected) in [
            (Capability::Read, "**", "docs/*.md", full),
            (Capability::Read, "docs/**", "docs/*.md", full),
            (Capability::Read, "docs/**", "docs/**", full),
            (Capability::Read, "docs/**", "**", partly),
            (Capability::Read, "docs/**", "**/*.md", partly),
            (Capability::Read, "docs/**", "src/**", not),
            (Capability::Read, "docs/**", "docsets/a", not),
            (Capability::Http, "https://a.org", "GET https://a.org", full),
            (Capability::Http, "GET https://*.a.org", "GET https://x.a.org", full),
            (Capability::Http, "GET https://a.org", "https://a.org", partly),
            (Capability::Http, "GET https://a.org", "POST https://a.org", not),
            (Capability::Http, "https://a.org", "https://a.org:8443", not),
            (Capability::Http, "https://*", "http://a.org", not),
            (Capability::Http, "http://*:*", "http://127.0.0.1:80", partly),
            (Capability::Http, "http://*:* +private", "http://127.0.0.1:80", full),
            (Capability::Env, "LC_*", "LC_ALL", full),
            (Capability::Env, "LANG", "LC_ALL", not),
            (Capability::Tools, "git/log", "git/*", partly),
            (Capability::Exec, "cargo **", "cargo test **", full),
            (Capability::Exec, "cargo test **", "cargo **", partly),
            (Capability::Exec, "cargo test", "cargo build", not),
            (Capability::Exec, "git log *", "git log --all", not),
            (Capability::Exec, "git log", "git log **", partly),
        ] {
            let granted = Pattern::parse(capability, granted).unwrap();
            let requested = Pattern::parse(capability, requested).unwrap();
            let found = (granted.covers(&requested), granted.meets(&requested));
            assert_eq!(found, expected, "{granted} for {requested}");
        }
    }

    #[test]
    fn a_denied_host_is_denied_however_it_is_reached() {
        let texts = |text| {
            let all = Pattern::parse_denied(Capability::Http, text).unwrap();
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(texts("a.org"), ["https://a.org:*", "http://a.org:*"]);
        assert_eq!(texts("POST a.org:99"), ["POST https://a.org:99", "POST http://a.org:99"]);
        assert_eq!(texts("http://a.org"), ["http://a.org"]);
        assert_eq!(texts("[::1]"), ["https://[::1]:*", "http://[::1]:*"]);
    }
}
