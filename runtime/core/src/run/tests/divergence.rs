//! What a person reads when a replay diverges.

use super::super::CommandError;
use super::fixture::{Bench, agent, workflow};
use crate::command::Command;

fn diverged(attempt: Command, fuel: u64) -> String {
    let mut bench = Bench::new();
    bench.spawn(agent("look at the readme"));
    let mut again = bench.crashed();
    let error = again.run.command(&mut again.cursor, attempt, fuel, again.now).unwrap_err();
    assert!(matches!(error, CommandError::Diverged(_)));
    assert!(!again.run.has_outbox());
    error.to_string()
}

#[test]
fn both_sides_are_shown() {
    let cases = [
        (
            agent("look at the licence"),
            7,
            "the replay diverged at command 1 of workflow / (record 2)
  recorded:  spawn-agent agent `look at the readme` (DIGEST, fuel 7)
  attempted: spawn-agent agent `look at the licence` (DIGEST, fuel 7)
  differs in: content",
        ),
        (
            agent("look at the readme"),
            8,
            "the replay diverged at command 1 of workflow / (record 2)
  recorded:  spawn-agent agent `look at the readme` (DIGEST, fuel 7)
  attempted: spawn-agent agent `look at the readme` (DIGEST, fuel 8)
  differs in: fuel",
        ),
        (
            workflow("{}"),
            7,
            "the replay diverged at command 1 of workflow / (record 2)
  recorded:  spawn-agent agent `look at the readme` (DIGEST, fuel 7)
  attempted: spawn-workflow workflow `child` (DIGEST, fuel 7)
  differs in: kind, content",
        ),
    ];
    for (attempt, fuel, expected) in cases {
        let text = diverged(attempt, fuel);
        let masked: Vec<String> = text
            .split("sha256:")
            .enumerate()
            .map(|(index, part)| match index {
                0 => part.to_owned(),
                _ => format!("DIGEST{}", &part[12..]),
            })
            .collect();
        assert_eq!(masked.concat(), expected);
    }
}

#[test]
fn a_refusal_stands_for_whatever_was_refused() {
    let mut bench = Bench::new();
    bench.refusal(Command::Sleep { ms: u64::MAX });
    let mut again = bench.crashed();
    let error = again.run.command(&mut again.cursor, Command::Sleep { ms: 1 }, 7, again.now);
    let text = error.unwrap_err().to_string();
    assert!(text.contains("recorded:  sleep refused with `run.sleep_ms`"), "{text}");
    assert!(text.ends_with("differs in: content"), "{text}");
}

#[test]
fn an_early_end_is_a_divergence() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    assert_eq!(bench.run.ended_early(&bench.cursor, 7), None);
    let again = bench.crashed();
    let divergence = again.run.ended_early(&again.cursor, 9).unwrap();
    assert_eq!((divergence.attempted.kind, divergence.recorded.kind), ("end", "spawn-agent"));
}

#[test]
fn fuel_counts_only_on_the_same_engine_and_component() {
    for (engine, compare, differs) in
        [("engine 1", true, true), ("engine 2", true, false), ("engine 1", false, false)]
    {
        let mut bench = Bench::new();
        bench.spawn(agent("x"));
        let mut again = bench.crashed();
        again.run.resume("heir", 2, &Default::default(), engine, again.now);
        again.cursor.compare_fuel = compare;
        let result = again.run.command(&mut again.cursor, agent("x"), 8, again.now);
        assert_eq!(result.is_err(), differs, "{engine} {compare}");
    }
}
