//! Random numbers of a run, from a seed of the host.
//!
//! One seed for all of them: a call of the host for each number would be a row of calls for a
//! script that shuffles a list.

use crate::host;

/// Where the seed comes from.
pub enum Source {
    /// The host is asked for one when the first number is wanted.
    Host(host::Shared),
    /// A state that was made from a seed.
    State([u64; 4]),
}

impl From<[u8; 16]> for Source {
    fn from(seed: [u8; 16]) -> Self {
        Self::State(seeded(seed))
    }
}

/// Random numbers (xoshiro256++).
pub struct Numbers(Source);

impl Numbers {
    /// Numbers of a source.
    pub fn new(source: Source) -> Self {
        Self(source)
    }

    /// A number from 0 to below 1, of 53 random bits.
    pub fn fraction(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
        let bits = (self.next() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// A random UUID (RFC 9562, version 4).
    pub fn uuid(&mut self) -> String {
        let high = self.next() & !0xf000 | 0x4000;
        let low = self.next() & !(0b11 << 62) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    fn next(&mut self) -> u64 {
        let [mut a, mut b, mut c, mut d] = match &self.0 {
            Source::Host(host) => seeded(host.random()),
            Source::State(state) => *state,
        };
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = d.rotate_left(45);
        self.0 = Source::State([a, b, c, d]);
        result
    }
}

/// Spreads sixteen bytes over the state by splitmix64, so that it is never all zero.
fn seeded(bytes: [u8; 16]) -> [u64; 4] {
    let both = u128::from_le_bytes(bytes);
    #[expect(clippy::cast_possible_truncation, reason = "the halves of the seed")]
    let (mut at, other) = (both as u64, (both >> 64) as u64);
    std::array::from_fn(|index| {
        at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = if index % 2 == 0 { at } else { at ^ other };
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    })
}

#[cfg(test)]
mod tests;
