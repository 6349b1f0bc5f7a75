//! Asking whether web pages are there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use baton_guest::http::{Error, ErrorKind, Request};

use crate::check::LinkStatus;

/// Redirects that are followed.
const REDIRECTS: u32 = 5;
/// How much of a page is read to know that it is there.
const PAGE_BYTES_MAX: usize = 256 << 10;

/// What is known of web pages.
pub struct Web {
    timeout: Duration,
    /// Pages that may still be asked for.
    left: usize,
    /// Answers by URL without its fragment.
    known: BTreeMap<String, (LinkStatus, String)>,
    /// Beginnings of URLs to which nothing may be sent.
    refused: BTreeSet<String>,
}

impl Web {
    /// Asks for at most `pages`, each for at most so long.
    pub fn new(pages: usize, timeout: Duration) -> Self {
        Self { timeout, left: pages, known: BTreeMap::new(), refused: BTreeSet::new() }
    }

    /// Whether a page is there. Each page is asked for once; a host that was refused, never again.
    pub fn check(&mut self, url: &str) -> (LinkStatus, String) {
        let page = url.split('#').next().unwrap_or_default();
        if let Some(known) = self.known.get(page) {
            return known.clone();
        }
        let origin = origin(page);
        if self.refused.contains(&origin) {
            return refused();
        }
        if self.left == 0 {
            return (LinkStatus::Skipped, "more pages than are asked for in one call".into());
        }
        self.left -= 1;
        let answer = match self.ask("HEAD", page) {
            Err(error) if error.kind == ErrorKind::Denied => {
                self.refused.insert(origin);
                refused()
            }
            Ok(status) if is_there(status) => (LinkStatus::Ok, String::new()),
            // Some servers answer only to what a browser sends.
            _ => judged(self.ask("GET", page)),
        };
        self.known.insert(page.to_owned(), answer.clone());
        answer
    }

    fn ask(&self, method: &str, page: &str) -> Result<u16, Error> {
        let response = Request::new(method, page)
            .header("user-agent", "baton")
            .header("accept", "text/html,*/*;q=0.8")
            .follow_redirects(REDIRECTS)
            .timeout(self.timeout)
            .limit(PAGE_BYTES_MAX)
            .send();
        match response {
            Ok(response) => Ok(response.status),
            // What is too large to be read is there.
            Err(error) if error.kind == ErrorKind::TooLarge => Ok(200),
            Err(error) => Err(error),
        }
    }
}

fn judged(answer: Result<u16, Error>) -> (LinkStatus, String) {
    match answer {
        Ok(status) if is_there(status) => (LinkStatus::Ok, String::new()),
        Ok(status @ (404 | 410)) => (LinkStatus::Broken, format!("status {status}")),
        // Whoever asks is not welcome, or the server is not well: that says nothing of the page.
        Ok(status) => (LinkStatus::Unreachable, format!("status {status}")),
        Err(error) => match error.kind {
            ErrorKind::Denied => refused(),
            ErrorKind::Request | ErrorKind::Redirect => (LinkStatus::Broken, error.message),
            _ => (LinkStatus::Unreachable, error.message),
        },
    }
}

fn refused() -> (LinkStatus, String) {
    (LinkStatus::Refused, "requests to this host were not granted".into())
}

fn is_there(status: u16) -> bool {
    (200..400).contains(&status)
}

/// Scheme, host and port.
fn origin(url: &str) -> String {
    let end = url.find("://").map_or(0, |at| at + 3);
    let length = url.get(end..).and_then(|rest| rest.find(['/', '?'])).unwrap_or(url.len() - end);
    url.get(..end + length).unwrap_or_default().to_ascii_lowercase()
}
