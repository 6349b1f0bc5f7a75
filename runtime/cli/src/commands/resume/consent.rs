//! Whether a run may go on: with what it was granted when it began, which may not be what a person
//! would grant now, or was never this person's grant at all.

use std::collections::BTreeSet;
use std::path::Path;

use baton_core::ids::RunId;
use baton_core::limits::Limits;
use baton_core::model::Models;
use baton_core::record::{BackendChoice, Body, Program, RunStarted, Work};
use baton_core::run::can_replace;
use baton_core::scope::{Authority, Capability, Denials, PathScope, SECRET_PATTERNS, Scope};
use baton_core::tool::Tools;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::note;
use crate::program::models::outside;
use crate::project::models::ModelSettings;
use crate::project::places::Places;
use crate::project::policy::{Pattern, Policy, Rule};
use crate::records;
use crate::select::BATCH_PREFIX;
use crate::started::Started;
use crate::text::one_line;

/// What a run or batch was granted when it began.
#[derive(Clone, Copy, PartialEq)]
pub struct Granted<'a> {
    /// What its root workflow may touch.
    pub scope: &'a Scope,
    /// The tools it may call.
    pub tools: &'a Tools,
    /// The models it may use.
    pub models: &'a Models,
    /// What agents that work by themselves may touch.
    pub workers: &'a Authority,
    /// Who performs agents.
    pub backends: &'a BackendChoice,
    /// Everything that decides what it does.
    pub program: &'a Program,
    /// The directory that it may read and work in.
    pub root: Option<&'a Path>,
    /// Every limit.
    pub limits: &'a Limits,
    /// Whether agents on record are performed by programs of this machine, whoever was chosen.
    pub recorded: bool,
    /// Programs on record that perform agents in place of those that were chosen, in words.
    pub replaced: Option<&'a str>,
}

impl Granted<'_> {
    /// Whether programs of this machine may perform its agents.
    fn runs_programs(&self) -> bool {
        let BackendChoice { all, by_type, default } = self.backends;
        let types = self.program.agent_types.values();
        let types = types.filter_map(|known| known.backend.as_ref());
        let mut chosen = all.iter().chain(by_type.values()).chain(default).chain(types);
        self.recorded || chosen.any(|backend| outside(backend))
    }

    /// What it reads, in words; none: no files.
    fn reads(&self) -> Option<String> {
        let (root, scope) = (self.root?, self.scope.read.as_ref()?);
        let patterns = scope.layers.iter().map(|layer| layer.include.as_slice());
        let patterns = patterns.filter(|include| !include.is_empty()).min_by_key(|some| some.len());
        let what = match patterns {
            None => "files".to_owned(),
            Some(patterns) => {
                let more = if patterns.len() > PATTERNS_SHOWN { ", …" } else { "" };
                let shown: Vec<&str> =
                    patterns.iter().take(PATTERNS_SHOWN).map(String::as_str).collect();
                one_line(&format!("{}{more}", shown.join(", ")))
            }
        };
        let secrets = match keeps_secrets(scope) {
            true => "",
            false => ", files that usually hold secrets among them",
        };
        Some(format!("reads {what} below {}{secrets}", one_line(&root.display().to_string())))
    }
}

/// Limits that were raised, in words; none: all are as usual, or lower.
fn raised(limits: &Limits) -> Option<String> {
    let now = serde_json::to_value(limits).unwrap_or_default();
    let raised = Limits::table().into_iter().filter_map(|(name, row)| {
        let (group, field) = name.split_once('.')?;
        // What is as usual need not be written.
        let now = now.get(group)?.get(field)?.as_u64()?;
        (now > row.default).then(|| format!("{name} {now}"))
    });
    let raised: Vec<String> = raised.collect();
    (!raised.is_empty()).then(|| format!("has raised limits: {}", raised.join(", ")))
}

/// Patterns of files that a question names at the most.
const PATTERNS_SHOWN: usize = 4;

/// Whether nothing passes that usually holds secrets.
fn keeps_secrets(scope: &PathScope) -> bool {
    scope.layers.iter().any(|layer| {
        let out = |pattern: &&str| layer.exclude.iter().any(|exclude| exclude == *pattern);
        layer.unless.is_empty() && SECRET_PATTERNS.iter().all(out)
    })
}

