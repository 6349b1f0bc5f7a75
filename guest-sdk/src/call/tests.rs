#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use serde_json::{Value, json};

use crate::patterns::join_all;
use crate::testing::{Event, Reply, Script, ToolRequest};
use crate::{
    AgentCx, Cx, ExecOutput, Failure, FailureKind, Refusal, RefusalKind, TaskError, ToolInfo,
    Within,
};

fn answer(request: &ToolRequest) -> Reply {
    match request.name.as_str() {
        "exec" => json!({ "status": 1, "stdout": "out", "stderr": "err" }).into(),
        "once" => Failure::new(FailureKind::InDoubt, "interrupted", "interrupted").into(),
        "gone" => Refusal {
            kind: RefusalKind::NotFound,
            code: "unknown-tool".into(),
            message: "there is no tool `gone`".into(),
            hint: String::new(),
        }
        .into(),
        _ => json!({ "name": request.name, "input": request.input }).into(),
    }
}

fn host() -> Script {
    let info = |name: &str| ToolInfo {
        name: name.into(),
        description: String::new(),
        input: None,
        output: None,
    };
    Script::new().tools(answer).tool_info(info("git/log")).tool_info(info("code/search"))
}

fn requests(host: &Script) -> Vec<ToolRequest> {
    let tools = |event| match event {
        Event::Tool(request) => Some(request),
        _ => None,
    };
    host.events().into_iter().filter_map(tools).collect()
}

#[test]
fn a_workflow_calls_tools_as_tasks() {
    let host = host();
    let names: Vec<String> = host
        .run(|cx: Cx| async move {
            let calls = ["a", "b"].map(|name| cx.tool(name, &json!([name])).output::<Value>());
            let ends = join_all(calls).await;
            assert_eq!(ends[1].as_ref().unwrap()["input"], json!(["b"]));
            cx.tools().into_iter().map(|tool| tool.name).collect()
        })
        .unwrap();
    assert_eq!(names, ["code/search", "git/log"]);
    let tasks: Vec<u64> = requests(&host).iter().map(|request| request.task).collect();
    assert_eq!(tasks, [1, 2]);
}

#[test]
fn what_is_said_of_a_call_reaches_the_host() {
    let host = host();
    let done = host.run(|cx: Cx| async move {
        let within = Within::new().read(["src/**"]).http::<&str>([]);
        let tool = cx.tool("code/search", &json!({ "x": 1 })).label("l").phase("p");
        let _: Value = tool.timeout(Duration::from_micros(1_500_001)).within(within).await?;
        let exec = cx.exec(["git", "log"]).cwd("sub").stdin("in").label("look").phase("q");
        exec.timeout(Duration::from_secs(1)).within(Within::new().exec(["git log"])).await
    });
    let expected =
        ExecOutput { status: 1, stdout: "out".into(), stderr: "err".into(), truncated: false };
    assert!(!expected.succeeded());
    assert_eq!(done.unwrap(), Ok(expected));
    let requests = requests(&host);
    assert_eq!(
        requests[0].options,
        json!({ "label": "l", "phase": "p", "timeout_ms": 1501,
                "within": { "read": ["src/**"], "http": [] } })
    );
    assert_eq!(requests[1].input, json!({ "argv": ["git", "log"], "cwd": "sub", "stdin": "in" }));
    assert_eq!(
        requests[1].options,
        json!({ "label": "look", "phase": "q", "timeout_ms": 1000,
                "within": { "exec": ["git log"] } })
    );
}

#[test]
fn doubt_is_told_apart_from_failure() {
    let ends = host().run(|cx: Cx| async move {
        let doubt = cx.tool("once", &()).await.unwrap_err();
        let gone = cx.tool("gone", &()).await.unwrap_err();
        let odd = cx.tool("a", &()).output::<u8>().await.unwrap_err();
        assert!(doubt.is_in_doubt() && !doubt.is_worth_retrying());
        assert!(!gone.is_in_doubt() && !gone.is_worth_retrying());
        (gone, odd)
    });
    assert!(matches!(ends.unwrap(), (TaskError::Refused(_), TaskError::Output { .. })));
}

#[test]
fn an_agent_waits_for_its_tools() {
    let host = host();
    let cx: AgentCx = host.agent_cx();
    let found: Value = cx.tool("code/search", &json!({ "x": 1 })).label("l").call().unwrap();
    assert_eq!(found["input"], json!({ "x": 1 }));
    assert_eq!(cx.exec(["true"]).cwd("a").call().unwrap().status, 1);
    assert!(cx.tool("once", &()).call::<Value>().unwrap_err().is_in_doubt());
    assert!(matches!(cx.tool("gone", &()).call::<Value>(), Err(TaskError::Refused(_))));
    assert!(matches!(cx.tool("a", &()).call::<u8>(), Err(TaskError::Output { .. })));
    assert_eq!(cx.tools().len(), 2);
    assert_eq!(requests(&host)[0].options, json!({ "label": "l" }));
}

#[test]
fn without_answers_every_tool_is_denied() {
    let end = Script::new().run(|cx: Cx| async move { cx.tool("a", &()).await });
    match end.unwrap() {
        Err(TaskError::Refused(refusal)) => assert_eq!(refusal.kind, RefusalKind::Denied),
        other => panic!("{other:?}"),
    }
}

#[test]
fn agents_and_children_are_given_tools() {
    let host = Script::new()
        .agents(|request| json!(request.options.to_string()))
        .workflows(|request| request.options.clone());
    host.run(|cx: Cx| async move {
        let within = || Within::new().tools(["code/*"]).env(["LANG"]).secrets(["s"]).write(["o"]);
        let agent = cx.agent("x").tools(["code/*", "exec"]).within(within()).await.unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&agent).unwrap(),
            json!({ "tools": ["code/*", "exec"], "within": {
                "tools": ["code/*"], "env": ["LANG"], "secrets": ["s"], "write": ["o"] } })
        );
        let child = cx.workflow("w", &()).within(within()).await.unwrap();
        assert_eq!(child["within"]["tools"], json!(["code/*"]));
    })
    .unwrap();
}
