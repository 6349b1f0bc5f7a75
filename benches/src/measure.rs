//! Measuring something and its neighbour in turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;

/// Seconds of one iteration: ours, and the neighbour's.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// With Baton.
    pub ours: f64,
    /// Without.
    pub raw: f64,
}

/// Criterion with few samples: the benches are run often and by hand.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args()
}

/// Has criterion measure `ours`, and measures `raw` between its samples with as many iterations.
/// Both get a number of iterations and say how long they took. The pair holds medians.
pub fn pair(
    criterion: &mut Criterion,
    name: &str,
    mut ours: impl FnMut(u64) -> Duration,
    mut raw: impl FnMut(u64) -> Duration,
) -> Pair {
    let (mut our_samples, mut raw_samples) = (Vec::new(), Vec::new());
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            raw_samples.push(raw(iterations).as_secs_f64() / iterations as f64);
            let took = ours(iterations);
            our_samples.push(took.as_secs_f64() / iterations as f64);
            took
        });
    });
    Pair { ours: percentile(our_samples, 0.5), raw: percentile(raw_samples, 0.5) }
}

/// The same without a neighbour.
pub fn alone(criterion: &mut Criterion, name: &str, ours: impl FnMut(u64) -> Duration) -> f64 {
    pair(criterion, name, ours, |_| Duration::ZERO).ours
}

/// How long so many calls take.
pub fn time<T>(iterations: u64, mut call: impl FnMut() -> T) -> Duration {
    let began = Instant::now();
    for _ in 0..iterations {
        black_box(call());
    }
    began.elapsed()
}

/// The sample below which this part of all samples lies; not a number if there is none.
#[must_use]
pub fn percentile(mut samples: Vec<f64>, part: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
}
