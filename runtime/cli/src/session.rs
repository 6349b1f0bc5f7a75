//! An engine over the journal of a project, and what signals do to it.

mod stalled;

use std::path::PathBuf;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_engine::{Engine, EngineConfig};
use baton_host::{Host, HostConfig};
use baton_journal::store::Journal;
use baton_models::recorded::Recorder;
use tokio::signal::unix::{SignalKind, signal};

use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::{DIM, WARN, note};
use crate::project::config;
use crate::project::places::Places;
use crate::project::policy::present;
use crate::prompt;
use crate::text::{bytes, paint};

/// Agents at work at once where nobody says otherwise. Agents wait on the network, not on cores.
pub const CONCURRENCY: u32 = 16;

/// Guests that are live at once; further waiting ones are rebuilt from the journal when they are
/// needed. Well below the number of memory maps that a process may have.
const LIVE_GUESTS_MAX: u32 = 4_000;

/// The program of whoever asks, by Linux.
const SELF: &str = "/proc/self/exe";

/// An engine and its journal.
pub struct Session {
    /// Where runs are kept.
    pub journal: Arc<dyn Journal>,
    /// What drives them.
    pub engine: Engine,
}

impl Session {
    /// Opens the journal for writing and starts an engine for `runs` runs at once. Must be called within a
    /// runtime.
    ///
    /// # Errors
    /// When the journal or the wasm engine cannot be used.
    pub fn open(home: &Home, concurrency: u32, runs: u32) -> Result<Self> {
        Self::over(home, None, concurrency, runs, None)
    }

    /// The same over a sandbox that is already there, and with what records exchanges with models.
    ///
    /// # Errors
    /// When the journal or the wasm engine cannot be used.
    pub fn over(
        home: &Home,
        ready: Option<Arc<Host>>,
        concurrency: u32,
        runs: u32,
        recorder: Option<Arc<Recorder>>,
    ) -> Result<Self> {
        let journal = home.write()?;
        stalled::tell(&journal);
        // What killed processes left. Nobody waits for it, and whoever comes next goes on with it.
        std::thread::spawn(baton_scratch::sweep);
        let host = match ready {
            Some(host) => host,
            None => Arc::new(host(home)?),
        };
        let places = Places::find()?;
        let engine = Engine::new(EngineConfig {
            journal: journal.clone(),
            host,
            supervisor: supervisor()?,
            concurrency,
            backend_concurrency: config::concurrency(&places)?,
            runs,
            worktrees: home.worktrees()?,
            live: Some(home.live()),
            recorder,
            stand_in: None,
            policy: Some(present::follow(places)?),
        });
        Ok(Self { journal, engine })
    }

    /// Lets the first Ctrl-C park the engine, the second stop it, and the third end the process.
    /// `goes_on` is the command that continues what was interrupted.
    ///
    /// # Errors
    /// When the system gives no notice of signals.
    pub fn obey_signals(&self, goes_on: String) -> Result<()> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                CliError::new(Code::Internal, "cannot listen to signals").because(&error)
            })
        };
        let mut interrupts = listen(SignalKind::interrupt())?;
        let mut terminations = listen(SignalKind::terminate())?;
        let engine = self.engine.clone();
        tokio::spawn(async move {
            for times in 1_u32.. {
                tokio::select! {
                    _ = interrupts.recv() => {}
                    _ = terminations.recv() => {}
                }
                match times {
                    1 => {
                        note(&format!(
                            "{} running agents finish, nothing new starts; once more stops them. \
                             Go on later with `{goes_on}`, with --detach in the background",
                            paint(WARN, "parking:")
                        ));
                        engine.park();
                    }
                    2 => {
                        note(&paint(WARN, "stopping now"));
                        engine.stop();
                    }
                    _ => {
                        prompt::give_back();
                        std::process::exit(Exit::Interrupted as i32)
                    }
                }
            }
        });
        Ok(())
    }
}

/// How programs of the operating system are started: below this very program.
///
/// # Errors
/// When it cannot be found.
pub fn supervisor() -> Result<Supervisor> {
    // This very program, also where its file was replaced since it was started.
    let own = PathBuf::from(SELF);
    let program = if own.exists() {
        own
    } else {
        std::env::current_exe()
            .map_err(|error| CliError::file("find", &PathBuf::from("baton"), &error))?
    };
    Ok(Supervisor { program, args: vec!["supervise".into()] })
}

/// A sandbox that keeps what it compiles.
///
/// # Errors
/// When the wasm engine cannot be used.
pub fn host(home: &Home) -> Result<Host> {
    let config = HostConfig { cache_dir: Some(home.cache()), live_max: LIVE_GUESTS_MAX };
    let host = Host::new(config).map_err(|error| {
        CliError::new(Code::Internal, "the sandbox cannot be set up")
            .because(&error)
            .hint("`baton doctor` checks this machine")
    })?;
    if let Some(problem) = host.cache_problem() {
        note(&format!("{} components are compiled anew: {problem}", paint(WARN, "note:")));
    }
    Ok(host.telling(compiling))
}

/// Bytes from which the compilation of a component is worth a line: less takes no second.
const COMPILATION_TOLD: usize = 1 << 20;

/// Says why nothing happens for some seconds.
fn compiling(size: usize) {
    if size >= COMPILATION_TOLD {
        let size = bytes(size as u64);
        note(&paint(DIM, &format!("compiling a component of {size} for this machine, once")));
    }
}

/// Runs a future on an event loop with threads for guests.
///
/// # Errors
/// Those of the future.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime
        .map_err(|error| {
            CliError::new(Code::Internal, "cannot start the event loop").because(&error)
        })?
        .block_on(future)
}

/// Who acts, for the journal: the person's name on this machine.
#[must_use]
pub fn who() -> String {
    std::env::var("USER")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
