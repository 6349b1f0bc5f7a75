//! What files of settings say of notifications.

use std::collections::BTreeSet;
use std::net::IpAddr;

use baton_core::digest::Digest;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::project::policy::file::Wrong;

/// The section `[notify]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawNotify {
    command: Option<Spanned<Vec<String>>>,
    webhook: Option<Spanned<String>>,
    on: Option<Spanned<Vec<String>>>,
    env: Vec<Spanned<String>>,
}

/// What a person may want to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A question was asked.
    Gate,
    /// A run stopped for a time.
    Paused,
    /// A run ended without a result.
    Failed,
    /// A run ended with a result.
    Done,
}

impl Event {
    /// Every event.
    const ALL: [Self; 4] = [Self::Gate, Self::Paused, Self::Failed, Self::Done];
    /// Those of a hook that names none.
    const DEFAULT: [Self; 3] = [Self::Gate, Self::Paused, Self::Failed];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }
}

/// What is started or called when something happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// A program and its arguments.
    pub command: Vec<String>,
    /// An address that gets a POST.
    pub webhook: Option<String>,
    /// Variables that the program gets beside those of every session.
    pub env: Vec<String>,
    /// When.
    pub on: BTreeSet<Event>,
}

impl Hook {
    /// What identifies it in one file.
    #[must_use]
    pub fn digest(&self, file: &str) -> Digest {
        Digest::of_json(&(file, self))
    }

    /// What it does, in words. Of an address only the host: the rest may be a secret.
    #[must_use]
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if !self.command.is_empty() {
            parts.push(format!("runs `{}`", shell_words::join(&self.command)));
        }
        if let Some(webhook) = &self.webhook {
            parts.push(format!("calls {}", host(webhook)));
        }
        let when: Vec<&str> = self.on.iter().map(|event| event.word()).collect();
        format!("{} on {}", parts.join(" and "), when.join(", "))
    }
}

/// The origin of an address.
#[must_use]
pub fn host(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

impl RawNotify {
    /// The hook; none: the section says nothing.
    ///
    /// # Errors
    /// What cannot be understood, and where it stands.
    pub fn read(self) -> Result<Option<Hook>, Wrong> {
        let Self { command, webhook, on, env } = self;
        let at = |at: usize, message: &str| Wrong { at, message: message.to_owned() };
        let asked = command.is_some() || webhook.is_some();
        if let Some(command) = &command
            && command.as_ref().first().is_none_or(|program| program.trim().is_empty())
        {
            return Err(at(command.span().start, "`command` names no program"));
        }
        if let Some(webhook) = &webhook {
            address(webhook.as_ref()).map_err(|why| at(webhook.span().start, why))?;
        }
        let wrong =
            |name: &&Spanned<String>| name.as_ref().is_empty() || name.as_ref().contains('=');
        if let Some(name) = env.iter().find(wrong) {
            return Err(at(name.span().start, "`env` lists names of variables"));
        }
        let events = match &on {
            None => Event::DEFAULT.into(),
            Some(on) => {
                let known =
                    |word: &String| Event::ALL.into_iter().find(|event| event.word() == word);
                let events: Option<BTreeSet<Event>> = on.as_ref().iter().map(known).collect();
                events.ok_or_else(|| {
                    at(on.span().start, "`on` lists some of: gate, paused, failed, done")
                })?
            }
        };
        if !asked {
            return match on.map(|on| on.span().start) {
                Some(place) => Err(at(place, "[notify] names neither `command` nor `webhook`")),
                None => Ok(None),
            };
        }
        Ok(Some(Hook {
            command: command.map(Spanned::into_inner).unwrap_or_default(),
            webhook: webhook.map(Spanned::into_inner),
            env: env.into_iter().map(Spanned::into_inner).collect(),
            on: events,
        }))
    }

    /// Where the section has something, in bytes of the file.
    #[must_use]
    pub fn at(&self) -> usize {
        let command = self.command.as_ref().map(|value| value.span().start);
        let webhook = self.webhook.as_ref().map(|value| value.span().start);
        command.into_iter().chain(webhook).min().unwrap_or_default()
    }
}

/// Whether an address may be called: over TLS, or on this very machine.
fn address(text: &str) -> Result<(), &'static str> {
    let url = reqwest::Url::parse(text).map_err(|_| "`webhook` is not an address")?;
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback =
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" if !host.is_empty() => Ok(()),
        "http" if loopback => Ok(()),
        _ => Err("`webhook` must begin with https://, or name this machine"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(text: &str) -> Result<Option<Hook>, String> {
        let raw: RawNotify = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        raw.read().map_err(|wrong| wrong.message)
    }

    #[test]
    fn a_hook_is_read() {
        assert_eq!(read("").unwrap(), None);
        let hook = read("command = [\"notify-send\", \"Baton\"]").unwrap().unwrap();
        assert_eq!(hook.command, ["notify-send", "Baton"]);
        assert_eq!(hook.on, Event::DEFAULT.into());
        assert_eq!(hook.words(), "runs `notify-send Baton` on gate, paused, failed");
        let hook =
            read("webhook = \"https://u:p@hooks.example.org/a/secret\"\non = [\"done\"]").unwrap();
        assert_eq!(hook.unwrap().words(), "calls https://hooks.example.org on done");
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for text in [
            "command = []",
            "command = [\" \"]",
            "command = \"notify-send\"",
            "webhook = \"ftp://example.org\"",
            "webhook = \"http://example.org/x\"",
            "webhook = \"https://\"",
            "webhook = \"x\"",
            "command = [\"x\"]\non = [\"gates\"]",
            "command = [\"x\"]\nenv = [\"A=b\"]",
            "on = [\"gate\"]",
            "commands = [\"x\"]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        for address in ["http://127.0.0.1:8080/x", "http://localhost/", "http://[::1]:9/"] {
            assert!(read(&format!("webhook = \"{address}\"")).is_ok(), "{address}");
        }
    }

    #[test]
    fn a_hook_that_changes_is_another_one() {
        let one = read("command = [\"x\"]").unwrap().unwrap();
        let other = read("command = [\"x\", \"y\"]").unwrap().unwrap();
        assert_ne!(one.digest("a"), other.digest("a"));
        assert_ne!(one.digest("a"), one.digest("b"));
        assert_eq!(one.digest("a"), one.clone().digest("a"));
    }
}
