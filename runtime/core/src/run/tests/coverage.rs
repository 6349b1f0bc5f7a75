//! What a generator produced: a suite in which something never happened has proved nothing of it.

use std::collections::BTreeSet;

use super::super::{Recovery, Requests};
use crate::record::{Body, Pause};

/// Names of what happened.
#[derive(Default)]
pub struct Coverage {
    met: BTreeSet<String>,
    /// What guests asked for while they repeated their records, if somebody wants to know.
    pub requests: Option<Requests>,
}

impl Coverage {
    /// That also notes what guests ask for.
    pub fn noting(requests: Requests) -> Self {
        Self { requests: Some(requests), ..Self::default() }
    }

    pub fn mark(&mut self, name: impl Into<String>) {
        self.met.insert(name.into());
    }

    pub fn body(&mut self, body: &Body) {
        let kind = serde_json::to_value(body).unwrap();
        let kind = kind.as_object().unwrap().keys().next().unwrap().clone();
        self.mark(format!("record {kind}"));
        match body {
            Body::Refused { refusal, .. } => self.mark(format!("refusal {:?}", refusal.kind)),
            Body::Completed { reused_from: Some(_), .. } => self.mark("reused"),
            Body::Spawned { work, .. } => self.mark(format!("work {}", work.kind())),
            Body::Paused { reason } => self.mark(match reason {
                Pause::Cap { .. } => "pause cap",
                Pause::Person { .. } => "pause person",
                Pause::Provider { .. } => "pause provider",
                Pause::Interrupted => "pause interrupted",
                Pause::Gate { .. } => "pause gate",
                Pause::Message => "pause message",
            }),
            Body::Reported { report, .. } => {
                let report = serde_json::to_value(report).unwrap();
                let kind = report.as_object().unwrap().keys().next().unwrap().clone();
                self.mark(format!("report {kind}"));
            }
            _ => {}
        }
    }

    pub fn recovery(&mut self, recovery: Recovery) {
        self.mark(format!("recovery {recovery:?}"));
    }

    pub fn merge(&mut self, other: Self) {
        self.met.extend(other.met);
    }

    pub fn missing(&self, expected: &[&str]) -> Vec<String> {
        expected.iter().filter(|name| !self.met.contains(**name)).map(ToString::to_string).collect()
    }
}

/// Everything the properties must have met.
pub const EXPECTED: &[&str] = &[
    "record run-started",
    "record spawned",
    "record refused",
    "record cancel-requested",
    "record observed",
    "record reported",
    "record agent-reported",
    "record started",
    "record process",
    "record attempt-failed",
    "record asked",
    "record turned",
    "record deferred",
    "record passed",
    "record agent-read",
    "record snapshot",
    "record not-reused",
    "record completed",
    "reused",
    "record cancel-ordered",
    "record messaged",
    "record heard",
    "record listening",
    "record pause-ordered",
    "record restart-ordered",
    "record paused",
    "record resumed",
    "record finished",
    "refusal Invalid",
    "refusal Denied",
    "refusal Limit",
    "refusal Budget",
    "refusal NotFound",
    "work agent",
    "work workflow",
    "work timer",
    "work gate",
    "pause cap",
    "pause person",
    "pause interrupted",
    "pause provider",
    "recovery Start",
    "recovery Repeat",
    "recovery Timer",
    "recovery Rebuild",
    "delivery done",
    "delivery failed",
    "delivery cancelled",
    "delivery message",
    "wait NothingToWaitFor",
    "wait UnknownTask",
    "wait list",
    "wait any",
    "report phase",
    "report log",
    "report progress",
    "report artifact",
    "evicted",
    "run cancelled",
    "cancel carried out by recovery",
    "call charged by recovery",
    "call told after the end",
];
