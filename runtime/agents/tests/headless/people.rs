//! What people say to coding agents while they work.

use std::fs;
use std::sync::Arc;

use baton_agents::backend::{Inbox, Message, Steering};
use baton_agents::{Answer, Backend, CodingKind, Notice, Session, Sessions, work};
use baton_core::handoff::Handoff;
use baton_core::report::Report;
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
async fn a_further_turn_that_fails_costs_no_result() {
    let wait = "while ! [ -e src/gen/go ]; do sleep 0.01; done\n";
    let one = result("success", "one", 0.5);
    for last in ["exit 3\n".to_owned(), result("error_max_turns", "", 0.75)] {
        let world = world(&[INIT, wait, &one, MORE, &last].concat());
        let (answer, heard) = told(&world, CodingKind::Claude, message(7, "go on", false)).await;
        assert_eq!((text(&answer), heard), ("one".to_owned(), vec![7]), "{last}");
    }
    let script = TURNS.replace("touch src/gen/begun", "touch src/gen/begun; [ $n = 2 ] && exit 7");
    let world = crate::world(&script);
    let (answer, heard) = told(&world, CodingKind::Codex, message(7, "go on", false)).await;
    assert_eq!((text(&answer), heard), ("answer 1".to_owned(), vec![7]));
    // A session that is gone is not begun anew for a message: the task is done.
    let gone = "case \"$*\" in *resume*) exit 1;; esac\n";
    let world = crate::world(&[gone, TURNS].concat());
    let (answer, _) = told(&world, CodingKind::Codex, message(7, "go on", false)).await;
    assert_eq!(text(&answer), "answer 1");
    assert!(!world.root.path().join("src/gen/task-2").exists(), "it is not done twice");
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
echo '{{\"type\":\"turn.started\"}}'
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
    assert_eq!(backend(CodingKind::Codex).takes_messages(), Steering::Turn);
}

/// Codex that says its thread, leaves its task in `task-N` of the turn, and answers `answer N`. Its
/// first turn waits for the file `go`.
const TURNS: &str = "n=$(ls src/gen | grep -c '^task-'); n=$((n + 1))
printf '%s\\n' \"$@\" > src/gen/args-$n; cat > src/gen/task-$n
echo '{\"type\":\"thread.started\",\"thread_id\":\"t1\"}'
echo '{\"type\":\"turn.started\"}'
touch src/gen/begun
while ! [ -e src/gen/go ]; do sleep 0.01; done
echo \"{\\\"type\\\":\\\"item.completed\\\",\\\"item\\\":{\\\"id\\\":\\\"i\\\",\\\"type\\\":\\\"agent_message\\\",\\\"text\\\":\\\"answer $n\\\"}}\"
echo \"{\\\"type\\\":\\\"turn.completed\\\",\\\"usage\\\":{\\\"input_tokens\\\":$((n * 10))}}\"
";

#[tokio::test]
async fn codex_is_told_in_a_further_turn_before_its_result_is_taken() {
    let world = world(TURNS);
    let (answer, heard) = told(&world, CodingKind::Codex, message(7, "be brief", false)).await;
    assert_eq!((text(&answer), heard), ("answer 2".to_owned(), vec![7]));
    assert_eq!(answer.usage.input_tokens, 20, "it counts its session as a whole");
    assert!(left(&world, "args-1").lines().all(|word| word != "resume"));
    assert!(left(&world, "args-2").starts_with("exec\nresume\n"));
    let (first, second) = (left(&world, "task-1"), left(&world, "task-2"));
    assert!(first.contains("do it") && !first.contains("be brief"), "{first}");
    assert!(second.contains("be brief") && second.contains("\"ada\""), "{second}");
    assert!(!second.contains("do it") && !second.contains("interrupted"), "{second}");
}

#[tokio::test]
async fn a_session_on_record_is_gone_on_with_by_another_process() {
    let claude = format!(
        "printf '%s\\n' \"$@\" > src/gen/args\n{INIT}printf '%s' \"$task\" > src/gen/task\n{}",
        result("success", "done", 0.5)
    );
    let codex = TURNS.replace("t1", "s1");
    for (kind, script, word) in [
        (CodingKind::Codex, codex.as_str(), "s1\n-\n"),
        (CodingKind::Claude, claude.as_str(), "--resume=s1\n"),
    ] {
        let mut world = world(script);
        let folder = world.root.path().join("src/gen");
        fs::write(folder.join("go"), "").unwrap();
        let directory = world.root();
        let session = Session { id: "s1".into(), directory, told: 5, ..Session::default() };
        world.sessions = Sessions::new([(0, session)].into());
        world.job.attempt = 2;
        let (mut context, _cancel, mut noticed) = context();
        context.sessions = world.sessions.clone();
        let said = [message(5, "be brief", false), message(7, "be kind", false)];
        context.inbox = Inbox::new(watch::channel(Arc::from(said)).1);
        let answer = work(&backend(kind), world.job.clone(), &context).await;
        let suffix = if kind == CodingKind::Codex { "-1" } else { "" };
        let (args, task) =
            (left(&world, &format!("args{suffix}")), left(&world, &format!("task{suffix}")));
        assert!(args.contains(word), "{kind:?}: {args}");
        assert!(task.contains("The work was interrupted"), "{kind:?}: {task}");
        assert!(task.contains("be kind") && !task.contains("be brief"), "{kind:?}: {task}");
        let mut logs = Vec::new();
        while let Ok(notice) = noticed.try_recv() {
            if let Notice::Report(Report::Log { text, .. }) = notice {
                logs.push(text);
            }
        }
        let known = "goes on with its session s1".to_owned();
        assert!(logs.contains(&known), "{kind:?}: {logs:?}");
        assert!(answer.result.is_ok(), "{kind:?}: {answer:?}");
    }
}

#[tokio::test]
async fn an_agent_that_lost_its_session_begins_anew_in_the_same_attempt() {
    // Claude ends without a word where it does not know a session; Codex may open another.
    let claude = format!(
        "case \"$*\" in *--resume=*) echo 'No conversation found' >&2; exit 1;; esac
{INIT}printf '%s' \"$task\" > src/gen/task-1\n{}",
        result("success", "done", 0.5)
    );
    let another = "case \"$*\" in *resume*) echo '{\"type\":\"thread.started\",\"thread_id\":\"t9\"}'; touch src/gen/refused; sleep 600;; esac\n";
    let codex = format!("{another}{TURNS}");
    for (kind, script) in [(CodingKind::Claude, &claude), (CodingKind::Codex, &codex)] {
        let mut world = world(script);
        fs::write(world.root.path().join("src/gen/go"), "").unwrap();
        let session = Session { id: "gone".into(), directory: world.root(), ..Session::default() };
        world.sessions = Sessions::new([(0, session)].into());
        world.job.attempt = 2;
        let came = world.perform_with(&backend(kind)).await;
        let lost = "the agent does not know its session any more: it begins anew";
        assert!(came.logs.iter().any(|log| log == lost), "{kind:?}: {:?}", came.logs);
        assert!(left(&world, "task-1").contains("do it"), "{kind:?}");
        let now = if kind == CodingKind::Codex { "t1" } else { "s1" };
        assert_eq!(world.sessions.get(0).unwrap().id, now, "{kind:?}");
        assert!(came.answer.result.is_ok(), "{kind:?}: {:?}", came.answer);
    }
}
