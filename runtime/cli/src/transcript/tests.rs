#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_agents::model::transcript::{CallFailed, Given, GivenKind, Opening, TURN_VERSION};
use baton_core::digest::Digest;
use baton_core::handoff::{FailureKind, Handoff};
use baton_core::model::TokenUsage;
use baton_core::record::{Body, Effect, Record, RunStarted, Start};
use baton_core::report::Level;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::{ToolOptions, ToolSpec};
use baton_journal::memory::MemoryJournal;
use baton_journal::store::{Blob, Journal};
use baton_models::{Message, Part, Stop, ToolOffer, ToolResult};
use serde_json::json;

use super::*;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn usage(input: u64, output: u64, cost: u64) -> Usage {
    Usage { input_tokens: input, output_tokens: output, cost_micro_usd: cost, ..Usage::default() }
}

fn turn(rung: u32, said: Vec<Message>, answer: Vec<Part>) -> TurnContent {
    TurnContent {
        told: 0,
        v: TURN_VERSION,
        backend: "anthropic:small".into(),
        attempt: 1,
        rung,
        opening: None,
        said,
        answer,
        stop: Some(Stop::End),
        failed: None,
        usage: TokenUsage::default(),
        cost_micro_usd: 0,
        request_id: Some("req_1".into()),
        ms: 1_500,
    }
}

/// What is said in the three calls of task 1; the fourth is never heard.
fn conversation() -> [TurnContent; 3] {
    let offer = |name: &str| ToolOffer {
        name: name.into(),
        description: "reads".into(),
        input: json!({ "type": "object" }).into(),
    };
    let given =
        Given { kind: GivenKind::Instructions, name: "CLAUDE.md".into(), bytes: 40, of: 40 };
    let call = Part::ToolCall {
        id: "t1".into(),
        name: "read_file".into(),
        input: json!({ "path": "a.md" }).into(),
    };
    let mut first = turn(
        0,
        vec![Message::User("Audit a.md\nand \x1b[31mnothing else".into())],
        vec![
            Part::Thinking { text: "Let me see.".into(), signature: Some("secret".into()) },
            Part::Text { text: "I read it.".into() },
            call,
        ],
    );
    first.opening = Some(Opening {
        system: "You audit.".into(),
        tools: vec![offer("read_file"), offer("submit")],
        guidance: vec![given],
        effort: Some("low".into()),
    });
    first.stop = Some(Stop::ToolCalls);
    let lines: Vec<String> = (1..=20).map(|line| format!("line {line}\tx")).collect();
    let result = ToolResult {
        id: "t1".into(),
        name: "read_file".into(),
        content: lines.join("\n"),
        failed: false,
    };
    let mut second = turn(0, vec![Message::Tools(vec![result])], vec![]);
    second.stop = None;
    second.failed = Some(CallFailed {
        code: "overloaded".into(),
        message: "too much to do".into(),
        partial: "It is".into(),
    });
    let third = turn(1, vec![], vec![Part::Text { text: "Fine: ```x```".into() }]);
    [first, second, third]
}

