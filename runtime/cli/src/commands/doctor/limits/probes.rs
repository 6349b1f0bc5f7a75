//! How each limit is met.

/// A guest that goes too far.
#[derive(Clone, Copy)]
pub struct Probe {
    /// The limit.
    pub limit: &'static str,
    /// What it is set to.
    pub value: u64,
    /// Performs agents, if the guest asks for any.
    pub agent: &'static str,
    /// What the guest does. `SITE` stands for the address of the server.
    pub guest: Guest,
    /// What is printed only if the limit holds.
    pub held: &'static str,
    /// Where that is printed.
    pub told: Told,
    /// What is not printed there.
    pub absent: Option<&'static str>,
}

/// What goes too far.
#[derive(Clone, Copy)]
pub enum Guest {
    /// A script with this body.
    Script(&'static str),
    /// The built-in workflow that audits documentation, for the sake of its agents.
    Audit,
}

/// Where something is told of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// In its result.
    Result,
    /// In its records.
    Records,
}

/// The model of the server.
const MODEL: &str = "ollama:limits";

const fn probe(limit: &'static str, value: u64, body: &'static str, held: &'static str) -> Probe {
    Probe {
        limit,
        value,
        agent: "command:true",
        guest: Guest::Script(body),
        held,
        told: Told::Result,
        absent: None,
    }
}

impl Probe {
    /// With agents that this backend performs.
    const fn by(self, agent: &'static str) -> Self {
        Self { agent, ..self }
    }

    /// That it holds is told in the records.
    const fn in_records(self) -> Self {
        Self { told: Told::Records, ..self }
    }

    /// This is not told there.
    const fn without(self, absent: &'static str) -> Self {
        Self { absent: Some(absent), ..self }
    }
}

const fn of_model(
    limit: &'static str,
    value: u64,
    body: &'static str,
    held: &'static str,
) -> Probe {
    probe(limit, value, body, held).by(MODEL)
}

const fn of_audit(limit: &'static str, value: u64, held: &'static str) -> Probe {
    Probe { guest: Guest::Audit, ..probe(limit, value, "", held) }
}

const fn of_agent(limit: &'static str, value: u64, held: &'static str) -> Probe {
    let body = "return (await baton.agent('audit')).error.code";
    probe(limit, value, body, held).by("component:docs-auditor")
}

const fn of_tool(limit: &'static str, value: u64, held: &'static str) -> Probe {
    probe(limit, value, "return await baton.tool('code/search', { pattern: 'text' })", held)
}

const NOTHING: &str = "return 'not held'";

