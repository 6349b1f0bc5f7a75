//! How an answer ended, what it consumed, and what is left of one that broke.

use baton_core::model::{Api, TokenUsage};
use baton_test_llm::{Fault, Finish, Reply};
use tokio::sync::mpsc;

use super::{ask, request};
use crate::client::{PARTIAL_MAX, broken};
use crate::error::Trouble;
use crate::heard::Heard;
use crate::message::Stop;
use crate::{carrier, tokens};

#[tokio::test]
async fn why_an_answer_ended() {
    for api in Api::ALL {
        for (finish, stop) in [(Finish::Length, Stop::Length), (Finish::Refused, Stop::Refused)] {
            if (api, finish) == (Api::Ollama, Finish::Refused) {
                // It has no word for it.
                continue;
            }
            let (answer, _) = ask(api, Reply::text("half").finish(finish), &request()).await;
            assert_eq!(answer.unwrap().stop, stop, "{api:?}");
        }
    }
}

#[tokio::test]
async fn without_a_report_usage_is_estimated() {
    for api in Api::ALL {
        let text = "word ".repeat(100);
        let (answer, _) = ask(api, Reply::text(text.trim()).without_usage(), &request()).await;
        let answer = answer.unwrap();
        assert!(answer.estimated, "{api:?}");
        assert_eq!(answer.usage.input, tokens::estimate(&request()), "{api:?}");
        assert_eq!(answer.usage.output, tokens::of_text(text.trim()), "{api:?}");
    }
}

#[tokio::test]
async fn what_was_said_before_it_broke_is_evidence() {
    for api in Api::ALL {
        let reply =
            Reply::text("one two three four five six seven eight nine ten").with(Fault::NoEnd);
        let (answer, _) = ask(api, reply, &request()).await;
        let error = answer.unwrap_err();
        assert_eq!((error.trouble, error.code), (Trouble::Retryable, "truncated"), "{api:?}");
        assert!(error.partial.starts_with("one two"), "{api:?} {error:?}");
        assert!(error.usage.is_some_and(|usage| usage.input > 0 && usage.output > 0), "{api:?}");
    }
}

#[test]
fn usage_of_a_broken_answer_is_at_least_what_was_heard() {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let mut heard = Heard::new(sender);
    heard.text = "é".repeat(PARTIAL_MAX);
    let error = || carrier::malformed("x");
    let reported = TokenUsage { input: 7, output: 1, cached: 3, cache_written: 0 };
    let request = request();
    let known = broken(error(), Some(Some(reported)), &request, &heard);
    let usage = known.usage.unwrap();
    assert_eq!((usage.input, usage.cached), (7, 3));
    assert_eq!(usage.output, PARTIAL_MAX as u64);
    assert_eq!(known.partial.len(), PARTIAL_MAX);
    let unknown = broken(error(), Some(None), &request, &heard);
    assert_eq!(unknown.usage.unwrap().input, tokens::estimate(&request));
    assert_eq!(broken(error(), None, &request, &heard).usage, None);
}
