//! Phases, agents and tools at work.

use baton_core::handoff::{Failure, FailureKind, Outcome, Usage};
use baton_core::record::Body;

use super::super::{Counts, lines};
use super::{Story, story};

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
