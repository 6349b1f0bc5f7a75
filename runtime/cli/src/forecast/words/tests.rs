use baton_core::forecast::{Basis, PhaseForecast};

use super::*;

fn range(low: u64, likely: u64, high: u64) -> Range {
    Range { low, likely, high }
}

fn forecast() -> Forecast {
    let total = Figures {
        agents: range(9, 12, 14),
        input_tokens: range(120_000, 200_000, 480_000),
        output_tokens: range(8_000, 12_000, 30_000),
        cost_micro_usd: range(200_000, 310_000, 450_000),
        wall_ms: range(60_000, 90_000, 250_000),
    };
    let find = Figures { agents: range(4, 4, 4), ..Figures::default() };
    let phase =
        |title: Option<&str>, figures| PhaseForecast { title: title.map(Into::into), figures };
    Forecast {
        total,
        phases: vec![phase(Some("Find\x1b[31m"), find), phase(None, total)],
        basis: Basis { seeds: 8, runs: 2, tokenizer: "estimate".into() },
        complete: true,
        notes: vec!["one\nthing".into()],
    }
}

#[test]
fn a_forecast_says_figures_basis_and_certainty() {
    insta::assert_snapshot!(lines(&forecast(), 16).join("\n"), @r"
    9–14 agents, likely 12
    120k–480k tokens in, 8.0k–30.0k out
    $0.20–$0.45, likely $0.31
    1m00s–4m10s, likely 1m30s, 16 at once
      Find[31m: 4 agents
      outside of phases: 9–14 agents · 120k–480k tokens in, 8.0k–30.0k out · $0.20–$0.45
    from 8 dry runs with made-up answers and 2 earlier runs; tokens of prompts by estimate
    fair: few earlier runs tell what agents do
    one thing
    ");
}

#[test]
fn long_lines_are_broken_on_a_terminal_and_nowhere_else() {
    let lines = ["one two three four".to_owned(), "  Find: one two three".to_owned()];
    let broken = marked("·", &lines, Some(16));
    assert_eq!(broken, ["  · one two", "    three four", "  ·   Find: one", "      two three"]);
    assert_eq!(marked("·", &lines, None), ["  · one two three four", "  ·   Find: one two three"]);
}

#[test]
fn where_nothing_is_known_no_figures_stand() {
    let known = Forecast { complete: true, ..Forecast::default() };
    assert!(lines(&known, 16).iter().any(|line| line == "0 agents"), "a run without agents");
    let told = lines(&Forecast { notes: vec!["why".into()], ..Forecast::default() }, 16);
    assert_eq!(told[0], "unknown: no dry run came to an end");
    assert!(
        told.iter().all(|line| !line.contains("agents") && !line.contains("at once")),
        "{told:?}"
    );
    assert_eq!(told.last().map(String::as_str), Some("why"));
}

#[test]
fn how_sure_it_is_follows_from_what_it_rests_on() {
    for (agents, runs, complete, word) in [
        (range(4, 4, 4), 0, true, "sure"),
        (range(4, 5, 9), 0, true, "rough"),
        (range(4, 5, 9), 1, true, "fair"),
        (range(4, 5, 9), 5, true, "good"),
        (range(4, 4, 4), 5, false, "NOT"),
    ] {
        let told = certainty(&agents, runs, complete);
        assert!(told.starts_with(word), "{told}");
    }
}

#[test]
fn caps_that_it_may_pass_are_told() {
    let cap =
        |agents, cost_micro_usd| Caps::of_run(Cap { agents, cost_micro_usd, ..Cap::default() });
    for (caps, expected) in [
        (cap(Some(14), Some(500_000)), vec![]),
        (cap(Some(13), None), vec!["it may pass the cap of 13 agents (9–14)"]),
        (cap(Some(10), None), vec!["it will probably pass the cap of 10 agents (9–14)"]),
        (
            cap(Some(8), Some(100_000)),
            vec![
                "it will pass the cap of 8 agents (9–14)",
                "it will pass the cap of $0.10 ($0.20–$0.45)",
            ],
        ),
    ] {
        let told = bounds(&forecast(), &caps);
        let told: Vec<&str> = told.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(told, expected);
    }
    let mut phases = Caps::default();
    phases.phases.insert("Find\x1b[31m".into(), Cap { agents: Some(1), ..Cap::default() });
    assert!(bounds(&forecast(), &phases)[0].contains("1 agents in the phase Find[31m (4)"));
}
