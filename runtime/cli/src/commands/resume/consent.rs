//! Whether a run may go on: with what it was granted when it began, which may not be what a person
//! would grant now, or was never this person's grant at all.

use baton_core::record::RunStarted;
use baton_core::scope::{Authority, Capability, PathScope, Scope};
use baton_core::tool::Tools;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::project::places::Places;
use crate::project::policy::{Pattern, Policy, Rule};
use crate::started::Started;

/// What a run or batch was granted when it began.
#[derive(Clone, Copy)]
pub struct Granted<'a> {
    /// What its root workflow may touch.
    pub scope: &'a Scope,
    /// The tools it may call.
    pub tools: &'a Tools,
}

impl<'a> From<&'a RunStarted> for Granted<'a> {
    fn from(started: &'a RunStarted) -> Self {
        let RunStarted { scope, tools, .. } = started;
        Self { scope, tools }
    }
}

/// Lets a run go on from which today's policy takes nothing away, and that this person started or
/// wants to go on with. `id`: that of the run, or of its batch. `yes`: whoever started it.
///
/// # Errors
/// When policy denies something of it, nobody says that it may go on, or a file of settings cannot be
/// read.
pub fn allow(id: &str, granted: Granted<'_>, yes: bool) -> Result<()> {
    let places = Places::find()?;
    let policy = Policy::load(&places, &[], &[])?;
    let taken = taken(&policy, granted);
    if !taken.is_empty() {
        let message = format!("policy denies now what {id} was granted: {}", taken.join(", "));
        return Err(CliError::new(Code::ConsentNeeded, message)
            .hint("cancel it and start it again, or take the denial away"));
    }
    let known = Started::of(&places).is_none_or(|list| list.has(id));
    if !yes && !granted.tools.is_empty() && !known {
        let message = format!("{id} was not started by you, and calls tools");
        let hint = format!("`baton show {id}` says what it was granted; --yes goes on with that");
        return Err(CliError::new(Code::ConsentNeeded, message).hint(hint));
    }
    Ok(())
}

/// Denials of today that would take something from the run and did not when it began.
fn taken(policy: &Policy, granted: Granted<'_>) -> Vec<String> {
    let patterned = Capability::ALL.into_iter();
    let denied = patterned.flat_map(|capability| policy.denied(capability));
    denied
        .filter(|rule| takes(rule, granted))
        .map(|rule| {
            let (capability, place) = (rule.capability.as_str(), &rule.place.text);
            format!("{capability}={} ({place})", rule.pattern)
        })
        .collect()
}

fn takes(rule: &Rule, granted: Granted<'_>) -> bool {
    let text = rule.pattern.to_string();
    let scope = granted.scope.tools.as_ref();
    let files = |of: &Option<PathScope>| {
        let open =
            |paths: &PathScope| !paths.layers.iter().any(|layer| layer.exclude.contains(&text));
        of.as_ref().is_some_and(open)
    };
    let tools = || {
        let within = scope.map(|scope| &scope.within);
        granted.tools.known.values().filter_map(move |tool| Some(tool.authority.intersect(within?)))
    };
    let any = |of: &dyn Fn(&Authority) -> bool| tools().any(|authority| of(&authority));
    match rule.capability {
        Capability::Read => {
            files(&granted.scope.read) || any(&|tool| files(&tool.read) || files(&tool.write))
        }
        Capability::Write => any(&|tool| files(&tool.write)),
        Capability::Http => any(&|tool| {
            let is = |other: &&baton_core::scope::HttpRule| other.to_string() == text;
            tool.http.as_ref().is_some_and(|http| !http.except.iter().any(|rule| is(&rule)))
        }),
        Capability::Env => {
            any(&|tool| tool.env.as_ref().is_some_and(|env| !env.except.contains(&text)))
        }
        Capability::Secrets => any(&|tool| {
            tool.secrets.as_ref().is_some_and(|secrets| !secrets.except.contains(&text))
        }),
        Capability::Exec => any(&|tool| {
            let is = |other: &baton_core::scope::ArgvPattern| other.to_string() == text;
            tool.exec.as_ref().is_some_and(|exec| !exec.except.iter().any(is))
        }),
        Capability::Tools => granted.tools.known.keys().any(|name| {
            scope.is_some_and(|scope| scope.names.allows(name))
                && rule.pattern.covers(&Pattern::Name(name.clone()))
        }),
        Capability::Agents | Capability::Workflows => false,
    }
}
