//! The sources of the guest SDK, so that a new project builds without anything of Baton's but the
//! binary. Tests of the SDK are left out.

/// A file of the SDK: its path inside the copy, which is that inside Baton's sources, and its text.
pub type File = (&'static str, &'static str);

/// The manifest of the copy: a workspace of its own.
pub const WORKSPACE: &str = include_str!("templates/sdk.toml");

macro_rules! sources {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("../../../../../", $path))),)*]
    };
}

/// Everything but the manifests.
pub const SOURCES: &[File] = sources![
    "guest-sdk/macros/src/arguments.rs",
    "guest-sdk/macros/src/expand.rs",
    "guest-sdk/macros/src/lib.rs",
    "guest-sdk/macros/src/manifest.rs",
    "guest-sdk/macros/src/manifest/requests.rs",
    "guest-sdk/macros/src/schema.rs",
    "guest-sdk/macros/src/schema/attributes.rs",
    "guest-sdk/macros/src/tools.rs",
    "guest-sdk/src/agent.rs",
    "guest-sdk/src/budget.rs",
    "guest-sdk/src/call.rs",
    "guest-sdk/src/context.rs",
    "guest-sdk/src/entry.rs",
    "guest-sdk/src/error.rs",
    "guest-sdk/src/executor.rs",
    "guest-sdk/src/export.rs",
    "guest-sdk/src/failure.rs",
    "guest-sdk/src/files.rs",
    "guest-sdk/src/gate.rs",
    "guest-sdk/src/handoff.rs",
    "guest-sdk/src/host.rs",
    "guest-sdk/src/host/component.rs",
    "guest-sdk/src/host/component/lift.rs",
    "guest-sdk/src/host/component/lower.rs",
    "guest-sdk/src/http.rs",
    "guest-sdk/src/http/error.rs",
    "guest-sdk/src/http/redirect.rs",
    "guest-sdk/src/http/scripted.rs",
    "guest-sdk/src/http/url.rs",
    "guest-sdk/src/http/wasi.rs",
    "guest-sdk/src/lib.rs",
    "guest-sdk/src/message.rs",
    "guest-sdk/src/model.rs",
    "guest-sdk/src/patterns.rs",
    "guest-sdk/src/patterns/children.rs",
    "guest-sdk/src/patterns/converge.rs",
    "guest-sdk/src/patterns/join.rs",
    "guest-sdk/src/patterns/limit.rs",
    "guest-sdk/src/patterns/pipeline.rs",
    "guest-sdk/src/patterns/race.rs",
    "guest-sdk/src/patterns/retry.rs",
    "guest-sdk/src/patterns/verify.rs",
    "guest-sdk/src/report.rs",
    "guest-sdk/src/schema.rs",
    "guest-sdk/src/sleep.rs",
    "guest-sdk/src/task.rs",
    "guest-sdk/src/testing.rs",
    "guest-sdk/src/testing/files.rs",
    "guest-sdk/src/testing/gates.rs",
    "guest-sdk/src/testing/http.rs",
    "guest-sdk/src/testing/reply.rs",
    "guest-sdk/src/testing/reports.rs",
    "guest-sdk/src/testing/requests.rs",
    "guest-sdk/src/testing/tasks.rs",
    "guest-sdk/src/testing/tools.rs",
    "guest-sdk/src/tool.rs",
    "guest-sdk/src/within.rs",
    "guest-sdk/src/workflow.rs",
    "wit/budget.wit",
    "wit/files.wit",
    "wit/gates.wit",
    "wit/report.wit",
    "wit/tasks.wit",
    "wit/tools.wit",
    "wit/types.wit",
    "wit/worlds.wit",
];

/// The manifests of the packages.
const MANIFESTS: &[File] = sources!["guest-sdk/Cargo.toml", "guest-sdk/macros/Cargo.toml",];

/// The manifests of the packages, without what only their tests need.
pub fn manifests() -> impl Iterator<Item = (&'static str, String)> {
    MANIFESTS.iter().map(|(path, text)| {
        let kept = text.split_once("\n[dev-dependencies]").map_or(*text, |(kept, _)| kept);
        (*path, format!("{}\n", kept.trim_end()))
    })
}
