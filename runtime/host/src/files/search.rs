//! Searching files line by line.

use std::time::{Duration, Instant};

use baton_core::files::{FileAnswer, FileError, Match, Selection};
use regex::{Regex, RegexBuilder};

use super::ScopedFiles;
use super::error::{Result, invalid_query, passed_over};
use super::query::Query;
use super::read::bytes;
use super::walk::{Flow, Found, walk};

/// Bytes of a compiled expression. The time of a search grows with it, so it is far below what
/// memory would allow.
const EXPRESSION_BYTES_MAX: usize = 1 << 20;

/// Bytes of a line that are searched. A line is searched in one go, which nothing can interrupt.
pub(super) const LINE_BYTES_MAX: usize = 256 << 10;

/// Time one search may spend on matching. Linear time still means hours for an expression of
/// thousands of states; a search that is cut so is an error, so that nobody takes a partial
/// answer, which would depend on the machine, for a whole one.
const MATCHING_TIME_MAX: Duration = Duration::from_secs(20);

impl ScopedFiles {
    pub(super) fn search(&self, pattern: &str, selection: &Selection) -> Result<FileAnswer> {
        let mut query = Query::new(self, selection)?;
        query.options.directories = false;
        let expression = expression(pattern, self.limits.pattern_bytes)?;
        let limit = query.limit(self.limits.matches);
        let text_bytes = usize::try_from(self.limits.match_bytes).unwrap_or(usize::MAX);
        let mut matches = Matches::new(limit, text_bytes, MATCHING_TIME_MAX);
        let mut left = self.limits.searched_bytes;
        let mut exhausted = false;
        let cut = walk(&query, &mut |path, found| {
            let Found::File(located) = found else {
                return Ok(Flow::Go);
            };
            let size = located.metadata.len();
            if size > self.limits.read_bytes {
                return Ok(Flow::Go);
            }
            if size > left {
                exhausted = true;
                return Ok(Flow::Stop);
            }
            let content = match bytes(&located, path, self.limits.read_bytes.min(left)) {
                // Replaced since it was looked at: look again.
                Err(error) if error.code == "changed" => self.content(path),
                done => done,
            };
            let content = match content {
                Ok(content) => content,
                Err(error) if passed_over(&error) => return Ok(Flow::Go),
                Err(error) => return Err(error),
            };
            left = left.saturating_sub(content.len() as u64);
            match str::from_utf8(&content) {
                Ok(text) => matches.search(path, text, &expression),
                Err(_) => Ok(Flow::Go),
            }
        })?;
        Ok(FileAnswer::Matches {
            matches: matches.found,
            truncated: cut || exhausted || matches.more,
        })
    }
}

/// What a search has found so far.
pub(super) struct Matches {
    found: Vec<Match>,
    limit: usize,
    text_bytes: usize,
    time_left: Duration,
    more: bool,
}

impl Matches {
    pub(super) fn new(limit: usize, text_bytes: usize, time_left: Duration) -> Self {
        Self { found: Vec::new(), limit, text_bytes, time_left, more: false }
    }

    /// Adds the matching lines of a file.
    pub(super) fn search(&mut self, path: &str, text: &str, expression: &Regex) -> Result<Flow> {
        let begin = Instant::now();
        for (index, line) in text.lines().enumerate() {
            if begin.elapsed() >= self.time_left {
                return Err(too_slow());
            }
            let Some(at) = expression.find(up_to(line, LINE_BYTES_MAX)) else {
                continue;
            };
            if self.found.len() == self.limit {
                self.more = true;
                return Ok(Flow::Stop);
            }
            self.found.push(Match {
                path: path.into(),
                line: u32::try_from(index + 1).unwrap_or(u32::MAX),
                column: u32::try_from(at.start()).unwrap_or(u32::MAX),
                text: up_to(line, self.text_bytes).into(),
            });
        }
        self.time_left = self.time_left.saturating_sub(begin.elapsed());
        Ok(Flow::Go)
    }
}

/// The beginning of a text, cut between characters.
fn up_to(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

fn too_slow() -> FileError {
    let seconds = MATCHING_TIME_MAX.as_secs();
    let message = format!(
        "the search took more than {seconds} seconds; \
         a simpler expression or a narrower selection is needed"
    );
    invalid_query("search-too-slow", message)
}

fn expression(pattern: &str, limit: u64) -> Result<Regex> {
    let size = pattern.len() as u64;
    if size > limit {
        let message = format!("the expression has {size} bytes, the limit is {limit}");
        return Err(invalid_query("expression-too-long", message));
    }
    RegexBuilder::new(pattern).size_limit(EXPRESSION_BYTES_MAX).build().map_err(|error| match error
    {
        regex::Error::CompiledTooBig(_) => {
            let message = "the compiled expression is larger than the limit";
            invalid_query("expression-too-large", message)
        }
        other => {
            // The last line of a syntax error says what is wrong; those before it draw where.
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            let message = format!("the expression is malformed: {reason}");
            invalid_query("bad-expression", message)
        }
    })
}
