//! The question before a run, and what is told where nobody is asked.

use std::io::IsTerminal;

use anstyle::Style;
use baton_core::record::BackendChoice;
use baton_core::scope::Capability;
use baton_core::tool::{SecretSource, Server};

use super::Prepared;
use crate::args::RunArgs;
use crate::authority::{Allowed, Authority};
use crate::codes::Code;
use crate::consent::{self, Answer, Choices, Plan};
use crate::error::{CliError, Result};
use crate::forecast;
use crate::output::{BOLD, DIM, WARN, note, note_behind, note_columns};
use crate::program::models::outside;
use crate::project::models::ModelSettings;
use crate::project::policy::judge::{Judged, Verdict};
use crate::project::policy::{Place, Source};
use crate::receipts::Receipt;
use crate::text::{one_line, paint, plural};

/// How many warnings of one kind are told.
const WARNINGS_MAX: usize = 5;

/// Whether a person wants to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Ask, unless it is always allowed.
    Ask,
    /// Start.
    Yes,
    /// Start, and always from now on.
    Always,
}

impl Wish {
    /// What the flags say.
    #[must_use]
    pub fn of(args: &RunArgs) -> Self {
        match (args.consent.yes, args.consent.always) {
            (true, _) => Self::Yes,
            (false, true) => Self::Always,
            (false, false) => Self::Ask,
        }
    }
}

impl Prepared {
    /// Lets a person decide, unless they did already.
    ///
    /// # Errors
    /// When the person declines, or nobody can be asked.
    pub fn consent(&mut self, wish: Wish, runs: u64) -> Result<()> {
        let warnings = &self.bundle.warnings;
        for warning in warnings.iter().take(WARNINGS_MAX) {
            note_behind(&lead("warning:"), &one_line(warning));
        }
        if warnings.len() > WARNINGS_MAX {
            let more = plural((warnings.len() - WARNINGS_MAX) as u64, "more warning");
            note(&format!("{more}: `baton check {}` shows them", one_line(&self.workflow)));
        }
        if wish != Wish::Ask {
            self.no_strangers_programs()?;
            self.tell_missing();
            for told in &self.bundle.reach.notes {
                note_behind(&lead("note:"), &one_line(told));
            }
            for told in self.of_project() {
                note_behind(&lead("note:"), &told);
            }
            self.tell_unseen();
            self.foresee_if_told();
            return if wish == Wish::Always { self.remember() } else { Ok(()) };
        }
        let changed = match self.authority.allowed()? {
            Allowed::Never => Vec::new(),
            Allowed::Always(since) => {
                let told = format!("always allowed since {since}: `baton receipts` lists it");
                note(&paint(DIM, &told));
                self.tell_missing();
                self.tell_unseen();
                self.foresee_if_told();
                return Ok(());
            }
            Allowed::Before(changed) => changed,
        };
        for line in consent::screen(&self.plan(runs, &changed), note_columns()) {
            note(&line);
        }
        // Seen above the question, which answers this as well.
        for told in self.hooks.unseen() {
            note_behind(&lead("note:"), &format!("{}: yes allows that too", one_line(&told)));
        }
        let foreseen = self.ahead.input.is_some() && !self.ahead.wish.no_forecast && runs == 1;
        let free = !forecast::reads(self) || forecast::is_granted(self);
        if foreseen && std::io::stdin().is_terminal() && (free || self.ahead.wish.forecast) {
            self.foresee(forecast::is_granted(self));
        }
        let answer = loop {
            let choices = Choices {
                always: self.authority.receipts.is_some(),
                forecast: foreseen && self.ahead.forecast.is_none(),
            };
            match consent::ask(choices)? {
                Answer::Forecast => self.foresee(forecast::is_granted(self)),
                Answer::Source => consent::source::show(&self.bundle),
                Answer::Caps => self.edit_caps(runs),
                answer @ (Answer::Once | Answer::Always) => break answer,
            }
        };
        self.hooks.trust()?;
        match answer {
            Answer::Always => self.remember(),
            _ => Ok(()),
        }
    }