/// All of them.
pub const PROBES: &[Probe] = &[
    probe(
        "run.agents",
        2,
        "await Promise.all([1, 2, 3].map((n) => agent(`do ${n}`)))",
        "WorkflowAgentCapError",
    ),
    probe("run.tasks", 2, "await Promise.all([1, 2, 3].map((ms) => baton.sleep(ms)))", "run.tasks"),
    probe("run.depth", 0, "return await workflow({ scriptPath: 'other.js' })", "run.depth"),
    probe("run.prompt_bytes", 10, "await agent('x'.repeat(100))", "run.prompt_bytes"),
    probe("run.result_bytes", 100, "return 'x'.repeat(200)", "202 bytes of JSON"),
    probe(
        "run.json_depth",
        8,
        "let a = 1; for (let n = 0; n < 20; n++) a = [a]; return a",
        "deeper than 8 levels",
    ),
    probe("run.text_bytes", 20, "await agent('x', { label: 'y'.repeat(100) })", "the limit is 20"),
    probe(
        "run.artifact_bytes",
        100,
        "await baton.artifact('a.txt', 'y'.repeat(500))",
        "may have 100 bytes",
    ),
    probe("run.records", 30, "for (let n = 0; n < 100; n++) log('x')", "\"code\":\"run.records\""),
    probe("run.observed_bytes", 10, "return await baton.readText('1.txt')", "run.observed_bytes"),
    probe("run.sleep_ms", 100, "await baton.sleep(1000)", "run.sleep_ms"),
    probe("workflow.fuel", 300_000_000, "for (;;) {}", "\"code\":\"fuel\""),
    probe(
        "workflow.memory_bytes",
        16 << 20,
        "const all = []; for (;;) all.push(new Array(1000).fill(all.length + 0.5))",
        "\"code\":\"memory\"",
    ),
    probe("workflow.table_elements", 10, NOTHING, "\"code\":\"table\""),
    probe("workflow.instances", 1, NOTHING, "\"code\":\"instances\""),
    probe("workflow.memories", 0, NOTHING, "\"code\":\"memories\""),
    probe("workflow.tables", 0, NOTHING, "\"code\":\"tables\""),
    probe("workflow.host_calls", 100, "for (;;) log('x')", "\"code\":\"host-calls\""),
    probe(
        "workflow.host_call_bytes",
        1_000,
        "log('x'.repeat(500000))",
        "\"code\":\"host-call-bytes\"",
    ),
    probe("workflow.wall_ms", 20, "for (;;) {}", "\"code\":\"wall-time\""),
    of_agent("agent.fuel", 1_000, "\"output\":\"fuel\""),
    of_agent("agent.memory_bytes", 65_536, "\"output\":\"memory\""),
    of_agent("agent.table_elements", 1, "\"output\":\"table\""),
    of_agent("agent.instances", 1, "\"output\":\"instances\""),
    of_agent("agent.memories", 0, "\"output\":\"memories\""),
    of_agent("agent.tables", 0, "\"output\":\"tables\""),
    of_tool("tool.fuel", 1_000, "`code/search` (task 1): the guest used up its 1000 units of fuel"),
    of_tool("tool.memory_bytes", 65_536, "the limit is 65536"),
    of_tool("tool.table_elements", 1, "the limit is 1"),
    of_tool("tool.instances", 1, "too many core instances"),
    of_tool("tool.memories", 0, "too many memories"),
    of_tool("tool.tables", 0, "too many tables"),
    of_tool("tool.handles", 1, "too many handles"),
    of_tool("tool.host_calls", 2, "more than 2 times"),
    probe("files.read_bytes", 5, "return await baton.readText('1.txt')", "file-too-large"),
    probe(
        "files.path_bytes",
        10,
        "return await baton.readText('a/long/path.txt')",
        "path-too-long",
    ),
    probe("files.entries", 2, "return (await baton.glob('**')).length", "\"output\":2,"),
    probe("files.visited", 2, "return (await baton.glob('**')).length", "\"output\":0,"),
    probe("files.matches", 2, "return (await baton.search('text')).length", "\"output\":2,"),
    probe(
        "files.match_bytes",
        3,
        "return (await baton.search('text'))[0].text",
        "\"output\":\"lin\"",
    ),
    probe("files.patterns", 1, "return await baton.glob(['a*', 'b*'])", "too-many-patterns"),
    probe("files.searched_bytes", 5, "return (await baton.search('text')).length", "\"output\":0,"),
    probe(
        "files.pattern_bytes",
        20,
        "return await baton.glob('a'.repeat(50) + '*')",
        "pattern-too-long",
    ),
    probe(
        "run.json_bytes",
        300,
        "return await baton.tool('code/search', { pattern: 'x'.repeat(500) })",
        "514 bytes of JSON where 300",
    ),
    probe(
        "tools.timeout_ms",
        200,
        "return await baton.exec(['seq', '1', '100000000'])",
        "longer than its 200 ms",
    ),
    probe(
        "tools.exec_input_bytes",
        10,
        "return await baton.exec(['seq', '1'], { stdin: 'x'.repeat(100) })",
        "the limit is 10",
    ),
    probe(
        "attempt.program_ms",
        200,
        "return (await baton.agent('sleep')).error.code",
        "\"output\":\"timeout\"",
    )
    .by("command:sleep 30"),
    probe(
        "run.list_items",
        1,
        "return (await baton.agent('x')).error.message",
        "2 entries of evidence; the limit is 1",
    )
    .by("command:cat answer.json"),
    probe("run.log_line_bytes", 10, "log('x'.repeat(100))", "xxxxxxxxxx")
        .in_records()
        .without("xxxxxxxxxxx"),
    probe("run.log_bytes", 100, "for (let n = 0; n < 50; n++) log(`line ${n}`)", "line 1")
        .in_records()
        .without("line 49"),
    of_audit("agent.host_calls", 2, "called the host more than 2 times"),
    of_audit("agent.wall_ms", 0, "computed for longer than 0 ms"),
    of_tool("tool.wall_ms", 0, "computed for longer than 0 ms"),
    probe(
        "tools.exec_output_bytes",
        10,
        "return (await baton.exec(['seq', '1', '100'])).stdout",
        "bytes left out",
    ),
    probe(
        "tools.http_response_bytes",
        1_000,
        "return await baton.tool('http/fetch', { url: 'SITE/long' })",
        "response-body",
    ),
    probe(
        "tools.http_request_bytes",
        100,
        "return await baton.tool('http/fetch', { url: 'SITE/short', method: 'POST', \
         text: 'x'.repeat(500) })",
        "request-size",
    ),
    probe(
        "tools.http_header_bytes",
        500,
        "return await baton.tool('http/fetch', { url: 'SITE/head' })",
        "response-headers",
    ),
    probe(
        "tools.http_request_ms",
        300,
        "return await baton.tool('http/fetch', { url: 'SITE/silent' })",
        "response-timeout",
    ),
    probe(
        "tools.http_requests",
        1,
        "return await baton.tool('http/fetch', { url: 'SITE/away' })",
        "http-limit",
    )
    .in_records(),
    probe(
        "tools.mcp_tools",
        1,
        "return await baton.tool('site/three', {})",
        "there is no tool `site/three`",
    ),
    probe(
        "tools.mcp_message_bytes",
        1_000,
        "return await baton.tool('site/one', {})",
        "more than 1000 bytes",
    ),
    of_model(
        "model.turns",
        1,
        "return (await baton.agent('read once')).error.code",
        "\"output\":\"turns\"",
    ),
    of_model(
        "model.tool_calls",
        1,
        "return (await baton.agent('read twice')).error.code",
        "\"output\":\"tool-calls\"",
    ),
    of_model(
        "model.tokens",
        20,
        "return (await baton.agent('read once')).error.code",
        "\"output\":\"tokens\"",
    ),
    of_model("model.output_tokens", 7, "return await agent('how many')", "as many as 7"),
    of_model("model.result_bytes", 10, "return await agent('read once')", "read in part"),
    of_model("model.guidance_bytes", 100, "return await agent('go')", "guided in part"),
    of_model(
        "model.answer_bytes",
        1_000,
        "return (await baton.agent('say much')).error.code",
        "answer-too-large",
    ),
    of_model(
        "model.event_bytes",
        1_000,
        "return (await baton.agent('say something long')).error.code",
        "event-too-large",
    ),
    of_model(
        "model.request_ms",
        200,
        "return (await baton.agent('be silent')).error.code",
        "\"output\":\"deadline\"",
    ),
    of_model(
        "model.stall_ms",
        200,
        "return (await baton.agent('be silent')).error.code",
        "\"output\":\"stalled\"",
    ),
    of_model(
        "attempt.agent_ms",
        200,
        "return (await baton.agent('be silent')).error.code",
        "\"output\":\"timeout\"",
    ),
];

