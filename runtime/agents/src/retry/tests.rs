#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::*;

fn retryable(after_ms: Option<u64>) -> Miss {
    Miss::Error(BackendError::Retryable { failure: failure(), after_ms })
}

fn outage(outage: Outage, after_ms: Option<u64>) -> BackendError {
    BackendError::Unavailable { outage, failure: failure(), after_ms }
}

fn failure() -> Failure {
    Failure::new(FailureKind::Failed, "busy", "busy")
}

fn tries(schema_attempts: Option<u32>) -> Tries {
    Tries::new(&AgentOptions { schema_attempts, ..AgentOptions::default() })
}

fn wait_ms(next: Next) -> u64 {
    match next {
        Next::Again { wait, .. } => u64::try_from(wait.as_millis()).unwrap(),
        Next::End(error) => panic!("the end: {error:?}"),
    }
}

#[test]
fn waits_double_and_have_a_random_half() {
    for (jitter, first, second) in
        [(0, 250, 500), (100, 350, 600), (250, 500, 750), (500, 499, 1_000)]
    {
        let mut tries = tries(None);
        assert_eq!(wait_ms(tries.after(retryable(None), jitter)), first, "{jitter}");
        assert_eq!(wait_ms(tries.after(retryable(None), jitter)), second, "{jitter}");
        assert_eq!(
            tries.after(retryable(None), jitter),
            Next::End(BackendError::Permanent(failure())),
            "the third such error is the last"
        );
    }
}

#[test]
fn a_wait_is_never_shorter_than_asked_for() {
    for (after_ms, waits) in
        [(0, 250), (249, 250), (5_000, 5_000), (RETRY_WAIT_MS_MAX, RETRY_WAIT_MS_MAX)]
    {
        assert_eq!(wait_ms(tries(None).after(retryable(Some(after_ms)), 0)), waits);
    }
    let too_long = tries(None).after(retryable(Some(RETRY_WAIT_MS_MAX + 1)), 0);
    assert_eq!(too_long, Next::End(BackendError::Permanent(failure())));
}

#[test]
fn outputs_are_tried_as_often_as_the_task_says() {
    for (asked, attempts) in [(None, 3), (Some(0), 1), (Some(1), 1), (Some(5), 5), (Some(99), 5)] {
        let mut tries = tries(asked);
        let mut made = 1;
        let end = loop {
            match tries.after(Miss::Output(vec!["at /: no".into()]), 0) {
                Next::Again { corrections, wait, .. } => {
                    assert_eq!(corrections, Some(vec!["at /: no".into()]));
                    assert_eq!(wait, Duration::ZERO);
                    made += 1;
                }
                Next::End(error) => break error,
            }
        };
        assert_eq!(made, attempts, "{asked:?}");
        let BackendError::Permanent(failure) = end else { panic!("{end:?}") };
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::InvalidOutput, "schema"));
        assert_eq!(failure.detail.value()["errors"][0], "at /: no");
    }
}

#[test]
fn errors_and_outputs_are_counted_apart() {
    let mut tries = tries(Some(2));
    for miss in [retryable(None), Miss::Output(vec![]), retryable(None)] {
        assert!(matches!(tries.after(miss, 0), Next::Again { .. }));
    }
    assert!(matches!(tries.after(Miss::Output(vec![]), 0), Next::End(_)));
}

#[test]
fn other_errors_end_at_once() {
    for error in [
        BackendError::Permanent(failure()),
        outage(Outage::Quota, Some(1)),
        outage(Outage::Auth, None),
        outage(Outage::Billing, None),
        BackendError::Cancelled,
    ] {
        assert_eq!(tries(None).after(Miss::Error(error.clone()), 0), Next::End(error));
    }
}

#[test]
fn what_is_mostly_over_in_moments_is_tried_again_and_stays_an_outage() {
    for kind in [Outage::Overload, Outage::Unreachable] {
        let mut tries = tries(None);
        let miss = || Miss::Error(outage(kind, Some(700)));
        assert_eq!(wait_ms(tries.after(miss(), 0)), 700);
        assert_eq!(wait_ms(tries.after(miss(), 0)), 700);
        assert_eq!(tries.after(miss(), 0), Next::End(outage(kind, Some(700))));
        let far = outage(kind, Some(RETRY_WAIT_MS_MAX + 1));
        assert_eq!(self::tries(None).after(Miss::Error(far.clone()), 0), Next::End(far));
    }
}

#[test]
fn errors_from_before_an_answer_do_not_count() {
    let mut tries = tries(Some(1));
    for _ in 0..10 {
        assert_eq!(wait_ms(tries.after(retryable(None), 0)), 250);
        assert_eq!(wait_ms(tries.after(retryable(None), 0)), 500);
        tries.renew();
    }
    assert!(matches!(tries.after(Miss::Output(vec![]), 0), Next::End(_)), "refused outputs do");
}

#[test]
fn silence_is_followed_by_one_attempt_unless_there_was_an_answer() {
    let silent = || {
        let failure = Failure::new(FailureKind::TimedOut, "stall", "no sign of life");
        Miss::Error(BackendError::Retryable { failure, after_ms: None })
    };
    let mut tries = tries(None);
    for _ in 0..10 {
        assert_eq!(wait_ms(tries.after(silent(), 0)), 250);
        tries.renew();
    }
    assert_eq!(wait_ms(tries.after(silent(), 0)), 250);
    let Next::End(BackendError::Permanent(failure)) = tries.after(silent(), 0) else {
        panic!("a third attempt")
    };
    assert_eq!(failure.code, "stall");
}
