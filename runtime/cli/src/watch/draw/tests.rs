#![allow(clippy::unwrap_used, reason = "tests")]

use baton_agents::backend::Activity;
use baton_core::gate::GateOptions;
use baton_core::handoff::{Failure, FailureKind, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Effect, Pause, Work};
use baton_core::report::{Level, Report};
use baton_core::spec::AgentSpec;
use baton_engine::live::Said;
use baton_journal::rows::State as RunState;
use insta::assert_snapshot;
use ratatui::style::{Color, Modifier};

use super::*;
use crate::watch::key::Key;
use crate::watch::story::{BEGAN, Story, row};

#[test]
fn nothing_to_watch() {
    let mut story = Story::new();
    story.state.runs.clear();
    assert_snapshot!(story.screen(80, 6));
}

#[test]
fn a_run_that_has_just_begun() {
    assert_snapshot!(Story::new().screen(80, 24));
}

#[test]
fn a_running_fan_out() {
    let mut story = Story::fan_out();
    story.press("↓↓↓↓↓↓");
    assert_snapshot!("fan_out_80x24", story.screen(80, 24));
    assert_snapshot!("fan_out_200x60", story.screen(200, 60));
    assert_snapshot!("fan_out_48x16", story.screen(48, 16));
    assert_snapshot!("fan_out_30x8", story.screen(30, 8));
}

#[test]
fn a_failure_says_why() {
    let mut story = Story::fan_out();
    story.failed("3");
    story.press("/is:failed\n↓↓");
    assert_snapshot!(story.screen(80, 24));
}

#[test]
fn a_gate_waits_for_an_answer() {
    let mut story = Story::fan_out();
    let options = GateOptions {
        details: Some("12 findings in 4 files.".into()),
        choices: vec!["as issues".into(), "as one report".into()],
        ..GateOptions::default()
    };
    story.gate("8", options, Some(BEGAN.plus_ms(3_600_000)));
    let question = "Publish the findings?".into();
    let task = "8".parse().unwrap();
    story.then(Body::Paused { reason: Pause::Gate { task, question } });
    story.press("a→\t");
    assert_snapshot!("gate_80x24", story.screen(80, 24));
    story.press("looks good");
    assert_snapshot!("gate_120x30", story.screen(120, 30));
}

#[test]
fn a_thousand_tasks_are_scrolled() {
    let mut story = Story::new();
    story.phase("Audit");
    for number in 1..=1_000 {
        story.agent(&number.to_string(), &format!("file-{number}.md"));
    }
    story.screen(80, 24);
    for _ in 0..30 {
        story.key(Key::PageDown);
    }
    assert_snapshot!("thousand_page", story.screen(80, 24));
    story.key(Key::Up);
    story.key(Key::Up);
    assert_snapshot!("thousand_up", story.screen(80, 24));
    story.key(Key::End);
    let end = story.screen(80, 24);
    assert!(end.contains("1000 file-1000.md"), "{end}");
}

#[test]
fn a_filter_shows_what_fits_and_what_it_hangs_below() {
    let mut story = Story::fan_out();
    story.press("/file-5");
    assert_snapshot!("filter_writing", story.screen(80, 24));
    story.press("\n");
    assert_snapshot!("filter_kept", story.screen(80, 24));
}

#[test]
fn the_help_fits_on_a_small_terminal() {
    let mut story = Story::fan_out();
    story.press("?");
    assert_snapshot!("help_80x24", story.screen(80, 24));
    let small = story.screen(40, 17);
    assert!(small.contains("leave; the run"), "{small}");
}

#[test]
fn questions_stand_at_the_bottom() {
    let mut story = Story::fan_out();
    story.press("p");
    assert_snapshot!("confirm_pause", story.screen(80, 10));
    story.press("n↓↓↓↓↓m\tstop looking at tables");
    assert_snapshot!("message", story.screen(80, 10));
}

#[test]
fn several_runs_are_listed() {
    let mut story = Story::fan_out();
    let other = |last: char, name, state, owned| {
        row(&format!("run_01JQ4ZK6Y3W8M2V5T7R9XBCDE{last}"), name, state, owned)
    };
    story.state.list(vec![
        other('1', "review", RunState::Running, false),
        other('2', "release", RunState::Paused, false),
        other('3', "migrate", RunState::Waiting, true),
    ]);
    assert_snapshot!("runs_80x24", story.screen(80, 24));
    story.press("4");
    assert_snapshot!("runs_last", story.screen(80, 12));
}

