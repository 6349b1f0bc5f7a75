#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;

use super::*;
use crate::rows::{RunRow, State};
use crate::store::BatchRow;

fn id(n: u128) -> RunId {
    RunId::from_ulid(ulid::Ulid::from(n))
}

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// A run that changed `n` seconds after the beginning, with records of 100 bytes.
fn run(n: u128, state: State, blobs: &[&str]) -> RunRoom {
    let row = RunRow {
        run: id(n),
        name: "x".into(),
        state,
        paused: None,
        owned: false,
        epoch: 1,
        created: Timestamp(0),
        updated: Timestamp(u64::try_from(n).unwrap() * 1_000),
        program: digest("program"),
        records: 1,
        tasks: 0,
        failed_tasks: 0,
        usage: Usage::default(),
        failure: None,
        batch: None,
        shared: 0,
    };
    let blobs = blobs.iter().map(|name| digest(name)).collect();
    RunRoom { row, bytes: 100, blobs, needs: Vec::new() }
}

/// A census ten seconds after the beginning; every blob has 1000 bytes.
fn census(runs: Vec<RunRoom>, unnamed: &[&str]) -> Census {
    let digests = runs.iter().flat_map(|run| run.blobs.clone());
    let digests = digests.chain(unnamed.iter().map(|name| digest(name)));
    let blobs = digests.map(|digest| (digest, 1_000)).collect();
    Census { at: Timestamp(10_000), runs, blobs, ..Census::default() }
}

fn removed(plan: &Plan) -> Vec<RunId> {
    plan.remove.iter().map(|(run, _)| run.clone()).collect()
}

const NO_BATCH: BTreeSet<String> = BTreeSet::new();
const NONE_NAMED: BTreeSet<RunId> = BTreeSet::new();

#[test]
fn without_a_rule_only_what_nothing_names_goes() {
    let census = census(vec![run(1, State::Done, &["a"])], &["z"]);
    let plan = plan(&census, &Retention::default(), &NO_BATCH, &NONE_NAMED);
    assert_eq!(removed(&plan), []);
    assert_eq!(
        (plan.bytes, plan.bytes_after, plan.blobs, plan.blob_bytes),
        (2_100, 1_100, 1, 1_000)
    );
}

#[test]
fn the_oldest_that_ended_go_first_and_the_others_stay() {
    let states = [State::Done, State::Running, State::Failed, State::Waiting, State::Cancelled];
    let runs: Vec<RunRoom> =
        (1..).zip(states).map(|(n, state)| run(n, state, &["shared"])).collect();
    let census = census(runs, &[]);
    for (retention, expected, reason) in [
        (Retention { max_age_ms: Some(6_999), ..Default::default() }, vec![1, 3], Reason::Age),
        (Retention { max_age_ms: Some(7_000), ..Default::default() }, vec![1], Reason::Age),
        (Retention { max_runs: Some(1), ..Default::default() }, vec![1, 3], Reason::Count),
        (Retention { max_runs: Some(0), ..Default::default() }, vec![1, 3, 5], Reason::Count),
        (Retention { max_runs: Some(3), ..Default::default() }, vec![], Reason::Count),
        (Retention { max_bytes: Some(1_400), ..Default::default() }, vec![1], Reason::Size),
        (Retention { max_bytes: Some(0), ..Default::default() }, vec![1, 3, 5], Reason::Size),
        (Retention { max_bytes: Some(1_500), ..Default::default() }, vec![], Reason::Size),
    ] {
        let plan = plan(&census, &retention, &NO_BATCH, &NONE_NAMED);
        let expected: Vec<_> = expected.into_iter().map(|n| (id(n), reason)).collect();
        assert_eq!(plan.remove, expected, "{retention:?}");
        // The blob is named by those that stay.
        assert_eq!(plan.blobs, 0);
        assert_eq!(plan.bytes - plan.bytes_after, 100 * plan.remove.len() as u64);
    }
}

#[test]
fn size_counts_what_really_becomes_free() {
    let runs = vec![
        run(1, State::Done, &["a", "common"]),
        run(2, State::Done, &["b", "common"]),
        run(3, State::Running, &["c"]),
    ];
    let census = census(runs, &["z"]);
    // 300 of records, 4000 of blobs that are named, 1000 of one that is not.
    let rule = |max| Retention { max_bytes: Some(max), ..Default::default() };
    for (max, runs, after, blobs) in [
        (4_300, vec![], 4_300, 1),
        (4_299, vec![id(1)], 3_200, 2),
        (3_199, vec![id(1), id(2)], 1_100, 4),
    ] {
        let plan = plan(&census, &rule(max), &NO_BATCH, &NONE_NAMED);
        assert_eq!(removed(&plan), runs, "{max}");
        assert_eq!((plan.bytes, plan.bytes_after, plan.blobs), (5_300, after, blobs), "{max}");
        assert_eq!(plan.blob_bytes, 1_000 * blobs);
    }
}

