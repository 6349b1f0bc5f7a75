//! Confined programs. What this machine cannot enforce is not asserted as enforced: then it must be
//! said, and the program must run all the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use baton_agents::confine::{Barrier, Confinement, Machine, Probe, Task, probe};
use baton_agents::supervise::Ended;
use baton_agents::{Keep, Launch, Remains};
use baton_core::scope::{Authority, GlobLayer, PathScope};
use common::{pids, runs, supervisor, until};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A granted root with files, a directory beside it, and a temporary directory.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["root/docs", "root/out", "outside", "temporary"] {
            fs::create_dir_all(directory.path().join(name)).unwrap();
        }
        let place = Self { directory };
        fs::write(place.at("root/docs/a.md"), "inside").unwrap();
        fs::write(place.at("root/top.md"), "top").unwrap();
        fs::write(place.at("outside/secret"), "canary").unwrap();
        symlink("../outside", place.at("root/leak")).unwrap();
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn confinement(&self, authority: &Authority, probe: Probe) -> Confinement {
        let (root, temporary) = (self.at("root"), self.at("temporary"));
        let task = Task {
            authority,
            root: Some(&root),
            program: Path::new("/bin/sh"),
            temporary: &temporary,
        };
        Confinement::of(&task, &Machine::here(), probe)
    }

    async fn run(&self, script: &str, confinement: Confinement) -> Remains {
        let arguments = ["/bin/sh", "-c", script];
        let launch = Launch {
            argv: arguments.iter().map(OsStr::new).collect(),
            environment: baton_agents::command::environment(),
            directory: &self.at("root"),
            task: b"input".to_vec(),
            stdout: Keep::All(1 << 20),
            stderr: Keep::End(1 << 12),
            confinement: Some(confinement),
        };
        supervisor().run(launch, |_, _| {}, std::future::pending()).await.unwrap()
    }

    /// What a script says under an authority.
    async fn says(&self, script: &str, authority: &Authority) -> String {
        let remains = self.run(script, self.confinement(authority, probe(&supervisor()))).await;
        let stderr = String::from_utf8_lossy(&remains.stderr.last).into_owned();
        assert!(matches!(remains.ended, Some(Ended::Exited(_))), "{:?} {stderr}", remains.ended);
        String::from_utf8(remains.stdout.first).unwrap()
    }
}

fn paths(patterns: &[&str]) -> Option<PathScope> {
    let include = patterns.iter().map(ToString::to_string).collect();
    Some(PathScope { layers: vec![GlobLayer { include, ..GlobLayer::default() }] })
}

fn reads(patterns: &[&str]) -> Authority {
    Authority { read: paths(patterns), ..Authority::default() }
}

fn writes(patterns: &[&str]) -> Authority {
    Authority { write: paths(patterns), ..Authority::default() }
}

/// Whether this kernel confines files. Where it does not, a person must have been told.
fn has_landlock() -> bool {
    let probe = probe(&supervisor());
    let words = probe.words(false).join("\n");
    assert_eq!(probe.landlock.is_none(), words.contains("files are NOT confined"), "{words}");
    if probe.landlock.is_none() {
        eprintln!("this kernel has no Landlock: {words}");
    }
    probe.landlock.is_some()
}

/// A script that tries something and says whether it could.
fn attempt(what: &str) -> String {
    format!("if ({what}) >/dev/null 2>&1; then echo yes; else echo no; fi")
}

