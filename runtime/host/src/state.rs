//! What the store of a live instance holds.

use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileRequest};
use baton_core::ids::Timestamp;
use baton_core::limits::{GuestLimits, Limits};
use baton_core::report::Report;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::limiter::Limiter;
use crate::meter::Meter;
use crate::output::Output;
use crate::port::{AgentPort, PortError, PortFuture, WorkflowPort};
use crate::virtual_wasi::Random;

/// Port of a workflow in a store.
pub(crate) type Workflow = Box<dyn WorkflowPort>;
/// Port of an agent in a store.
pub(crate) type Agent = Box<dyn AgentPort>;

/// What the ports of both worlds can do.
pub(crate) trait Port: Send + 'static {
    /// Tells people something.
    fn report(&mut self, report: Report, fuel: u64) -> Result<(), PortError>;

    /// Keeps a file and returns its digest, or says why not.
    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        fuel: u64,
    ) -> Result<Result<Digest, String>, PortError>;

    /// Reads files.
    fn observe(
        &mut self,
        request: FileRequest,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>>;
}

impl Port for Workflow {
    fn report(&mut self, report: Report, fuel: u64) -> Result<(), PortError> {
        self.as_mut().command(baton_core::command::Command::Report(report), fuel).map(|_| ())
    }

    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        fuel: u64,
    ) -> Result<Result<Digest, String>, PortError> {
        self.as_mut().artifact(name, media_type, bytes, fuel)
    }

    fn observe(
        &mut self,
        request: FileRequest,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>> {
        self.as_mut().observe(request, fuel)
    }
}

impl Port for Agent {
    fn report(&mut self, report: Report, _fuel: u64) -> Result<(), PortError> {
        self.as_mut().report(report);
        Ok(())
    }

    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        _fuel: u64,
    ) -> Result<Result<Digest, String>, PortError> {
        Ok(self.as_mut().artifact(name, media_type, bytes))
    }

    fn observe(
        &mut self,
        request: FileRequest,
        _fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>> {
        Box::pin(async move { Ok(self.as_mut().observe(request).await) })
    }
}

/// What WASI of every world is linked with.
pub(crate) trait Reach: WasiView + 'static {
    /// The handles of host objects.
    fn table(&mut self) -> &mut ResourceTable;

    /// The random numbers.
    fn random(&mut self) -> &mut Random;
}

/// Everything an instance reaches.
pub(crate) struct State<P> {
    /// Who answers its calls.
    pub(crate) port: P,
    /// Limits of its run.
    pub(crate) limits: Limits,
    /// Sums of its memories and tables.
    pub(crate) limiter: Limiter,
    /// Its calls and computing time.
    pub(crate) meter: Arc<Meter>,
    /// Its random numbers.
    pub(crate) random: Random,
    /// Fuel it was granted.
    pub(crate) granted: u64,
    /// Virtual time at its start.
    pub(crate) start: Timestamp,
    table: ResourceTable,
    wasi: WasiCtx,
}

impl<P> State<P> {
    /// The state of an instance that has not run yet. No environment, no arguments, no directories,
    /// and an input that is at its end.
    pub(crate) fn new(
        port: P,
        limits: &Limits,
        own: &GuestLimits,
        seed: [u8; 32],
        meter: &Arc<Meter>,
        output: &Output,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(own.handles).unwrap_or(usize::MAX));
        let wasi =
            WasiCtx::builder().stdout(output.stdout.clone()).stderr(output.stderr.clone()).build();
        Self {
            port,
            limits: *limits,
            limiter: Limiter::new(own),
            meter: Arc::clone(meter),
            random: Random::new(seed, own.random_bytes, Arc::clone(meter)),
            granted: own.fuel,
            start: Timestamp::default(),
            table,
            wasi,
        }
    }
}

impl<P: Send + 'static> Reach for State<P> {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}

impl<P: Send> WasiView for State<P> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