    /// What stands on the screen before a run.
    #[must_use]
    pub fn plan<'a>(&'a self, runs: u64, changed: &'a [String]) -> Plan<'a> {
        Plan {
            bundle: &self.bundle,
            root: self.root.as_deref(),
            caps: &self.caps,
            concurrency: self.concurrency,
            limits: &self.limits,
            budget: &self.budget,
            runs,
            view: &self.authority.view,
            changed,
        }
    }

    /// A forecast where nobody is asked, if the person wants one all the same.
    fn foresee_if_told(&mut self) {
        if self.ahead.wish.forecast {
            self.foresee(true);
        }
    }

    /// Tells what the run will come to, and keeps that with it. A run starts also without. `granted`:
    /// files may be read also where no dry run does.
    fn foresee(&mut self, granted: bool) {
        let Some(input) = self.ahead.input.clone() else { return };
        let (home, seeds) = (self.ahead.home.clone(), self.ahead.wish.seeds);
        match forecast::make(self, &input, &home, seeds, granted) {
            Ok(made) => {
                note(&format!("\n{}", paint(BOLD, "Forecast")));
                tell(DIM, "·", &forecast::lines(&made, self.concurrency));
                self.ahead.forecast = Some(Box::new(made));
                self.tell_bounds();
                note("");
            }
            Err(error) => {
                note_behind(&lead("note:"), &format!("no forecast: {}", error.sentence()));
            }
        }
    }

    /// Says which caps will stop the run before its end.
    fn tell_bounds(&self) {
        let Some(made) = &self.ahead.forecast else { return };
        tell(WARN, "!", &forecast::bounds(made, &self.caps));
    }

    /// Takes other caps from the person.
    fn edit_caps(&mut self, runs: u64) {
        note("caps as flags, such as --max-agents 20 --max-cost 1.50 (what is not named stays):");
        match consent::edit::of_line(&consent::line()) {
            Ok(caps) => {
                self.caps = self.caps.updated(&caps);
                tell(DIM, "·", &consent::held(&self.plan(runs, &[])));
                self.tell_bounds();
            }
            Err(why) => note_behind(&lead("note:"), &one_line(&why)),
        }
    }

    /// Says which hooks of the project do nothing because nobody looked at them.
    fn tell_unseen(&self) {
        for told in self.hooks.unseen() {
            let told = format!(
                "{}: not now, for nobody looked at that. Put it into your config.toml, or answer the \
                 question before a run",
                one_line(&told)
            );
            note_behind(&lead("note:"), &told);
        }
    }

    /// Keeps a receipt: from now on this starts without a question.
    fn remember(&self) -> Result<()> {
        let Some(receipts) = &self.authority.receipts else {
            return Err(CliError::new(Code::File, "there is no place for what you always allow")
                .hint("set HOME or XDG_CONFIG_HOME"));
        };
        let at = jiff::Timestamp::now();
        let receipt = Receipt { at: format!("{at:.0}"), ..self.authority.receipt.clone() };
        note(&paint(
            DIM,
            "always allowed from now on, until it changes: `baton receipts` lists it",
        ));
        receipts.keep(receipt)
    }

    /// A program that a project's settings name performs agents only where a person saw that: it has
    /// the rights of the person.
    fn no_strangers_programs(&self) -> Result<()> {
        let Some((told, backend)) = self
            .chosen_by_project
            .iter()
            .find(|(_, backend)| backend.contains(':') && outside(backend))
        else {
            return Ok(());
        };
        let message = format!("{told}, and nobody looked at that");
        Err(CliError::new(Code::ConsentNeeded, message).hint(format!(
            "say it yourself: --agent {}; or put it into your config.toml",
            shell_words::quote(backend)
        )))
    }

