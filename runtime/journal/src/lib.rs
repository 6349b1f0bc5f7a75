//! The durable store of runs.
//!
//! [`store::Journal`] is the contract. [`sqlite::SqliteJournal`] keeps it on one machine,
//! [`memory::MemoryJournal`] keeps it in memory with faults on demand, for tests.

mod clock;
pub mod error;
pub mod housekeeping;
pub mod memory;
pub mod projection;
pub mod record;
pub mod retention;
pub mod rows;
pub mod sqlite;
pub mod store;
