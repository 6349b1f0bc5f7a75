//! A place to try things in.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use baton_agents::confine::{Confinement, Machine, Probe, Task, make_directories, probe};
use baton_agents::supervise::Ended;
use baton_agents::{Keep, Launch, Remains};
use baton_core::scope::{Authority, GlobLayer, PathScope};
use tempfile::TempDir;

use crate::common::supervisor;

/// A granted root with files, a directory beside it, and a temporary directory.
pub struct Place {
    pub directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
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

    pub fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// A script that tries something and says whether it could.
    pub fn attempt(&self, what: &str) -> String {
        let at = |name: &str| self.at(name).display().to_string();
        attempt(&what.replace("$OUTSIDE", &at("outside")).replace("$OWN", &at("temporary")))
    }

    pub fn confinement(&self, authority: &Authority, probe: Probe) -> Confinement {
        make_directories(&self.at("root"), authority);
        let (root, temporary) = (self.at("root"), self.at("temporary"));
        let task = Task {
            authority,
            root: Some(&root),
            program: Path::new("/bin/sh"),
            temporary: &temporary,
        };
        Confinement::of(&task, &Machine::here(), probe)
    }

    pub async fn run(&self, script: &str, confinement: Confinement) -> Remains {
        self.launch(script, Some(confinement)).await
    }

    pub async fn launch(&self, script: &str, confinement: Option<Confinement>) -> Remains {
        let arguments = ["/bin/sh", "-c", script];
        let launch = Launch {
            argv: arguments.iter().map(OsStr::new).collect(),
            environment: baton_agents::command::environment(),
            directory: &self.at("root"),
            task: b"input".to_vec(),
            stdout: Keep::All(1 << 20),
            stderr: Keep::End(1 << 12),
            confinement,
        };
        supervisor().run(launch, |_, _| {}, std::future::pending()).await.unwrap()
    }

    /// What a script says under an authority.
    pub async fn says(&self, script: &str, authority: &Authority) -> String {
        let remains = self.run(script, self.confinement(authority, probe(&supervisor()))).await;
        let stderr = String::from_utf8_lossy(&remains.stderr.last).into_owned();
        assert!(matches!(remains.ended, Some(Ended::Exited(_))), "{:?} {stderr}", remains.ended);
        String::from_utf8(remains.stdout.first).unwrap()
    }
}

pub fn paths(patterns: &[&str]) -> Option<PathScope> {
    let include = patterns.iter().map(ToString::to_string).collect();
    Some(PathScope { layers: vec![GlobLayer { include, ..GlobLayer::default() }] })
}

pub fn reads(patterns: &[&str]) -> Authority {
    Authority { read: paths(patterns), ..Authority::default() }
}

pub fn writes(patterns: &[&str]) -> Authority {
    Authority { write: paths(patterns), ..Authority::default() }
}

/// A script that tries something and says whether it could.
pub fn attempt(what: &str) -> String {
    format!("if ({what}) >/dev/null 2>&1; then echo yes; else echo no; fi")
}
