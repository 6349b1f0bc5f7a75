//! Every limit: name, unit, default and reason, in one table.
//!
//! The limits of a run are written into its first record, so a replay under another release meets
//! the same ones. `wasm` limits that shape the engine itself (stack, memories per component) are
//! constants: changing them changes which components load at all.

use serde::{Deserialize, Serialize};

/// One row of the table, for people and for `baton doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LimitRow {
    /// Name, such as `run.agents`. A row of a guest begins with `guest.`; on the command line that
    /// is `workflow.`, `agent.` or `tool.`, see [`Limits::table`].
    pub name: &'static str,
    /// Unit of the value.
    pub unit: &'static str,
    /// Value where nobody says otherwise.
    pub default: u64,
    /// Why it is what it is.
    pub reason: &'static str,
}

macro_rules! limits {
    (
        $(#[$meta:meta])* $group:ident, $prefix:literal {
            $( $(#[$attribute:meta])* $field:ident = $default:expr, $unit:literal, $reason:literal; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $group {
            $( #[doc = concat!("In ", $unit, ". ", $reason)] $(#[$attribute])* pub $field: u64, )*
        }

        impl Default for $group {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $group {
            /// The rows of this group.
            pub const ROWS: &[LimitRow] = &[
                $( LimitRow {
                    name: concat!($prefix, ".", stringify!($field)),
                    unit: $unit,
                    default: $default,
                    reason: $reason,
                }, )*
            ];

            /// The same, but none of them higher than usual.
            #[must_use]
            pub fn lowered(&self) -> Self {
                Self { $( $field: self.$field.min($default), )* }
            }

            fn set(&mut self, field: &str, value: u64) -> bool {
                match field {
                    $( stringify!($field) => self.$field = value, )*
                    _ => return false,
                }
                true
            }
        }
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// What a run of the first release, whose records do not name this limit, was held to.
fn result_bytes_of_0_1_0() -> u64 {
    MIB
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_of_0_1_0(bytes: &u64) -> bool {
    *bytes == result_bytes_of_0_1_0()
}

limits! {
    /// Limits of a whole run.
    RunLimits, "run" {
        agents = 1_000, "agents", "A fan-out by mistake must not become a bill.";
        tasks = 100_000, "tasks", "Tasks of all kinds live in memory while their run is live.";
        depth = 8, "levels", "A workflow that spawns itself ends here.";
        list_items = 4_096, "items", "Lists in one call: waits, evidence, artifacts, follow-ups.";
        prompt_bytes = MIB, "bytes", "A prompt beyond this belongs in a file; scripts put whole findings into one.";
        json_bytes = MIB, "bytes", "One input, schema or option object.";
        #[serde(default = "result_bytes_of_0_1_0", skip_serializing_if = "is_of_0_1_0")]
        result_bytes = 8 * MIB, "bytes", "The output of one task; it is stored and delivered whole.";
        json_depth = 64, "levels", "Parsers and validators may recurse.";
        text_bytes = 16 * KIB, "bytes", "Summaries, labels, titles, codes and messages.";
        log_line_bytes = 8 * KIB, "bytes", "One line of a report; the rest is cut.";
        log_bytes = MIB, "bytes", "Report lines of one workflow; further ones are dropped.";
        artifact_bytes = 64 * MIB, "bytes", "Artifacts of one workflow together.";
        records = 1_000_000, "records", "A journal that is still replayed in seconds.";
        observed_bytes = 256 * MIB, "bytes", "File contents recorded by workflows of a run.";
        sleep_ms = 366 * 24 * 3_600_000, "milliseconds", "A timer beyond a year is a mistake.";
    }
}

limits! {
    /// Limits of one guest instance. A workflow and an agent have their own.
    GuestLimits, "guest" {
        fuel = 20_000_000_000, "fuel units", "About ten seconds of pure computation.";
        memory_bytes = 64 * MIB, "bytes", "Summed over all linear memories of the instance.";
        table_elements = 40_000, "elements", "Summed over all tables; Rust and JavaScript guests need under 1,000.";
        instances = 64, "core instances", "A Rust guest has three, a Python one fourteen and one more for each C extension.";
        memories = 2, "memories", "A Rust guest has one.";
        tables = 8, "tables", "A Rust guest has two.";
        handles = 1_000, "handles", "Each costs host memory.";
        host_call_bytes = 16 * MIB, "bytes", "What one call may make the host copy.";
        host_calls = 1_000_000, "calls", "Calls of an instance; each costs host time that fuel does not see.";
        output_bytes = 64 * KIB, "bytes", "Standard output and standard error kept of an instance; the rest is counted.";
        random_bytes = 64 * KIB, "bytes", "One request for random bytes.";
        wall_ms = 600_000, "milliseconds", "Computing time of an instance, waits not counted.";
    }
}

limits! {
    /// Limits of one call of the `files` interface.
    FileLimits, "files" {
        read_bytes = 8 * MIB, "bytes", "One file read whole.";
        path_bytes = 4 * KIB, "bytes", "PATH_MAX of Linux.";
        entries = 100_000, "entries", "One listing.";
        visited = 1_000_000, "entries", "Entries one listing or search may look at.";
        matches = 10_000, "matches", "One search.";
        match_bytes = KIB, "bytes", "The line shown of a match.";
        patterns = 256, "patterns", "Glob patterns of one selection.";
        pattern_bytes = 4 * KIB, "bytes", "One glob pattern or regular expression.";
        searched_bytes = 256 * MIB, "bytes", "File bytes one search may look at.";
    }
}

limits! {
    /// Limits of one call of a tool, beside those of its instance.
    ToolLimits, "tools" {
        timeout_ms = 120_000, "milliseconds", "One attempt at a call, where neither its caller nor policy says.";
        write_bytes = 256 * MIB, "bytes", "What one call may write to files.";
        http_requests = 1_000, "requests", "Requests of one call.";
        http_connect_ms = 10_000, "milliseconds", "From the look-up of a name to an open connection.";
        http_request_ms = 60_000, "milliseconds", "One request, from its first byte to the last of its response.";
        http_request_bytes = 16 * MIB, "bytes", "The body of one request.";
        http_response_bytes = 32 * MIB, "bytes", "The body of one response.";
        http_header_bytes = 32 * KIB, "bytes", "The headers of one request or response together.";
        exec_output_bytes = MIB, "bytes", "Standard output and standard error of a command, each; the rest is counted.";
        exec_input_bytes = MIB, "bytes", "Standard input of a command.";
        mcp_message_bytes = 8 * MIB, "bytes", "One message of a server.";
        mcp_tools = 1_000, "tools", "Tools of one server.";
    }
}

limits! {
    /// Limits of an agent that is a model, over all attempts at its task.
    ModelLimits, "model" {
        turns = 200, "answers", "A task that needs more is no bounded task.";
        tool_calls = 1_000, "calls", "An agent that calls tools in circles ends here.";
        tokens = 10_000_000, "tokens", "Input and output of all answers together; a mistake must not become a bill.";
        output_tokens = 16_384, "tokens", "One answer; it is reserved before every call.";
        result_bytes = 64 * KIB, "bytes", "What one tool call hands to the model; the rest is cut.";
        guidance_bytes = 128 * KIB, "bytes", "Instructions and skills in one system prompt.";
        answer_bytes = 16 * MIB, "bytes", "One answer on the wire.";
        event_bytes = 4 * MIB, "bytes", "One event of a streamed answer.";
        request_ms = 600_000, "milliseconds", "One exchange with a provider.";
        stall_ms = 300_000, "milliseconds", "Silence of an attempt: no token, no tool at work, no request within its time.";
    }
}

limits! {
    /// Wall time of one attempt of an agent, where its call does not say.
    AttemptLimits, "attempt" {
        agent_ms = 6 * 3_600_000, "milliseconds", "Of models, coding agents and components: whoever shows signs of life goes on, silence and other limits end it long before.";
        program_ms = 3_600_000, "milliseconds", "Of `command:` programs, whose signs of life nobody sees.";
    }
}

/// All limits of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The run as a whole.
    pub run: RunLimits,
    /// One workflow instance.
    pub workflow: GuestLimits,
    /// One agent instance.
    pub agent: GuestLimits,
    /// One file call.
    pub files: FileLimits,
    /// One instance of a tool. Calls of tools are not replayed, so what is as usual need not be in a
    /// record, and is not in those of releases without tools.
    #[serde(skip_serializing_if = "is_usual")]
    pub tool: GuestLimits,
    /// One call of a tool.
    #[serde(skip_serializing_if = "is_usual")]
    pub tools: ToolLimits,
    /// One agent that is a model.
    #[serde(skip_serializing_if = "is_usual")]
    pub model: ModelLimits,
    /// One attempt of an agent.
    #[serde(skip_serializing_if = "is_usual")]
    pub attempt: AttemptLimits,
}

fn is_usual<T: Default + PartialEq>(limits: &T) -> bool {
    *limits == T::default()
}

/// A limit that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no limit `{name}`")]
pub struct UnknownLimit {
    /// The name that was given.
    pub name: String,
}

impl Limits {
    /// Sets one limit by its name, such as `workflow.fuel`.
    ///
    /// # Errors
    /// When no limit has that name.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), UnknownLimit> {
        let known = match name.split_once('.') {
            Some(("run", field)) => self.run.set(field, value),
            Some(("workflow", field)) => self.workflow.set(field, value),
            Some(("agent", field)) => self.agent.set(field, value),
            Some(("files", field)) => self.files.set(field, value),
            Some(("tool", field)) => self.tool.set(field, value),
            Some(("tools", field)) => self.tools.set(field, value),
            Some(("model", field)) => self.model.set(field, value),
            Some(("attempt", field)) => self.attempt.set(field, value),
            _ => false,
        };
        if known { Ok(()) } else { Err(UnknownLimit { name: name.into() }) }
    }

    /// The table, with the kinds of guest written out.
    #[must_use]
    pub fn table() -> Vec<(String, LimitRow)> {
        let named = |rows: &'static [LimitRow], group: &'static str| {
            rows.iter().map(move |row| {
                let field = row.name.split_once('.').map_or(row.name, |(_, field)| field);
                (format!("{group}.{field}"), *row)
            })
        };
        named(RunLimits::ROWS, "run")
            .chain(named(GuestLimits::ROWS, "workflow"))
            .chain(named(GuestLimits::ROWS, "agent"))
            .chain(named(FileLimits::ROWS, "files"))
            .chain(named(GuestLimits::ROWS, "tool"))
            .chain(named(ToolLimits::ROWS, "tools"))
            .chain(named(ModelLimits::ROWS, "model"))
            .chain(named(AttemptLimits::ROWS, "attempt"))
            .collect()
    }
}

/// Shape of the engine itself; part of the engine's identity.
pub mod wasm {
    use super::{GuestLimits, RunLimits, default_of};

    /// Bytes of a component file. `StarlingMonkey` components have 12 MB, `CPython` ones 19 MB.
    pub const COMPONENT_BYTES_MAX: u64 = 32 << 20;
    /// Bytes of stack for guest code. Recursion ends here. An interpreter needs much: a call in a
    /// script takes about 850 bytes of it, and scripts recurse.
    pub const GUEST_STACK_BYTES: usize = 2 << 20;
    /// Bytes of stack for guest code and the host functions it calls. Address space: pages that are
    /// never touched cost nothing.
    pub const FIBER_STACK_BYTES: usize = (2 << 20) + (512 << 10);
    /// Bytes one linear memory can ever have. Address space: `memory_bytes` says what a guest gets.
    pub const MEMORY_BYTES_MAX: usize = 256 << 20;
    /// Fuel between two points where a guest lets others run and a deadline can end it.
    pub const FUEL_YIELD_INTERVAL: u64 = 1_000_000;
    /// Components and modules within each other. Composed components have four levels; validation
    /// takes time with the square of the depth.
    pub const NESTING_MAX: usize = 32;
    /// Bytes of one metadata section (`baton:manifest`).
    pub const MANIFEST_BYTES_MAX: usize = 256 << 10;

    const _: () = {
        // Host functions run above the guest's stack and need room of their own.
        assert!(GUEST_STACK_BYTES + (128 << 10) <= FIBER_STACK_BYTES);
        let memory = default_of(GuestLimits::ROWS, "guest.memory_bytes");
        assert!(
            memory <= MEMORY_BYTES_MAX as u64 * default_of(GuestLimits::ROWS, "guest.memories")
        );
        let call = default_of(GuestLimits::ROWS, "guest.host_call_bytes");
        let result = default_of(RunLimits::ROWS, "run.result_bytes");
        assert!(default_of(RunLimits::ROWS, "run.json_bytes") <= result);
        assert!(result <= call);
        assert!(default_of(RunLimits::ROWS, "run.prompt_bytes") <= call);
    };
}

/// The default of a row, for relations between rows.
#[expect(clippy::indexing_slicing, clippy::panic, reason = "evaluated by the compiler only")]
const fn default_of(rows: &[LimitRow], name: &str) -> u64 {
    let mut index = 0;
    while index < rows.len() {
        if same(rows[index].name.as_bytes(), name.as_bytes()) {
            return rows[index].default;
        }
        index += 1;
    }
    panic!("no such limit")
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only")]
const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