#[tokio::test]
async fn files_within_the_grant_can_be_used_and_others_cannot() {
    let confined = has_landlock();
    let place = Place::new();
    let outside = place.at("outside").display().to_string();
    let temporary = place.at("temporary").display().to_string();
    // What is tried, under which authority, and whether it may be.
    let all = reads(&["**"]);
    let some = reads(&["docs/**"]);
    let out = writes(&["out/**", "fresh/deep/*.txt"]);
    let none = Authority::default();
    let cases: Vec<(String, &Authority, bool)> = vec![
        ("cat docs/a.md top.md".into(), &all, true),
        ("ls .".into(), &all, true),
        ("cat docs/a.md".into(), &some, true),
        ("cat top.md".into(), &some, false),
        ("cat docs/../top.md".into(), &some, false),
        ("cat docs/a.md".into(), &none, false),
        ("cat top.md".into(), &out, false),
        ("echo x > top.md".into(), &all, false),
        ("echo x > new".into(), &all, false),
        ("rm docs/a.md".into(), &all, false),
        ("mkdir d".into(), &all, false),
        ("mv docs/a.md docs/b.md".into(), &all, false),
        (
            "echo x > out/a && cat out/a && mkdir out/d && mv out/a out/d/b && rm -r out/d".into(),
            &out,
            true,
        ),
        ("echo x > fresh/deep/a.txt".into(), &out, true),
        ("echo x > fresh/a.txt".into(), &out, false),
        ("mv out/../top.md out/x".into(), &out, false),
        ("ln top.md out/x".into(), &out, false),
        (format!("cat '{outside}/secret'"), &all, false),
        ("cat leak/secret".into(), &all, false),
        ("cat ../outside/secret".into(), &all, false),
        (format!("echo x > '{outside}/new'"), &out, false),
        (format!("ln -s '{outside}/secret' out/l && cat out/l"), &out, false),
        (format!("echo x > '{temporary}/t' && cat '{temporary}/t'"), &none, true),
        ("echo x > /tmp/baton-confine-test-$$".into(), &all, false),
        ("mknod out/disk b 1 1".into(), &out, false),
        (
            "cat /etc/passwd && ls /usr && echo x > /dev/null && head -c 1 /dev/urandom".into(),
            &none,
            true,
        ),
        (format!("cat /proc/{}/environ", std::process::id()), &all, false),
        ("cat /proc/self/environ && cat /dev/stdin".into(), &none, true),
        ("ls /".into(), &all, false),
    ];
    for (what, authority, may) in cases {
        let said = place.says(&attempt(&what), authority).await;
        if confined || may {
            assert_eq!(said.trim(), if may { "yes" } else { "no" }, "{what}");
        }
    }
    assert_eq!(fs::read_to_string(place.at("outside/secret")).unwrap(), "canary");
    assert_eq!(fs::read_dir(place.at("outside")).unwrap().count(), 1 + usize::from(!confined));
}

/// The canary: the attempts above fail because of the confinement, not by themselves.
#[tokio::test]
async fn without_confinement_the_same_attempts_succeed() {
    let place = Place::new();
    let open = || Confinement { files: None, network: None };
    let outside = place.at("outside").display().to_string();
    for what in [
        format!("cat '{outside}/secret' leak/secret ../outside/secret top.md docs/../top.md"),
        format!("echo x > '{outside}/new'"),
        "echo x > new && mkdir d && ls / && ln top.md out/x && mv top.md out/y".to_owned(),
    ] {
        let remains = place.run(&attempt(&what), open()).await;
        assert_eq!(remains.stdout.first, b"yes\n", "{what}");
    }
}

#[tokio::test]
async fn a_grant_to_write_is_no_way_out_of_the_root() {
    let confined = has_landlock();
    let place = Place::new();
    // The link is inside of the root, what it leads to is not.
    for pattern in ["leak/**", "../outside/**", "/etc/**", "leak/secret", "out/../../outside/**"] {
        let secret = place.at("outside/secret").display().to_string();
        let said =
            place.says(&attempt(&format!("echo x >> '{secret}'")), &writes(&[pattern])).await;
        assert!(said.trim() == "no" || !confined, "{pattern}");
    }
    if confined {
        assert_eq!(fs::read_to_string(place.at("outside/secret")).unwrap(), "canary");
    }
}

#[tokio::test]
async fn a_file_by_name_can_be_written_where_it_is_there() {
    let confined = has_landlock();
    let place = Place::new();
    let authority = writes(&["top.md", "absent.md", "docs"]);
    for (what, may) in [
        ("echo x >> top.md && cat top.md", true),
        ("echo x > absent.md", false),
        ("rm top.md", false),
        ("echo x >> docs/a.md", false),
    ] {
        let said = place.says(&attempt(what), &authority).await;
        if confined || may {
            assert_eq!(said.trim(), if may { "yes" } else { "no" }, "{what}");
        }
    }
    assert_eq!(fs::read_to_string(place.at("root/top.md")).unwrap(), "topx\n");
}

/// A script that connects to a port of this machine.
fn connect(listener: &TcpListener) -> String {
    let port = listener.local_addr().unwrap().port();
    format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'")
}

/// Whether somebody has connected.
fn somebody_came(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_ok()
}

#[tokio::test]
async fn without_a_grant_there_is_no_network() {
    let probe = probe(&supervisor());
    let words = probe.words(false).join("\n");
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let said = place.says(&attempt(&connect(&listener)), &reads(&["**"])).await;
    match probe.network {
        Some(_) => {
            assert_eq!((said.trim(), somebody_came(&listener)), ("no", false));
            assert!(words.contains("have no"), "{words}");
        }
        None => {
            eprintln!("{words}");
            assert!(words.contains("the network is NOT closed to commands"), "{words}");
        }
    }
}

