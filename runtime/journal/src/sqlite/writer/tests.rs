#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Performed,
    Answered(u32),
    Failed(u32),
}

/// A job that writes down what happens to it.
struct Probe {
    number: u32,
    bad: bool,
    waits: bool,
    log: Arc<Mutex<Vec<Event>>>,
}

impl Probe {
    fn note(&self, event: Event) {
        self.log.lock().unwrap().push(event);
    }
}

impl Job for Probe {
    fn waits(&self) -> bool {
        self.waits
    }

    fn perform(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.note(Event::Performed);
        connection.execute("INSERT INTO done VALUES (?1)", [self.number])?;
        if self.bad { Err(rusqlite::Error::InvalidQuery) } else { Ok(()) }
    }

    fn answer(self: Box<Self>) {
        self.note(Event::Answered(self.number));
    }

    fn fail(self: Box<Self>, _: Failed<'_>) {
        self.note(Event::Failed(self.number));
    }
}

fn over(connection: Connection, queue: Receiver<Box<dyn Job>>, log: PathBuf) -> Loop {
    let stall = Stall::default();
    Loop { connection, queue, log, carried: 0, poison: None, dirty: false, stall }
}

/// Queues jobs before the writer starts, lets it end, and returns what happened and what is stored.
fn written(count: u32, bad: &[u32], locked: bool) -> (Vec<Event>, Vec<u32>) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("test.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("CREATE TABLE done (number INTEGER)").unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(&file).unwrap();
    if locked {
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
    }
    let (jobs, queue) = mpsc::channel::<Box<dyn Job>>();
    let log = Arc::new(Mutex::new(Vec::new()));
    for number in 0..count {
        let probe = Probe { number, bad: bad.contains(&number), waits: false, log: log.clone() };
        assert!(jobs.send(Box::new(probe)).is_ok());
    }
    drop(jobs);
    over(connection, queue, file).run();
    let events = log.lock().unwrap().clone();
    let stored = other
        .prepare("SELECT number FROM done")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    (events, stored)
}

#[test]
fn what_is_queued_is_one_transaction_up_to_the_bound() {
    let count = u32::try_from(GROUP_MAX).unwrap() * 2 + 3;
    let (events, stored) = written(count, &[], false);
    let groups: Vec<usize> = events
        .chunk_by(|one, next| matches!(one, Event::Performed) == matches!(next, Event::Performed))
        .map(<[Event]>::len)
        .collect();
    // Each group is performed as a whole and then answered as a whole.
    assert_eq!(groups, [GROUP_MAX, GROUP_MAX, GROUP_MAX, GROUP_MAX, 3, 3]);
    assert_eq!(stored, (0..count).collect::<Vec<_>>());
}

#[test]
fn a_job_the_database_refuses_fails_alone() {
    let (events, stored) = written(10, &[3, 7], false);
    let ends: Vec<Event> = events.into_iter().filter(|event| *event != Event::Performed).collect();
    let expected: Vec<Event> = (0..10)
        .map(|number| match number {
            3 | 7 => Event::Failed(number),
            number => Event::Answered(number),
        })
        .collect();
    assert_eq!(ends, expected);
    assert_eq!(stored, [0, 1, 2, 4, 5, 6, 8, 9]);
}

#[test]
fn a_group_that_cannot_begin_fails_at_once() {
    let (events, stored) = written(10, &[], true);
    assert_eq!(events, (0..10).map(Event::Failed).collect::<Vec<_>>());
    assert_eq!(stored, Vec::<u32>::new());
}

#[test]
fn what_a_run_decided_waits_until_another_process_lets_go() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("test.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("CREATE TABLE done (number INTEGER)").unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (jobs, queue) = mpsc::channel::<Box<dyn Job>>();
    let log = Arc::new(Mutex::new(Vec::new()));
    let send = |number, waits| {
        let probe = Probe { number, bad: false, waits, log: log.clone() };
        assert!(jobs.send(Box::new(probe)).is_ok());
    };
    send(0, true);
    send(1, false);
    let state = over(connection, queue, file);
    let stall = state.stall.clone();
    assert!(stall.lasts().is_none());
    let writer = std::thread::spawn(move || state.run());
    // The one that does not wait hears of it: the lock was met.
    while log.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(*log.lock().unwrap(), [Event::Failed(1)]);
    assert!(stall.lasts().is_some(), "whoever asks is told that somebody is in the way");
    // What is queued behind it is no reason to let go.
    send(2, true);
    other.execute_batch("COMMIT").unwrap();
    while log.lock().unwrap().iter().filter(|event| matches!(event, Event::Answered(_))).count() < 2
    {
        std::thread::yield_now();
    }
    assert!(stall.lasts().is_none());
    drop(jobs);
    writer.join().unwrap();
    let stored: Vec<u32> = other
        .prepare("SELECT number FROM done ORDER BY number")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    assert_eq!(stored, [0, 2]);
}

#[test]
fn nobody_waits_once_the_process_ends() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("test.db");
    let connection = Connection::open(&file).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (jobs, queue) = mpsc::channel::<Box<dyn Job>>();
    let log = Arc::new(Mutex::new(Vec::new()));
    let probe = Probe { number: 0, bad: false, waits: true, log: log.clone() };
    assert!(jobs.send(Box::new(probe)).is_ok());
    drop(jobs);
    over(connection, queue, file).run();
    assert_eq!(*log.lock().unwrap(), [Event::Failed(0)]);
}
