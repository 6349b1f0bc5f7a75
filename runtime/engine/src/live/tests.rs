#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::writer::Waiting;
use super::*;

fn run() -> RunId {
    "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF".parse().unwrap()
}

fn task(number: u64) -> TaskPath {
    number.to_string().parse().unwrap()
}

fn text(text: &str) -> Activity {
    Activity::Text(text.into())
}

/// Someone who says things in a run, and someone who reads them.
struct Scene {
    dir: tempfile::TempDir,
    writer: std::sync::Arc<Writer>,
    voice: Voice,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let writer = std::sync::Arc::new(Writer::new(dir.path().join("live")));
        let voice = Voice::new(run(), None, Some(std::sync::Arc::clone(&writer)));
        Self { dir, writer, voice }
    }

    fn dir(&self) -> std::path::PathBuf {
        self.dir.path().join("live")
    }

    fn reader(&self) -> Reader {
        Reader::new(&self.dir(), &run())
    }

    fn say(&mut self, number: u64, activity: Activity) {
        self.voice.say(&task(number), 7, activity);
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir()).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Reads until that was said.
fn until(reader: &mut Reader, mut holds: impl FnMut(&[Said]) -> bool) -> Vec<Said> {
    let (began, mut all) = (Instant::now(), Vec::new());
    loop {
        all.extend(reader.read());
        if holds(&all) {
            return all;
        }
        assert!(began.elapsed() < Duration::from_secs(300), "never: {all:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Everything that a task said in these lines.
fn spoken(said: &[Said], number: u64) -> String {
    said.iter().filter(|one| one.task == task(number)).map(|one| one.activity.text()).collect()
}

#[test]
fn a_line_reads_as_it_was_written() {
    let activities = [
        Activity::Waiting,
        text("a \"line\"\nand \u{1b}[31mmore \u{0}"),
        Activity::Thinking(String::new()),
        Activity::Tool("git/log".into()),
    ];
    for (activity, from) in activities.into_iter().zip(0..) {
        let said = Said { task: "3/1".parse().unwrap(), after: 12, from, activity };
        let mut line = Vec::new();
        line::write(&said, &mut line);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(line::read(line.trim_ascii_end()), Some(said));
    }
    let mut line = Vec::new();
    let said = Said { task: task(3), after: 12, from: 0, activity: text("I look") };
    line::write(&said, &mut line);
    assert_eq!(line, b"{\"task\":\"3\",\"after\":12,\"text\":\"I look\"}\n");
    for other in
        ["", "{}", "null", "[1]", "{\"task\":\"x\",\"after\":1}", "{\"task\":\"1\"", "\u{fffd}"]
    {
        assert_eq!(line::read(other.as_bytes()), None, "{other}");
    }
    // A later release may say more.
    assert!(line::read(b"{\"task\":\"3\",\"after\":12,\"mood\":1}").is_some());
}

#[test]
fn what_follows_becomes_one_line_and_what_is_too_much_is_left_out() {
    let mut waiting = Waiting::default();
    let mut from = BTreeMap::new();
    let mut say = |waiting: &mut Waiting, number: u64, activity: Activity| {
        let from = from.entry(number).or_default();
        let said = Said { task: task(number), after: 1, from: *from, activity };
        *from += said.activity.text().len() as u64;
        waiting.take(&said);
    };
    for number in [1, 2, 1, 2] {
        say(&mut waiting, number, Activity::Waiting);
    }
    for piece in ["a", "b", "c"] {
        say(&mut waiting, 1, text(piece));
        say(&mut waiting, 2, Activity::Thinking(piece.into()));
    }
    say(&mut waiting, 2, text("d"));
    let lines: Vec<(u64, &str)> =
        waiting.said.iter().map(|said| (said.from, said.activity.text())).collect();
    assert_eq!(lines, [(0, ""), (0, ""), (0, "abc"), (0, "abc"), (3, "d")]);

    let long = "x".repeat(300_000);
    for _ in 0..5 {
        say(&mut waiting, 1, text(&long));
    }
    // Something is missing: what comes then does not follow, and says so.
    waiting.bytes = 0;
    say(&mut waiting, 1, text("e"));
    let last = waiting.said.last().unwrap();
    assert_eq!((last.from, last.activity.text()), (1_500_003, "e"));
    let bytes: usize = waiting.said.iter().map(|said| said.activity.text().len()).sum();
    assert_eq!(bytes, 900_008);
}

#[tokio::test]
async fn what_is_said_is_read_elsewhere_and_gone_in_the_end() {
    let mut scene = Scene::new();
    let (mut early, whole) = (scene.reader(), "I look at it. Then I write.");
    assert_eq!(early.read(), []);
    scene.say(1, Activity::Waiting);
    scene.say(2, Activity::Thinking("hm".into()));
    for piece in ["I look ", "at it."] {
        scene.say(1, text(piece));
    }
    let mut said = until(&mut early, |said| spoken(said, 1) == "I look at it.");
    scene.say(1, text(" Then I write."));
    scene.say(2, Activity::Tool("git/log".into()));
    said.extend(until(&mut early, |said| spoken(said, 2) == "git/log"));
    assert_eq!(spoken(&said, 1), whole);
    let mut bytes = 0;
    for one in said.iter().filter(|one| one.task == task(1)) {
        assert_eq!(one.from, bytes, "{said:?}");
        bytes += one.activity.text().len() as u64;
    }
    assert!(said.iter().all(|one| one.after == 7));
    // Whoever comes later hears what was said before.
    assert_eq!(spoken(&scene.reader().read(), 1), whole);

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(scene.files(), [format!("{}.jsonl", run())]);
    assert_eq!((mode(&scene.dir()), mode(&newest(&scene.dir(), &run()))), (0o700, 0o600));
    scene.voice.end().await;
    assert_eq!(scene.files(), [""; 0]);
    assert_eq!((early.read(), scene.reader().read()), (vec![], vec![]));
}

#[tokio::test]
async fn a_file_is_cut_and_nothing_is_lost_to_those_who_keep_up() {
    let mut scene = Scene::new();
    let mut reader = scene.reader();
    let piece = "x".repeat(200_000);
    let mut bytes = 0;
    for round in 1..=30 {
        scene.say(1, text(&piece));
        let said = until(&mut reader, |said| !said.is_empty());
        bytes += said.iter().map(|one| one.activity.text().len()).sum::<usize>();
        assert_eq!(bytes, round * piece.len());
    }
    assert_eq!(scene.files(), [format!("{}.1.jsonl", run()), format!("{}.jsonl", run())]);
    let size = |path: PathBuf| fs::metadata(path).unwrap().len();
    let (newest, older) = (size(newest(&scene.dir(), &run())), size(older(&scene.dir(), &run())));
    assert!(newest < FILE_BYTES_MAX + 300_000 && older < FILE_BYTES_MAX + 300_000);
    // Whoever comes late hears the end, and sees that there was more.
    let late = scene.reader().read();
    assert!(late.first().unwrap().from > 0);
    assert_eq!(late.last().unwrap().from as usize + piece.len(), bytes);
    scene.voice.end().await;
    assert_eq!(scene.files(), [""; 0]);
}

#[tokio::test]
async fn a_new_owner_begins_anew_and_is_left_alone_by_the_old_one() {
    let mut scene = Scene::new();
    let mut reader = scene.reader();
    scene.say(1, text("before"));
    until(&mut reader, |said| spoken(said, 1) == "before");
    // The lease is lost: another process has the run.
    let writer = std::sync::Arc::new(Writer::new(scene.dir()));
    let mut other = Voice::new(run(), None, Some(std::sync::Arc::clone(&writer)));
    other.begin();
    assert_eq!(scene.files(), [""; 0]);
    other.say(&task(1), 9, text("after"));
    let said = until(&mut reader, |said| spoken(said, 1) == "after");
    assert_eq!(said.last().unwrap().after, 9);
    scene.voice.end().await;
    drop(scene.writer);
    assert!(newest(writer.dir(), &run()).exists(), "it is not the old one's");
    other.end().await;
    assert!(!newest(writer.dir(), &run()).exists());
}

#[tokio::test]
async fn a_place_that_takes_nothing_stops_nobody() {
    let mut scene = Scene::new();
    // A file where the folder would be, and a link where the file would be.
    fs::write(scene.dir(), "mine").unwrap();
    scene.say(1, text("unheard"));
    scene.voice.end().await;
    assert_eq!(fs::read_to_string(scene.dir()).unwrap(), "mine");
    assert_eq!(scene.reader().read(), []);

    let mut scene = Scene::new();
    fs::create_dir(scene.dir()).unwrap();
    let others = scene.dir.path().join("others");
    fs::write(&others, "{\"task\":\"1\",\"after\":1,\"text\":\"forged\"}\n").unwrap();
    std::os::unix::fs::symlink(&others, newest(&scene.dir(), &run())).unwrap();
    assert_eq!(scene.reader().read(), []);
    scene.say(1, text("own"));
    until(&mut scene.reader(), |said| spoken(said, 1) == "own");
    assert!(fs::read_to_string(&others).unwrap().contains("forged"));
    scene.voice.end().await;

    // A link where the folder would be.
    let mut scene = Scene::new();
    let others = scene.dir.path().join("others");
    fs::create_dir(&others).unwrap();
    fs::write(newest(&others, &run()), "mine").unwrap();
    std::os::unix::fs::symlink(&others, scene.dir()).unwrap();
    scene.voice.begin();
    scene.say(1, text("unheard"));
    scene.voice.end().await;
    assert_eq!(fs::read_to_string(newest(&others, &run())).unwrap(), "mine");
}

#[test]
fn what_is_torn_or_too_long_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = newest(dir.path(), &run());
    let line = |text: &str| format!("{{\"task\":\"1\",\"after\":1,\"text\":\"{text}\"}}\n");
    let torn = "{\"task\":\"1\",\"aft\n";
    fs::write(&path, format!("{}{torn}{}\u{0}\n{}", line("a"), line("b"), line("c"))).unwrap();
    let mut reader = Reader::new(dir.path(), &run());
    assert_eq!(spoken(&reader.read(), 1), "abc");
    let append = |bytes: &[u8]| {
        use std::io::Write as _;
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(bytes).unwrap();
    };
    let whole = line("d");
    let (one, other) = whole.split_at(9);
    append(one.as_bytes());
    assert_eq!(reader.read(), []);
    append(other.as_bytes());
    assert_eq!(spoken(&reader.read(), 1), "d");
    append(&vec![b'x'; 5 << 20]);
    for _ in 0..10 {
        assert_eq!(reader.read(), []);
    }
    append(format!("\n{}", line("e")).as_bytes());
    assert_eq!(spoken(&until(&mut reader, |said| !said.is_empty()), 1), "e");
}

#[test]
fn runs_are_known_by_their_files() {
    let run = run();
    for (name, is) in [
        (format!("{run}.jsonl"), true),
        (format!("{run}.1.jsonl"), true),
        (format!("{run}.log"), false),
        (format!("{run}.2.jsonl"), false),
        ("notes.jsonl".into(), false),
        (String::new(), false),
    ] {
        assert_eq!(run_of(&name), is.then(|| run.clone()), "{name}");
    }
}
