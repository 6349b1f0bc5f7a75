//! What else a program gets from whoever starts it.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::AsRawFd;

use baton_agents::confine::{Probe, probe};
use baton_agents::supervise::Ended;
use baton_agents::{Keep, Launch};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{pids, runs, supervisor, until};
use crate::place::{Place, attempt, reads};

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
async fn open_files_of_the_host_are_not_passed_on() {
    let place = Place::new();
    let secret = fs::File::open(place.at("outside/secret")).unwrap();
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty()).unwrap();
    let what = format!("bash -c 'cat <&{}'", secret.as_raw_fd());
    assert_eq!(place.says(&attempt(&what), &reads(&["**"])).await, "no\n");
    // The canary: without confinement it is.
    let remains = place.launch(&attempt(&what), None).await;
    assert_eq!(remains.stdout.first, b"yes\n");
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
