//! What the benches share: guests and ports to run, raw neighbours to stand beside, and one line of
//! JSON per figure.
//!
//! Every figure is measured together with a raw neighbour in the same sitting, because the machine
//! is not the same from one minute to the next; what counts is the ratio. Nothing is asserted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run has nothing to report"
)]

pub mod disk;
pub mod figure;
pub mod measure;
pub mod memory;
pub mod port;
pub mod raw;
pub mod records;
pub mod runs;
