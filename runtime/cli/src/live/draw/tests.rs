#![allow(clippy::unwrap_used, reason = "tests")]

use baton_agents::backend::Activity;
use baton_core::budget::{Cap, Caps};
use baton_core::digest::Digest;
use baton_core::gate::{GateAnswer, GateOptions};
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Effect, Fork, Outage, Pause, Record, RunStarted, Start, Work};
use baton_core::report::{Level, Report};
use baton_core::scope::Capability;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::{Denial, ToolOptions, ToolSpec};
use baton_engine::live::Said;

use super::*;
use crate::live::model::{Event, Part};

/// A run whose records are made one after the other, 100 ms apart.
struct Story {
    model: Model,
    seq: u64,
    events: Vec<Option<Event>>,
}

impl Story {
    fn new() -> Self {
        let mut model = Model::default();
        model.title = Some(("flow".into(), "run_X".into()));
        Self { model, seq: 0, events: Vec::new() }
    }

    fn then(&mut self, body: Body) {
        self.seq += 1;
        let record = Record { seq: self.seq, at: Timestamp(self.seq * 100), body };
        self.events.push(self.model.apply(&record));
    }

    fn phase(&mut self, title: &str) {
        let report = Report::Phase { title: title.into() };
        let workflow = TaskPath::root();
        self.then(Body::Reported { workflow, digest: Digest::of(b""), fuel: 0, report });
    }

    fn agent(&mut self, path: &str, label: &str, phase: Option<&str>) {
        let options = AgentOptions {
            label: Some(label.into()),
            phase: phase.map(Into::into),
            ..AgentOptions::default()
        };
        let work = Box::new(Work::Agent {
            spec: AgentSpec { prompt: "do".into(), options, ..AgentSpec::default() },
            backend: "component:auditor".into(),
            effect: Effect::Read,
        });
        let task = path.parse().unwrap();
        self.then(Body::Spawned { task, digest: Digest::of(b""), fuel: 0, work });
    }

    fn start(&mut self, path: &str) {
        self.then(Body::Started { tasks: vec![Start { task: path.parse().unwrap(), attempt: 1 }] });
    }

    fn end(&mut self, path: &str, failed: bool) {
        let outcome = if failed {
            Outcome::Failed(Failure::new(FailureKind::Failed, "exit-status", "exit 1"))
        } else {
            Outcome::Done(Handoff::default())
        };
        let usage = Usage { agents: 1, input_tokens: 500, ..Usage::default() };
        self.then(Body::Completed {
            task: path.parse().unwrap(),
            outcome,
            usage,
            reused_from: None,
        });
    }

    fn drawn(&self, columns: usize, rows: usize) -> String {
        let lines = screen(&self.model, Timestamp(self.seq * 100), columns, rows);
        anstream::adapter::strip_str(&lines.join("\n")).to_string()
    }
}

fn story() -> Story {
    let mut story = Story::new();
    story.phase("Survey");
    story.agent("1", "whole tree", None);
    story.start("1");
    story.end("1", false);
    story.phase("Audit");
    for number in 2..=9 {
        story.agent(&number.to_string(), &format!("file-{number}.md"), Some("Audit"));
        story.start(&number.to_string());
    }
    story.end("2", true);
    story
}

#[test]
fn what_agents_told_before_a_fork_is_not_told_again() {
    const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
    let started = serde_json::json!({
        "format": 1, "run": RUN, "program": { "name": "flow", "component": Digest::of(b"x") },
        "input": null, "seed": Digest::of(b"seed"), "scope": {}, "by": "ada",
    });
    let mut started: RunStarted = serde_json::from_value(started).unwrap();
    started.fork = Some(Box::new(Fork {
        run: RUN.parse().unwrap(),
        at: 9,
        records: 3,
        made: Timestamp(1),
        edit: None,
        given: Default::default(),
        asked: Default::default(),
    }));
    let told = |text: &str| {
        let report = Report::Log { level: Level::Warn, text: text.into() };
        Body::AgentReported { task: "1".parse().unwrap(), report }
    };
    let mut story = Story::new();
    story.then(Body::RunStarted(Box::new(started)));
    story.agent("1", "a", None);
    story.then(told("changes are kept in the other run's worktree"));
    story.then(told("changes are kept in ours"));
    assert_eq!(story.events[2], None);
    assert_eq!(story.events[3], Some(Event::Log(Level::Warn, "changes are kept in ours".into())));
}

