//! Outside of a component, requests are answered by the test that is running.

use std::cell::RefCell;
use std::rc::Rc;

use super::url::Url;
use super::{Error, ErrorKind, Request, Response};
use crate::testing::HttpAnswer;

type Answer = Rc<dyn Fn(&Request) -> HttpAnswer>;

thread_local! {
    static ANSWERS: RefCell<Vec<Answer>> = const { RefCell::new(Vec::new()) };
}

/// Takes the answer away when the test ends, whichever way.
struct Until;

impl Drop for Until {
    fn drop(&mut self) {
        ANSWERS.with_borrow_mut(Vec::pop);
    }
}

pub(crate) fn with<T>(answer: Answer, body: impl FnOnce() -> T) -> T {
    ANSWERS.with_borrow_mut(|answers| answers.push(answer));
    let _until = Until;
    body()
}

pub(super) fn send(request: &Request, url: &Url) -> Result<Response, Error> {
    let Some(answer) = ANSWERS.with_borrow(|answers| answers.last().map(Rc::clone)) else {
        let message = format!("`{url}` is not granted: the test answers no requests");
        return Err(Error::new(ErrorKind::Denied, "denied", message));
    };
    match answer(request) {
        HttpAnswer::Response { body, .. } if body.len() > request.limit => {
            Err(Error::new(ErrorKind::TooLarge, "response-body", request.too_large()))
        }
        HttpAnswer::Response { status, headers, body } => {
            let headers =
                headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
            Ok(Response { status, headers: headers.collect(), body, url: String::new() })
        }
        HttpAnswer::Error(error) => Err(error),
    }
}