fn bodies(contents: &[Digest]) -> Vec<Body> {
    let options = AgentOptions { label: Some("audit".into()), ..AgentOptions::default() };
    let spec = AgentSpec { prompt: "Audit a.md".into(), options, ..AgentSpec::default() };
    let agent = |task: &str| Body::Spawned {
        task: path(task),
        digest: Digest::of(b""),
        fuel: 0,
        work: Box::new(Work::Agent {
            spec: spec.clone(),
            backend: "anthropic:small".into(),
            effect: Effect::Read,
        }),
    };
    let asked = |call, model: &str| Body::Asked {
        task: path("1"),
        call,
        provider: "anthropic".into(),
        model: model.into(),
        reserve: usage(2_000, 4_096, 60_000),
    };
    let turned = |call: u32, content: Option<Digest>, usage, estimated| Body::Turned {
        task: path("1"),
        call,
        content,
        usage,
        estimated,
    };
    let started = |attempt| Body::Started {
        tasks: ["1", "2"].map(|task| Start { task: path(task), attempt }).to_vec(),
    };
    let done = |task: &str, consumed| Body::Completed {
        task: path(task),
        outcome: Outcome::Done(Handoff {
            summary: "audited".into(),
            output: json!({ "findings": 0 }).into(),
            ..Handoff::default()
        }),
        usage: consumed,
        reused_from: None,
    };
    let tool = Work::Tool {
        spec: ToolSpec {
            name: "git/log".into(),
            input: json!({ "n": 1 }).into(),
            options: ToolOptions::default(),
        },
        tool: "git/log".into(),
        authority: Box::default(),
        effect: Effect::Read,
    };
    let failure = |code: &str| Failure::new(FailureKind::Failed, code, "it broke");
    vec![
        agent("1"),
        agent("2"),
        started(1),
        asked(1, "small"),
        turned(1, Some(contents[0]), usage(1_200, 80, 1_500), false),
        Body::Called { task: path("1/1"), work: Box::new(tool) },
        done("1/1", Usage::default()),
        asked(2, "small"),
        turned(2, Some(contents[1]), usage(2_000, 0, 2_000), true),
        Body::AttemptFailed {
            task: path("1"),
            attempt: 1,
            failure: failure("ladder-check"),
            usage: Usage::default(),
        },
        asked(3, "large"),
        turned(3, Some(contents[2]), usage(1_300, 20, 9_000), false),
        asked(4, "large"),
        turned(4, None, usage(2_000, 4_096, 60_000), true),
        Body::Deferred {
            task: path("1"),
            attempt: 2,
            provider: "anthropic".into(),
            outage: Outage::Quota,
            failure: failure("quota"),
            usage: Usage::default(),
            until: None,
        },
        Body::AgentReported {
            task: path("2"),
            report: Report::Log { level: Level::Info, text: "halfway".into() },
        },
        Body::Passed {
            task: path("1"),
            rung: 1,
            rungs: 2,
            backend: "anthropic:large".into(),
            saved_micro_usd: 1_000,
        },
        done("1", usage(6_500, 4_196, 72_500)),
        done("2", Usage::default()),
        Body::Finished { outcome: Outcome::Done(Handoff::default()), usage: Usage::default() },
    ]
}

/// A run with all that, of which the content of the third call may be lost.
async fn journal() -> MemoryJournal {
    let journal = MemoryJournal::new();
    let component = Blob::new(b"component".to_vec());
    let started: RunStarted = serde_json::from_value(json!({
        "format": 1, "run": RUN, "program": { "name": "flow", "component": component.digest },
        "input": null, "seed": Digest::of(b""), "scope": {},
    }))
    .unwrap();
    let blobs = conversation().map(|turn| Blob::new(turn.to_bytes()));
    let digests: Vec<Digest> = blobs.iter().map(|blob| blob.digest).collect();
    let first = std::iter::once(Body::RunStarted(Box::new(started)));
    let mut records: Vec<Record> = (1..)
        .zip(first.chain(bodies(&digests)))
        .map(|(seq, body)| Record { seq, at: Timestamp(1_700_000_000_000 + seq), body })
        .collect();
    let rest = records.split_off(1);
    let lease = journal.create(records.remove(0), vec![component]).await.unwrap();
    journal.append(&lease, rest, blobs.to_vec()).await.unwrap();
    journal
}

async fn entries(only: Option<&str>) -> Vec<Entry> {
    let journal = journal().await;
    let mut reader = Reader::new(&journal, RUN.parse().unwrap(), only.map(path));
    let mut all = Vec::new();
    while let Some(entries) = reader.next().await.unwrap() {
        all.extend(entries);
    }
    assert!(reader.ended());
    all
}

fn shown(entries: &[Entry], how: text::How) -> String {
    let all: String = entries.iter().map(|entry| text::entry(entry, how)).collect();
    anstream::adapter::strip_str(&all).to_string()
}

const HOW: text::How = text::How { lines: Some(4), columns: 80, several: false, live: false };

