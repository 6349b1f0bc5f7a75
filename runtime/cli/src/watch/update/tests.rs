#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_core::gate::{GateAnswer, GateOptions};
use baton_core::handoff::Outcome;
use baton_core::ids::RunId;
use baton_core::record::{Body, Pause};
use baton_journal::rows::State as RunState;
use baton_journal::store::{Address, Control, LetterState};

use crate::live::model::ROOT;
use crate::watch::key::Key;
use crate::watch::state::rows::Node;
use crate::watch::state::{Effect, Mode, Sent, Tone};
use crate::watch::story::{RUN, Story, row};

/// What an order is, without whom it is for.
fn control(effect: Option<Effect>) -> Control {
    match effect {
        Some(Effect::Send { control, run, .. }) => {
            assert_eq!(run.as_str(), RUN);
            control
        }
        other => panic!("{other:?}"),
    }
}

fn told(story: &Story) -> String {
    story.state.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

fn selected(story: &Story) -> String {
    let run = &story.state.runs[0];
    run.selected().map(|task| task.path.to_string()).unwrap_or_else(|| "phase".into())
}

/// F16 of the published failures: a key in a view restarts or kills a run.
#[test]
fn no_key_alone_changes_a_run() {
    let keys: Vec<Key> = (0_u8..128)
        .flat_map(|byte| {
            let c = char::from(byte);
            [Key::Char(c), Key::Ctrl(c)]
        })
        .chain([Key::Paste("ycy\ny".into()), Key::Up, Key::Left, Key::Enter, Key::Esc, Key::Tab])
        .collect();
    for place in 0..8 {
        for key in &keys {
            let mut story = Story::fan_out();
            story.gate("8", GateOptions::default(), None);
            for _ in 0..place {
                story.key(Key::Down);
            }
            let effect = story.key(key.clone());
            assert!(
                matches!(effect, None | Some(Effect::Quit | Effect::Page)),
                "{key:?} at {place}: {effect:?}"
            );
        }
    }
}

#[test]
fn a_pause_is_asked_about() {
    let mut story = Story::fan_out();
    assert_eq!(story.press("p"), None);
    assert_eq!(story.press("x"), None);
    assert!(matches!(story.state.mode, Mode::Confirm(_)), "another key answers nothing");
    assert_eq!(control(story.press("y")), Control::Pause);
    assert_eq!(control(story.press("p!")), Control::PauseNow);
    assert_eq!(story.press("pn"), None);
    assert!(matches!(story.state.mode, Mode::Tree));

    let by = "ada".to_owned();
    story.then(Body::PauseOrdered { by: by.clone(), now: false, lifted: false });
    assert_eq!(control(story.press("py")), Control::Resume);
    story.then(Body::Paused { reason: Pause::Person { by } });
    story.state.runs[0].row.owned = false;
    let Some(Effect::Command { arguments, .. }) = story.press("py") else { panic!() };
    assert_eq!(arguments, ["resume", RUN, "--detach"]);
}

#[test]
fn what_is_selected_is_cancelled() {
    let mut story = Story::fan_out();
    assert_eq!(control(story.press("cy")), Control::Cancel { task: "".parse().unwrap() });
    story.press("↓↓");
    assert_eq!(story.press("c"), None);
    assert!(told(&story).contains("has ended"), "{}", told(&story));
    story.press("↓");
    assert_eq!(story.press("c"), None);
    assert!(told(&story).contains("select a task"), "{}", told(&story));
    story.press("↓↓");
    assert_eq!(control(story.press("cy")), Control::Cancel { task: "3".parse().unwrap() });
}

#[test]
fn an_ended_task_is_retried_and_one_at_work_restarted() {
    let mut story = Story::fan_out();
    story.press("↓↓");
    assert_eq!(selected(&story), "1");
    assert_eq!(story.press("r"), None);
    assert!(told(&story).contains("t does it again"), "{}", told(&story));
    let Some(Effect::Command { arguments, .. }) = story.press("ty") else { panic!() };
    assert_eq!(arguments, ["retry", &format!("{RUN}/1"), "--detach"]);
    story.press("↓↓↓");
    assert_eq!(story.press("t"), None);
    assert!(told(&story).contains("r restarts"), "{}", told(&story));
    let task = "3".parse().unwrap();
    assert_eq!(control(story.press("ry")), Control::Restart { task, note: None });
}

#[test]
fn a_message_goes_where_the_cursor_is() {
    let mut story = Story::fan_out();
    let send = |to, text: &str, urgent| Control::Send { to, text: text.into(), urgent };
    assert_eq!(control(story.press("mhi all\n")), send(Address::Run, "hi all", false));
    story.press("↓↓↓");
    let phase = Address::Phase("Audit".into());
    assert_eq!(control(story.press("m\tquick: y/n?\n")), send(phase, "quick: y/n?", true));
    story.press("↓↓");
    story.press("m");
    story.key(Key::Paste("two\nlines".into()));
    let task = Address::Task("3".parse().unwrap());
    assert_eq!(control(story.press("\n")), send(task, "two\nlines", false));
    // Nothing is nothing, and to leave sends nothing.
    assert_eq!(story.press("m  \n"), None);
    assert!(matches!(story.state.mode, Mode::Message(_)));
    assert_eq!(story.press("no\x1b"), None);
    assert!(matches!(story.state.mode, Mode::Tree));
}

#[test]
fn a_gate_is_answered_from_anywhere() {
    let mut story = Story::fan_out();
    assert_eq!(story.press("a"), None);
    assert!(told(&story).contains("no question"), "{}", told(&story));
    let options = GateOptions {
        choices: vec!["red".into(), "blue".into()],
        schema: Some(serde_json::json!({ "type": "object" }).into()),
        ..GateOptions::default()
    };
    story.gate("8", options, None);
    // It is folded away, and not selected.
    story.press("a");
    assert_eq!(selected(&story), "8");
    assert_eq!(story.press("→\t{\"a\"\n"), None);
    let Mode::Answer(form) = &story.state.mode else { panic!() };
    assert!(form.problem.as_ref().unwrap().contains("no JSON"), "{:?}", form.problem);
    let answer = control(story.press(":1}\tfine\n"));
    let expected = GateAnswer {
        choice: Some("blue".into()),
        data: Some(baton_core::json::Json::parse("{\"a\":1}", 99, 9).unwrap()),
        note: Some("fine".into()),
        ..GateAnswer::approved()
    };
    let task = "8".parse().unwrap();
    // What was typed before the error is kept: `{"a"` and `:1}`.
    assert_eq!(answer, Control::Answer { task, answer: expected });

    let rejected = GateAnswer { note: Some("no".into()), ..GateAnswer::rejected() };
    let task = "8".parse().unwrap();
    assert_eq!(control(story.press("xno\n")), Control::Answer { task, answer: rejected });
    // Somebody else is faster.
    story.press("x");
    story.end("8", Outcome::Done(GateAnswer::approved().handoff("bob", false)));
    assert_eq!(story.press("\n"), None);
    assert!(told(&story).contains("no longer open"), "{}", told(&story));
}

#[test]
fn a_run_that_was_begun_here_is_shown_as_soon_as_nothing_is_written() {
    let mut story = Story::fan_out();
    let other = row("run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG", "retried", RunState::Running, true);
    let watched: RunId = RUN.parse().unwrap();
    let before = [watched.clone()];
    story.state.named(watched, &before);
    assert_eq!(story.state.next, None, "it was watched before");
    story.state.named(other.run.clone(), &before);
    story.press("m");
    story.state.list(vec![other.clone()]);
    story.state.show_next();
    assert_eq!(story.state.at, 0, "the message is for the run that is shown");
    story.press("\x1b");
    story.state.show_next();
    assert_eq!(story.state.run().unwrap().id(), &other.run);
    story.state.at = 0;
    story.state.show_next();
    assert_eq!(story.state.at, 0, "only once");
    // It was listed before the command that began it ended.
    story.state.named(other.run.clone(), &before);
    story.state.show_next();
    assert_eq!(story.state.run().unwrap().id(), &other.run);
}

#[test]
fn the_tree_is_folded_and_the_cursor_stays_in_sight() {
    let mut story = Story::fan_out();
    let lines = |story: &Story| story.state.runs[0].rows.len();
    let all = lines(&story);
    story.press("↓↓↓↓↓↓");
    assert_eq!(selected(&story), "4");
    // The tools of an agent are folded at first.
    story.press("→");
    assert_eq!(lines(&story), all + 1);
    story.press("→");
    assert_eq!(selected(&story), "4/1");
    story.press("←");
    assert_eq!(selected(&story), "4");
    story.press("←");
    assert_eq!(lines(&story), all);
    story.press("←");
    assert_eq!(selected(&story), "phase");
    story.press("←");
    assert_eq!(lines(&story), all - 6);
    story.press("←");
    assert_eq!(selected(&story), "");
    story.key(Key::End);
    assert!(matches!(story.state.runs[0].cursor, Node::ToCome(_)));
    story.key(Key::Home);
    assert_eq!(story.state.runs[0].cursor, Node::Task(ROOT));
    // What is selected and filtered away gives way to what it hangs below.
    story.press(" ");
    assert_eq!(lines(&story), 2);
}

#[test]
fn filters_are_written_kept_and_left() {
    let mut story = Story::fan_out();
    let all = story.state.runs[0].rows.len();
    story.press("/file-3 is:run");
    // Root, phase, task: keys are text here.
    assert_eq!(story.state.runs[0].rows.len(), 3);
    story.press("\x1b");
    assert_eq!(story.state.runs[0].rows.len(), all);
    let mut counts = Vec::new();
    for _ in 0..5 {
        story.press("f");
        counts.push((story.state.runs[0].filter.text.clone(), story.state.runs[0].rows.len()));
    }
    let expected = [("is:open", 8), ("is:failed", 1), ("is:waiting", 1), ("is:done", 5), ("", all)];
    assert_eq!(counts, expected.map(|(text, rows)| (text.to_owned(), rows)));
    story.press("/git\n");
    assert_eq!(story.state.runs[0].rows.len(), 4, "what is folded is found");
    assert_eq!(selected(&story), "4/1");
    // Without the filter it is folded again, and what it hangs below is selected.
    story.press("\x1b");
    assert_eq!(selected(&story), "4");
}

#[test]
fn runs_are_switched_and_stay_as_they_were() {
    let mut story = Story::fan_out();
    let other = row("run_01JQ4ZK6Y3W8M2V5T7R9XBCDE1", "review", RunState::Running, true);
    story.state.list(vec![other]);
    story.press("↓↓↓↓");
    for (keys, at) in [("\t", 1), ("\t", 0), ("2", 1), ("9", 1), ("1", 0)] {
        story.press(keys);
        assert_eq!(story.state.at, at, "{keys}");
    }
    story.key(Key::BackTab);
    assert_eq!(story.state.at, 1);
    story.press("\t");
    assert_eq!(selected(&story), "2");
}

#[test]
fn what_became_of_an_order_is_told() {
    let mut story = Story::fan_out();
    let run: baton_core::ids::RunId = RUN.parse().unwrap();
    let sent = |letter, words: &str| Sent { letter, run: run.clone(), words: words.into() };
    story.state.sent(sent(1, "pause"));
    assert_eq!(told(&story), "pause: sent");
    let state = |obeyed, reply: Option<&str>| {
        Some(LetterState { obeyed, reply: reply.map(ToOwned::to_owned) })
    };
    story.state.became(1, state(false, None));
    assert_eq!(story.state.sent.len(), 1);
    story.state.became(1, state(true, None));
    assert_eq!(told(&story), "pause: obeyed");
    assert!(story.state.sent.is_empty());
    story.state.sent(sent(2, "cancel /3"));
    story.state.became(2, state(true, Some("/3 has ended")));
    assert_eq!(told(&story), "cancel /3: /3 has ended");
    assert_eq!(story.state.notice.as_ref().unwrap().tone, Tone::Bad);
    story.state.runs[0].row.owned = false;
    story.state.sent(sent(3, "pause"));
    assert!(told(&story).contains("nobody owns the run"), "{}", told(&story));
}

#[test]
fn to_leave_is_never_asked_about() {
    for keys in ["q", "\nq", "?\x1bq"] {
        assert_eq!(Story::fan_out().press(keys), Some(Effect::Quit), "{keys:?}");
    }
    for keys in ["", "?", "p", "m", "/", "\n"] {
        let mut story = Story::fan_out();
        story.press(keys);
        assert_eq!(story.key(Key::Ctrl('c')), Some(Effect::Quit), "{keys:?}");
    }
}
