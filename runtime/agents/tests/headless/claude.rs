//! Claude Code.

use std::sync::Arc;

use baton_agents::backend::{Activity, Guidance};
use baton_agents::{Backend, BackendError, CodingKind, Sessions};
use baton_core::handoff::{FailureKind, Usage};
use baton_core::record::Outage;
use serde_json::{Value, json};

use crate::world::{Came, World, exec};
use crate::{backend, left, output, say, strict, with_schema, world};

const INIT: &str = "printf '%s\\n' \"$@\" > src/gen/args
IFS= read -r task; printf '%s' \"$task\" > src/gen/task
echo '{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s1\",\"claude_code_version\":\"9.9\",\"model\":\"m\"}'
";

fn result(fields: Value) -> Value {
    let mut result = json!({
        "type": "result", "subtype": "success", "is_error": false, "result": "done",
        "session_id": "s1", "total_cost_usd": 0.5,
        "usage": { "input_tokens": 10, "cache_creation_input_tokens": 2,
                   "cache_read_input_tokens": 3, "output_tokens": 4 },
    });
    for (key, value) in fields.as_object().unwrap() {
        result[key] = value.clone();
    }
    result
}

fn ends(fields: Value) -> String {
    format!("{INIT}{}", say(&result(fields)))
}

async fn came(script: &str) -> (World, Came) {
    let world = world(script);
    let came = world.perform_with(&backend(CodingKind::Claude)).await;
    (world, came)
}

#[tokio::test]
async fn a_result_with_its_usage_and_everything_before_it() {
    let content = |part: Value| json!({ "message": { "content": [part] } });
    let of = |kind: &str, part: Value| {
        let mut event = content(part);
        event["type"] = kind.into();
        say(&event)
    };
    let script = [
        INIT.into(),
        "echo 'a word to people'\n".into(),
        say(&json!({ "type": "of_tomorrow" })),
        of("assistant", json!({ "type": "thinking", "thinking": "hm" })),
        of("assistant", json!({ "type": "text", "text": "I look" })),
        of("assistant", json!({ "type": "tool_use", "id": "t1", "name": "Read", "input": {} })),
        of("user", json!({ "type": "tool_result", "tool_use_id": "t1", "content": "x" })),
        say(&result(json!({}))),
        // Whatever follows does not matter.
        say(&json!({ "type": "result", "subtype": "success", "result": "late" })),
    ]
    .concat();
    let (world, came) = came(&script).await;
    assert_eq!(came.text(), "done");
    assert_eq!(
        came.answer.usage,
        Usage {
            input_tokens: 15,
            output_tokens: 4,
            cached_tokens: 3,
            cost_micro_usd: 500_000,
            ..Usage::default()
        }
    );
    assert_eq!(
        came.activities,
        [
            Activity::Waiting,
            Activity::Thinking("hm".into()),
            Activity::Text("I look".into()),
            Activity::Tool("Read".into()),
        ]
    );
    assert_eq!(came.logs, ["Claude Code 9.9, m"]);
    let task: Value = serde_json::from_str(&left(&world, "task")).unwrap();
    assert_eq!(task.pointer("/message/content/0/text").unwrap(), "do it");
}

#[tokio::test]
async fn it_is_made_to_ask_and_given_only_tools_that_can_do_something() {
    let script = ends(json!({}));
    let (world, _) = came(&script).await;
    let args = left(&world, "args");
    for word in [
        "--permission-prompt-tool=stdio",
        "--permission-mode=default",
        "--setting-sources=",
        "--strict-mcp-config",
        "--tools=Read,Glob,Grep,Edit,Write,NotebookEdit",
    ] {
        assert!(args.lines().any(|line| line == word), "{word} in {args}");
    }
    let settings = args.lines().find_map(|line| line.strip_prefix("--settings=")).unwrap();
    let settings: Value = serde_json::from_str(settings).unwrap();
    let asks = settings.pointer("/permissions/ask").unwrap().to_string();
    for tool in ["Read", "Glob", "Grep", "Edit", "Write", "NotebookEdit", "Bash", "WebFetch"] {
        assert!(asks.contains(tool), "{tool}");
    }
    for absent in
        ["--model", "--effort", "--max-turns", "--max-budget", "--json-schema", "--resume"]
    {
        assert!(!args.contains(absent), "{absent} in {args}");
    }

    let keep = "for word in \"$@\"; do case $word in *-file=*) cat \"${word#*=}\" > src/gen/system;; esac; done\n";
    let mut world = crate::world(&format!("{keep}{script}"));
    world.authority().exec = Some(exec(&["ls"]));
    world.job.guidance = Arc::new(Guidance {
        instructions: vec![("CLAUDE.md".into(), "be kind".into())],
        ..Guidance::default()
    });
    let options = &mut Arc::make_mut(&mut world.job.spec).options;
    options.model = Some("sonnet".into());
    options.effort = Some("high".into());
    options.max_turns = Some(7);
    options.system = Some("be careful".into());
    with_schema(&mut world, &strict());
    world.perform_with(&backend(CodingKind::Claude)).await;
    let args = left(&world, "args");
    for word in ["--model=sonnet", "--effort=high", "--max-turns=7"] {
        assert!(args.lines().any(|line| line == word), "{word} in {args}");
    }
    assert!(args.contains("Bash"), "{args}");
    let system = left(&world, "system");
    assert!(system.contains("be careful") && system.contains("be kind"), "{system}");
    assert!(args.contains("--json-schema={"), "{args}");
}

