//! The one configuration of the wasm engine, its identity, and a check that the engine obeys it.

use baton_core::digest::Digest;
use baton_core::limits::wasm::{FIBER_STACK_BYTES, GUEST_STACK_BYTES, MEMORY_BYTES_MAX};
use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig};

use crate::error::HostError;

/// Release of wasmtime in the lock file. Part of the engine's identity: a patch may change metering.
const WASMTIME: &str = "48.0.8";

/// What guests may be made of: WebAssembly 2.0 with tail calls, extended constants and the
/// component model. Relaxed SIMD and threads would break determinism; multi-memory, 64-bit memory,
/// garbage collection, exceptions and stack switching are code near guests that none of them needs.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL)
    .difference(WasmFeatures::GC_TYPES);

/// Core instances of one component. A Rust guest has three, one of an interpreter with its libraries
/// some thirty; a bomb has thousands.
const CORE_INSTANCES_MAX: u32 = 64;
/// Linear memories of one component.
const MEMORIES_MAX: u32 = 2;
/// Tables of one component.
const TABLES_MAX: u32 = 8;
/// Tables of one core module.
const MODULE_TABLES_MAX: u32 = 2;
/// Elements one table can ever have. Debug builds of some languages pass 10,000.
const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Bytes of the engine's own data about one instance.
const INSTANCE_BYTES_MAX: usize = 1 << 20;
/// Fuel for each page a memory grows by; the default is none, so growing would be free.
const GROW_PAGE_FUEL: u8 = 200;
/// Instances the pool has beyond the slots: a store may be torn down just after its slot is free.
const POOL_MARGIN: u32 = 4;
/// Bytes of a memory slot that are cleared instead of unmapped between two guests.
const MEMORY_RESIDENT_BYTES: usize = 64 << 10;
/// The same for tables.
const TABLE_RESIDENT_BYTES: usize = 16 << 10;

/// Starts an engine for `live_max` live instances and checks that it is configured as it must be.
pub(crate) fn engine(live_max: u32) -> Result<Engine, HostError> {
    let engine =
        Engine::new(&config(live_max)).map_err(|error| HostError::Engine(format!("{error:#}")))?;
    check(&engine)?;
    Ok(engine)
}

fn config(live_max: u32) -> Config {
    let mut cost = OperatorCost::new();
    cost.variable.memory_grow_per_page = GROW_PAGE_FUEL;
    let mut config = Config::new();
    config
        .wasm_features(FEATURES.complement(), false)
        .wasm_features(FEATURES, true)
        .consume_fuel(true)
        .operator_cost(cost)
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        // Stacks pass from one guest to the next.
        .async_stack_zeroing(true)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(live_max)));
    config
}

