//! From what happened in several runs to what is expected of the next.

use baton_core::forecast::Range;

/// A number that was seen, and how much it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) value: u64,
    pub(crate) weight: f64,
}

/// How a range is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Width {
    /// By which share the range goes beyond what was seen, on both sides: few numbers seldom show the
    /// whole width.
    pub(crate) slack: f64,
    /// How many times its lower end the upper end is at the most. What is seen outside of the best
    /// window of that width is left out.
    pub(crate) ratio: f64,
}

/// The share of what was seen that is left out on each side.
const TAIL: f64 = 0.05;

/// The range of what was seen, and the share of it that lies outside. All the same: a range without
/// width.
pub(crate) fn band(seen: &[Seen], width: Width) -> (Range, f64) {
    let mut seen: Vec<Seen> = seen.iter().copied().filter(|one| one.weight > 0.0).collect();
    seen.sort_by_key(|one| one.value);
    let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
        return (Range::default(), 0.0);
    };
    if first.value == last.value {
        let value = first.value;
        return (Range { low: value, likely: value, high: value }, 0.0);
    }
    let likely = median(&seen);
    let low = quantile(&seen, TAIL);
    let high = quantile(&seen, 1.0 - TAIL);
    let (low, high) = (less(low, width.slack) as f64, more(high, width.slack) as f64);
    let (low, high) = if fits(low, high, width.ratio) {
        (low, high)
    } else {
        window(&seen, likely, low, high, width)
    };
    let range = Range { low: low as u64, likely, high: high as u64 };
    let range = Range { low: range.low.min(likely), high: range.high.max(likely), ..range };
    let all: f64 = seen.iter().map(|one| one.weight).sum();
    let outside = seen.iter().filter(|one| !range.contains(one.value));
    (range, outside.map(|one| one.weight).sum::<f64>() / all)
}

/// A number less a share of it.
pub(crate) fn less(number: u64, share: f64) -> u64 {
    (number as f64 / (1.0 + share)).round() as u64
}

/// A number and a share of it.
pub(crate) fn more(number: u64, share: f64) -> u64 {
    (number as f64 * (1.0 + share)).ceil() as u64
}

/// Nothing is as good as one here: it has no multiples.
fn fits(low: f64, high: f64, ratio: f64) -> bool {
    high <= low.max(1.0) * ratio
}

/// The window from `low` to `high` of the widest ratio that holds most of what was seen, the middle
/// included; of those that hold as much, the one around the middle.
fn window(seen: &[Seen], likely: u64, low: f64, high: f64, width: Width) -> (f64, f64) {
    let middle = (likely as f64).max(1.0);
    let centred = middle / width.ratio.sqrt();
    let starts = seen.iter().map(|one| (one.value as f64).max(1.0)).chain([centred]);
    let starts = starts
        .map(|start| start.max(low).max(middle / width.ratio).min(middle))
        .map(|start| (start, (start * width.ratio).min(high)));
    let held = |(from, to): (f64, f64)| -> f64 {
        let inside = seen.iter().filter(|one| (from..=to).contains(&(one.value as f64)));
        inside.map(|one| one.weight).sum()
    };
    // How far the middle of the window is from that of what was seen, as a ratio.
    let off = |(from, to): (f64, f64)| ((from * to).sqrt() / middle).ln().abs();
    let better = |a: &(f64, f64), b: &(f64, f64)| {
        held(*a).total_cmp(&held(*b)).then_with(|| off(*b).total_cmp(&off(*a)))
    };
    let (from, to) = starts.max_by(better).unwrap_or((centred, centred * width.ratio));
    // Rounded towards each other: the ratio holds for whole numbers too.
    (from.ceil(), to.floor())
}

/// The middle: of an even number of equals, what lies between the two in the middle.
fn median(seen: &[Seen]) -> u64 {
    let all: f64 = seen.iter().map(|one| one.weight).sum();
    let mut below = 0.0;
    for (one, next) in seen.iter().zip(seen.iter().skip(1)) {
        below += one.weight;
        if (below - all / 2.0).abs() < all * 1e-9 {
            return one.value.midpoint(next.value);
        }
    }
    quantile(seen, 0.5)
}

/// The number below which that share of the weight lies. `seen` is sorted.
fn quantile(seen: &[Seen], share: f64) -> u64 {
    let all: f64 = seen.iter().map(|one| one.weight).sum();
    let mut below = 0.0;
    for one in seen {
        below += one.weight;
        if below >= all * share {
            return one.value;
        }
    }
    seen.last().map_or(0, |one| one.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[u64], slack: f64, expected: (u64, u64, u64)) {
        let seen: Vec<Seen> =
            values.iter().map(|value| Seen { value: *value, weight: 1.0 }).collect();
        let (range, _) = band(&seen, Width { slack, ratio: 4.0 });
        assert_eq!((range.low, range.likely, range.high), expected, "{values:?}");
        assert!(range.high <= range.low.max(1) * 4, "{range:?}");
    }

    #[test]
    fn ranges() {
        check(&[], 0.0, (0, 0, 0));
        check(&[7, 7, 7], 0.5, (7, 7, 7));
        check(&[4, 5, 6], 0.0, (4, 5, 6));
        check(&[4, 5, 6], 0.25, (3, 5, 8));
        // One far away does not stretch the range beyond its ratio.
        check(&[10, 11, 12, 13, 400], 0.0, (10, 12, 40));
        // The middle stays in, though more lies elsewhere.
        check(&[1, 1, 9, 100, 101], 0.0, (5, 9, 18));
        check(&[0, 1, 2, 3], 0.0, (0, 1, 3));
    }

    #[test]
    fn what_is_left_out_is_told() {
        let seen = [(10, 1.0), (12, 1.5), (400, 2.0)].map(|(value, weight)| Seen { value, weight });
        let (range, outside) = band(&seen, Width { slack: 0.0, ratio: 4.0 });
        assert_eq!((range.likely, range.high), (12, 40));
        assert!((outside - 2.0 / 4.5).abs() < 1e-9, "{outside}");
    }

    #[test]
    fn weight_counts() {
        let seen = [(5, 1.0), (50, 30.0)].map(|(value, weight)| Seen { value, weight });
        let (range, _) = band(&seen, Width { slack: 0.0, ratio: 4.0 });
        assert_eq!((range.low, range.likely, range.high), (50, 50, 50));
    }
}
