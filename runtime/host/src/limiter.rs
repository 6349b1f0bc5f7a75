//! Sums of memory and tables, and every reason for which the host itself stops a guest.

use baton_core::limits::GuestLimits;
use wasmtime::ResourceLimiter;

/// Why the host stopped a guest. Never visible to the guest: growing traps instead of failing, so
/// that a guest cannot observe how much room the host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// All linear memories together.
    #[error("its memories would have {wanted} bytes; the limit is {max}")]
    Memory { wanted: u64, max: u64 },
    /// All tables together.
    #[error("its tables would have {wanted} elements; the limit is {max}")]
    Table { wanted: u64, max: u64 },
    /// Calls into the host.
    #[error("it called the host more than {max} times")]
    HostCalls { max: u64 },
    /// Computing time.
    #[error("it computed for longer than {max_ms} ms")]
    WallTime { max_ms: u64 },
    /// Random bytes in one request.
    #[error("it asked for {wanted} random bytes at once; the limit is {max}")]
    RandomBytes { wanted: u64, max: u64 },
    /// Items of one list.
    #[error("a list of {wanted} items; the limit is {max}")]
    ListItems { wanted: u64, max: u64 },
    /// Waiting on a clock where time only moves with deliveries.
    #[error(
        "it waits on a clock that does not move while it waits; use `sleep` and `wait-any` of \
         baton:runtime/tasks instead"
    )]
    ClockWait,
    /// Bytes written to files.
    #[error("it wrote more than {max} bytes to files")]
    WriteBytes { max: u64 },
    /// Files that are open at the same time.
    #[error("it has more than {max} files and directories open")]
    OpenFiles { max: u64 },
    /// An interface that is linked only so that components can import it.
    #[error("it uses sockets, and guests reach the network by `wasi:http` only")]
    Sockets,
}

/// Counts what an instance holds over all its memories and tables.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory: u64,
    memory_max: u64,
    table: u64,
    table_max: u64,
    instances: usize,
    memories: usize,
    tables: usize,
}

impl Limiter {
    /// Nothing held yet.
    pub(crate) fn new(limits: &GuestLimits) -> Self {
        let count = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            memory: 0,
            memory_max: limits.memory_bytes,
            table: 0,
            table_max: limits.table_elements,
            instances: count(limits.instances),
            memories: count(limits.memories),
            tables: count(limits.tables),
        }
    }

    fn memory_stop(&self, wanted: u64) -> Stop {
        Stop::Memory { wanted, max: self.memory_max }
    }

    fn table_stop(&self, wanted: u64) -> Stop {
        Stop::Table { wanted, max: self.table_max }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.memory.saturating_add(desired.saturating_sub(current) as u64);
        if wanted > self.memory_max {
            return Err(self.memory_stop(wanted).into());
        }
        self.memory = wanted;
        Ok(true)
    }

    // Over the maximum of one memory, or the system has none: the guest must not tell which.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error.context(self.memory_stop(self.memory)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.table.saturating_add(desired.saturating_sub(current) as u64);
        if wanted > self.table_max {
            return Err(self.table_stop(wanted).into());
        }
        self.table = wanted;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error.context(self.table_stop(self.table)))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        self.memories
    }

    fn tables(&self) -> usize {
        self.tables
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn growth_is_summed_over_memories_and_tables() {
        let limits =
            GuestLimits { memory_bytes: 100, table_elements: 10, ..GuestLimits::default() };
        let mut limiter = Limiter::new(&limits);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        let error = limiter.memory_growing(60, 61, None).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stop::Memory { wanted: 101, max: 100 }));
        assert!(limiter.table_growing(0, 10, None).unwrap());
        let error = limiter.table_growing(0, 1, None).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stop::Table { wanted: 11, max: 10 }));
    }

    #[test]
    fn failed_growth_is_the_same_stop() {
        let mut limiter = Limiter::new(&GuestLimits::default());
        let error = limiter.memory_grow_failed(wasmtime::format_err!("no room")).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Stop::Memory { .. })));
        let error = limiter.table_grow_failed(wasmtime::format_err!("no room")).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Stop::Table { .. })));
    }
}
