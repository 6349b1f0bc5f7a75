//! Calls of tools, by workflows and by agents.

use super::{Run, TaskState};
use crate::action::Action;
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Body, Effect, Work};
use crate::refusal::{Refusal, RefusalKind};
use crate::scope::{Authority, Capability, Denials, NameScope, Narrowing, ToolScope, name_matches};
use crate::tool::{self, Denial, EXEC, ExecInput, Provider, RawToolSpec, ToolDefinition, ToolSpec};
use crate::words::shorten;

/// Code of a refused command.
const EXEC_DENIED: &str = "exec-not-granted";

impl Run {
    /// What a call comes to: the tool, what it may touch, and what a repeat would do.
    pub(super) fn tool_work(
        &self,
        scope: Option<&ToolScope>,
        phase: Option<&String>,
        raw: RawToolSpec,
    ) -> Result<Work, Refusal> {
        let Some(scope) = scope else {
            return Err(Refusal::denied(
                Capability::Tools,
                "tools-not-granted",
                "this task may not call tools",
                "its manifest must request them under `tools`",
            ));
        };
        let mut spec = ToolSpec::parse(raw, &self.started.limits.run)?;
        spec.options.phase = spec.options.phase.or_else(|| phase.cloned());
        self.tool_work_of(scope, spec)
    }

    /// The same of a call that was read.
    pub(super) fn tool_work_of(&self, scope: &ToolScope, spec: ToolSpec) -> Result<Work, Refusal> {
        let (name, definition) = self.started.tools.find(&spec.name)?;
        if !scope.names.allows(name) {
            return Err(Refusal::denied(
                Capability::Tools,
                "tool-not-granted",
                format!("this task may not call the tool `{name}`"),
                "request it under `tools` by its full name; whoever started this task may have narrowed them",
            ));
        }
        if self.denials.takes_tool(name) {
            return Err(Refusal::denied(
                Capability::Tools,
                "tool-not-granted",
                format!("the tool `{name}` is denied now"),
                "policy denies it since the run began; `baton why` says where",
            ));
        }
        let mut authority = definition.authority.intersect(&scope.within);
        if let Some(narrowing) = &spec.options.within {
            let refused = |error: crate::scope::PatternError| {
                Refusal::invalid("bad-pattern", error.to_string())
            };
            authority = authority.narrowed(narrowing).map_err(refused)?;
        }
        authority = authority.denied(&self.denials);
        if name == EXEC {
            let input = exec_input(&spec)?;
            let exec = authority.exec.as_ref();
            if !exec.is_some_and(|exec| exec.allows(&input.argv)) {
                let hint = if exec.is_some_and(|exec| exec.takes_away(&input.argv)) {
                    "[deny] or --deny takes it away, and wins over every grant"
                } else {
                    "the workflow must request it under `exec`, and policy grant it: \
                     `--grant exec='PROGRAM ARGUMENT…'`"
                };
                return Err(Refusal::denied(
                    Capability::Exec,
                    EXEC_DENIED,
                    format!("the command `{}` is not granted", shown(&input.argv)),
                    hint,
                ));
            }
        }
        let effect = tool::effect(definition, &authority);
        let tool = name.to_owned();
        Ok(Work::Tool { spec, tool, authority: Box::new(authority), effect })
    }

    /// Which tools an agent may call: what its workflow may, narrowed by what the task and its type
    /// name. None where they name nothing: an agent gets no tools unless it is given some.
    #[must_use]
    pub fn tools_of_agent(&self, agent: &TaskPath) -> Option<ToolScope> {
        let Work::Agent { spec, .. } = &*self.tasks.get(agent)?.work else { return None };
        let own = self.workflows.get(&agent.parent()?)?.scope.tools.clone()?;
        let options = &spec.options;
        let of_type = options.agent_type.as_ref().and_then(|name| {
            let definition = self.started.program.agent_types.get(name)?;
            Some((definition.tools.clone(), definition.disallowed_tools.clone()))
        });
        let (by_type, disallowed) = of_type.unwrap_or_default();
        let named = options.tools.clone().or_else(|| by_type.clone())?;
        let mut names = own.names.narrowed(Some(&named));
        // A type's own list bounds what the task names for it.
        if let (Some(_), Some(of_type)) = (&options.tools, by_type) {
            names = names.narrowed(Some(&of_type));
        }
        let kept: Vec<String> = self
            .started
            .tools
            .known
            .keys()
            .filter(|name| !NameScope::of(&disallowed).allows(name))
            .cloned()
            .collect();
        let names = names.narrowed(Some(&kept));
        let within = match &options.within {
            // Read when the task was spawned: it cannot fail here.
            Some(narrowing) => own.within.narrowed(narrowing).ok()?,
            None => own.within,
        };
        Some(ToolScope { names, within }.denied(&self.denials))
    }

