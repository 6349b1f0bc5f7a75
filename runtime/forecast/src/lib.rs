//! What a run will do, before it does anything.
//!
//! A forecast runs the workflow in the sandbox several times, over a journal in memory, with a stand-in
//! for everybody: agents and tools answer what their JSON Schemas allow, commands print what commands
//! of their kind print, people say yes, timers fall due at once. It reads the files of the granted
//! directory, calls tools that can do nothing but that in the sandbox, and has no other effect: nothing
//! is started, sent or written. Each of these *dry runs* has a seed of its own, so that branches and
//! loops show; two of them are extremes, which find nothing, or as much as they can.
//!
//! - [`answer`] makes the answers. What they quote stands where they say, in files and patches that the
//!   task was told of or may read (`world`): workflows look quotes up.
//! - What an agent would consume (`rates`) is what earlier agents of its phase consumed, else the counted
//!   tokens of its prompt and stated defaults; money follows from the prices of the run.
//! - How long it takes (`schedule`) follows from what waited for what.
//! - Ranges (`band`, `blend`) hold what dry runs and earlier runs ([`history`]) came to, each weighted.
//!   The range of agents is never wider than from one to four: what lies outside is told.

pub mod answer;
mod band;
mod blend;
mod dry;
mod figures;
mod history;
mod known;
mod notes;
mod performer;
mod prompts;
mod rates;
mod schedule;
mod servers;
mod tokens;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_core::forecast::{Basis, Forecast};
use baton_engine::{EngineError, NewRun};
use baton_host::Host;
use baton_host::files::Root;

use answer::{Lean, Temper};
use blend::Blend;
use dry::{Dry, End, Maker, Stop};
use known::Known;
use rates::Rates;
use world::World;

pub use answer::SEEDS_MIN;
pub use dry::{AGENTS_MAX, COMPUTING_MAX, TIME_MAX};
pub use figures::{Counts, Outturn, Title};
pub use history::{Past, Rate, history};
pub use servers::{Tooled, tools};
pub use tokens::Counter;

/// Dry runs of a forecast where nobody says how many.
pub const SEEDS: u32 = 8;
/// Dry runs of a forecast at the most.
pub const SEEDS_MAX: u32 = 256;
/// Time after which no further dry run begins, counted from the end of the first.
pub const BUDGET: Duration = Duration::from_secs(15);

/// Dry runs that may compute without an end before no further one is made.
const SPINS_MAX: usize = 2;

/// What is to be forecast.
pub struct Question<'a> {
    /// What runs guests.
    pub host: Arc<Host>,
    /// The run as it would be started.
    pub new: &'a (dyn Fn() -> NewRun + Send + Sync),
    /// Whether answers may quote the files that its workflow may read.
    pub reads: bool,
    /// Agents at work at once.
    pub concurrency: u32,
    /// Dry runs, [`SEEDS_MIN`] to [`SEEDS_MAX`].
    pub seeds: u32,
    /// Earlier runs.
    pub past: &'a [Past],
}

/// Makes a forecast. Takes as long as its dry runs: the first, with what has to be compiled for it, and
/// [`BUDGET`] and one more for the others. Where the first only computes and asks nobody for anything,
/// it is the only one and takes [`COMPUTING_MAX`].
///
/// # Errors
/// When a dry run cannot be started: a part of the program is missing, or the directory cannot be read.
pub async fn forecast(question: Question<'_>) -> Result<Forecast, EngineError> {
    let Question { host, new, reads, concurrency, seeds, past } = question;
    let rates = Rates::of(past);
    let spread = if rates.is_empty() { rates::SPREAD } else { rates::SPREAD_KNOWN };
    let tempers = Temper::all(seeds.clamp(SEEDS_MIN, SEEDS_MAX), spread);
    let world = if reads { world(&new())? } else { World::default() };
    let known = Arc::new(Known::new(rates, world));
    let mut maker = Maker { host, known, concurrency, computing: COMPUTING_MAX, begun: false };
    // Loading what the first one needs is no time of dry runs.
    let mut began = Instant::now();
    let mut dry: Vec<Dry> = Vec::new();
    let mut left_out = 0;
    for (at, temper) in tempers.iter().enumerate() {
        // At least one that is no extreme: extremes alone tell nothing.
        let told = dry.iter().any(|dry| dry.temper.lean == Lean::Varied);
        if told && began.elapsed() > BUDGET {
            left_out = tempers.len() - at;
            break;
        }
        dry.push(maker.make(new, *temper).await?);
        if at == 0 {
            began = Instant::now();
        }
        if spins(&dry) {
            break;
        }
    }
    let blend = Blend::new(&dry, past);
    let (total, outside) = blend.total();
    Ok(Forecast {
        total,
        phases: blend.phases(),
        complete: is_complete(&dry),
        notes: notes::notes(&dry, past, left_out, total.agents, outside, blend.extremes()),
        basis: Basis {
            seeds: u32::try_from(dry.len()).unwrap_or(u32::MAX),
            runs: u32::try_from(past.len()).unwrap_or(u32::MAX),
            tokenizer: notes::tokenizer(&dry),
        },
    })
}

/// The files that the workflow of a run may read.
fn world(new: &NewRun) -> Result<World, EngineError> {
    let (Some(path), Some(scope)) = (&new.root, &new.scope.read) else {
        return Ok(World::default());
    };
    let root =
        Root::open(path).map_err(|source| EngineError::Root { path: path.clone(), source })?;
    // A scope that cannot be read by is told when the run starts.
    Ok(World::of(root.scoped(scope, &new.limits.files).ok()))
}

/// Whether more dry runs would tell nothing more: the workflow computes without an end, whatever it is
/// answered, or without having asked.
fn spins(dry: &[Dry]) -> bool {
    let spun = dry.iter().filter(|dry| dry.end == End::Stopped(Stop::Computing));
    let spun: Vec<&Dry> = spun.collect();
    spun.len() >= SPINS_MAX || spun.iter().any(|dry| !dry.account.asked)
}

/// Whether the dry runs show what the run would do: none was stopped, and at least half came to an
/// end. That some fail is what runs do whose agents find little.
fn is_complete(dry: &[Dry]) -> bool {
    let varied: Vec<&Dry> = dry.iter().filter(|dry| dry.temper.lean == Lean::Varied).collect();
    let ended = varied.iter().filter(|dry| dry.ended()).count();
    let stopped = varied.iter().any(|dry| matches!(dry.end, End::Stopped(_)));
    ended > 0 && ended * 2 >= varied.len() && !stopped
}
