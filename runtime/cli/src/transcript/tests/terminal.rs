//! Transcripts in a terminal.

use baton_core::digest::Digest;
use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;
use baton_journal::memory::MemoryJournal;
use baton_journal::store::{Blob, Journal};

use super::{HOW, RUN, entries, path, shown};
use crate::transcript::reader::Reader;
use crate::transcript::{Content, Entry, What, jsonl, text};

#[tokio::test]
async fn a_conversation_is_readable_in_a_terminal() {
    let entries = entries(Some("1")).await;
    insta::assert_snapshot!(shown(&entries, HOW), @r#"
    ▸ attempt 1
    ● call 1  anthropic:small  1.2k in · 80 out · $0.0015  1.5s
        system     You audit.
        tools      read_file submit
        given      CLAUDE.md 40 B of 40 B
        effort     low
        user       Audit a.md
                   and [31mnothing else
        thinking   Let me see.
        assistant  I read it.
        calls      read_file {"path":"a.md"}
        runs       git/log /1/1 {"n":1}
        ran        git/log /1/1 {"findings":0}
    ● call 2  anthropic:small  ~2.0k in · ~0 out · ~$0.0020  estimated  1.5s
        result     read_file: line 1    x
                   line 2    x
                   line 3    x
                   line 4    x
                   … 16 more lines, shown by --full
        failed     too much to do (overloaded)
        partial    It is
    ↻ attempt 1 failed: it broke (ladder-check)
    ● call 3  anthropic:large  1.3k in · 20 out · $0.0090  step 2  1.5s
        assistant  Fine: ```x```
    ● call 4  anthropic:large  ~2.0k in · ~4.0k out · ~$0.06  estimated
        lost       nobody heard what was said
    ‖ waits: anthropic: quota: it broke (quota)
    ✓ step 2 of 2 passed: anthropic:large, saved $0.0010
    "#);
    assert!(entries.iter().all(|entry| entry.task == path("1")));
    let full = shown(&entries, text::How { lines: None, ..HOW });
    assert!(full.contains("line 20    x"), "{full}");
    assert!(!full.contains("more line"), "{full}");
}

#[tokio::test]
async fn nothing_steers_the_terminal_and_no_line_is_too_long() {
    for columns in [20, 40, 120] {
        for (lines, several) in [(Some(4), false), (Some(1), true)] {
            let how = text::How { lines, columns, several, live: true };
            let text = shown(&entries(None).await, how);
            assert!(!text.contains('\x1b'), "{text}");
            let long = text.lines().find(|line| crate::text::width(line) > columns);
            assert_eq!(long, None);
        }
    }
}

#[tokio::test]
async fn those_who_follow_see_every_step() {
    let how = text::How { lines: Some(1), columns: 90, several: true, live: true };
    insta::assert_snapshot!(shown(&entries(None).await, how), @r#"
    ○ /1 asked: audit by anthropic:small: Audit a.md
    ○ /2 asked: audit by anthropic:small: Audit a.md
    ▸ /1 attempt 1
    ▸ /2 attempt 1
    · /1 call 1 of anthropic:small begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 1  anthropic:small  1.2k in · 80 out · $0.0015  1.5s
        system     You audit.
        tools      read_file submit
        given      CLAUDE.md 40 B of 40 B
        effort     low
        user       Audit a.md
        thinking   Let me see.
        assistant  I read it.
        calls      read_file {"path":"a.md"}
        runs       git/log /1/1 {"n":1}
        ran        git/log /1/1 {"findings":0}
    · /1 call 2 of anthropic:small begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 2  anthropic:small  ~2.0k in · ~0 out · ~$0.0020  estimated  1.5s
        result     read_file: line 1    x
        failed     too much to do (overloaded)
        partial    It is
    ↻ /1 attempt 1 failed: it broke (ladder-check)
    · /1 call 3 of anthropic:large begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 3  anthropic:large  1.3k in · 20 out · $0.0090  step 2  1.5s
        assistant  Fine: ```x```
    · /1 call 4 of anthropic:large begins, up to 2.0k in · 4.0k out · $0.06
    ● /1 call 4  anthropic:large  ~2.0k in · ~4.0k out · ~$0.06  estimated
        lost       nobody heard what was said
    ‖ /1 waits: anthropic: quota: it broke (quota)
        says       /2 info: halfway
    ✓ /1 step 2 of 2 passed: anthropic:large, saved $0.0010
    ✓ /1 ended · audited · 6.5k in · 4.1k out · $0.07
    ✓ /2 ended · audited
    "#);
}

#[tokio::test]
async fn a_content_that_is_gone_is_said_to_be() {
    let journal = MemoryJournal::new();
    let reader = Reader::new(&journal, RUN.parse().unwrap(), None);
    let content = reader.content(&Digest::of(b"nowhere")).await;
    assert!(matches!(&content, Content::Unreadable(_)), "{content:?}");
    let later = Blob::new(br#"{"v":99}"#.to_vec());
    journal.put_blobs(vec![later.clone()]).await.unwrap();
    let content = reader.content(&later.digest).await;
    let what = What::Turned {
        call: 1,
        backend: "p:m".into(),
        usage: Usage::default(),
        estimated: false,
        content,
    };
    let entry = Entry { task: path("1"), at: Timestamp(1), attempt: 1, what };
    assert!(shown(std::slice::from_ref(&entry), HOW).contains("unreadable"));
    let line = jsonl::entry(&RUN.parse().unwrap(), &entry).unwrap();
    assert!(line.contains(r#""error":{"code":"unreadable""#), "{line}");
}
