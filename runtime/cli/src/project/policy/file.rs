//! The sections of a file of settings that say what may be touched, as they are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::record::Effect;
use baton_core::scope::{Capability, HttpRule};
use baton_core::tool::{SecretDefinition, SecretSource, Server};
use serde::Deserialize;
use toml::Spanned;

use super::{Pattern, Place, Plugin, Rule, Set, Source, ToolRule};
use crate::value;

/// A string and where it stands.
type Word = Spanned<String>;

/// Everything a file says of authority.
#[derive(Debug, Default)]
pub struct Sections {
    /// `[grant]`
    pub grant: Lists,
    /// `[deny]`
    pub deny: Lists,
    /// `[plugins.NAME]`
    pub plugins: BTreeMap<String, Spanned<RawPlugin>>,
    /// `[tools."NAME"]`
    pub tools: BTreeMap<String, Spanned<RawTool>>,
    /// `[secrets.NAME]`
    pub secrets: BTreeMap<String, Spanned<RawSecret>>,
    /// `[mcp.NAME]`
    pub mcp: BTreeMap<String, Spanned<RawServer>>,
    /// `[http]`
    pub http: RawHttp,
}

/// How requests are sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawHttp {
    certificates: Vec<Word>,
}

/// Patterns by capability.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    read: Option<Vec<Word>>,
    write: Option<Vec<Word>>,
    http: Option<Vec<Word>>,
    env: Option<Vec<Word>>,
    secrets: Option<Vec<Word>>,
    exec: Option<Vec<Word>>,
    tools: Option<Vec<Word>>,
}

/// What is said of a provider.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPlugin {
    grant: Option<Lists>,
    warm: Option<u32>,
    path: Option<String>,
}

/// What is said of a tool.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTool {
    effect: Option<Effect>,
    timeout: Option<Word>,
}

/// A secret.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawSecret {
    env: Option<String>,
    file: Option<String>,
    command: Option<Vec<String>>,
    hosts: Vec<Word>,
}

/// A server.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawServer {
    command: Option<Vec<String>>,
    url: Option<String>,
    env: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

/// What is wrong, and the byte where it stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Byte of the text.
    pub at: usize,
    /// One sentence.
    pub message: String,
}

/// Where the sections come from.
pub struct Origin<'a> {
    /// The project's or the person's.
    pub source: Source,
    /// The file as a person reads it.
    pub shown: &'a str,
    /// The folder that relative paths begin at.
    pub folder: &'a Path,
    /// The person's home directory.
    pub home: Option<&'a Path>,
    /// The text, for the numbers of lines.
    pub text: &'a str,
}

impl Origin<'_> {
    /// Where a byte of the text is.
    pub fn place(&self, at: usize) -> Place {
        let line = self.text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        Place { source: self.source, text: format!("{}:{line}", self.shown) }
    }

    /// A path as the file means it.
    pub fn path(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.folder.join(path.trim_start_matches("./")),
        }
    }

    /// An argument list whose program, where it is named by a path, is named from the root.
    ///
    /// # Errors
    /// When it names no program, or the path is not UTF-8.
    pub fn argv(&self, mut argv: Vec<String>, at: usize) -> Result<Vec<String>, Wrong> {
        let wrong = |message: &str| Wrong { at, message: message.into() };
        let Some(program) = argv.first_mut().filter(|program| !program.is_empty()) else {
            return Err(wrong("`command` names no program"));
        };
        if program.contains('/') && !program.starts_with('/') {
            let path = self.path(program);
            *program = path.to_str().ok_or_else(|| wrong("the path is not UTF-8"))?.to_owned();
        }
        Ok(argv)
    }
}

impl Sections {
    /// The sections as policy.
    ///
    /// # Errors
    /// Says what cannot be understood, and where.
    pub fn read(self, origin: &Origin<'_>) -> Result<Set, Wrong> {
        let mut set = Set::default();
        for (capability, words) in self.grant.all() {
            set.names.insert(capability);
            set.grants.extend(rules(capability, words, origin)?);
        }
        for (capability, words) in self.deny.all() {
            set.denies.extend(denials(capability, words, origin)?);
        }
        for (name, raw) in self.plugins {
            set.plugins.insert(name, plugin(raw, origin)?);
        }
        for (name, raw) in self.tools {
            set.tools.insert(name, tool(raw, origin)?);
        }
        for (name, raw) in self.secrets {
            let at = raw.span().start;
            check_name("secret", &name, at)?;
            set.secrets.insert(name, (secret(raw, origin)?, origin.place(at)));
        }
        for (name, raw) in self.mcp {
            let at = raw.span().start;
            check_name("server", &name, at)?;
            set.servers.insert(name, (server(raw, origin)?, origin.place(at)));
        }
        for word in self.http.certificates {
            let wrong = || Wrong { at: word.span().start, message: "the path is not UTF-8".into() };
            let path = origin.path(word.get_ref());
            set.certificates.push(path.to_str().ok_or_else(wrong)?.to_owned());
        }
        Ok(set)
    }
}

