//! A public server of the Model Context Protocol, made to be tested against, from npm.
//!
//! Where Node.js is not there, or the package cannot be had, the tests say so and pass; with
//! `BATON_TEST_MCP=require` they fail.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

const PACKAGE: &str = "@modelcontextprotocol/server-everything";
const VERSION: &str = "2026.8.31";

/// Times a port is tried: between finding a free one and using it, another may take it.
const PORTS_TRIED: usize = 5;

/// The installed server.
pub struct Everything {
    pub node: PathBuf,
    pub script: PathBuf,
}

/// The server, installed once; none if that cannot be.
pub fn everything() -> Option<&'static Everything> {
    static FOUND: OnceLock<Result<Everything, String>> = OnceLock::new();
    match FOUND.get_or_init(install) {
        Ok(found) => Some(found),
        Err(why) => {
            let required = std::env::var("BATON_TEST_MCP").is_ok_and(|word| word == "require");
            assert!(!required, "{PACKAGE} is required and cannot be had: {why}");
            // Past the test harness, which would keep it from everybody.
            let line = format!("\nSKIPPED: tests against {PACKAGE}, which cannot be had: {why}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            None
        }
    }
}

fn install() -> Result<Everything, String> {
    let node = in_path("node").ok_or("there is no node")?;
    let npm = in_path("npm").ok_or("there is no npm")?;
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mcp-everything-{VERSION}"));
    let script = kept.join("node_modules").join(PACKAGE).join("dist/index.js");
    if !script.is_file() {
        // Moved to its place when it is whole: a broken installation must not be found again.
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let fresh = tempfile::tempdir_in(parent).map_err(|error| error.to_string())?;
        fs::write(fresh.path().join("package.json"), "{}").map_err(|error| error.to_string())?;
        let output = Command::new(npm)
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .arg(format!("{PACKAGE}@{VERSION}"))
            .current_dir(fresh.path())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("npm does not start: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        // Another process of this suite may have been faster; then its installation is there.
        if let Err(error) = fs::rename(fresh.path(), &kept)
            && !script.is_file()
        {
            return Err(error.to_string());
        }
    }
    Ok(Everything { node, script })
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

impl Everything {
    /// A server over HTTP on a free port, until it is dropped.
    pub fn over_http(&self) -> OverHttp {
        for _ in 0..PORTS_TRIED {
            let port = {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                listener.local_addr().unwrap().port()
            };
            if let Some(server) = self.on(port) {
                return server;
            }
        }
        panic!("no port could be used");
    }

    /// The same on this port; none if another has it.
    pub fn on(&self, port: u16) -> Option<OverHttp> {
        let child = Command::new(&self.node)
            .arg(&self.script)
            .arg("streamableHttp")
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = OverHttp { child, port };
        let mut said = BufReader::new(server.child.stderr.take().unwrap()).lines();
        let ready = said.find_map(|line| line.unwrap().contains("listening").then_some(()));
        // What it says later must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        ready.map(|()| server)
    }
}

/// A server over HTTP.
pub struct OverHttp {
    child: Child,
    pub port: u16,
}

impl OverHttp {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }
}

impl Drop for OverHttp {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
