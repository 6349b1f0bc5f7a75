//! Whether a run may go on: with what it was granted when it began, which may not be what a person
//! would grant now, or was never this person's grant at all.

use baton_core::record::{BackendChoice, Program, RunStarted};
use baton_core::scope::{Authority, Capability, PathScope, Scope};
use baton_core::tool::Tools;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::project::places::Places;
use crate::project::policy::{Pattern, Policy, Rule};
use crate::started::Started;

/// Prefix of backends that are programs.
const COMMAND: &str = "command:";

/// What a run or batch was granted when it began.
#[derive(Clone, Copy)]
pub struct Granted<'a> {
    /// What its root workflow may touch.
    pub scope: &'a Scope,
    /// The tools it may call.
    pub tools: &'a Tools,
    /// Who performs agent tasks.
    pub backends: &'a BackendChoice,
    /// What runs.
    pub program: &'a Program,
}

impl<'a> From<&'a RunStarted> for Granted<'a> {
    fn from(started: &'a RunStarted) -> Self {
        let RunStarted { scope, tools, backends, program, .. } = started;
        Self { scope, tools, backends, program }
    }
}

/// Lets a run go on that this person started, and from which today's policy takes nothing away.
/// `id`: that of the run, or of its batch.
///
/// # Errors
/// When it needs a person to say so, or a file of settings cannot be read.
pub fn allow(id: &str, granted: Granted<'_>) -> Result<()> {
    let places = Places::find()?;
    let policy = Policy::load(&places, &[], &[])?;
    let taken = taken(&policy, granted);
    let more = || format!("`baton show {id}` says what it was granted; --yes goes on with that");
    if !taken.is_empty() {
        let message = format!("policy denies now what {id} was granted: {}", taken.join(", "));
        return Err(CliError::new(Code::ConsentNeeded, message).hint(more()));
    }
    let reaches_out = !granted.tools.is_empty() || has_commands(granted);
    let known = Started::of(&places).is_none_or(|list| list.has(id));
    if reaches_out && !known {
        let message = format!("{id} was not started by you, and has tools or commands");
        return Err(CliError::new(Code::ConsentNeeded, message).hint(more()));
    }
    Ok(())
}

/// Whether programs with the person's rights perform agents.
fn has_commands(granted: Granted<'_>) -> bool {
    let chosen = granted.backends.all.iter().chain(granted.backends.by_type.values());
    let own = granted.program.agent_types.values().filter_map(|kind| kind.backend.as_ref());
    chosen.chain(own).any(|backend| backend.starts_with(COMMAND))
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
