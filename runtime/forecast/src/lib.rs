//! What a run will do, before it does anything.
//!
//! A forecast runs the workflow in the sandbox several times, over a journal in memory, with a stand-in
//! for everybody: agents and tools answer what their JSON Schemas allow, people say yes, timers fall due
//! at once. It reads the files of the granted directory, and has no other effect: nothing is called,
//! started, sent or written. Each of these *dry runs* has a seed of its own, so that branches and loops
//! show; two of them are extremes, which find nothing, or as much as they can.
//!
//! - [`answer`] makes the answers.
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
mod notes;
mod performer;
mod prompts;
mod rates;
mod schedule;
mod tokens;

use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_core::forecast::{Basis, Forecast};
use baton_engine::{EngineError, NewRun};
use baton_host::Host;

use answer::{Lean, Temper};
use blend::Blend;
use dry::End;
use rates::Rates;
use tokens::Memo;

pub use answer::SEEDS_MIN;
pub use dry::{AGENTS_MAX, TIME_MAX};
pub use figures::{Counts, Outturn, Title};
pub use history::{Past, Rate, history};
pub use tokens::Counter;

/// Dry runs of a forecast where nobody says how many.
pub const SEEDS: u32 = 8;
/// Dry runs of a forecast at the most.
pub const SEEDS_MAX: u32 = 256;
/// Time after which no further dry run begins.
pub const BUDGET: Duration = Duration::from_secs(15);

/// What is to be forecast.
pub struct Question<'a> {
    /// What runs guests.
    pub host: Arc<Host>,
    /// The run as it would be started.
    pub new: &'a (dyn Fn() -> NewRun + Send + Sync),
    /// Agents at work at once.
    pub concurrency: u32,
    /// Dry runs, [`SEEDS_MIN`] to [`SEEDS_MAX`].
    pub seeds: u32,
    /// Earlier runs.
    pub past: &'a [Past],
}

/// Makes a forecast. Takes as long as its dry runs, at most [`BUDGET`] and one more.
///
/// # Errors
/// When a dry run cannot be started: a part of the program is missing, or the directory cannot be read.
pub async fn forecast(question: Question<'_>) -> Result<Forecast, EngineError> {
    let Question { host, new, concurrency, seeds, past } = question;
    let rates = Rates::of(past);
    let spread = if rates.is_empty() { rates::SPREAD } else { rates::SPREAD_KNOWN };
    let tempers = Temper::all(seeds.clamp(SEEDS_MIN, SEEDS_MAX), spread);
    let memo = Arc::new(Memo::default());
    let began = Instant::now();
    let mut dry = Vec::new();
    for temper in &tempers {
        // At least one that is no extreme: extremes alone tell nothing.
        let told = dry.iter().any(|dry: &dry::Dry| dry.temper.lean == Lean::Varied);
        if told && began.elapsed() > BUDGET {
            break;
        }
        let known = (rates.clone(), Arc::clone(&memo));
        dry.push(dry::run(Arc::clone(&host), new(), known, *temper, concurrency).await?);
    }
    let left_out = u32::try_from(tempers.len() - dry.len()).unwrap_or(u32::MAX);
    let blend = Blend::new(&dry, past);
    let (total, outside) = blend.total();
    let ended = |dry: &dry::Dry| matches!(dry.end, End::Done | End::Waits);
    let varied = dry.iter().filter(|dry| dry.temper.lean == Lean::Varied);
    Ok(Forecast {
        total,
        phases: blend.phases(),
        complete: varied.clone().all(ended),
        notes: notes::notes(&dry, left_out, total.agents, outside, blend.extremes()),
        basis: Basis {
            seeds: u32::try_from(dry.len()).unwrap_or(u32::MAX),
            runs: u32::try_from(past.len()).unwrap_or(u32::MAX),
            tokenizer: notes::tokenizer(&dry),
        },
    })
}
