//! Messages to agents with sessions: they are told them in a further turn.

use super::*;
use crate::sessions::Session;

/// A backend with sessions: its first turn ends after a second, each further one after `further`, and
/// with `fails` every turn but the very first without a result.
struct Turns {
    further: Duration,
    fails: Option<BackendError>,
    /// The number of each turn, the time it had, and the messages it was told.
    told: Mutex<Vec<(u32, u64, usize)>>,
}

impl Backend for Turns {
    fn name(&self) -> &str {
        "turns"
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn takes_messages(&self) -> Steering {
        Steering::Turn
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        let turn = context.turn;
        self.told.lock().unwrap().push((turn, job.timeout_ms, context.inbox.all().len()));
        let time = if turn == 0 { Duration::from_secs(1) } else { self.further };
        Box::pin(async move {
            let usage = Usage { input_tokens: 1, ..Usage::default() };
            tokio::select! {
                why = crate::stop::stop(job, context) => Answer { result: Err(why.error(job)), usage },
                () = tokio::time::sleep(time) => {
                    if let Some(error) = self.fails.as_ref().filter(|_| turn > 0 || job.attempt > 1) {
                        return Answer { result: Err(error.clone()), usage };
                    }
                    let session = Session { id: "s1".into(), ..Session::default() };
                    context.sessions.put(job.rung, session);
                    let output = match job.attempt {
                        1 => format!("answer {turn}"),
                        attempt => format!("answer {turn} of attempt {attempt}"),
                    };
                    let output = Json::of(&output).unwrap();
                    Answer { result: Ok(Handoff { output, ..Handoff::default() }), usage }
                }
            }
        })
    }
}

/// What became of a task with five seconds, to which people said something after half a second.
async fn turns(further: Duration, message: Message) -> (Answer, Vec<(u32, u64, usize)>, World) {
    fails(further, message, None).await
}

async fn fails(
    further: Duration,
    message: Message,
    fails: Option<BackendError>,
) -> (Answer, Vec<(u32, u64, usize)>, World) {
    let mut world = world(1);
    world.job.timeout_ms = 5_000;
    let backend = Turns { further, fails, told: Mutex::default() };
    let answer = {
        let work = crate::work(&backend, world.job.clone(), &world.context);
        let say = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            world.say(message);
        };
        tokio::join!(work, say).0
    };
    let told = backend.told.into_inner().unwrap();
    (answer, told, world)
}

#[tokio::test(start_paused = true)]
async fn what_was_not_said_before_a_result_is_said_in_a_further_turn() {
    let (answer, told, mut world) =
        turns(Duration::from_secs(1), message(3, "be brief", false)).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"answer 1\"");
    assert_eq!(answer.usage.input_tokens, 2, "of both turns");
    assert_eq!(told, [(0, 5_000, 0), (1, 4_000, 1)], "it has what is left of the time");
    assert_eq!(world.told(), (vec![3], Vec::new()), "no attempt failed");
}

#[tokio::test(start_paused = true)]
async fn a_further_turn_that_has_no_time_left_costs_no_result() {
    let (answer, told, mut world) =
        turns(Duration::from_secs(9), message(3, "be brief", false)).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"answer 0\"");
    assert_eq!((answer.usage.input_tokens, told.len()), (2, 2));
    assert_eq!(world.told(), (vec![3], Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_further_turn_that_fails_costs_no_result() {
    let failure = || Failure::new(FailureKind::Failed, "exit-status", "it exited with status 7");
    let retryable = BackendError::Retryable { failure: failure(), after_ms: None };
    for error in [BackendError::Permanent(failure()), retryable] {
        let said = message(3, "be brief", false);
        let (answer, told, mut world) = fails(Duration::from_secs(1), said, Some(error)).await;
        assert_eq!(answer.result.unwrap().output.as_str(), "\"answer 0\"");
        assert_eq!((answer.usage.input_tokens, told.len()), (2, 2));
        let mut logs = Vec::new();
        while let Ok(notice) = world.noticed.try_recv() {
            if let Notice::Report(Report::Log { text, .. }) = notice {
                logs.push(text);
            }
        }
        let words = "the further turn for what people said failed (it exited with status 7): the \
                     result before it counts";
        assert_eq!(logs, [words]);
    }
    let outage = baton_core::record::Outage::Quota;
    let error = BackendError::Unavailable { outage, failure: failure(), after_ms: None };
    let said = message(3, "be brief", false);
    let (answer, ..) = fails(Duration::from_secs(1), said, Some(error.clone())).await;
    assert_eq!(answer.result.unwrap_err(), error, "it is put off, and hears it then");
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_ends_the_turn_and_begins_an_attempt() {
    let (answer, told, mut world) = turns(Duration::from_secs(1), message(3, "stop", true)).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"answer 0 of attempt 2\"");
    assert_eq!(told, [(0, 5_000, 0), (0, 5_000, 1)]);
    assert_eq!(world.told(), (vec![3], vec!["interrupted".into()]));
}

#[tokio::test(start_paused = true)]
async fn an_urgent_message_in_a_further_turn_costs_no_result() {
    let failure = || Failure::new(FailureKind::Failed, "exit-status", "it exited with status 7");
    for (error, answer) in [
        (Some(BackendError::Permanent(failure())), "\"answer 0\""),
        // The result of the attempt that follows counts more.
        (None, "\"answer 0 of attempt 2\""),
    ] {
        let mut world = world(1);
        world.job.timeout_ms = 9_000;
        let backend =
            Turns { further: Duration::from_secs(2), fails: error, told: Mutex::default() };
        let done = {
            let work = crate::work(&backend, world.job.clone(), &world.context);
            let say = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                world.say(message(3, "be brief", false));
                tokio::time::sleep(Duration::from_secs(1)).await;
                world.say(message(4, "stop", true));
            };
            tokio::join!(work, say).0
        };
        let told = backend.told.into_inner().unwrap();
        assert_eq!(told, [(0, 9_000, 0), (1, 8_000, 1), (0, 9_000, 2)]);
        assert_eq!(done.result.unwrap().output.as_str(), answer);
        assert_eq!(done.usage.input_tokens, 3, "of all turns");
        assert_eq!(world.told(), (vec![3, 4], vec!["interrupted".into()]));
    }
}