#[test]
fn phases_and_agents_at_work_are_drawn() {
    insta::assert_snapshot!(story().drawn(80, 24), @r"
    2.2s  2 of 9 agents done · 7 at work · 1 failed · 1.0k tokens
      ✓ Survey                        ████████████████████ 1/1
      ● Audit                         ██░░░░░░░░░░░░░░░░░░ 1/8  7 at work  1 failed
        ● file-3.md                     1.3s    component:auditor
        ● file-4.md                     1.1s    component:auditor
        ● file-5.md                     0.9s    component:auditor
        ● file-6.md                     0.7s    component:auditor
        ● file-7.md                     0.5s    component:auditor
        ● file-8.md                     0.3s    component:auditor
        ● file-9.md                     0.1s    component:auditor
    ");
}

/// D92.
#[test]
fn a_declared_phase_that_was_not_reached_is_shown_as_not_started() {
    let mut story = Story::new();
    for title in ["Survey", "Audit", "Report"] {
        story.model.declare(title);
    }
    story.phase("Audit");
    story.agent("1", "one", None);
    story.agent("2", "two", Some("Extra"));
    insta::assert_snapshot!(story.drawn(80, 24), @r"
    0.3s  0 of 2 agents done · 0 at work
      ○ Survey                        not started
      ○ Audit                         ░░░░░░░░░░░░░░░░░░░░ 0/1
      ○ Report                        not started
      ○ Extra                         ░░░░░░░░░░░░░░░░░░░░ 0/1
    ");
    let shown = |rows| {
        let lines = story.drawn(80, rows);
        let titles = lines.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap());
        titles.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown(8), ["Survey", "Audit", "Extra"]);
    assert_eq!(shown(6), ["Audit", "Extra"]);
    assert_eq!(shown(4), ["Extra"]);
}

#[test]
fn a_small_terminal_shows_what_fits() {
    for rows in [1, 2, 3, 5, 8, 12] {
        for columns in [20, 40, 80] {
            let drawn = story().drawn(columns, rows);
            assert!(
                drawn.lines().count() <= rows.saturating_sub(2).max(1),
                "{rows} rows:\n{drawn}"
            );
            assert!(drawn.lines().all(|line| crate::text::width(line) < columns), "{drawn}");
        }
    }
    assert!(story().drawn(80, 9).contains("and 4 more at work"));
}

#[test]
fn nothing_is_counted_twice() {
    let mut story = story();
    // A second attempt, and the end of a task that is unknown.
    story.start("3");
    story.end("3", false);
    story.end("3", false);
    let counts = Counts { spawned: 9, ended: 3, failed: 1, working: 6 };
    assert_eq!(story.model.total, counts);
    assert_eq!(story.model.usage.tokens(), 1_500);
    assert_eq!(story.model.working.len(), 6);
}

#[test]
fn events_become_clean_lines() {
    let mut story = story();
    story.phase("bad \x1b[2Jtitle\nnext");
    let all: Vec<String> = story.events.iter().flat_map(lines).collect();
    let all = anstream::adapter::strip_str(&all.join("\n")).to_string();
    insta::assert_snapshot!(all, @r"
    ▸ Survey
    ▸ Audit
      ✗ /2 file-2.md: exit 1 (exit-status)
    ▸ bad [2Jtitle next
    ");
    insta::assert_snapshot!(counts(&story.model), @"  2 of 9 agents done, 7 at work, 1 failed, 1.0k tokens");
}

#[test]
fn misses_are_told_one_by_one_up_to_a_number() {
    let mut story = Story::new();
    for number in 1..=25 {
        let task: TaskPath = number.to_string().parse().unwrap();
        story.agent(&number.to_string(), "audit", None);
        if number == 1 {
            let reused_from = Some("run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/9".parse().unwrap());
            let (outcome, usage) = (Outcome::Done(Handoff::default()), Usage::default());
            story.then(Body::Completed { task, outcome, usage, reused_from });
        } else {
            story.then(Body::NotReused { task, reason: baton_core::reuse::Miss::New });
        }
    }
    let text = |event: &Option<Event>| {
        let lines = lines(event).join("");
        anstream::adapter::strip_str(&lines).to_string()
    };
    let told: Vec<String> = story.events.iter().map(text).filter(|line| !line.is_empty()).collect();
    assert_eq!(told.len(), 21);
    assert_eq!(told[0], "  · /2 audit runs: new");
    assert_eq!(told[20], "  · more run: `baton tree` says why each");
    assert!(counts(&story.model).contains("1 reused"), "{}", counts(&story.model));
}

impl Story {
    fn tool(&mut self, path: &str, tool: &str, by_agent: bool) {
        let input = baton_core::json::Json::null();
        let spec = ToolSpec { name: tool.into(), input, options: ToolOptions::default() };
        let (tool, effect) = (tool.to_owned(), Effect::Once);
        let work = Box::new(Work::Tool { spec, tool, authority: Box::default(), effect });
        let task = path.parse().unwrap();
        self.then(if by_agent {
            Body::Called { task, work }
        } else {
            Body::Spawned { task, digest: Digest::of(b""), fuel: 0, work }
        });
    }

    fn denied(&mut self, path: &str) {
        let denial = Denial {
            capability: Capability::Http,
            code: "http-not-granted".into(),
            tried: "GET https://evil.org\n".into(),
            hint: "--grant 'http=GET https://evil.org'".into(),
        };
        self.then(Body::Denied { task: path.parse().unwrap(), denial });
    }
}

#[test]
fn tools_are_shown_while_they_work_and_counted_apart_from_agents() {
    let mut story = Story::new();
    story.agent("1", "reviewer", None);
    story.start("1");
    story.tool("1/1", "git/log", true);
    story.tool("2", "github/comment", false);
    story.start("1/1");
    story.start("2");
    insta::assert_snapshot!(story.drawn(80, 24), @r"
    0.6s  0 of 1 agent done · 3 at work · 0 of 2 tool calls
      ● agents                        ░░░░░░░░░░░░░░░░░░░░ 0/1  1 at work
        ● reviewer                      0.4s    component:auditor   runs git/log
        ● github/comment                0.0s
    ");
    story.denied("2");
    let outcome =
        Outcome::Failed(Failure::new(FailureKind::InDoubt, "host-died", "it had started"));
    let task = "2".parse().unwrap();
    story.then(Body::Completed { task, outcome, usage: Usage::default(), reused_from: None });
    story.end("1/1", false);
    story.start("1/1");
    insta::assert_snapshot!(story.drawn(80, 24), @r"
    1.0s  0 of 1 agent done · 1 at work · 2 of 2 tool calls, 1 failed · 500 tokens
      ● agents                        ░░░░░░░░░░░░░░░░░░░░ 0/1  1 at work
        ● reviewer                      0.8s    component:auditor
    ");
    let all: Vec<String> = story.events.iter().flat_map(lines).collect();
    let all = anstream::adapter::strip_str(&all.join("\n")).to_string();
    insta::assert_snapshot!(all, @r"
    ! /2 github/comment denied: http: GET https://evil.org (http-not-granted); --grant 'http=GET https://evil.org'
    ✗ /2 github/comment: in doubt: it had started (host-died)
    ");
    assert_eq!(story.model.tools, Counts { spawned: 2, ended: 2, failed: 1, working: 0 });
}

#[test]
fn denials_are_told_one_by_one_up_to_a_number() {
    let mut story = Story::new();
    story.tool("1", "http/fetch", false);
    for _ in 0..30 {
        story.denied("1");
    }
    let told: Vec<String> = story.events.iter().flat_map(lines).collect();
    assert_eq!(told.len(), 21);
    assert!(told[20].contains("more denied: `baton journal` tells each"), "{}", told[20]);
}

impl Story {
    fn asked(&mut self, path: &str, call: u32) {
        let (task, provider) = (path.parse().unwrap(), "anthropic".to_owned());
        let reserve = Usage { input_tokens: 5_000, cost_micro_usd: 50_000, ..Usage::default() };
        self.then(Body::Asked { task, call, provider, model: "m".into(), reserve });
    }

    fn turned(&mut self, path: &str, call: u32, estimated: bool) {
        let usage = Usage { input_tokens: 2_000, cost_micro_usd: 20_000, ..Usage::default() };
        let task = path.parse().unwrap();
        self.then(Body::Turned { task, call, content: None, usage, estimated });
    }

    fn deferred(&mut self, path: &str) {
        self.then(Body::Deferred {
            task: path.parse().unwrap(),
            attempt: 1,
            provider: "anthropic".into(),
            outage: Outage::Quota,
            failure: Failure::new(FailureKind::Failed, "quota", "later"),
            usage: Usage::default(),
            until: None,
        });
    }

    fn paused(&mut self, outage: Outage, until: Option<Timestamp>) {
        let (provider, message) = ("anthropic".into(), String::new());
        self.then(Body::Paused { reason: Pause::Provider { provider, outage, until, message } });
    }

    fn told(&self) -> String {
        let all: Vec<String> = self.events.iter().flat_map(lines).collect();
        anstream::adapter::strip_str(&all.join("\n")).to_string()
    }
}

#[test]
fn agents_at_work_show_what_they_do_and_what_they_cost() {
    let mut story = Story::new();
    story.model.caps = Caps {
        run: Cap { cost_micro_usd: Some(5_000_000), ..Cap::default() },
        phases: [("Audit".into(), Cap { tokens: Some(9_000), ..Cap::default() })].into(),
        ..Caps::default()
    };
    story.phase("Audit");
    for number in 1..=5 {
        story.agent(&number.to_string(), &format!("file-{number}.md"), None);
        story.start(&number.to_string());
    }
    story.asked("1", 1);
    story.turned("1", 1, false);
    story.asked("1", 2);
    let after = story.model.last;
    let mut active = |path: &str, activity| {
        story.model.hear(Said { task: path.parse().unwrap(), after, from: 0, activity });
    };
    active("2", Activity::Thinking("because\n".into()));
    active("2", Activity::Thinking(String::new()));
    active("2", Activity::Thinking("of \x1b[31mthis".into()));
    active("3", Activity::Text("x".repeat(500)));
    active("3", Activity::Text(" and the end of a long text".into()));
    active("4", Activity::Tool("read_file README.md".into()));
    active("9", Activity::Waiting);
    insta::assert_snapshot!(story.drawn(120, 24), @r"
    1.4s  0 of 5 agents done · 5 at work · 2.0k tokens · $0.02 of $5.00
      ● Audit                         ░░░░░░░░░░░░░░░░░░░░ 0/5  5 at work  2.0k of 9.0k tokens  $0.02
        ● file-1.md                     1.1s    component:auditor             2.0k tokens · $0.02  asks anthropic, call 2
        ● file-2.md                     0.9s    component:auditor             thinks: because of [31mthis
        ● file-3.md                     0.7s    component:auditor             writes: …xxxxxxxxx and the end of a long text
        ● file-4.md                     0.5s    component:auditor             runs read_file README.md
        ● file-5.md                     0.3s    component:auditor
    ");
    // The second call of the first ends after its agent, and one of the fifth by estimate.
    story.end("1", false);
    story.turned("1", 2, false);
    story.asked("5", 1);
    story.turned("5", 1, true);
    insta::assert_snapshot!(counts(&story.model), @"  1 of 5 agents done, 4 at work, ~6.0k tokens, ~$0.06 of $5.00");
    assert_eq!(story.model.phases[0].usage.cost_micro_usd, 60_000);
}

#[test]
fn words_count_only_between_the_records_around_them() {
    let mut story = Story::new();
    story.agent("1", "audit", None);
    story.start("1");
    story.asked("1", 1);
    let asked = story.model.last;
    let hear = |story: &mut Story, after: u64, from: u64, text: &str| {
        let (task, activity) = ("1".parse().unwrap(), Activity::Text(text.into()));
        story.model.hear(Said { task, after, from, activity });
    };
    hear(&mut story, asked - 1, 0, "of the call before");
    hear(&mut story, asked, 0, "one");
    // Said after a record that is on its way.
    hear(&mut story, asked + 1, 3, ", two");
    hear(&mut story, asked + 1, 8, ", three");
    let does = |story: &Story, words: &str| {
        story.drawn(120, 24).lines().any(|line| line.trim_end().ends_with(words))
    };
    assert!(does(&story, "  writes: one"), "{}", story.drawn(120, 24));
    story.agent("2", "other", None);
    assert!(does(&story, "  writes: one, two, three"), "{}", story.drawn(120, 24));
    let spoken = &story.model.task(&"1".parse().unwrap()).unwrap().speech;
    assert_eq!(
        (&spoken.parts[..], spoken.cut),
        (&[Part::Text("one, two, three".into())][..], false)
    );
    // The call has ended: what it still says comes too late.
    story.turned("1", 1, false);
    hear(&mut story, asked + 1, 15, ", four");
    assert!(!story.drawn(120, 24).contains("writes"));
    assert!(story.model.task(&"1".parse().unwrap()).unwrap().speech.parts.is_empty());
    // Nobody drives the run any more.
    let last = story.model.last;
    hear(&mut story, last, 0, "one");
    assert!(does(&story, "  writes: one"));
    story.model.fall_silent();
    assert!(!story.drawn(120, 24).contains("writes"));
}

#[test]
fn an_outage_is_told_once_and_counted_down() {
    let mut story = Story::new();
    story.model = Model::new(Some(true));
    story.model.title = Some(("flow".into(), "run_X".into()));
    for number in ["1", "2", "3"] {
        story.agent(number, "audit", None);
        story.start(number);
        story.deferred(number);
    }
    assert_eq!((story.model.total.working, story.model.working.len()), (0, 0));
    story.paused(Outage::Quota, None);
    insta::assert_snapshot!(story.told(), @r"
      ‖ /1 audit waits: anthropic: quota
    ‖ paused: anthropic: quota
    ");
    assert!(story.drawn(80, 24).contains("‖ anthropic: quota; asks again soon"));
    story.paused(Outage::Quota, Some(Timestamp(65_000)));
    let drawn = story.drawn(80, 24);
    assert!(drawn.contains("‖ anthropic: quota; asks again at "), "{drawn}");
    assert!(drawn.contains(" (in 1m03s)"), "{drawn}");
    let then = "; it goes on by itself then, Ctrl-C leaves it paused";
    assert!(story.told().ends_with(then), "{}", story.told());
    let (by, caps, engine) = ("baton".into(), Caps::default(), String::new());
    story.then(Body::Resumed { by, epoch: 1, caps, engine });
    assert!(!story.drawn(80, 24).contains("anthropic: quota"), "it goes on");
    // A key needs a person: nobody is told that it goes on by itself.
    story.paused(Outage::Auth, None);
    assert!(story.told().ends_with("‖ paused: anthropic: auth"), "{}", story.told());
}

#[test]
fn an_open_gate_is_shown_with_the_command_that_answers_it() {
    let mut story = Story::new();
    story.phase("Build");
    story.agent("1", "builder", None);
    story.start("1");
    let options = GateOptions {
        choices: vec!["blue".into(), "green\x1b[2J".into()],
        ..GateOptions::default()
    };
    let spec = GateSpec { question: "Deploy to which\x1b]0;x\x07 half?".into(), options };
    let work = Box::new(Work::Gate { spec, due: Some(Timestamp(90_000)) });
    let task: TaskPath = "2".parse().unwrap();
    story.then(Body::Spawned { task: task.clone(), digest: Digest::of(b""), fuel: 0, work });
    insta::assert_snapshot!(story.drawn(80, 24), @r"
    0.4s  0 of 1 agent done · 1 at work · 1 question to answer
      ● Build                         ░░░░░░░░░░░░░░░░░░░░ 0/1  1 at work
        ● builder                       0.1s    component:auditor
        ? /2 within 1m29s: Deploy to which]0;x half?
          baton approve run_X/2 --choice 'blue|green[2J', or baton reject
    ");
    let handoff = GateAnswer::rejected().handoff("ann", false);
    let outcome = Outcome::Done(handoff);
    story.then(Body::Completed { task, outcome, usage: Usage::default(), reused_from: None });
    insta::assert_snapshot!(story.told(), @r"
    ▸ Build
      ? /2 asks: Deploy to which]0;x half?
      ✓ /2 rejected by ann
    ");
    assert!(!story.drawn(80, 24).contains('?'));
}