/// Limits that no guest of this binary can meet, with the tests that meet them: a file of the
/// repository, and the name of a test in it.
pub const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("workflow.handles", HOST_LIMITS, OWN_REASON),
    ("agent.handles", HOST_LIMITS, OWN_REASON),
    ("workflow.random_bytes", HOST_LIMITS, OWN_REASON),
    ("agent.random_bytes", HOST_LIMITS, OWN_REASON),
    ("agent.host_call_bytes", HOST_LIMITS, OWN_REASON),
    ("workflow.output_bytes", HOST_OUTPUT, OF_WORLD),
    ("agent.output_bytes", HOST_OUTPUT, OF_WORLD),
    ("tool.output_bytes", HOST_TOOLS, "what_a_tool_writes_is_kept_up_to_a_limit"),
    ("tool.random_bytes", HOST_TOOLS, "each_tool_ends_for_its_own_reason"),
    ("tool.host_call_bytes", HOST_TOOLS, "each_tool_ends_for_its_own_reason"),
    (
        "tools.write_bytes",
        "tests/tools/paths/grants.rs",
        "writing_more_than_the_limit_ends_the_tool",
    ),
    (
        "tools.http_connect_ms",
        "runtime/host/src/tool/http/tests/destinations.rs",
        "an_address_that_does_not_answer_leaves_time_for_the_next",
    ),
];

const HOST_LIMITS: &str = "runtime/host/src/tests/limits.rs";
const HOST_OUTPUT: &str = "runtime/host/src/tests/calls/output.rs";
const HOST_TOOLS: &str = "runtime/host/src/tests/tools.rs";
const OF_WORLD: &str = "what_guests_write_is_kept_up_to_the_limit_of_their_world";
const OWN_REASON: &str = "each_guest_ends_for_its_own_reason";