#[tokio::test]
async fn its_requests_are_answered_from_the_scope() {
    let requests = [
        ("Read", json!({ "file_path": "ROOT/src/main.rs" }), true),
        ("Read", json!({ "file_path": "ROOT/docs/read.md" }), false),
        ("Read", json!({ "file_path": "ROOT/src/.env" }), false),
        ("Grep", json!({ "pattern": "x", "path": "src" }), true),
        ("Grep", json!({ "pattern": "x" }), false),
        ("Glob", json!({ "pattern": "src/**/*.rs" }), true),
        ("Glob", json!({ "pattern": "**/*.rs" }), false),
        ("Glob", json!({ "pattern": "/etc/*" }), false),
        ("Glob", json!({ "pattern": "*", "path": "ROOT/src/.." }), false),
        ("Edit", json!({ "file_path": "ROOT/src/gen/x" }), true),
        ("Write", json!({ "file_path": "src/gen/x", "content": "x" }), true),
        ("Write", json!({ "file_path": "ROOT/src/main.rs", "content": "x" }), false),
        ("NotebookEdit", json!({ "notebook_path": "/etc/x" }), false),
        ("Bash", json!({ "command": "ls -l" }), true),
        ("Bash", json!({ "command": "ls -l && rm x" }), false),
        ("Bash", json!({ "command": "ls -l", "dangerouslyDisableSandbox": true }), false),
        ("WebFetch", json!({ "url": "https://example.org/" }), false),
        ("WebSearch", json!({ "query": "x" }), false),
        ("Task", json!({ "prompt": "x" }), false),
        ("mcp__a__b", json!({}), false),
        ("Read", json!({}), false),
    ];
    let mut world = world("");
    let mut script = INIT.to_owned();
    for (tool, input, _) in &requests {
        let request = json!({ "subtype": "can_use_tool", "tool_name": tool, "input": input });
        let event = json!({ "type": "control_request", "request_id": "r", "request": request });
        let event = event.to_string().replace("ROOT", &world.root());
        script.push_str(&format!("cat <<'END'\n{event}\nEND\n"));
        script.push_str("IFS= read -r line; printf '%s\\n' \"$line\" >> src/gen/answers\n");
    }
    script.push_str(&say(&result(json!({}))));
    crate::rewrite(&world, &script);
    world.authority().exec = Some(exec(&["ls -l"]));
    let came = world.perform_with(&backend(CodingKind::Claude)).await;
    assert_eq!(came.text(), "done");
    let answers = left(&world, "answers");
    let answers: Vec<Value> =
        answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), requests.len());
    for ((tool, input, expected), answer) in requests.iter().zip(&answers) {
        let behavior = answer.pointer("/response/response/behavior").unwrap();
        assert_eq!(behavior == "allow", *expected, "{tool} {input}: {answer}");
        assert_eq!(answer.pointer("/response/request_id").unwrap(), "r");
    }
    let refused = requests.iter().filter(|(.., allowed)| !allowed).count();
    assert!(came.denials.len() >= refused - 1, "{:?}", came.tried());
}

