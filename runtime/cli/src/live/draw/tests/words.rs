//! What agents do and say.

use baton_agents::backend::Activity;
use baton_core::budget::{Cap, Caps};
use baton_engine::live::Said;

use super::super::{Timestamp, counts};
use super::{Story, story};
use crate::live::model::Part;
use crate::live::words::speakers;

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
fn every_agent_that_speaks_has_a_line_with_the_end_of_what_it_says() {
    let mut story = story();
    let after = story.model.last;
    let mut hear = |path: &str, activity: Activity| {
        story.model.hear(Said { task: path.parse().unwrap(), after, from: 0, activity });
    };
    hear("3", Activity::Text("I look at\x1b[31m it".into()));
    hear("4", Activity::Thinking(format!("{} and then the end", "x".repeat(90))));
    hear("5", Activity::Tool("read_file".into()));
    hear("6", Activity::Waiting);
    hear("7", Activity::Text("more".into()));
    let told = |most| {
        let lines = speakers(&story.model, Timestamp(9_000), 60, most);
        anstream::adapter::strip_str(&lines.join("\n")).to_string()
    };
    insta::assert_snapshot!(told(8), @r"
    ● /3 file-3.md  writes: I look at[31m it
    ● /4 file-4.md  thinks: …xxxxxxxxxxxxxxxxx and then the end
    ● /5 file-5.md  runs read_file
    ● /7 file-7.md  writes: more
    ");
    insta::assert_snapshot!(told(2), @r"
    ● /3 file-3.md  writes: I look at[31m it
      and 3 more speak
    ");
    assert_eq!(told(4).lines().count(), 4);
    assert!(told(8).lines().all(|line| crate::text::width(line) < 60));
}
