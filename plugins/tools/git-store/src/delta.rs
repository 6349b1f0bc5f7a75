//! Differences between objects, as packs hold them.

use crate::OBJECT_BYTES_MAX;

/// A base with a difference applied; none if the difference does not fit it.
pub fn patched(base: &[u8], difference: &[u8]) -> Option<Vec<u8>> {
    let mut rest = difference.iter().copied();
    let mut length = || {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = rest.next()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    };
    let (before, after) = (length()?, length()?);
    if before != base.len() as u64 || after > OBJECT_BYTES_MAX {
        return None;
    }
    let mut result = Vec::with_capacity(usize::try_from(after).ok()?);
    while let Some(order) = rest.next() {
        if order & 0x80 == 0 {
            // Bytes that stand here; an order of none is reserved.
            (order > 0).then_some(())?;
            for _ in 0..order {
                result.push(rest.next()?);
            }
            continue;
        }
        // Bytes of the base: where, and how many.
        let mut number = |bits: u8, count: u8| {
            let mut value = 0_usize;
            for at in 0..count {
                if bits >> at & 1 == 1 {
                    value |= usize::from(rest.next()?) << (8 * at);
                }
            }
            Some(value)
        };
        let from = number(order, 4)?;
        let count = match number(order >> 4 & 7, 3)? {
            0 => 0x1_0000,
            count => count,
        };
        result.extend_from_slice(base.get(from..from.checked_add(count)?)?);
        if result.len() as u64 > after {
            return None;
        }
    }
    (result.len() as u64 == after).then_some(result)
}
