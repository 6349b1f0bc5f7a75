//! What policy denies while an agent works that was started with it.

use std::fs;
use std::sync::Arc;

use baton_agents::{Denied, NARROWED, Notice};
use baton_core::scope::Denials;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::common::{LONG, context, until};
use crate::world::{World, backend};

#[tokio::test]
async fn an_agent_begins_anew_without_what_is_denied_now() {
    let world = World::new("! touch src/gen/begun\n! wait src/gen/go\n! offered");
    let folder = world.root.path().join("src/gen");
    let (mut context, _cancel, mut noticed) = context();
    let (policy, denied) = watch::channel(Arc::default());
    context.denied = Denied::new(denied);
    let deny = async {
        until("it begins", || folder.join("begun").exists()).await;
        let denials = Denials { write: vec!["src/gen/**".into()], ..Denials::default() };
        policy.send_replace(Arc::new(denials));
        let failed = timeout(LONG, async {
            loop {
                let notice = noticed.recv().await.expect("it is at work");
                if let Notice::AttemptFailed { attempt, failure, .. } = notice {
                    return (attempt, failure);
                }
            }
        });
        let failed = failed.await.expect("its attempt is ended");
        fs::write(folder.join("go"), "").unwrap();
        failed
    };
    let agent = backend("");
    let work = baton_agents::work(&agent, world.job.clone(), &context);
    let (answer, (attempt, failure)) = tokio::join!(work, deny);
    assert_eq!((attempt, &*failure.code), (1, NARROWED));
    assert!(failure.message.contains("write=src/gen/**"), "{failure}");
    let text: String = serde_json::from_str(answer.result.unwrap().output.as_str()).unwrap();
    assert!(text.contains("\"writeTextFile\":false"), "{text}");
}