#[tokio::test]
async fn a_conversation_is_readable_in_a_terminal() {
    let entries = entries(Some("1")).await;
    insta::assert_snapshot!(shown(&entries, HOW), @r#"
    ▸ attempt 1
    ● call 1  anthropic:small  1.2k in · 80 out · $0.0015  1.5s
        system     You audit.
        tools      read_file submit
        given      CLAUDE.md 40 B of 40 B
        effort     low
        user       Audit a.md
                   and [31mnothing else
        thinking   Let me see.
        assistant  I read it.
        calls      read_file {"path":"a.md"}
        runs       git/log /1/1 {"n":1}
        ran        git/log /1/1 {"findings":0}
    ● call 2  anthropic:small  ~2.0k in · ~0 out · ~$0.0020  estimated  1.5s
        result     read_file: line 1    x
                   line 2    x
                   line 3    x
                   line 4    x
                   … 16 more lines, shown by --full
        failed     too much to do (overloaded)
        partial    It is
    ↻ attempt 1 failed: it broke (ladder-check)
    ● call 3  anthropic:large  1.3k in · 20 out · $0.0090  step 2  1.5s
        assistant  Fine: ```x```
    ● call 4  anthropic:large  ~2.0k in · ~4.0k out · ~$0.06  estimated
        lost       nobody heard what was said
    ‖ waits: anthropic: quota: it broke (quota)
    ✓ step 2 of 2 passed: anthropic:large, saved $0.0010
    "#);
    assert!(entries.iter().all(|entry| entry.task == path("1")));
    let full = shown(&entries, text::How { lines: None, ..HOW });
    assert!(full.contains("line 20    x"), "{full}");
    assert!(!full.contains("more line"), "{full}");
}

#[tokio::test]
async fn nothing_steers_the_terminal_and_no_line_is_too_long() {
    for columns in [20, 40, 120] {
        for (lines, several) in [(Some(4), false), (Some(1), true)] {
            let how = text::How { lines, columns, several, live: true };
            let text = shown(&entries(None).await, how);
            assert!(!text.contains('\x1b'), "{text}");
            let long = text.lines().find(|line| crate::text::width(line) > columns);
            assert_eq!(long, None);
        }
    }
}

#[tokio::test]
async fn those_who_follow_see_every_step() {
    let how = text::How { lines: Some(1), columns: 90, several: true, live: true };
    insta::assert_snapshot!(shown(&entries(None).await, how), @r#"
    ○ /1 asked: audit by anthropic:small: Audit a.md
    ○ /2 asked: audit by anthropic:small: Audit a.md
    ▸ /1 attempt 1
    ▸ /2 attempt 1
    · /1 call 1 of anthropic:small begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 1  anthropic:small  1.2k in · 80 out · $0.0015  1.5s
        system     You audit.
        tools      read_file submit
        given      CLAUDE.md 40 B of 40 B
        effort     low
        user       Audit a.md
        thinking   Let me see.
        assistant  I read it.
        calls      read_file {"path":"a.md"}
        runs       git/log /1/1 {"n":1}
        ran        git/log /1/1 {"findings":0}
    · /1 call 2 of anthropic:small begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 2  anthropic:small  ~2.0k in · ~0 out · ~$0.0020  estimated  1.5s
        result     read_file: line 1    x
        failed     too much to do (overloaded)
        partial    It is
    ↻ /1 attempt 1 failed: it broke (ladder-check)
    · /1 call 3 of anthropic:large begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 3  anthropic:large  1.3k in · 20 out · $0.0090  step 2  1.5s
        assistant  Fine: ```x```
    · /1 call 4 of anthropic:large begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 4  anthropic:large  ~2.0k in · ~4.0k out · ~$0.06  estimated
        lost       nobody heard what was said
    ‖ /1 waits: anthropic: quota: it broke (quota)
        says       /2 info: halfway
    ✓ /1 step 2 of 2 passed: anthropic:large, saved $0.0010
    ✓ /1 ended · audited · 6.5k in · 4.1k out · $0.07
    ✓ /2 ended · audited
    "#);
}

#[tokio::test]
async fn json_lines_have_the_promised_shape() {
    let run = RUN.parse().unwrap();
    let lines: String =
        entries(Some("1")).await.iter().map(|entry| jsonl::entry(&run, entry).unwrap()).collect();
    assert!(lines.lines().all(|line| line.starts_with(&format!(r#"{{"task":"{RUN}/1","at":""#))));
    assert!(!lines.contains("secret"), "a signature is the provider's");
    let short = lines.replace(&format!(r#"{{"task":"{RUN}/1","at":"2023-11-14T22:13:20"#), "");
    insta::assert_snapshot!(short, @r#"
    .002Z","attempt":0,"type":"task","kind":"agent","label":"audit","phase":null,"backend":"anthropic:small","prompt":"Audit a.md","input":null}
    .004Z","attempt":1,"type":"attempt"}
    .005Z","attempt":1,"type":"call","call":1,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .006Z","attempt":1,"type":"system","call":1,"rung":0,"text":"You audit.","tools":[{"name":"read_file","description":"reads","input":{"type":"object"}},{"name":"submit","description":"reads","input":{"type":"object"}}],"guidance":[{"kind":"instructions","name":"CLAUDE.md","bytes":40,"of":40}],"effort":"low"}
    .006Z","attempt":1,"type":"message","call":1,"rung":0,"role":"user","text":"Audit a.md\nand \u001b[31mnothing else"}
    .006Z","attempt":1,"type":"message","call":1,"rung":0,"role":"thinking","text":"Let me see."}
    .006Z","attempt":1,"type":"message","call":1,"rung":0,"role":"assistant","text":"I read it."}
    .006Z","attempt":1,"type":"tool-call","call":1,"rung":0,"id":"t1","name":"read_file","input":{"path":"a.md"}}
    .006Z","attempt":1,"type":"usage","call":1,"rung":0,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":1200,"output_tokens":80,"cached_tokens":0,"cost_usd":0.0015,"estimated_calls":0,"fuel":0,"wall_ms":0},"estimated":false,"ms":1500,"stop":"tool-calls","request_id":"req_1","error":null,"partial":null}
    .007Z","attempt":1,"type":"tool-task","child":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1/1","tool":"git/log","input":{"n":1}}
    .008Z","attempt":1,"type":"tool-task-ended","child":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1/1","tool":"git/log","output":{"findings":0},"error":null,"usage":{"agents":0,"input_tokens":0,"output_tokens":0,"cached_tokens":0,"cost_usd":0.0,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .009Z","attempt":1,"type":"call","call":2,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .010Z","attempt":1,"type":"tool-result","call":2,"rung":0,"id":"t1","name":"read_file","content":"line 1\tx\nline 2\tx\nline 3\tx\nline 4\tx\nline 5\tx\nline 6\tx\nline 7\tx\nline 8\tx\nline 9\tx\nline 10\tx\nline 11\tx\nline 12\tx\nline 13\tx\nline 14\tx\nline 15\tx\nline 16\tx\nline 17\tx\nline 18\tx\nline 19\tx\nline 20\tx","failed":false}
    .010Z","attempt":1,"type":"usage","call":2,"rung":0,"backend":"anthropic:small","usage":{"agents":0,"input_tokens":2000,"output_tokens":0,"cached_tokens":0,"cost_usd":0.002,"estimated_calls":1,"fuel":0,"wall_ms":0},"estimated":true,"ms":1500,"stop":null,"request_id":"req_1","error":{"code":"overloaded","message":"too much to do"},"partial":"It is"}
    .011Z","attempt":1,"type":"attempt-failed","error":{"code":"ladder-check","message":"it broke"},"usage":{"agents":0,"input_tokens":0,"output_tokens":0,"cached_tokens":0,"cost_usd":0.0,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .012Z","attempt":2,"type":"call","call":3,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .013Z","attempt":2,"type":"message","call":3,"rung":1,"role":"assistant","text":"Fine: ```x```"}
    .013Z","attempt":2,"type":"usage","call":3,"rung":1,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":1300,"output_tokens":20,"cached_tokens":0,"cost_usd":0.009,"estimated_calls":0,"fuel":0,"wall_ms":0},"estimated":false,"ms":1500,"stop":"end","request_id":"req_1","error":null,"partial":null}
    .014Z","attempt":2,"type":"call","call":4,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":0,"fuel":0,"wall_ms":0}}
    .015Z","attempt":2,"type":"usage","call":4,"rung":0,"backend":"anthropic:large","usage":{"agents":0,"input_tokens":2000,"output_tokens":4096,"cached_tokens":0,"cost_usd":0.06,"estimated_calls":1,"fuel":0,"wall_ms":0},"estimated":true,"ms":null,"stop":null,"request_id":null,"error":{"code":"lost","message":"nobody heard what was said"},"partial":null}
    .016Z","attempt":2,"type":"deferred","provider":"anthropic","outage":"quota","until":null,"error":{"code":"quota","message":"it broke"}}
    .018Z","attempt":2,"type":"passed","rung":1,"rungs":2,"backend":"anthropic:large","saved_usd":0.001}
    .019Z","attempt":2,"type":"ended","summary":"audited","output":{"findings":0},"evidence":[],"artifacts":[],"follow_ups":[],"error":null,"usage":{"agents":0,"input_tokens":6500,"output_tokens":4196,"cached_tokens":0,"cost_usd":0.0725,"estimated_calls":0,"fuel":0,"wall_ms":0},"reused_from":null}
    "#);
}

#[tokio::test]
async fn markdown_keeps_texts_apart_from_itself() {
    let entries = entries(Some("1")).await;
    let text: String = entries.iter().map(markdown::entry).collect();
    insta::assert_snapshot!(text.trim(), @r#"
    - kind: agent
    - label: audit
    - backend: anthropic:small

    Task:

    ```text
    Audit a.md
    ```

    ## Attempt 1, 2023-11-14T22:13:20.004Z

    ### Call 1: anthropic:small · 1.2k in · 80 out · $0.0015 · 1.5s

    **System**

    ```text
    You audit.
    ```

    Tools: `read_file`, `submit`

    Given: `CLAUDE.md` (40 of 40 bytes)

    **User**

    ```text
    Audit a.md
    and [31mnothing else
    ```

    **Thinking**

    ```text
    Let me see.
    ```

    **Assistant**

    ```text
    I read it.
    ```

    **Calls read\_file**

    ```json
    {"path":"a.md"}
    ```

    Runs `git/log` as task /1/1:

    ```json
    {"n":1}
    ```

    Task /1/1 returned:

    ```json
    {"findings":0}
    ```

    ### Call 2: anthropic:small · ~2.0k in · ~0 out · ~$0.0020 · estimated · 1.5s

    **Result of read\_file**

    ```text
    line 1	x
    line 2	x
    line 3	x
    line 4	x
    line 5	x
    line 6	x
    line 7	x
    line 8	x
    line 9	x
    line 10	x
    line 11	x
    line 12	x
    line 13	x
    line 14	x
    line 15	x
    line 16	x
    line 17	x
    line 18	x
    line 19	x
    line 20	x
    ```

    **Failed**: too much to do (overloaded)

    **Heard until then**

    ```text
    It is
    ```

    **Attempt 1 failed**: it broke (ladder-check)

    ### Call 3: anthropic:large · 1.3k in · 20 out · $0.0090 · 1.5s

    **Assistant**

    ````text
    Fine: ```x```
    ````

    ### Call 4: anthropic:large · ~2.0k in · ~4.0k out · ~$0.06 · estimated

    Nobody heard what was said.

    **Waits** for anthropic: quota: it broke (quota)

    **Step 2 of 2 passed**: anthropic:large, saved $0.0010

    ## Result

    Consumed: 6.5k in · 4.1k out · $0.07

    Summary:

    ```text
    audited
    ```

    Output:

    ```json
    {"findings":0}
    ```
    "#);
}

#[tokio::test]
async fn a_content_that_is_gone_is_said_to_be() {
    let journal = MemoryJournal::new();
    let reader = Reader::new(&journal, RUN.parse().unwrap(), None);
    let content = reader.content(&Digest::of(b"nowhere")).await;
    assert!(matches!(&content, Content::Unreadable(_)), "{content:?}");
    let later = Blob::new(br#"{"v":99}"#.to_vec());
    journal.put_blobs(vec![later.clone()]).await.unwrap();
    let content = reader.content(&later.digest).await;
    let what = What::Turned {
        call: 1,
        backend: "p:m".into(),
        usage: Usage::default(),
        estimated: false,
        content,
    };
    let entry = Entry { task: path("1"), at: Timestamp(1), attempt: 1, what };
    assert!(shown(std::slice::from_ref(&entry), HOW).contains("unreadable"));
    let line = jsonl::entry(&RUN.parse().unwrap(), &entry).unwrap();
    assert!(line.contains(r#""error":{"code":"unreadable""#), "{line}");
}
