//! W3C trace context of runs: names that follow from what they name, so that what is passed on before
//! a task starts is the same as what is exported when it has ended.
//!
//! <https://www.w3.org/TR/trace-context/>

use crate::digest::Digest;
use crate::ids::{RunId, TaskPath};

/// Trace id of a run, 32 hexadecimal digits: that of the context it was started in, or its own.
#[must_use]
pub fn trace_id(run: &RunId, started_in: Option<&str>) -> String {
    match started_in.and_then(parse) {
        Some((trace, _)) => trace.to_owned(),
        None => first(&["baton trace", &run.to_string()], 32),
    }
}

/// Span id of a task of a run, or of one attempt at it: 16 hexadecimal digits.
#[must_use]
pub fn span_id(run: &RunId, task: &TaskPath, attempt: Option<u32>) -> String {
    let attempt = attempt.map(|attempt| attempt.to_string()).unwrap_or_default();
    first(&["baton span", &run.to_string(), &task.to_string(), &attempt], 16)
}

/// The header `traceparent` for whatever an attempt starts or asks.
#[must_use]
pub fn traceparent(run: &RunId, started_in: Option<&str>, task: &TaskPath, attempt: u32) -> String {
    let flags = started_in.filter(|text| parse(text).is_some()).and_then(|text| text.get(53..55));
    let (trace, span) = (trace_id(run, started_in), span_id(run, task, Some(attempt)));
    format!("00-{trace}-{span}-{}", flags.unwrap_or("01"))
}

/// Trace id and parent id of a header, if it is one of version 00.
#[must_use]
pub fn parse(header: &str) -> Option<(&str, &str)> {
    let mut parts = header.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    };
    let fits = version == "00" && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    (fits && parts.next().is_none() && !zero(trace) && !zero(span)).then_some((trace, span))
}

fn first(parts: &[&str], digits: usize) -> String {
    let mut hex = Digest::of(parts.join("\n").as_bytes()).hex();
    hex.truncate(digits);
    hex
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    #[test]
    fn ids_follow_from_what_they_name() {
        let run: RunId = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF".parse().unwrap();
        let task: TaskPath = "3/1".parse().unwrap();
        let own = traceparent(&run, None, &task, 1);
        assert_eq!(own, traceparent(&run, None, &task, 1));
        assert_eq!(parse(&own).unwrap().0, trace_id(&run, None));
        assert_ne!(own, traceparent(&run, None, &task, 2));
        assert!(own.ends_with("-01"));
        let inherited = traceparent(&run, Some(GIVEN), &task, 1);
        assert!(inherited.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert!(inherited.ends_with("-00"), "who does not record is not made to");
    }

    #[test]
    fn a_header_that_is_none_is_ignored() {
        assert!(parse(GIVEN).is_some());
        let zero = GIVEN.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32));
        let capital = GIVEN.replace('f', "F");
        let long = format!("{GIVEN}-00");
        for text in ["", "00", "01-a-b-c", &GIVEN[..54], &zero, &capital, &long, "00-é-0-0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
