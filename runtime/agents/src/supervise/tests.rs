#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::ffi::OsString;

use super::processes::{Process, descendants};
use super::protocol::{read_task, read_task_blocking};
use super::{Call, Ended, TASK_BYTES_MAX, reap, start_ticks, write_task};

fn call(words: &[&str]) -> Option<(Vec<String>, Option<u32>, Vec<String>)> {
    let text =
        |words: Vec<OsString>| words.into_iter().map(|word| word.into_string().unwrap()).collect();
    let call = Call::parse(words.iter().map(OsString::from))?;
    Some((text(call.prefix), call.stage_of, text(call.argv)))
}

#[test]
fn calls() {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        call(&["supervise", "--", "a", "--", "b"]),
        Some((words(&["supervise"]), None, words(&["a", "--", "b"])))
    );
    assert_eq!(
        call(&["supervise", "--stage=7", "--", "a", "--stage=8"]),
        Some((words(&["supervise"]), Some(7), words(&["a", "--stage=8"])))
    );
    let header = |words: &[&str]| Call::parse(words.iter().map(OsString::from)).unwrap().header;
    assert!(header(&["supervise", "--header", "--", "a"]));
    assert!(!header(&["supervise", "--", "a", "--header"]));
    assert_eq!(
        call(&["supervise", "--header", "--", "a"]),
        Some((words(&["supervise"]), None, words(&["a"]))),
        "the second stage is always told, and must not be asked for it by a word"
    );
    for wrong in [&[][..], &["--"], &["a"], &["--stage=x", "--", "a"], &["supervise", "--"]] {
        assert_eq!(call(wrong), None, "{wrong:?}");
    }
}

#[test]
fn a_line_of_proc_is_read_whatever_the_name_of_the_process() {
    let tail = "S 41 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2";
    for name in ["sh", "a b", ") R 1 (", "(((", "x) Z 9"] {
        let process = Process::parse(42, &format!("42 ({name}) {tail}")).unwrap();
        assert_eq!(process, Process { pid: 42, parent: 41, ticks: 98765, zombie: false }, "{name}");
    }
    assert!(Process::parse(42, &format!("42 (x) Z{}", &tail[1..])).unwrap().zombie);
    for wrong in ["", "42 (x", "42 (x) S", "42 (x) S a b", "42 (x) S 1 2 3"] {
        assert_eq!(Process::parse(42, wrong), None, "{wrong}");
    }
}

#[test]
fn processes_are_found_and_told_apart_by_their_start() {
    let own = std::process::id();
    let ticks = start_ticks(own).unwrap();
    assert!(Process::find(own).unwrap().runs());
    assert!(!Process { ticks: ticks + 1, ..Process::find(own).unwrap() }.runs());
    assert_eq!(start_ticks(u32::MAX), None);
    assert!(!reap(u32::MAX, 1));

    let mut child = std::process::Command::new("sleep").arg("3600").spawn().unwrap();
    let found = descendants(own).into_iter().find(|process| process.pid == child.id()).unwrap();
    assert_eq!(found.parent, own);
    let other = Process { ticks: found.ticks + 1, ..found };
    other.signal(rustix::process::Signal::KILL);
    assert_eq!(child.try_wait().unwrap(), None, "a process with another start is left alone");
    found.signal(rustix::process::Signal::KILL);
    assert!(!child.wait().unwrap().success());
}

#[tokio::test]
async fn tasks_cross_the_socket_whole() {
    for task in [&b""[..], b"{}", &[0; 70_000]] {
        let mut bytes = Vec::new();
        write_task(&mut bytes, task).await.unwrap();
        assert_eq!(read_task(&mut &bytes[..]).await.unwrap(), task);
        assert_eq!(read_task_blocking(&mut &bytes[..]).unwrap(), task);
        let cut = &bytes[..bytes.len() - 1];
        assert!(read_task(&mut &cut[..]).await.is_err());
        assert!(read_task_blocking(&mut &cut[..]).is_err());
    }
}

#[tokio::test]
async fn a_task_beyond_the_limit_is_refused_at_both_ends() {
    let mut sink = Vec::new();
    assert!(write_task(&mut sink, &vec![0; TASK_BYTES_MAX + 1]).await.is_err());
    assert!(sink.is_empty());
    let head = u32::try_from(TASK_BYTES_MAX + 1).unwrap().to_le_bytes();
    let error = read_task(&mut &head[..]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn ends_as_exit_codes_and_json() {
    for (ended, code, json) in [
        (Ended::Exited(0), 0, r#"{"exited":0}"#),
        (Ended::Exited(255), 255, r#"{"exited":255}"#),
        (Ended::Signalled(15), 143, r#"{"signalled":15}"#),
        (Ended::Signalled(64), 192, r#"{"signalled":64}"#),
        (Ended::Killed, 143, r#""killed""#),
        (Ended::NotStarted("why".into()), 127, r#"{"not-started":"why"}"#),
    ] {
        assert_eq!(ended.exit_code(), code);
        assert_eq!(serde_json::to_string(&ended).unwrap(), json);
        assert_eq!(serde_json::from_str::<Ended>(json).unwrap(), ended);
    }
}
