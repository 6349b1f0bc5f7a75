//! What is asked for and granted, in words a person understands.

use baton_core::manifest::Requests;
use baton_core::record::Effect;
use baton_core::scope::{Authority, Capability, GlobLayer, HttpRule, PathScope};
use baton_core::tool::SecretSource;

use super::view::{Kind, ProviderView};
use crate::output::{DIM, GOOD, WARN};
use crate::project::policy::judge::{Judged, Verdict};
use crate::project::policy::{NEVER, Policy, Source};
use crate::render::record::effect_word;
use crate::text::{one_line, paint};

/// What a request asks for, after "may".
#[must_use]
pub fn asked(judged: &Judged) -> String {
    phrase(judged.capability, &one_line(&judged.asked))
}

/// What is asked for, a line each, after "may".
#[must_use]
pub fn requested(requests: &Requests) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |capability, texts: &[String]| {
        lines.extend(texts.iter().map(|text| phrase(capability, &one_line(text))));
    };
    say(Capability::Tools, &requests.tools);
    if let Some(layer) = &requests.write {
        say(Capability::Write, &[super::patterns(layer)]);
    }
    let named = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    say(Capability::Http, &named(&requests.http));
    say(Capability::Env, &named(&requests.env));
    say(Capability::Secrets, &named(&requests.secrets));
    say(Capability::Exec, &requests.exec);
    lines
}

fn phrase(capability: Capability, what: &str) -> String {
    match capability {
        Capability::Read => format!("read {}", files(what)),
        Capability::Write => format!("write {}", files(what)),
        Capability::Http => request(what),
        Capability::Env => format!("see the environment variable {what}"),
        Capability::Secrets => format!("use the secret {what}"),
        Capability::Exec => format!("run `{what}`"),
        Capability::Tools => format!("call the tools {what}"),
        Capability::Agents => "spawn agents".into(),
        Capability::Workflows => format!("run the workflow {what}"),
    }
}

fn files(pattern: &str) -> &str {
    if pattern == "**" { "all files" } else { pattern }
}

/// `GET https://a.org` as "send GET requests to https://a.org".
fn request(rule: &str) -> String {
    match rule.split_once(' ') {
        Some((methods, place)) if !place.starts_with('+') => {
            format!("send {methods} requests to {place}")
        }
        _ => format!("send requests to {rule}"),
    }
}

/// A request with what becomes of it.
#[must_use]
pub fn told(judged: &Judged) -> String {
    let mut text = asked(judged);
    if !judged.within.is_empty() {
        text.push_str(&format!(", but only within {}", listed(&judged.within)));
    }
    if !judged.except.is_empty() {
        text.push_str(&format!(", but not {}", listed(&judged.except)));
    }
    let who: Vec<String> = judged
        .by
        .iter()
        .filter(|place| place.source != Source::Default)
        .map(|place| one_line(&place.text))
        .collect();
    if judged.verdict != Verdict::Refused && !who.is_empty() {
        text.push_str(&format!(" ({})", who.join(", ")));
    }
    if let Some(hint) = &judged.hint {
        text.push_str(&format!(": {}", one_line(hint)));
    }
    text
}

fn listed(texts: &[String]) -> String {
    texts.iter().map(|text| one_line(text)).collect::<Vec<_>>().join(", ")
}

/// A provider of tools in words.
pub struct ProviderWords {
    /// Its name, where it is from, and its tools.
    pub name: String,
    /// What it may do and what to know of it, a line each behind a sign.
    pub lines: Vec<(String, String)>,
}