impl<'a> From<&'a RunStarted> for Granted<'a> {
    fn from(started: &'a RunStarted) -> Self {
        let RunStarted { scope, tools, models, workers, backends, program, root, limits, .. } =
            started;
        let root = root.as_deref().map(Path::new);
        Self {
            scope,
            tools,
            models,
            workers,
            backends,
            program,
            root,
            limits,
            recorded: false,
            replaced: None,
        }
    }
}

/// Whether agents of these runs are performed by programs of this machine, whatever their first
/// records say: the journal of somebody else may hold anything.
///
/// # Errors
/// Those of the journal.
pub async fn programs_on_record(journal: &dyn Journal, runs: &[RunId]) -> Result<bool> {
    let mut found = false;
    for run in runs {
        records::after(journal, run, 1, |record| {
            if let Body::Spawned { work, .. } | Body::Called { work, .. } = &record.body
                && let Work::Agent { backend, .. } = &**work
            {
                found |= outside(backend);
            }
            Ok(())
        })
        .await?;
    }
    Ok(found)
}

/// Programs that perform agents of these runs in place of those that were chosen when they began, in words:
/// the journal of somebody else may name any. None: there are none.
///
/// # Errors
/// Those of the journal.
pub async fn replaced_on_record(journal: &dyn Journal, runs: &[RunId]) -> Result<Option<String>> {
    let mut found = BTreeSet::new();
    for run in runs {
        records::after(journal, run, 1, |record| {
            if let Body::Resumed { programs, .. } = record.body {
                let count = programs.iter().filter(|(there, here)| can_replace(there, here));
                let words = |(there, here): (&String, &String)| {
                    one_line(&format!("{here} in place of {there}"))
                };
                found.extend(count.map(words));
            }
            Ok(())
        })
        .await?;
    }
    let more = if found.len() > PATTERNS_SHOWN { ", …" } else { "" };
    let shown: Vec<String> = found.into_iter().take(PATTERNS_SHOWN).collect();
    Ok((!shown.is_empty()).then(|| format!("{}{more}", shown.join(", "))))
}

/// What was taken away from these runs since they began: it needs no second denial.
///
/// # Errors
/// Those of the journal.
pub async fn denied_on_record(journal: &dyn Journal, runs: &[RunId]) -> Result<Denials> {
    let mut all = Denials::default();
    for run in runs {
        records::after(journal, run, 1, |record| {
            if let Body::DenialsAdded { denials, .. } = &record.body {
                all.add(denials);
            }
            Ok(())
        })
        .await?;
    }
    Ok(all)
}

/// Whether this person started a run or batch; also where nobody can say.
///
/// # Errors
/// When the place of a person's settings cannot be found.
pub fn is_mine(id: &str, home: &Home) -> Result<bool> {
    Ok(Started::of(&Places::find()?, home).is_none_or(|list| list.has(id)))
}

/// What the person's list of what they started names a run by: its batch, or itself.
#[must_use]
pub fn started_as(row: &RunRow) -> &str {
    row.batch.as_ref().map_or(row.run.as_str(), |(batch, _)| batch.as_str())
}

/// Lets the workflows of a run be executed over its record, which touches nothing and costs what its own
/// limits let it: a run that this person did not start may name any. `yes`: whoever asks for it.
///
/// # Errors
/// When the run is somebody else's, its limits are raised, and nobody says that it may use them.
pub fn allow_repeat(row: &RunRow, limits: &Limits, yes: bool, home: &Home) -> Result<()> {
    let id = started_as(row);
    let Some(raised) = raised(limits).filter(|_| !yes) else { return Ok(()) };
    if is_mine(id, home)? {
        return Ok(());
    }
    let message = format!("{id} was not started by you, and {raised}");
    Err(CliError::new(Code::ConsentNeeded, message)
        .hint("--yes executes its workflows with those; Ctrl-C ends that at any time"))
}