/// A pool in which every slot can hold the largest component, so that it is never the wall. Only
/// stacks cost memory maps while unused; the rest is address space.
fn pool(live_max: u32) -> PoolingAllocationConfig {
    let instances = live_max.saturating_add(POOL_MARGIN);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(instances.saturating_mul(MEMORIES_MAX))
        .total_tables(instances.saturating_mul(TABLES_MAX))
        .total_stacks(instances)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memories_per_module(1)
        .max_tables_per_module(MODULE_TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_memory_size(MEMORY_BYTES_MAX)
        .max_component_instance_size(INSTANCE_BYTES_MAX)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .linear_memory_keep_resident(MEMORY_RESIDENT_BYTES)
        .table_keep_resident(TABLE_RESIDENT_BYTES)
        .decommit_batch_size(16)
        .max_unused_warm_slots(256);
    pool
}

/// Checks the settings that containment and determinism rest on, so that a changed default in a
/// patch release cannot pass unnoticed.
fn check(engine: &Engine) -> Result<(), HostError> {
    let pool = engine.get_pooling_config();
    let pagemap_scan = pool.map(PoolingAllocationConfig::get_pagemap_scan);
    for (setting, found, wanted) in [
        ("wasm_features", format!("{:?}", engine.get_wasm_features()), format!("{FEATURES:?}")),
        ("consume_fuel", engine.get_consume_fuel().to_string(), "true".into()),
        ("concurrency_support", engine.get_concurrency_support().to_string(), "false".into()),
        ("signals_based_traps", engine.get_signals_based_traps().to_string(), "true".into()),
        ("async_stack_zeroing", engine.get_async_stack_zeroing().to_string(), "true".into()),
        (
            "cranelift_nan_canonicalization",
            format!("{:?}", engine.get_cranelift_nan_canonicalization()),
            "Some(true)".into(),
        ),
        ("max_wasm_stack", engine.get_max_wasm_stack().to_string(), GUEST_STACK_BYTES.to_string()),
        (
            "async_stack_size",
            engine.get_async_stack_size().to_string(),
            FIBER_STACK_BYTES.to_string(),
        ),
        (
            "max_memory_size",
            format!("{:?}", pool.map(PoolingAllocationConfig::get_max_memory_size)),
            format!("{:?}", Some(MEMORY_BYTES_MAX)),
        ),
        // It leaves swapped-out pages of one guest to the next.
        ("pagemap_scan", format!("{pagemap_scan:?}"), "Some(No)".into()),
    ] {
        if found != wanted {
            return Err(HostError::Setting { setting, wanted, found });
        }
    }
    Ok(())
}

/// Everything about the engine that a guest can observe, as text: the same text means that a replay
/// meets the same execution. Processor features are not in it: guests cannot tell them apart.
fn settings() -> String {
    format!(
        "features={:#x} fuel=default+grow_page:{GROW_PAGE_FUEL} nan=canonical \
         stack={GUEST_STACK_BYTES} memory={MEMORY_BYTES_MAX} table={TABLE_ELEMENTS_MAX} \
         instances={CORE_INSTANCES_MAX} memories={MEMORIES_MAX} tables={TABLES_MAX}",
        FEATURES.bits()
    )
}

/// Name of this engine's behaviour: release, processor architecture and digest of the settings.
/// Fuel and traps are comparable only between runs under the same name.
pub(crate) fn engine_id() -> String {
    let settings = Digest::of(settings().as_bytes()).hex();
    let short = settings.get(..12).unwrap_or_default();
    format!("wasmtime-{WASMTIME}-{}-{short}", std::env::consts::ARCH)
}

/// What compiled code depends on, beside the component: release, target, and the engine's own
/// digest of compiler settings and processor features.
pub(crate) fn code_id(engine: &Engine) -> Digest {
    let mut hasher = StableHasher(Vec::new());
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
    let StableHasher(mut bytes) = hasher;
    for part in [WASMTIME, std::env::consts::ARCH, std::env::consts::OS] {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0);
    }
    Digest::of(&bytes)
}

/// Collects what is hashed, so that its digest is a cryptographic one.
struct StableHasher(Vec<u8>);

impl std::hash::Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody reads this; what was collected is the result.
        0
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_release_in_the_identity_is_the_one_in_the_lock_file() {
        let lock = std::fs::read_to_string(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock"),
        )
        .unwrap();
        let package = format!("name = \"wasmtime\"\nversion = \"{WASMTIME}\"\n");
        assert!(lock.contains(&package), "set WASMTIME to the locked release");
    }

    #[test]
    fn the_identity_does_not_depend_on_the_size_of_the_pool() {
        let small = engine(1).unwrap();
        let large = engine(64).unwrap();
        assert_eq!(code_id(&small), code_id(&large));
        assert!(engine_id().starts_with("wasmtime-48."));
    }

    #[test]
    fn an_engine_for_four_thousand_instances_starts() {
        let engine = engine(4_000).unwrap();
        let stacks = engine.get_pooling_config().unwrap().get_total_stacks();
        assert!(stacks > 4_000, "{stacks}");
    }

    #[test]
    fn an_engine_with_another_setting_is_not_accepted() {
        for (setting, change) in [
            (
                "wasm_features",
                (|config| config.wasm_multi_memory(true)) as fn(&mut Config) -> &mut Config,
            ),
            ("wasm_features", |config| config.wasm_relaxed_simd(true)),
            ("consume_fuel", |config| config.consume_fuel(false)),
            ("cranelift_nan_canonicalization", |config| {
                config.cranelift_nan_canonicalization(false)
            }),
            ("max_wasm_stack", |config| config.max_wasm_stack(GUEST_STACK_BYTES / 2)),
            ("async_stack_zeroing", |config| config.async_stack_zeroing(false)),
        ] {
            let mut changed = config(1);
            change(&mut changed);
            match check(&Engine::new(&changed).unwrap()) {
                Err(HostError::Setting { setting: found, .. }) => assert_eq!(found, setting),
                other => unreachable!("{setting}: {other:?}"),
            }
        }
    }
}