/// A provider of tools with its tools and what it may do.
#[must_use]
pub fn provider(view: &ProviderView) -> ProviderWords {
    let name = one_line(&view.name);
    let source = one_line(&view.source);
    let digest = view.digest.map(|digest| format!(" {}", digest.short())).unwrap_or_default();
    let own = |tool: &super::view::ToolView| {
        let own = tool.name.rsplit('/').next().unwrap_or_default();
        let mark = match (&tool.effect_by, tool.effect) {
            (Some(place), effect) => {
                format!(" ({}: {})", effect_word(effect), one_line(&place.text))
            }
            (None, Effect::Once) => " (once)".into(),
            (None, _) => String::new(),
        };
        format!("{}{mark}", one_line(own))
    };
    let tools: Vec<String> = match view.kind {
        Kind::Component => view.tools.iter().map(own).collect(),
        Kind::Commands | Kind::Server => Vec::new(),
    };
    let tools = if tools.is_empty() { String::new() } else { format!(": {}", tools.join(", ")) };
    let mut lines = Vec::new();
    let plain = paint(DIM, "·");
    if view.requests.is_empty() && view.kind == Kind::Component {
        lines.push((plain.clone(), "touches nothing outside of the sandbox".to_owned()));
    }
    for judged in &view.requests {
        let sign = match judged.verdict {
            Verdict::Granted => paint(GOOD, "+"),
            Verdict::Partly => paint(WARN, "+"),
            Verdict::Refused => paint(WARN, "-"),
        };
        let may = if judged.verdict == Verdict::Refused { "may not" } else { "may" };
        lines.push((sign, format!("{may} {}", told(judged))));
    }
    lines.extend(view.notes.iter().map(|note| (plain.clone(), one_line(note))));
    ProviderWords {
        name: format!("{name} {}{tools}", paint(DIM, &format!("{source}{digest}"))),
        lines,
    }
}

/// Where a secret comes from and where it goes.
#[must_use]
pub fn secret(name: &str, policy: &Policy) -> Option<String> {
    let (definition, place) = policy.secrets.get(name)?;
    let from = match &definition.from {
        SecretSource::Env(variable) => format!("${variable}"),
        SecretSource::File(path) => path.clone(),
        SecretSource::Command(argv) => format!("`{}`", shell_words::join(argv)),
    };
    let hosts: Vec<String> = definition.hosts.iter().map(HttpRule::to_string).collect();
    let hosts = match hosts.as_slice() {
        [] => "put into no requests: it names no hosts".into(),
        hosts => format!("put only into requests to {}", hosts.join(", ")),
    };
    Some(format!("the secret {name} from {from} ({}), {hosts}", place.text))
}

/// What an authority lets its holder do: each one line, after "may".
#[must_use]
pub fn authority(authority: &Authority) -> Vec<String> {
    let Authority { read, write, http, env, secrets, exec } = authority;
    let mut lines = Vec::new();
    let mut may = |verb: &str, layers: Vec<String>, except: Vec<String>| {
        let layers: Vec<String> = layers.into_iter().filter(|layer| !layer.is_empty()).collect();
        let what = if layers.is_empty() { "anything".into() } else { layers.join(" and of that ") };
        let except = match except.as_slice() {
            [] => String::new(),
            except => format!(" but not {}", except.join(", ")),
        };
        lines.push(one_line(&format!("{verb} {what}{except}")));
    };
    if let Some(read) = read {
        may("read", paths(read), Vec::new());
    }
    if let Some(write) = write {
        may("write", paths(write), Vec::new());
    }
    if let Some(http) = http {
        may("send requests to", layers(&http.layers), shown(&http.except));
    }
    if let Some(env) = env {
        may("see the environment variables", layers(&env.layers), env.except.clone());
    }
    if let Some(secrets) = secrets {
        may("use the secrets", layers(&secrets.layers), secrets.except.clone());
    }
    if let Some(exec) = exec {
        may("run", layers(&exec.layers), shown(&exec.except));
    }
    lines
}

fn paths(scope: &PathScope) -> Vec<String> {
    // What usually holds secrets, and what is Baton's own, is outside of every scope: that needs no
    // words each time.
    let secrets = GlobLayer::no_secrets().exclude;
    let own: Vec<String> = NEVER.iter().map(ToString::to_string).collect();
    let told = |layer: &&GlobLayer| {
        !layer.exclude.starts_with(&secrets) && !layer.exclude.starts_with(&own)
    };
    let layers: Vec<String> = scope.layers.iter().filter(told).map(super::patterns).collect();
    if layers.is_empty() { vec!["anything below the root".into()] } else { layers }
}

fn layers<T: ToString>(layers: &[Vec<T>]) -> Vec<String> {
    layers.iter().map(|layer| shown(layer).join(", ")).collect()
}

fn shown<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}