/// Lets a run go on that this person started or wants to go on with, and says what today's policy takes
/// from it: whoever drives it takes that away before anything starts. `id`: that of the run, or of its
/// batch. `denied`: what was taken away from it since it began, asked for only if policy denies something,
/// and not said again. `yes`: whoever started it.
///
/// # Errors
/// When nobody says that it may go on, or a file of settings cannot be read.
pub fn allow(
    id: &str,
    granted: Granted<'_>,
    denied: impl FnOnce() -> Result<Denials>,
    yes: bool,
    home: &Home,
) -> Result<()> {
    let places = Places::find()?;
    let policy = Policy::load(&places, &[], &[])?;
    let mut taken = taken(&policy, granted);
    if !taken.is_empty() {
        let denied = denied()?;
        taken.retain(|rule| !denied.hold(&rule.denial()));
    }
    let list = Started::of(&places, home);
    let known = list.as_ref().is_none_or(|list| list.has(id));
    if !list.is_some_and(|list| list.has(id)) {
        let settings = ModelSettings::load(&places, &|name| std::env::var(name).ok())?;
        same_endpoints(id, granted.models, &settings)?;
    }
    let does = [
        (!granted.tools.is_empty(), "calls tools"),
        (!granted.models.is_empty(), "uses models"),
        (granted.runs_programs(), "has programs of this machine perform agents"),
        (!granted.workers.is_nothing(), "has agents that work by themselves"),
    ];
    let does = does.into_iter().filter(|(does, _)| *does).map(|(_, what)| what.to_owned());
    let replaced = granted.replaced.map(|words| format!("starts {words}"));
    let does: Vec<String> =
        does.chain(replaced).chain(granted.reads()).chain(raised(granted.limits)).collect();
    if !yes && !does.is_empty() && !known {
        let message = format!("{id} was not started by you, and {}", does.join(", and "));
        let look = match id.starts_with(BATCH_PREFIX) {
            true => format!(
                "`baton ls --batch {id}` lists its runs, `baton show RUN` says what one was granted"
            ),
            false => format!("`baton show {id}` says what it was granted"),
        };
        let hint = format!("{look}; --yes goes on with that");
        return Err(CliError::new(Code::ConsentNeeded, message).hint(hint));
    }
    if !taken.is_empty() {
        let taken: Vec<String> = taken.into_iter().map(shown).collect();
        let taken = taken.join(", ");
        note(&format!("policy denies now what {id} was granted, and it goes on without: {taken}"));
    }
    Ok(())
}

/// Keys go where the person's settings send them: what another's journal says of addresses and keys
/// counts only where it is the same.
fn same_endpoints(id: &str, models: &Models, settings: &ModelSettings) -> Result<()> {
    for (name, pinned) in &models.providers {
        if pinned.key.is_none() || pinned.recorded.is_some() {
            continue;
        }
        let mine = settings.providers.get(name).map(|known| &known.definition);
        let same =
            mine.is_some_and(|mine| mine.base_url == pinned.base_url && mine.key == pinned.key);
        if !same {
            let message = format!(
                "{id} was not started by you, and sends a key of yours to {}, which your settings \
                 do not",
                pinned.base_url
            );
            return Err(CliError::new(Code::ConsentNeeded, message)
                .hint("start the workflow again; `--reuse` takes what is done"));
        }
    }
    Ok(())
}

/// Denials of today that would take something from the run and did not when it began.
fn taken<'p>(policy: &'p Policy, granted: Granted<'_>) -> Vec<&'p Rule> {
    let patterned = Capability::ALL.into_iter();
    let denied = patterned.flat_map(|capability| policy.denied(capability));
    denied.filter(|rule| takes(rule, granted)).collect()
}

fn shown(rule: &Rule) -> String {
    let (capability, place) = (rule.capability.as_str(), &rule.place.text);
    format!("{capability}={} ({place})", rule.pattern)
}

fn takes(rule: &Rule, granted: Granted<'_>) -> bool {
    let text = rule.pattern.to_string();
    let scope = granted.scope.tools.as_ref();
    let files = |of: &Option<PathScope>| {
        let open =
            |paths: &PathScope| !paths.layers.iter().any(|layer| layer.exclude.contains(&text));
        of.as_ref().is_some_and(open)
    };
    let own = granted.workers;
    let tools = || {
        let within = scope.map(|scope| &scope.within);
        granted.tools.known.values().filter_map(move |tool| Some(tool.authority.intersect(within?)))
    };
    let any = |of: &dyn Fn(&Authority) -> bool| of(own) || tools().any(|authority| of(&authority));
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

#[cfg(test)]
mod tests;