    /// What an agent may touch by itself, beside its tools: what policy grants such agents, within
    /// what its workflow may do, less what the task and its type say. In a worktree of its own it may
    /// do what it likes to the files there, but those that usually hold secrets.
    #[must_use]
    pub fn authority_of_agent(&self, agent: &TaskPath) -> Option<Authority> {
        let Work::Agent { spec, .. } = &*self.tasks.get(agent)?.work else { return None };
        let scope = &self.workflows.get(&agent.parent()?)?.scope;
        let options = &spec.options;
        let mut own = self.started.workers.clone();
        own.read = scope.read.clone();
        if options.isolation.is_some() {
            own.write = scope.read.clone();
        }
        if let Some(tools) = &scope.tools {
            let within = Authority { read: own.read.clone(), ..tools.within.clone() };
            // Nobody sees a worktree but who asked for it.
            let write = own.write.clone().filter(|_| options.isolation.is_some());
            own = own.intersect(&within);
            own.write = write.or(own.write);
        }
        if let Some(read) = &options.read {
            let narrowing = Narrowing { read: Some(read.clone()), ..Narrowing::default() };
            own = own.narrowed(&narrowing).ok()?;
        }
        let own = match &options.within {
            Some(narrowing) => own.narrowed(narrowing).ok()?,
            None => own,
        };
        Some(own.denied(&self.denials))
    }

    /// What was taken away since the run began.
    #[must_use]
    pub fn denials(&self) -> &Denials {
        &self.denials
    }

    /// Policy denies these now, each said at some place. What of them is new to the run is on record,
    /// and holds for everything that is asked from here on. Whether there was something new.
    pub fn deny(&mut self, said: &[(String, Denials)], at: Timestamp) -> bool {
        let (mut places, mut denials) = (Vec::new(), Denials::default());
        for (place, one) in said {
            let mut new = one.beyond(&self.denials, &self.started.scope, &self.started.workers);
            new.add(&Denials { secrets: self.secrets_beyond(one), ..Denials::default() });
            if !new.is_empty() && !places.contains(place) {
                places.push(place.clone());
            }
            denials.add(&new);
        }
        if self.finished.is_some() || denials.is_empty() || self.records_left() == 0 {
            return false;
        }
        self.push(Body::DenialsAdded { by: places.join(", "), denials }, at);
        true
    }

    /// Patterns of secrets that are new because the run has such secrets, whoever was granted them: a
    /// person's own server is given them without a grant.
    fn secrets_beyond(&self, denials: &Denials) -> Vec<String> {
        let names = &self.started.tools.secrets;
        let has = |pattern: &str| names.keys().any(|name| name_matches(pattern, name));
        let new = |text: &&String| !self.denials.secrets.contains(*text) && has(text.as_str());
        denials.secrets.iter().filter(new).cloned().collect()
    }

    /// The tools an agent may call, by full name, with what they are.
    pub fn offered(&self, scope: &ToolScope) -> impl Iterator<Item = (&String, &ToolDefinition)> {
        let names = scope.names.clone();
        self.started.tools.known.iter().filter(move |(name, _)| names.allows(name))
    }

