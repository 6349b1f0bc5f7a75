//! How the answers of one dry run lean: towards little, towards much, or somewhere between.

/// The lean of one dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// The least that a schema allows: empty lists, `false`, nothing optional.
    Least,
    /// Much of everything: long lists, `true`, everything optional.
    Most,
    /// Both ways by chance.
    Varied,
}

/// What decides the answers of one dry run, beside what is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temper {
    /// Chance.
    pub seed: u64,
    /// Lean.
    pub lean: Lean,
    /// How long lists are on average, where their schema says nothing.
    pub items: f64,
    /// The share of booleans that are true.
    pub truth: f64,
    /// Tokens and time of agents, against what is usual.
    pub weight: f64,
}

/// The average length of lists goes from the first to the second: people and models name a handful.
const ITEMS: (f64, f64) = (1.8, 4.5);

/// Booleans are true in this share of the cases, from the first to the second.
const TRUTH: (f64, f64) = (0.4, 0.6);

/// The seeds that every forecast begins with: the least and the most.
pub const EXTREMES: u32 = 2;

/// Fewest seeds: both extremes and one between them.
pub const SEEDS_MIN: u32 = EXTREMES + 1;

impl Temper {
    /// The tempers of a forecast with so many seeds (at least [`SEEDS_MIN`]): first the extremes, then
    /// chance. Those are spread evenly over how much there is to find, how often things are so, and how
    /// much agents consume (by `spread`: from a `spread`-th of what is usual to `spread` times that),
    /// each in an order of its own, so that few seeds show what many would.
    #[must_use]
    pub fn all(seeds: u32, spread: f64) -> Vec<Self> {
        let varied = seeds.max(SEEDS_MIN) - EXTREMES;
        let usual = Self { seed: 0, lean: Lean::Least, items: 0.0, truth: 0.0, weight: 1.0 };
        let mut all = vec![usual, Self { seed: 1, lean: Lean::Most, truth: 1.0, ..usual }];
        for place in 0..varied {
            let between = |(low, high): (f64, f64), at: f64| low * (high / low).powf(at);
            all.push(Self {
                seed: u64::from(place + EXTREMES),
                lean: Lean::Varied,
                items: between(ITEMS, stratum(place, varied, 1)),
                truth: between(TRUTH, stratum(place, varied, 3)),
                weight: between((1.0 / spread, spread), stratum(place, varied, 2)),
            });
        }
        all
    }
}

/// The middle of one of `count` equal parts of 0 to 1. Every `step` visits every part once.
fn stratum(place: u32, count: u32, step: u32) -> f64 {
    // A step that shares no divisor with the count.
    let coprime = (step..).find(|step| gcd(*step, count) == 1).unwrap_or(1);
    let part = (u64::from(place) * u64::from(coprime) + u64::from(step)) % u64::from(count);
    (part as f64 + 0.5) / f64::from(count)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_seeds_cover_the_whole_width() {
        for seeds in [0, 3, 8, 9, 16] {
            let all = Temper::all(seeds, 2.0);
            assert_eq!(all.len(), seeds.max(SEEDS_MIN) as usize);
            let varied: Vec<&Temper> = all.iter().filter(|one| one.lean == Lean::Varied).collect();
            for figure in
                [|one: &Temper| one.items, |one: &Temper| one.truth, |one: &Temper| one.weight]
            {
                let mut figures: Vec<u64> =
                    varied.iter().map(|one| (figure(one) * 1e6) as u64).collect();
                figures.sort_unstable();
                figures.dedup();
                assert_eq!(figures.len(), varied.len(), "every part once: {figures:?}");
            }
            let heavier = varied.iter().filter(|one| one.weight > 1.001).count();
            let lighter = varied.iter().filter(|one| one.weight < 0.999).count();
            assert_eq!(heavier, lighter, "as many above what is usual as below");
        }
    }
}