#[test]
fn the_parts_of_the_details() {
    let mut story = Story::fan_out();
    story.press("↓↓↓↓↓↓");
    let path: TaskPath = "4".parse().unwrap();
    let report = Report::Log { level: Level::Warn, text: "the table\tis wide".into() };
    story.then(Body::AgentReported { task: path.clone(), report });
    for (text, urgent) in [("be brief", false), ("stop\nat line 40", true)] {
        let (sender, task) = ("ada".into(), Some(path.clone()));
        story.then(Body::Messaged { sender, text: text.into(), task, urgent });
    }
    story.then(Body::Heard { task: path, upto: story.state.runs[0].model.last - 1 });
    story.done("4/1");
    let mut parts = Vec::new();
    for _ in 0..6 {
        let screen = story.screen(80, 32);
        parts.push(screen.lines().skip(16).take(13).collect::<Vec<_>>().join("\n"));
        story.press("]");
    }
    story.done("4");
    story.press("[[");
    let screen = story.screen(80, 32);
    parts.push(screen.lines().skip(16).take(13).collect::<Vec<_>>().join("\n"));
    assert_snapshot!(mask_clock(&parts.join("\n")));
}

#[test]
fn what_is_said_now_stands_below_the_transcript() {
    let mut story = Story::fan_out();
    story.press("↓↓↓↓↓]");
    let hear = |story: &mut Story, from: u64, activity: Activity| {
        let model = &mut story.state.runs[0].model;
        let (task, after) = ("3".parse().unwrap(), model.last);
        model.hear(Said { task, after, from, activity });
    };
    hear(&mut story, 0, Activity::Thinking("hm\u{1b}[31m, well".into()));
    hear(&mut story, 13, Activity::Tool("read_file".into()));
    hear(&mut story, 13, Activity::Text("I look at\nthe table".into()));
    let screen = story.screen(80, 40);
    for line in ["● it says now", "    thinking   hm[31m, well", "    runs       read_file"] {
        assert!(screen.lines().any(|shown| shown.trim_end() == line), "{line}\n{screen}");
    }
    assert!(screen.contains("    assistant  I look at\n               the table"), "{screen}");
    assert!(screen.contains("writes: "), "{screen}");
    // Of much the end is shown, in the tree as well.
    let much: String = (0..100).map(|number| format!("\nline {number}")).collect();
    hear(&mut story, 32, Activity::Text(much));
    let screen = story.screen(80, 40);
    assert!(screen.lines().any(|line| line.trim() == "line 99"), "{screen}");
    assert!(screen.contains(" line 99  "), "{screen}");
    story.done("3");
    assert!(!story.screen(80, 40).contains("it says now"));
}

#[test]
fn tools_of_a_coding_agent_are_those_that_it_was_seen_to_use() {
    let mut story = Story::new();
    let spec = AgentSpec { prompt: "Mend it.".into(), ..AgentSpec::default() };
    let (backend, effect) = ("claude".into(), Effect::Repeatable);
    story.spawn("1", Work::Agent { spec, backend, effect });
    story.start("1");
    story.press("↓]]");
    let none = "none was seen: a program tells of its own tools while it works";
    assert!(story.screen(100, 24).contains(none), "{}", story.screen(100, 24));
    for name in ["Read", "Read", "Bash\u{1b}[31m"] {
        let model = &mut story.state.runs[0].model;
        let (task, after) = ("1".parse().unwrap(), model.last);
        model.hear(Said { task, after, from: 0, activity: Activity::Tool(name.into()) });
    }
    let screen = story.screen(100, 24);
    for line in [" Read ×2", " Bash[31m"] {
        assert!(screen.lines().any(|shown| shown.trim_end() == line), "{line}\n{screen}");
    }
    assert!(screen.contains("none of that is on record"), "{screen}");
    // A restart begins anew.
    let (task, by) = ("1".parse().unwrap(), "ada".into());
    story.then(Body::RestartOrdered { task, by, note: None });
    assert!(story.screen(100, 24).contains(none));
    story.press("]");
    assert!(story.screen(100, 24).contains("nobody sees which"));
}

/// Clocks stand in the zone of whoever looks.
fn mask_clock(text: &str) -> String {
    let masked = |line: &str| match line.find(" ada") {
        Some(at) => format!(" TIME{}", &line[at..]),
        None => line.to_owned(),
    };
    text.lines().map(masked).collect::<Vec<_>>().join("\n")
}