#[tokio::test]
async fn outputs_for_schemas_come_by_its_own_way_or_as_a_block() {
    let ended = ends(json!({ "structured_output": { "ok": true }, "result": "{\"ok\":true}" }));
    let mut world = world(&ended);
    with_schema(&mut world, &strict());
    let came = world.perform_with(&backend(CodingKind::Claude)).await;
    assert_eq!(output(&came), "{\"ok\":true}");

    // Another task: it has no session yet.
    world.sessions = Sessions::default();
    let list = json!({ "type": "array" });
    crate::rewrite(&world, &ends(json!({ "result": "So:\n```json\n[1]\n```" })));
    with_schema(&mut world, &list);
    let came = world.perform_with(&backend(CodingKind::Claude)).await;
    assert_eq!(output(&came), "[1]");
    assert!(!left(&world, "args").contains("--json-schema"));
    assert!(left(&world, "task").contains("```json"), "it is told in words");
}

#[tokio::test]
async fn errors_are_told_apart() {
    let error = |subtype: &str, text: &str| {
        ends(json!({ "subtype": subtype, "is_error": true, "result": text }))
    };
    for (script, kind, code) in [
        (error("error_max_turns", ""), FailureKind::Limit, "max-turns"),
        (error("error_max_budget_usd", ""), FailureKind::Limit, "budget"),
        (error("error_max_structured_output_retries", ""), FailureKind::InvalidOutput, "schema"),
        (error("error_during_execution", "odd"), FailureKind::Failed, "agent-error"),
        (error("of_tomorrow", ""), FailureKind::Failed, "agent-error"),
        (ends(json!({ "result": 7 })), FailureKind::Failed, "bad-answer"),
        (format!("{INIT}exit 1"), FailureKind::Failed, "agent-ended"),
        (format!("{INIT}printf '{{\"type\":\"result\"'"), FailureKind::Failed, "agent-ended"),
        ("exit 0".into(), FailureKind::Failed, "agent-ended"),
    ] {
        let (_, came) = came(&script).await;
        assert_eq!((came.failure().kind, came.failure().code.as_str()), (kind, code), "{script}");
    }
    let paid = came(&error("error_max_turns", "")).await.1.answer.usage;
    assert_eq!(paid.cost_micro_usd, 500_000, "what failed was paid for as well");
}

#[tokio::test]
async fn outages_are_known_with_their_end() {
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let moment = moment.as_secs() + 3_600;
    let limit = json!({ "type": "rate_limit_event",
                        "rate_limit_info": { "status": "rejected", "resetsAt": moment } });
    let said = |text: &str, status: Option<u64>| {
        say(&result(json!({ "is_error": true, "result": text, "api_error_status": status })))
    };
    let retry = |attempt: u32, status: u32| {
        say(&json!({ "type": "system", "subtype": "api_retry", "attempt": attempt,
                     "error_status": status, "error": if status == 401 { "authentication_failed" } else { "overloaded" } }))
    };
    for (script, expected, has_end) in [
        (said("Claude AI usage limit reached|99999999999", None), Outage::Quota, true),
        (
            format!("{}{}", say(&limit), said("You've hit your limit", Some(429))),
            Outage::Quota,
            true,
        ),
        (said("Credit balance is too low", Some(400)), Outage::Billing, false),
        (said("Invalid API key · Fix external API key", Some(401)), Outage::Auth, false),
        (said("API Error: 529 Overloaded", Some(529)), Outage::Overload, false),
        (said("API Error: Connection error.", None), Outage::Unreachable, false),
        // It would try for minutes.
        (format!("{}{}sleep 600", retry(1, 401), retry(2, 401)), Outage::Auth, false),
        (
            format!(
                "{}{}{}",
                retry(2, 529),
                retry(1, 401),
                said("Prompt is too long, 529", Some(529))
            ),
            Outage::Overload,
            false,
        ),
    ] {
        let (_, came) = came(&format!("{INIT}{script}")).await;
        let Err(BackendError::Unavailable { outage, after_ms, .. }) = came.answer.result else {
            panic!("{script}: {:?}", came.answer);
        };
        assert_eq!((outage, after_ms.is_some()), (expected, has_end), "{script}");
    }
}

#[tokio::test]
async fn a_retry_resumes_the_session() {
    let mut world = world(&ends(json!({})));
    let backend = backend(CodingKind::Claude);
    world.perform_with(&backend).await;
    assert!(!left(&world, "args").contains("--resume"));
    world.job.attempt = 2;
    world.job.corrections = vec!["ok is missing".into()];
    world.perform_with(&backend).await;
    assert!(left(&world, "args").contains("--resume=s1"));
    let task = left(&world, "task");
    assert!(task.contains("ok is missing") && !task.contains("do it"), "{task}");
    assert_eq!((backend.name(), backend.provider()), ("claude", "anthropic"));
}