impl Lists {
    fn all(self) -> impl Iterator<Item = (Capability, Vec<Word>)> {
        [
            (Capability::Read, self.read),
            (Capability::Write, self.write),
            (Capability::Http, self.http),
            (Capability::Env, self.env),
            (Capability::Secrets, self.secrets),
            (Capability::Exec, self.exec),
            (Capability::Tools, self.tools),
        ]
        .into_iter()
        .filter_map(|(capability, words)| Some((capability, words?)))
    }
}

fn rules(
    capability: Capability,
    words: Vec<Word>,
    origin: &Origin<'_>,
) -> Result<Vec<Rule>, Wrong> {
    let rule = |word: Word| {
        let at = word.span().start;
        let pattern =
            Pattern::parse(capability, word.get_ref()).map_err(|message| Wrong { at, message })?;
        Ok(Rule { capability, pattern, place: origin.place(at) })
    };
    words.into_iter().map(rule).collect()
}

fn denials(
    capability: Capability,
    words: Vec<Word>,
    origin: &Origin<'_>,
) -> Result<Vec<Rule>, Wrong> {
    let mut all = Vec::new();
    for word in words {
        let at = word.span().start;
        let patterns = Pattern::parse_denied(capability, word.get_ref())
            .map_err(|message| Wrong { at, message })?;
        let place = origin.place(at);
        all.extend(patterns.into_iter().map(|pattern| Rule {
            capability,
            pattern,
            place: place.clone(),
        }));
    }
    Ok(all)
}

fn plugin(raw: Spanned<RawPlugin>, origin: &Origin<'_>) -> Result<Plugin, Wrong> {
    let at = raw.span().start;
    let RawPlugin { grant, warm, path } = raw.into_inner();
    let mut narrowing = Vec::new();
    for (capability, words) in grant.map(Lists::all).into_iter().flatten() {
        if capability == Capability::Tools {
            let message = "a plugin calls no tools: `grant` of [plugins] has no `tools`".into();
            return Err(Wrong { at, message });
        }
        narrowing.push((capability, rules(capability, words, origin)?));
    }
    let path = path.map(|path| origin.path(&path));
    Ok(Plugin { narrowing, warm, path, source: origin.source })
}

fn tool(raw: Spanned<RawTool>, origin: &Origin<'_>) -> Result<ToolRule, Wrong> {
    let place = origin.place(raw.span().start);
    let RawTool { effect, timeout } = raw.into_inner();
    let timeout_ms = timeout
        .map(|word| {
            let at = word.span().start;
            value::duration_ms(word.get_ref()).map_err(|message| Wrong { at, message })
        })
        .transpose()?;
    Ok(ToolRule { effect, timeout_ms, place })
}

fn secret(raw: Spanned<RawSecret>, origin: &Origin<'_>) -> Result<SecretDefinition, Wrong> {
    let at = raw.span().start;
    let wrong = |message: &str| Wrong { at, message: message.into() };
    let RawSecret { env, file, command, hosts } = raw.into_inner();
    let from = match (env, file, command) {
        (Some(name), None, None) => SecretSource::Env(name),
        (None, Some(path), None) => {
            let path = origin.path(&path);
            let path = path.to_str().ok_or_else(|| wrong("the path is not UTF-8"))?;
            SecretSource::File(path.to_owned())
        }
        (None, None, Some(argv)) => SecretSource::Command(origin.argv(argv, at)?),
        _ => return Err(wrong("a secret has exactly one of `env`, `file` and `command`")),
    };
    let rule = |word: Word| {
        let at = word.span().start;
        let parsed = word.get_ref().parse::<HttpRule>();
        parsed.map_err(|error| Wrong { at, message: error.to_string() })
    };
    Ok(SecretDefinition { from, hosts: hosts.into_iter().map(rule).collect::<Result<_, _>>()? })
}

fn server(raw: Spanned<RawServer>, origin: &Origin<'_>) -> Result<Server, Wrong> {
    let at = raw.span().start;
    let wrong = |message: &str| Wrong { at, message: message.into() };
    let RawServer { command, url, env, headers } = raw.into_inner();
    match (command, url) {
        (Some(_), None) if !headers.is_empty() => {
            Err(wrong("`headers` belong to a server with a `url`"))
        }
        (None, Some(_)) if !env.is_empty() => {
            Err(wrong("`env` belongs to a server with a `command`"))
        }
        (Some(argv), None) => Ok(Server::Stdio { argv: origin.argv(argv, at)?, env, cwd: None }),
        (None, Some(url)) if url.starts_with("https://") || url.starts_with("http://") => {
            Ok(Server::Http { url, headers })
        }
        (None, Some(_)) => Err(wrong("`url` begins with https:// or http://")),
        _ => Err(wrong("a server has exactly one of `command` and `url`")),
    }
}

/// Names of secrets and servers become parts of other names.
fn check_name(what: &str, name: &str, at: usize) -> Result<(), Wrong> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(fits) {
        return Ok(());
    }
    let message =
        format!("the name of a {what}, `{name}`, is not letters, digits, `-` and `_`, at most 64");
    Err(Wrong { at, message })
}
