//! What people say to coding agents while they work.

use std::fs;
use std::sync::Arc;

use baton_agents::backend::{Inbox, Message, Steering};
use baton_agents::{Answer, Backend, CodingKind, Notice, work};
use baton_core::handoff::Handoff;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::common::{context, until};
use crate::world::World;
use crate::{backend, left, say, world};

fn message(seq: u64, text: &str, urgent: bool) -> Message {
    Message { seq, sender: "ada".into(), text: text.into(), urgent }
}

/// Performs the task; when the agent has made the file `begun` a person says something, and then the
/// file `go` is there. Back: the answer, and what the agent was told.
async fn told(world: &World, kind: CodingKind, said: Message) -> (Answer, Vec<u64>) {
    let (inbox, receiver) = watch::channel(Arc::from([]));
    let (mut context, _cancel, mut noticed) = context();
    context.inbox = Inbox::new(receiver);
    let folder = world.root.path().join("src/gen");
    let say = async {
        until("it begins", || folder.join("begun").exists()).await;
        inbox.send_replace(Arc::from([said]));
        fs::write(folder.join("go"), "").unwrap();
    };
    let backend = backend(kind);
    let (answer, ()) = tokio::join!(work(&backend, world.job.clone(), &context), say);
    let mut heard = Vec::new();
    while let Ok(notice) = noticed.try_recv() {
        if let Notice::Heard { upto } = notice {
            heard.push(upto);
        }
    }
    (answer, heard)
}

fn text(answer: &Answer) -> String {
    let handoff: &Handoff = answer.result.as_ref().expect("a handoff");
    serde_json::from_str(handoff.output.as_str()).unwrap()
}

const INIT: &str = "IFS= read -r task
echo '{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s1\"}'
touch src/gen/begun
";
const MORE: &str = "IFS= read -r more; printf '%s' \"$more\" > src/gen/more\n";

fn result(subtype: &str, text: &str, cost: f64) -> String {
    say(&json!({
        "type": "result", "subtype": subtype, "is_error": subtype != "success", "result": text,
        "total_cost_usd": cost, "usage": { "input_tokens": 10, "output_tokens": 4 },
    }))
}

#[tokio::test]
async fn claude_is_told_when_its_turn_ends() {
    let wait = "while ! [ -e src/gen/go ]; do sleep 0.01; done\n";
    let one = result("success", "one", 0.5);
    // The message may come after the turn has ended; there is time for that.
    let two = result("success", "two", 0.75);
    let world = world(&[INIT, wait, &one, MORE, &two].concat());
    let (answer, heard) = told(&world, CodingKind::Claude, message(7, "be brief", false)).await;
    assert_eq!((text(&answer), heard), ("two".to_owned(), vec![7]));
    let more: Value = serde_json::from_str(&left(&world, "more")).unwrap();
    let said = more.pointer("/message/content/0/text").and_then(Value::as_str).unwrap();
    assert!(said.contains("be brief") && said.contains("\"ada\""), "{said}");
    let usage = answer.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (20, 8), "both turns");
    assert_eq!(usage.cost_micro_usd, 750_000, "it counts the session as a whole");
    assert_eq!(backend(CodingKind::Claude).takes_messages(), Steering::Step);
}

#[tokio::test]
async fn claude_is_interrupted_for_what_is_urgent() {
    let interrupted = "IFS= read -r line; printf '%s' \"$line\" > src/gen/interrupt\n";
    let ended = result("error_during_execution", "", 0.5);
    let two = result("success", "two", 0.75);
    let world = world(&[INIT, interrupted, &ended, MORE, &two].concat());
    let (answer, heard) = told(&world, CodingKind::Claude, message(7, "stop", true)).await;
    assert_eq!((text(&answer), heard), ("two".to_owned(), vec![7]));
    let request: Value = serde_json::from_str(&left(&world, "interrupt")).unwrap();
    assert_eq!(request.pointer("/request/subtype").unwrap(), "interrupt");
    assert!(left(&world, "more").contains("stop"));
}

#[tokio::test]
async fn codex_begins_another_attempt_for_what_is_urgent() {
    let script = format!(
        "echo '{{\"type\":\"thread.started\",\"thread_id\":\"t1\"}}'
printf '%s\\n' \"$@\" > src/gen/args; cat > src/gen/task
if ! [ -e src/gen/begun ]; then touch src/gen/begun; sleep 600; fi
{}{}",
        say(&json!({ "type": "item.completed",
                     "item": { "id": "i", "type": "agent_message", "text": "two" } })),
        say(&json!({ "type": "turn.completed", "usage": { "input_tokens": 3 } })),
    );
    let world = world(&script);
    let (answer, heard) = told(&world, CodingKind::Codex, message(7, "stop", true)).await;
    assert_eq!((text(&answer), heard), ("two".to_owned(), vec![7]));
    let task = left(&world, "task");
    assert!(task.contains("stop") && task.contains("interrupted"), "{task}");
    assert!(left(&world, "args").contains("t1"), "the same session");
    assert_eq!(backend(CodingKind::Codex).takes_messages(), Steering::Attempt);
}