#[tokio::test]
async fn with_a_grant_for_http_there_is() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = Authority { http: Authority::unlimited().http, ..reads(&["**"]) };
    let said = place.says(&attempt(&connect(&listener)), &authority).await;
    assert_eq!((said.trim(), somebody_came(&listener)), ("yes", true));
    let words = probe(&supervisor()).words(true).join("\n");
    assert!(words.contains("which hosts they call can NOT be checked"), "{words}");
}

#[tokio::test]
async fn every_barrier_that_this_machine_has_holds() {
    let own = probe(&supervisor());
    let place = Place::new();
    let mut held = 0;
    for barrier in [Barrier::Namespace, Barrier::UserNamespace, Barrier::Tcp] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut confinement = place.confinement(&reads(&["**"]), own);
        confinement.network = Some(barrier);
        let script = format!("id -u; {}", attempt(&connect(&listener)));
        let remains = place.run(&script, confinement).await;
        match remains.ended {
            Some(Ended::Exited(0)) => {
                held += 1;
                let user = rustix::process::getuid().as_raw();
                let said = String::from_utf8(remains.stdout.first).unwrap();
                assert_eq!(said, format!("{user}\nno\n"), "{barrier:?}");
            }
            // What cannot be enforced is not started.
            Some(Ended::NotStarted(why)) => assert!(why.contains("cannot be confined"), "{why}"),
            other => panic!("{barrier:?}: {other:?}"),
        }
        assert!(!somebody_came(&listener), "{barrier:?}");
    }
    assert_eq!(held > 0, own.network.is_some());
}

#[tokio::test]
async fn a_program_can_speak_with_itself_in_a_network_of_its_own() {
    let barrier = probe(&supervisor()).network;
    if matches!(barrier, None | Some(Barrier::Tcp)) {
        let words = probe(&supervisor()).words(false).join("\n");
        assert!(!words.contains("a network namespace of their own"), "{words}");
        return;
    }
    let place = Place::new();
    let said = place.says("cat /proc/net/if_inet6 /sys/class/net/lo/operstate 2>/dev/null; cat /proc/net/route; bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1", &reads(&["**"])).await;
    assert!(said.contains("refused"), "reached, and nobody listens: {said}");
}

#[tokio::test]
async fn no_privileges_are_gained_or_kept() {
    let place = Place::new();
    let said = place.says("cat /proc/self/status", &reads(&["**"])).await;
    let line = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').trim().to_owned()
    };
    assert_eq!(line("NoNewPrivs"), "1");
    let effective = u64::from_str_radix(&line("CapEff"), 16).unwrap();
    // Chown, dac_override, fowner, fsetid, kill, setgid, setuid and net_bind_service.
    let of_files = 0b100_1111_1011;
    assert_eq!(effective & !of_files, 0, "{effective:x}");
}

#[tokio::test]
async fn what_cannot_be_enforced_is_not_started() {
    let place = Place::new();
    let mut confinement =
        place.confinement(&reads(&["**"]), Probe { landlock: Some(1), network: None });
    confinement.files.as_mut().unwrap().root.as_mut().unwrap().path = place.at("gone");
    let remains = place.run("touch /tmp/never", confinement).await;
    let Some(Ended::NotStarted(why)) = remains.ended else { panic!("{:?}", remains.ended) };
    assert!(why.contains("cannot be confined (Landlock)"), "{why}");
}

#[tokio::test]
async fn a_confined_program_dies_with_its_supervisor() {
    let own = probe(&supervisor());
    for network in [None, own.network] {
        let place = Place::new();
        let mut confinement = place.confinement(&reads(&["**"]), own);
        confinement.network = network;
        let file = place.at("temporary/pids");
        let script = format!("echo $$ > '{0}'; echo end >> '{0}'; exec sleep 3600", file.display());
        let arguments = ["/bin/sh", "-c", &script];
        let directory = place.at("root");
        let launch = Launch {
            argv: arguments.iter().map(OsStr::new).collect(),
            environment: baton_agents::command::environment(),
            directory: &directory,
            task: Vec::new(),
            stdout: Keep::End(0),
            stderr: Keep::End(0),
            confinement: Some(confinement),
        };
        let own = std::cell::Cell::new(0);
        let kill = async {
            let [program] = pids(&file).await[..] else { panic!("one program") };
            assert!(runs(program));
            let supervisor = Pid::from_raw(own.get()).unwrap();
            kill_process(supervisor, Signal::KILL).unwrap();
            until("the program is gone", || !runs(program)).await;
            std::future::pending::<()>().await;
        };
        let started = |pid: u32, _| own.set(i32::try_from(pid).unwrap());
        let process = supervisor();
        let work = process.run(launch, started, std::future::pending());
        tokio::select! {
            () = kill => {}
            remains = work => assert_eq!(remains.unwrap().ended, None, "{network:?}"),
        }
    }
}