    /// An agent calls a tool. The task that performs it is a child of the agent; nothing is
    /// delivered to a workflow when it ends.
    ///
    /// # Errors
    /// When it may not, or the call is malformed. A refusal for want of a capability is on record.
    pub fn agent_calls(
        &mut self,
        agent: &TaskPath,
        raw: RawToolSpec,
        at: Timestamp,
    ) -> Result<TaskPath, Refusal> {
        let name = raw.name.clone();
        let mut work = match self.room_for_a_task() {
            Ok(()) => {
                let scope = self.tools_of_agent(agent);
                self.tool_work(scope.as_ref(), None, raw)
            }
            Err(refusal) => Err(refusal),
        };
        if let Ok(work) = &mut work {
            self.soften(agent, work);
        }
        let open = self.tasks.get(agent).is_some_and(|task| task.state == TaskState::Started);
        let work = match work {
            _ if !open || self.records_left() == 0 => {
                let message = "the agent has ended";
                return Err(Refusal::new(RefusalKind::Invalid, "ended", message, ""));
            }
            Ok(work) => work,
            Err(refusal) => {
                if let Some(capability) = refusal.capability {
                    let (code, hint) = (refusal.code.clone(), refusal.hint.clone());
                    let tried = format!("call {}", shorten(&name));
                    self.denied(agent, Denial { capability, code, tried, hint }, at);
                }
                return Err(refusal);
            }
        };
        let number = self.tasks.get(agent).map_or(0, |task| task.calls) + 1;
        let task = agent.child(number);
        self.push(Body::Called { task: task.clone(), work: Box::new(work) }, at);
        self.act(Action::Perform { task: task.clone() });
        Ok(task)
    }

    /// What an isolated agent calls may happen twice where it reaches nothing but the worktree, which
    /// nobody has seen.
    pub(super) fn soften(&self, agent: &TaskPath, work: &mut Work) {
        if let Work::Tool { authority, effect, tool, .. } = work
            && self.is_isolated(agent)
            && self.stays_in_place(tool, authority)
        {
            *effect = (*effect).min(Effect::Repeatable);
        }
    }

    fn is_isolated(&self, agent: &TaskPath) -> bool {
        self.tasks.get(agent).is_some_and(
            |known| matches!(&*known.work, Work::Agent { spec, .. } if spec.options.isolation.is_some()),
        )
    }

    /// Whether a call reaches only files of the directory it works in. A server works where it likes.
    fn stays_in_place(&self, tool: &str, authority: &Authority) -> bool {
        let provider = self.started.tools.known.get(tool).map(|known| &known.provider);
        let ours = matches!(provider, Some(Provider::Component(_) | Provider::Exec));
        ours && authority.http.is_none() && authority.secrets.is_none()
    }

    /// A task tried what it may not do. Kept only so far: a guest that tries for ever must not fill
    /// the journal.
    pub fn denied(&mut self, task: &TaskPath, denial: Denial, at: Timestamp) {
        let room = self.open_task(task).is_some_and(|known| known.denials < tool::DENIALS_MAX);
        if room && self.records_left() > 0 {
            self.push(Body::Denied { task: task.clone(), denial }, at);
        }
    }

    /// Whether a tool that an agent called did, or may have done, what must not happen twice since
    /// the agent was started last.
    #[must_use]
    pub fn did_once(&self, agent: &TaskPath) -> bool {
        self.tasks.get(agent).is_some_and(|task| task.did_once)
    }

    /// Whether an agent called this tool: its result goes to the agent.
    #[must_use]
    pub fn is_agents(&self, task: &TaskPath) -> bool {
        task.parent()
            .and_then(|parent| self.tasks.get(&parent))
            .is_some_and(|parent| matches!(*parent.work, Work::Agent { .. }))
    }
}

/// Input of the tool that runs commands.
fn exec_input(spec: &ToolSpec) -> Result<ExecInput, Refusal> {
    let parsed = Some(&spec.input)
        .filter(|input| input.as_str().starts_with('{'))
        .map(|input| serde_json::from_str::<ExecInput>(input.as_str()));
    match parsed {
        Some(Ok(input)) if !input.argv.is_empty() => Ok(input),
        Some(Ok(_)) => Err(Refusal::invalid("tool-input", "`argv` names no program")),
        Some(Err(error)) => Err(Refusal::invalid(
            "tool-input",
            format!("input of `{EXEC}`: {}", shorten(&error.to_string())),
        )),
        None => Err(Refusal::invalid("tool-input", format!("input of `{EXEC}`: not an object"))),
    }
}

/// An argument list for people.
fn shown(argv: &[String]) -> String {
    shorten(&argv.join(" "))
}