#[test]
fn what_an_unfinished_run_refers_to_stays() {
    let rule = Retention { max_age_ms: Some(0), ..Default::default() };
    for (state, stays) in [(State::Paused, true), (State::Queued, true), (State::Done, false)] {
        let mut second = run(2, state, &[]);
        second.needs.push(id(1));
        let census = census(vec![run(1, State::Done, &["a"]), second], &[]);
        let plan = plan(&census, &rule, &NO_BATCH, &NONE_NAMED);
        assert_eq!(removed(&plan).contains(&id(1)), !stays, "{state:?}");
        let expected = stays.then(|| (id(1), Stay::Needed(id(2))));
        assert_eq!(plan.stay, expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_run_that_a_process_owns_stays() {
    let mut owned = run(1, State::Done, &[]);
    owned.row.owned = true;
    let census = census(vec![owned], &[]);
    let rule = Retention { max_runs: Some(0), ..Default::default() };
    assert_eq!(
        plan(&census, &rule, &NO_BATCH, &NONE_NAMED),
        Plan { bytes: 100, bytes_after: 100, ..Plan::default() }
    );
}

#[test]
fn the_runs_of_a_batch_go_together_or_not_at_all() {
    let of_batch = |n, state| {
        let mut run = run(n, state, &[]);
        run.row.batch = Some(("batch_1".into(), u64::try_from(n).unwrap()));
        run
    };
    let row = BatchRow { id: "batch_1".into(), created: Timestamp(1), spec: "{}".into() };
    let whole: BTreeSet<String> = [row.id.clone()].into();
    let rule = Retention { max_age_ms: Some(0), ..Default::default() };
    let batch = Some((row, vec![digest("inputs")]));
    for (second, known, whole, goes) in [
        (State::Done, batch.clone(), &whole, true),
        (State::Running, batch.clone(), &whole, false),
        // A line of it has not begun.
        (State::Done, batch.clone(), &NO_BATCH, false),
        // The batch is gone already.
        (State::Running, None, &NO_BATCH, true),
    ] {
        let runs = vec![of_batch(1, State::Done), of_batch(2, second)];
        let mut census = census(runs, &["inputs"]);
        census.batches.extend(known.clone());
        let plan = plan(&census, &rule, whole, &NONE_NAMED);
        assert_eq!(removed(&plan).contains(&id(1)), goes, "{second:?} {known:?}");
        if known.is_some() {
            let because = (id(1), Stay::Batch("batch_1".into()));
            assert_eq!(plan.stay.contains(&because), !goes);
            assert_eq!(plan.batches.is_empty(), !goes);
            // Its inputs go with it.
            assert_eq!(plan.blobs, u64::from(goes));
        }
    }
    // Its age is that of the run that ended last.
    let runs = vec![of_batch(1, State::Done), of_batch(9, State::Done)];
    let mut young = census(runs, &[]);
    young.batches.extend(batch);
    let rule = Retention { max_age_ms: Some(1_500), ..Default::default() };
    assert_eq!(removed(&plan(&young, &rule, &whole, &NONE_NAMED)), []);
}

#[test]
fn a_damaged_run_that_was_named_goes_first_whether_it_has_ended_or_not() {
    let rule = Retention { max_runs: Some(1), ..Default::default() };
    let census = |needs: &[u128]| {
        let mut third = run(3, State::Paused, &[]);
        third.needs.extend(needs.iter().map(|n| id(*n)));
        let runs = vec![
            run(1, State::Done, &["a"]),
            run(2, State::Done, &["b"]),
            third,
            run(4, State::Running, &["c", "b"]),
        ];
        let damaged = vec![(id(4), "record 2 is missing".into())];
        Census { damaged, ..census(runs, &["z"]) }
    };
    // As long as it is there no blob goes.
    let before = plan(&census(&[]), &rule, &NO_BATCH, &NONE_NAMED);
    assert_eq!((removed(&before), before.blobs), (vec![id(1)], 0));
    let named = BTreeSet::from([id(4)]);
    let after = plan(&census(&[]), &rule, &NO_BATCH, &named);
    assert_eq!(after.remove, [(id(4), Reason::Damaged), (id(1), Reason::Count)]);
    assert_eq!((after.blobs, after.bytes_after), (3, 1_200));
    // Another that has not ended rests on it.
    let needed = plan(&census(&[4]), &rule, &NO_BATCH, &named);
    assert_eq!(needed.stay, [(id(4), Stay::Needed(id(3)))]);
    assert_eq!((removed(&needed), needed.blobs), (vec![id(1)], 0));
}
