//! Reads from the journal what stands on the page.

use std::collections::BTreeMap;

use baton_core::handoff::Outcome;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Record};
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use super::people::People;
use super::talk::Talk;
use super::{Owner, Report, TASKS_MAX};
use crate::error::Result;
use crate::session::CONCURRENCY;
use crate::totals::Totals;
use crate::transcript::Reader;
use crate::why::{Cause, Finding, Standing, Story, explain};
use crate::{gates, records};

/// Owners that are told.
const OWNERS_MAX: usize = 100;

/// Everything that the page of a run says.
///
/// # Errors
/// Those of the journal. What was said and cannot be read is said to be so on the page.
pub async fn gather(journal: &dyn Journal, row: RunRow) -> Result<Report> {
    let started = records::started(journal, &row.run).await?;
    let (mut story, mut totals, mut people) =
        (Story::default(), Totals::default(), People::default());
    let mut broke: BTreeMap<TaskPath, Vec<Timestamp>> = BTreeMap::new();
    let mut owners = vec![Owner {
        seq: 1,
        at: row.created,
        by: started.by.clone(),
        engine: started.engine.clone(),
    }];
    let mut outcome: Option<Outcome> = None;
    records::after(journal, &row.run, 0, |record| {
        story.take(&record);
        totals.take(&record);
        people.take(&record);
        note(&record, &mut broke, &mut owners);
        if let Body::Finished { outcome: end, .. } = record.body {
            outcome = Some(end);
        }
        Ok(())
    })
    .await?;
    let (mut talk, mut asked) = (Talk::default(), BTreeMap::new());
    let mut reader = Reader::new(journal, row.run.clone(), None);
    // What comes after the page is full is not read at all: a run may have said gigabytes.
    while !talk.is_full()
        && let Some(entries) = reader.next().await?
    {
        for entry in &entries {
            talk.take(entry, &mut asked);
        }
    }
    let standing = Standing {
        run: row.run.clone(),
        owned: row.owned,
        now: journal.now(),
        places: CONCURRENCY,
    };
    let mut tasks = journal.tasks(&row.run).await?;
    gates::mark(&row, &mut tasks);
    let findings = explain(&story, &TaskPath::root(), &standing);
    let why = tasks.iter().take(TASKS_MAX).filter_map(|task| {
        let found = of_task(explain(&story, &task.path, &standing));
        (!found.is_empty()).then(|| (task.path.clone(), found))
    });
    let why = why.collect();
    let (acts, acts_more) = people.acts();
    Ok(Report {
        row,
        started,
        tasks,
        outcome,
        totals,
        standing,
        findings,
        why,
        asked,
        talk,
        broke,
        acts,
        acts_more,
        owners,
    })
}

fn note(record: &Record, broke: &mut BTreeMap<TaskPath, Vec<Timestamp>>, owners: &mut Vec<Owner>) {
    match &record.body {
        Body::AttemptFailed { task, .. } => {
            broke.entry(task.clone()).or_default().push(record.at);
        }
        Body::Resumed { by, engine, .. } if owners.len() < OWNERS_MAX => owners.push(Owner {
            seq: record.seq,
            at: record.at,
            by: by.clone(),
            engine: engine.clone(),
        }),
        _ => {}
    }
}

/// What stands beside a task: how it ended stands there anyway, and a message stands with people.
fn of_task(findings: Vec<Finding>) -> Vec<Finding> {
    let says_more = |finding: &Finding| {
        !matches!(
            finding.cause,
            Cause::Ended { .. }
                | Cause::Done { .. }
                | Cause::Messaged { .. }
                | Cause::Children { .. }
        )
    };
    findings.into_iter().filter(says_more).collect()
}