/// Guests choose labels, titles, prompts, questions and messages. None of their control characters
/// and marks that reorder text comes to a cell, in any part of the screen.
#[test]
fn text_of_guests_never_steers_the_terminal() {
    let evil = "a\x1b[31mb\x1b]0;t\x07c\rd\u{9b}2Je\u{202e}f\u{200b}g\nh\u{7f}";
    let mut story = Story::new();
    story.phase(evil);
    story.agent("1", evil);
    story.start("1");
    story.tool("1/1", evil);
    let options = GateOptions {
        label: Some(evil.into()),
        details: Some(evil.into()),
        choices: vec![evil.into(), "b".into()],
        ..GateOptions::default()
    };
    story.gate("2", options, None);
    let sender = evil.to_owned();
    let text = evil.to_owned();
    let task = Some("1".parse().unwrap());
    story.then(Body::Messaged { sender, text, task, urgent: false });
    let report = Report::Log { level: Level::Error, text: evil.into() };
    story.then(Body::AgentReported { task: "1".parse().unwrap(), report });
    story.end("1", Outcome::Failed(Failure::new(FailureKind::Failed, evil, evil)));
    let mut seen = 0;
    for keys in ["", "a", "\x1b", "m", "\x1b", "c", "n", "/x", "\x1b", "?", "\x1b"] {
        story.press(keys);
        for _ in 0..5 {
            story.press("↓");
            for _ in 0..6 {
                story.press("]");
                for cell in story.cells(100, 40, Theme { colour: true }).content() {
                    let bad =
                        |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}' | '\u{9b}');
                    assert!(!cell.symbol().chars().any(bad), "{:?}", cell.symbol());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 100_000);
    let page = page(&story.state.runs[0], story.state.now);
    let page = anstream::adapter::strip_str(&page).to_string();
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "{page:?}");
}

/// What a colour says stands there in words and signs as well.
#[test]
fn without_colours_nothing_is_lost() {
    let mut story = Story::fan_out();
    story.failed("3");
    let plain = story.cells(80, 24, Theme { colour: false });
    let painted = story.cells(80, 24, Theme { colour: true });
    let text = |buffer: &Buffer| {
        buffer.content().iter().map(|cell| cell.symbol().to_owned()).collect::<String>()
    };
    assert_eq!(text(&plain), text(&painted));
    assert!(plain.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(painted.content().iter().any(|cell| cell.fg == Color::Red));
    // The selected line is told by a mark, too.
    let reversed = |buffer: &Buffer| {
        buffer.content().iter().any(|cell| cell.modifier.contains(Modifier::REVERSED))
    };
    assert!(reversed(&plain) && text(&plain).contains('►'));
}

#[test]
fn every_size_is_drawn() {
    let mut story = Story::fan_out();
    story.gate("8", GateOptions::default(), None);
    for mode in ["", "?", "xp", "nm", "\x1bc", "na", "\x1b/q", "\x1b\n"] {
        story.press(mode);
        for columns in [1, 2, 5, 10, 20, 35, 36, 59, 60, 79, 80, 119, 120, 300] {
            for rows in [1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 24, 40, 100] {
                story.screen(columns, rows);
            }
        }
    }
}

#[test]
fn what_nobody_drives_is_interrupted() {
    let mut story = Story::fan_out();
    story.state.runs[0].row.owned = false;
    let screen = story.screen(100, 24);
    assert!(screen.contains("interrupted"), "{screen}");
    assert!(!screen.contains('●'), "{screen}");
}

#[test]
fn what_was_spent_is_summed_up_the_tree() {
    let mut story = Story::fan_out();
    let usage = Usage { input_tokens: 700, ..Usage::default() };
    let task = "4/1".parse().unwrap();
    let outcome = Outcome::Done(baton_core::handoff::Handoff::default());
    story.then(Body::Completed { task, outcome, usage, reused_from: None });
    let model = &story.state.runs[0].model;
    let root = model.at(crate::live::model::ROOT).unwrap();
    assert_eq!(root.usage, model.usage);
    // Two agents, and a tool of a third.
    assert_eq!(model.usage.tokens(), 2 * 12_340 + 700);
    assert_eq!(root.groups[1].usage.tokens(), 12_340 + 700);
}
