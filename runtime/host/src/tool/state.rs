//! What the store of a live tool holds.

use std::sync::Arc;

use baton_core::limits::Limits;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::fs::Files;
use super::grant::ToolGrant;
use super::http::{self, HttpClient};
use crate::limiter::Limiter;
use crate::meter::Meter;
use crate::output::Output;
use crate::state::Reach;
use crate::virtual_wasi::Random;

/// Everything a tool reaches.
pub(crate) struct ToolState {
    /// Sums of its memories and tables.
    pub(crate) limiter: Limiter,
    /// Its calls and computing time.
    pub(crate) meter: Arc<Meter>,
    /// What may be touched.
    pub(crate) grant: ToolGrant,
    /// Its files.
    pub(super) files: Files,
    random: Random,
    table: ResourceTable,
    wasi: WasiCtx,
    http: HttpClient,
    http_ctx: WasiHttpCtx,
}

impl ToolState {
    /// The state of an instance that has not run yet. No arguments, and an input that is at its end.
    pub(super) fn new(
        grant: &ToolGrant,
        files: Files,
        limits: &Limits,
        seed: [u8; 32],
        meter: &Arc<Meter>,
        output: &Output,
    ) -> Self {
        let own = &limits.tool;
        let mut table = ResourceTable::new();
        table.set_max_capacity(size(own.handles));
        let wasi = WasiCtx::builder()
            .stdout(output.stdout.clone())
            .stderr(output.stderr.clone())
            .envs(&grant.environment)
            .build();
        Self {
            limiter: Limiter::new(own),
            meter: Arc::clone(meter),
            files,
            random: Random::new(seed, own.random_bytes, Arc::clone(meter)),
            table,
            wasi,
            http: HttpClient::new(grant, &limits.tools, None),
            http_ctx: http::context(&limits.tools),
            grant: grant.clone(),
        }
    }

    /// Begins a further call: what is counted per call is counted anew.
    pub(super) fn renew(&mut self, limits: &Limits, traceparent: Option<&str>) {
        self.meter.reset();
        self.files.renew();
        self.http = HttpClient::new(&self.grant, &limits.tools, traceparent);
    }

    /// The files, and the handles they are reached by.
    pub(super) fn files(&mut self) -> (&mut Files, &mut ResourceTable) {
        (&mut self.files, &mut self.table)
    }
}

fn size(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl Reach for ToolState {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}

impl WasiView for ToolState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for ToolState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.http, table: &mut self.table, ctx: &mut self.http_ctx }
    }
}