    /// Says what a run that nobody looked at goes without.
    fn tell_missing(&self) {
        let note = |what: &str| note_behind(&lead("note:"), what);
        // Why a follow-up has no directory was said before.
        let asks = self.bundle.says_read && consent::takes_root(&self.bundle);
        if self.root.is_none() && asks {
            note("the workflow asks to read files and gets none: --root DIR grants a directory");
        }
        let view = &self.authority.view;
        // What the workflow asks for on behalf of its tools, these ask for themselves.
        let own = view.workflow.iter().filter(|judged| judged.capability == Capability::Tools);
        let own = own.map(|judged| ("it", judged));
        let theirs = view.providers.iter().flat_map(|provider| {
            provider.requests.iter().map(|judged| (provider.name.as_str(), judged))
        });
        // Of reading without a directory everything was said.
        let telling = |judged: &Judged| {
            judged.verdict == Verdict::Refused
                && (self.root.is_some() || judged.capability != Capability::Read)
        };
        let refused: Vec<_> = own.chain(theirs).filter(|(_, judged)| telling(judged)).collect();
        for (who, judged) in refused.iter().take(WARNINGS_MAX) {
            note(&format!("{} may not {}", one_line(who), consent::words::told(judged)));
        }
        if refused.len() > WARNINGS_MAX {
            let more = plural((refused.len() - WARNINGS_MAX) as u64, "more request");
            note(&format!(
                "{more} not granted: `baton check {}` shows all",
                one_line(&self.workflow)
            ));
        }
        for problem in view.problems.iter().take(WARNINGS_MAX) {
            note(&one_line(problem));
        }
        for pattern in view.missing.iter().take(WARNINGS_MAX) {
            note(&format!("no tool `{}` is installed", one_line(pattern)));
        }
    }

    /// What the project's settings start on this machine, or take from it, on behalf of this run:
    /// nobody looked at them, and they may be a stranger's.
    fn of_project(&self) -> Vec<String> {
        let Authority { policy, effective, .. } = &self.authority;
        let of_project = |place: &Place| place.source == Source::Project;
        let secrets = effective.tools.secrets.keys().filter_map(|name| {
            let (definition, place) = policy.secrets.get(name)?;
            let from = match &definition.from {
                SecretSource::Command(argv) => format!("runs `{}`", shell_words::join(argv)),
                SecretSource::File(path) => format!("reads {path}"),
                SecretSource::Env(variable) => format!("takes ${variable}"),
            };
            let told = format!("{} {from} for the secret {name}", place.text);
            of_project(place).then_some(told)
        });
        let servers = effective.tools.servers.keys().filter_map(|name| {
            let (server, place) = policy.servers.get(name)?;
            let how = match server {
                Server::Stdio { argv, .. } => format!("starts `{}`", shell_words::join(argv)),
                Server::Http { url, .. } => format!("calls {url}"),
            };
            let told = format!("{} {how} as the server {name}", place.text);
            of_project(place).then_some(told)
        });
        let commands = self.authority.view.providers.iter().flat_map(|provider| {
            let granted = provider.requests.iter().filter(|judged| {
                judged.capability == Capability::Exec && judged.verdict != Verdict::Refused
            });
            granted.filter_map(|judged| {
                let place = judged.by.iter().find(|place| of_project(place))?;
                Some(format!("{} lets it {}", place.text, consent::words::asked(judged)))
            })
        });
        let agents = self.chosen_by_project.iter().map(|(told, _)| told.clone());
        let all = secrets.chain(servers).chain(commands).chain(agents);
        all.map(|told| one_line(&told)).collect()
    }
}

/// What the project's settings choose to perform agent tasks of a run, in words and as a backend.
pub fn chosen_by_project(
    settings: &ModelSettings,
    backends: &BackendChoice,
) -> Vec<(String, String)> {
    if backends.all.is_some() {
        return Vec::new();
    }
    let of_project = |place: &Place| place.source == Source::Project;
    let default = settings.default.iter().filter(|(_, place)| of_project(place));
    let default = default.map(|(text, place)| {
        let whom = "where nobody else is named";
        let told = format!("{} has agents performed by {text}, {whom}", place.text);
        (told, text.clone())
    });
    let types = settings
        .types
        .iter()
        .filter(|(name, (_, place))| of_project(place) && backends.by_type.contains_key(*name));
    let types = types.map(|(name, (text, place))| {
        let told = format!("{} has agents of the type {name} performed by {text}", place.text);
        (told, text.clone())
    });
    default.chain(types).collect()
}

/// A word to look at, before what is told.
fn lead(word: &str) -> String {
    format!("{} ", paint(WARN, word))
}

/// Tells lines, of a forecast or of caps, behind their mark.
fn tell(style: Style, mark: &str, lines: &[String]) {
    let lines = forecast::marked(&paint(style, mark), lines, note_columns());
    lines.iter().for_each(|line| note(line));
}
