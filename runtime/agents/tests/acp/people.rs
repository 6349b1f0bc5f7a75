//! What people say to an agent while it works.

use std::fs;
use std::sync::Arc;

use baton_agents::backend::{Inbox, Message, Steering};
use baton_agents::{Answer, Backend, Notice};
use serde_json::json;
use tokio::sync::watch;

use crate::common::{context, until};
use crate::world::{World, backend};

fn message(seq: u64, text: &str, urgent: bool) -> Message {
    Message { seq, sender: "ada".into(), text: text.into(), urgent }
}

/// Makes an attempt with what people said before; when the agent has made the file `begun` they say
/// the rest, and then the file `go` is there. Back: its answer, and what it was told.
async fn attempt(
    world: &World,
    backend: &dyn Backend,
    before: &[Message],
    meanwhile: &[Message],
) -> (Answer, Vec<u64>) {
    let (said, inbox) = watch::channel(Arc::from(before));
    let (mut context, _cancel, mut noticed) = context();
    context.inbox = Inbox::new(inbox);
    context.sessions = world.sessions.clone();
    let folder = world.root.path().join("src/gen");
    fs::create_dir_all(&folder).unwrap();
    let say = async {
        if !meanwhile.is_empty() {
            until("it begins", || folder.join("begun").exists()).await;
            said.send_modify(|said| *said = said.iter().chain(meanwhile).cloned().collect());
            fs::write(folder.join("go"), "").unwrap();
        }
    };
    let (answer, ()) = tokio::join!(backend.perform(&world.job, &context), say);
    let mut heard = Vec::new();
    while let Ok(notice) = noticed.try_recv() {
        if let Notice::Heard { upto } = notice {
            heard.push(upto);
        }
    }
    (answer, heard)
}

fn text(answer: &Answer) -> String {
    let handoff = answer.result.as_ref().expect("a handoff");
    serde_json::from_str(handoff.output.as_str()).unwrap()
}

#[tokio::test]
async fn what_was_said_before_is_part_of_the_task() {
    let world = World::new("! tell");
    let before = [message(3, "be brief", false), message(5, "be kind", false)];
    let (answer, heard) = attempt(&world, &backend(""), &before, &[]).await;
    let text = text(&answer);
    assert!(text.contains("\"ada\"") && text.contains("be brief") && text.contains("be kind"));
    assert_eq!(heard, [5]);
    assert_eq!(backend("").takes_messages(), Steering::Step);
}

#[tokio::test]
async fn a_message_is_a_further_turn_of_the_same_session() {
    let usage = json!({ "usage": { "inputTokens": 10, "outputTokens": 5 } });
    let world = World::new(&format!(
        "! say one\n! touch src/gen/begun\n! wait src/gen/go\n! end end_turn {usage}"
    ));
    let said = format!("! say two\n! end end_turn {usage}");
    let meanwhile = [message(7, &said, false)];
    let (answer, heard) = attempt(&world, &backend(""), &[], &meanwhile).await;
    assert_eq!((text(&answer), heard), ("two".to_owned(), vec![7]));
    assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (20, 10), "both turns");
}

#[tokio::test]
async fn a_further_turn_that_fails_costs_no_result() {
    for last in ["! fail -32603 broken", "! die 3", "! end refusal"] {
        let world = World::new("! say one\n! touch src/gen/begun\n! wait src/gen/go");
        let meanwhile = [message(7, last, false)];
        let (answer, heard) = attempt(&world, &backend(""), &[], &meanwhile).await;
        assert_eq!((text(&answer), heard), ("onetouched".to_owned(), vec![7]), "{last}");
    }
}

#[tokio::test]
async fn an_urgent_message_ends_the_turn_first() {
    for last in ["! end cancelled", "! say late"] {
        let world = World::new(&format!("! say one\n! touch src/gen/begun\n! hang\n{last}"));
        let meanwhile = [message(7, "! say stopped", true)];
        let (answer, heard) = attempt(&world, &backend(""), &[], &meanwhile).await;
        assert_eq!((text(&answer), heard), ("stopped".to_owned(), vec![7]));
    }
}

#[tokio::test]
async fn a_schema_holds_for_the_turn_that_follows_a_message() {
    let mut world = World::new("! say nothing\n! touch src/gen/begun\n! wait src/gen/go");
    let schema = json!({ "type": "object", "required": ["ok"] });
    Arc::make_mut(&mut world.job.spec).schema = Some(schema.into());
    let meanwhile = [message(7, "! tell", false)];
    let (answer, _) = attempt(&world, &backend(""), &[], &meanwhile).await;
    let told = answer.result.unwrap().output;
    assert!(told.as_str().contains("```json") && told.as_str().contains("! tell"), "{told:?}");
}

#[tokio::test]
async fn a_session_that_is_taken_up_is_told_only_what_is_new() {
    let mut world = World::new("! tell");
    let store = world.root.path().join("src/gen");
    fs::create_dir_all(&store).unwrap();
    let agent = backend(&format!("--load '{}'", store.display()));
    let (one, two) = (message(3, "be brief", false), message(4, "! tell\nbe kind", false));
    attempt(&world, &agent, std::slice::from_ref(&one), &[]).await;
    world.job.attempt = 2;
    let (answer, heard) = attempt(&world, &agent, &[one, two], &[]).await;
    let text = text(&answer);
    assert!(text.contains("be kind") && !text.contains("be brief"), "{text}");
    assert_eq!(heard, [4]);
}
