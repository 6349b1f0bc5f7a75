//! The imports of `baton:runtime`, one file per interface: from the guest's types to the port and
//! back, sizes first.

pub(crate) mod budget;
pub(crate) mod files;
pub(crate) mod gates;
pub(crate) mod report;
pub(crate) mod tasks;
pub(crate) mod tools;

use wasmtime::StoreContextMut;

use crate::limiter::Stop;
use crate::state::State;

/// Begins a call: counts it and says how much fuel the instance has burnt, exact at this point.
fn enter<P>(store: &StoreContextMut<'_, State<P>>) -> wasmtime::Result<u64> {
    let state = store.data();
    state.meter.call()?;
    Ok(state.granted.saturating_sub(store.get_fuel()?))
}

/// Ends a guest that gave a list longer than any honest one.
fn list_fits<P>(store: &StoreContextMut<'_, State<P>>, items: usize) -> Result<(), Stop> {
    let max = store.data().limits.run.list_items;
    let wanted = items as u64;
    if wanted > max { Err(Stop::ListItems { wanted, max }) } else { Ok(()) }
}

/// At most `max` bytes of a text, cut where a character ends.
fn cut(text: &mut String, max: u64) {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    text.truncate(text.floor_char_boundary(max));
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_cut_between_characters() {
        for (text, max, expected) in
            [("abc", 5, "abc"), ("abc", 2, "ab"), ("aé", 2, "a"), ("aé", 3, "aé"), ("é", 0, "")]
        {
            let mut cut = text.to_owned();
            super::cut(&mut cut, max);
            assert_eq!(cut, expected, "{text} at {max}");
        }
    }
}
