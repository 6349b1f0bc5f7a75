//! Generated from `wit/`, one module per released version of the contract.

pub(crate) mod v0_1;
