//! Results of another run, and the states of the granted directory that they rest on.

mod dispatch;
mod lookup;
mod world;

pub(crate) use dispatch::scope_of;
use lookup::Ask;
pub(crate) use lookup::{Hit, Lookup};
pub(crate) use world::World;
