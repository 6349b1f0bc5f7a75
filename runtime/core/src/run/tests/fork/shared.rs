//! What of a shared part follows from what is before it.

use super::super::proof::wrong;
use super::super::sim::Sim;
use super::*;
use crate::handoff::Usage;
use crate::record::Work;
use crate::run::{Proof, Requests};
use crate::scope::{Authority, Capability};

/// The records of a fork of all that is on record, by this program or perhaps by another one.
fn all_of(journal: &[Record], same_program: bool) -> Vec<Record> {
    let last = Cut::After(journal.len() as u64);
    let mut plan = plan(journal, &last, None).unwrap();
    assert!(plan.same_program);
    plan.same_program = same_program;
    forked(&plan)
}

#[test]
fn a_shared_refusal_follows_where_the_program_is_the_same() {
    let mut tried = 0;
    for seed in 0..8 {
        let sim = Sim::start(seed, 8 + seed, false).into_end();
        for same_program in [true, false] {
            let records = all_of(&sim.journal, same_program);
            assert_eq!(wrong(&records), [], "seed {seed}");
            // How many tasks there were is another matter in a fork.
            let refused = records.iter().position(|record| {
                matches!(&record.body, Body::Refused { refusal, .. } if !refusal.code.starts_with("run."))
            });
            let Some(index) = refused else { continue };
            let mut changed = records.clone();
            let Body::Refused { refusal, .. } = &mut changed[index].body else { continue };
            refusal.capability = match refusal.capability {
                Some(Capability::Http) => None,
                _ => Some(Capability::Http),
            };
            tried += 1;
            let seq = records[index].seq;
            let found = wrong(&changed)
                .iter()
                .any(|wrong| wrong.seq == seq && wrong.field.starts_with("refusal.capability"));
            assert_eq!(found, same_program, "seed {seed}");
        }
    }
    assert!(tried > 2, "{tried}");
}

#[test]
fn a_shared_call_follows_where_the_program_is_the_same() {
    let mut bench = Bench::of(with_tools(&["code/*"]));
    bench.spawn(super::super::fixture::agent_with(
        "x",
        r#"{"backend":"component:pinned","tools":["code/post"]}"#,
    ));
    bench.start("1");
    let now = bench.later();
    bench.run.agent_calls(&path("1"), raw("code/post", "1", "{}"), now).unwrap();
    bench.flush();
    bench.start("1/1");
    bench.end("1/1", Usage::default());
    bench.end("1", tokens(1));
    for same_program in [true, false] {
        let mut records = all_of(&bench.journal, same_program);
        assert_eq!(proven(&records), Vec::<String>::new());
        let called = records.iter_mut().find_map(|record| match &mut record.body {
            Body::Called { work, .. } => Some(work),
            _ => None,
        });
        let Work::Tool { authority, .. } = &mut **called.unwrap() else { panic!("no tool") };
        **authority = Authority::unlimited();
        let found = proven(&records);
        assert_eq!(!found.is_empty(), same_program, "{found:?}");
        assert!(found.iter().all(|field| field.starts_with("work.tool")), "{found:?}");
    }
}

/// What does not follow though no workflow is repeated.
fn proven(records: &[Record]) -> Vec<String> {
    let mut proof = Proof::new(started().run, Requests::on("engine 1"));
    for record in records {
        proof.take(record).unwrap();
    }
    proof.wrong().into_iter().map(|wrong| wrong.field).collect()
}

#[test]
fn a_fork_of_what_another_program_made_says_so() {
    let mut bench = Bench::new();
    bench.spawn(agent("one"));
    let last = Cut::After(bench.journal.len() as u64);
    let change = Some(&Edit::Workflow);
    let other = plan(&bench.journal, &last, change).unwrap();
    assert!(!other.same_program);
    let again = plan(&forked(&other), &last, None).unwrap();
    assert!(!again.same_program, "what is shared with it is shared with its fork");
    // Where nothing is written, another one may have made it.
    let mut written = serde_json::to_value(&forked(&again)[0]).unwrap();
    let fork = written.pointer("/body/run-started/fork").unwrap();
    assert!(fork.get("same_program").is_none(), "{fork}");
    let same = all_of(&bench.journal, true);
    let first = serde_json::to_value(&same[0]).unwrap();
    let place = "/body/run-started/fork/same_program";
    assert_eq!(first.pointer(place), Some(&true.into()));
    written.pointer_mut("/body/run-started/fork").unwrap()["same_program"] = true.into();
    let read: Record = serde_json::from_value(written).unwrap();
    let Body::RunStarted(read) = read.body else { panic!("no start") };
    assert!(read.fork.unwrap().same_program);
}
