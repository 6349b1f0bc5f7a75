//! What the screen says, and what an answer is.

use std::path::Path;

use baton_core::budget::{Cap, Caps};
use baton_core::record::BackendChoice;

use super::{bundle, shown, with_tools};
use crate::consent::{Answer, Choices, Said, said};

#[test]
fn the_screen_says_what_is_granted_and_what_is_not() {
    let text = shown(&bundle(BackendChoice::default()), None, Caps::default());
    insta::assert_snapshot!(text, @r"
    flow program sha256:abd71c048956 · built in
      Audits[31m things.

    It asks for, and gets
      + spawn agents, at most 1000, 16 at once
      + run these workflows: review

    It asks for, and does not get
      - read **/*.md: no directory was granted; --root DIR grants one

    Agent tasks are performed by
      · auditor: component:auditor (sandboxed)
      · judge: no backend: name one with --agent

    Held to
      · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    ");

    let by_type = [("judge".to_owned(), "command:./judge.sh".to_owned())].into();
    let chosen = bundle(BackendChoice { all: None, by_type, default: None });
    let run = Cap { agents: Some(50), cost_micro_usd: Some(5_000_000), ..Cap::default() };
    let caps = Caps::of_run(run);
    insta::assert_snapshot!(shown(&chosen, Some(Path::new("/docs")), caps), @r"
    flow program sha256:abd71c048956 · built in
      Audits[31m things.

    It asks for, and gets
      + read **/*.md below /docs (never what usually holds secrets: .env, keys, .git)
      + spawn agents, at most 50, 16 at once
      + run these workflows: review

    Agent tasks are performed by
      · auditor: component:auditor (sandboxed)
      · judge: command:./judge.sh (a program with your rights: NOT sandboxed)

    Held to
      · 50 agents, $5.00
      · commands and coding agents tell only afterwards what they used: a cap stops what would start then

    Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
    ");
}

#[test]
fn without_policy_tools_get_nothing_and_the_screen_says_what_would_grant_it() {
    let text = shown(&with_tools(), None, Caps::default());
    insta::assert_snapshot!(text, @r"
flow program sha256:abd71c048956 · built in
  Audits[31m things.

It asks for, and gets
  + call the tools git/*
  + call the tools nothing/here
  + call the tools everything/*

Its tools
  · git /w/git.wasm sha256:9a881b9b9f23: log, push
      - may not read .git/**: no directory was granted: --root DIR
      - may not read src/**: no directory was granted: --root DIR
      - may not write out/**: no directory was granted: --root DIR, --grant 'write=out/**'
      - may not send GET requests to https://api.github.com: --grant 'http=GET https://api.github.com'
      - may not send requests to https://evil.org: --grant 'http=https://evil.org'
      - may not use the secret github: nobody defines it: [secrets.github], --grant 'secrets=github'
      - may not use the secret other: nobody defines it: [secrets.other], --grant 'secrets=other'
  · exec commands of this machine
      - may not run `cargo test **`: --grant 'exec=cargo test **'
      - may not run `rm **`: --grant 'exec=rm **'

Tools that are not there
  - nothing/here: no such tool is installed

Held to
  · no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)

Sandboxed code gets nothing else: no network, no writing, no other files, no environment.
");
}

#[test]
fn a_directory_is_asked_of_those_only_who_can_name_one() {
    let mut bundle = bundle(BackendChoice::default());
    assert!(shown(&bundle, None, Caps::default()).contains("--root DIR"));
    bundle.manifest.name = crate::follow::WORKFLOW.into();
    (bundle.path, bundle.script) = (None, None);
    let text = shown(&bundle, None, Caps::default());
    assert!(text.contains("no directory was granted") && !text.contains("--root"), "{text}");
}

#[test]
fn an_answer_is_what_was_offered_and_a_slip_is_no_answer() {
    let all = Choices { always: true, forecast: true };
    let none = Choices::default();
    for (line, choices, expected) in [
        ("y\n", all, Said::Is(Answer::Once)),
        ("YES", none, Said::Is(Answer::Once)),
        ("a\n", all, Said::Is(Answer::Always)),
        ("a\n", none, Said::Unclear),
        ("f", all, Said::Is(Answer::Forecast)),
        ("f", none, Said::Unclear),
        ("c", none, Said::Is(Answer::Caps)),
        (" s \n", none, Said::Is(Answer::Source)),
        ("\n", all, Said::No),
        ("", all, Said::No),
        ("n", all, Said::No),
        ("No\n", none, Said::No),
        ("yy", all, Said::Unclear),
        ("q\n", all, Said::Unclear),
    ] {
        assert_eq!(said(line, choices), expected, "{line:?}");
    }
    assert_eq!(all.words(), "[y / N, a = always, f = forecast, c = caps, s = source]");
}
