//! Attempts that would keep what policy denies meanwhile.

use baton_core::scope::{Authority, PathScope};

use super::*;

/// A backend whose attempts keep the files they were started with, and go on until they are not
/// wanted, but for those that may read nothing of `docs`.
#[derive(Default)]
struct Keeping(Mutex<Vec<u32>>);

fn reads_docs(job: &Job) -> bool {
    let read = job.authority.read.as_ref().unwrap();
    !read.layers.iter().any(|layer| layer.exclude.contains(&"docs/**".to_owned()))
}

impl Backend for Keeping {
    fn name(&self) -> &str {
        "keeping"
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn takes_messages(&self) -> Steering {
        Steering::Step
    }

    fn keeps(&self, job: &Job, less: &Job) -> bool {
        reads_docs(job) != reads_docs(less)
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        self.0.lock().unwrap().push(job.attempt);
        Box::pin(async move {
            let usage = Usage { input_tokens: 1, ..Usage::default() };
            if reads_docs(job) {
                cancelled(context).await;
                return Answer { result: Err(BackendError::Cancelled), usage };
            }
            let output = Json::of(&job.earlier).unwrap();
            Answer { result: Ok(Handoff { output, ..Handoff::default() }), usage }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_would_keep_what_is_denied_now_begins_anew_with_less() {
    let denials = |read: &[&str], tools: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Arc::new(Denials { read: texts(read), tools: texts(tools), ..Denials::default() })
    };
    for once in [false, true] {
        let mut world = world(1);
        world.job.authority =
            Arc::new(Authority { read: Some(PathScope::default()), ..Default::default() });
        let (policy, denied) = watch::channel(denials(&[], &["git/*"]));
        world.context.denied = crate::Denied::new(denied);
        if once {
            world.context.tools = Some(Arc::new(Once));
        }
        let backend = Keeping::default();
        let answer = {
            let work = crate::work(&backend, world.job.clone(), &world.context);
            let deny = async {
                policy.send_replace(denials(&["src/**"], &["git/*"]));
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert_eq!(backend.0.lock().unwrap().len(), 1, "that took nothing it keeps");
                policy.send_replace(denials(&["src/**", "docs/**"], &["git/*"]));
            };
            tokio::join!(work, deny).0
        };
        let words = "policy denies now what it had: read=src/**, read=docs/**";
        if once {
            let Err(BackendError::Permanent(failure)) = answer.result else { panic!("{answer:?}") };
            assert_eq!((failure.kind, &*failure.code), (FailureKind::Refused, "narrowed"));
            assert_eq!((&*failure.message, world.told().1.len()), (words, 0));
            continue;
        }
        let output = answer.result.unwrap().output.value();
        assert_eq!(output, json!([format!("attempt 1: {words} (narrowed)")]));
        assert_eq!((answer.usage.input_tokens, backend.0.into_inner().unwrap()), (2, vec![1, 2]));
        assert_eq!(world.told().1, ["narrowed"]);
    }
}
