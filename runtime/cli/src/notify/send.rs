//! Telling one thing to one hook.

use std::ffi::{OsStr, OsString};
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use baton_agents::supervise::Ended;
use baton_agents::{Keep, Launch, RunError, Supervisor};
use rustls::{ClientConfig, RootCertStore};

use super::settings::{Hook, host};
use crate::text::one_line;

/// How long a hook may take.
pub const TIME: Duration = Duration::from_secs(10);
/// Bytes of a program's complaint that are kept.
const COMPLAINT: usize = 300;
/// Variables that a program gets: what a session of a person is made of, and no keys of providers.
const VARIABLES: [&str; 16] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
];

/// Tells a hook something: a line of JSON.
///
/// # Errors
/// Why it was not told, in words without anything of an address but its host.
pub async fn tell(
    hook: &Hook,
    supervisor: &Supervisor,
    dir: &Path,
    line: &str,
) -> Result<(), String> {
    if !hook.command.is_empty() {
        command(hook, supervisor, dir, line).await?;
    }
    if let Some(webhook) = &hook.webhook {
        call(webhook, line).await?;
    }
    Ok(())
}

async fn command(
    hook: &Hook,
    supervisor: &Supervisor,
    dir: &Path,
    line: &str,
) -> Result<(), String> {
    let name = hook.command.first().map_or("", String::as_str);
    let program = find(name, dir).ok_or_else(|| format!("there is no program `{name}`"))?;
    let arguments = hook.command.iter().skip(1).map(OsStr::new);
    let names = VARIABLES.iter().copied().chain(hook.env.iter().map(String::as_str));
    let environment =
        names.filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))).collect();
    let launch = Launch {
        argv: std::iter::once(program.as_os_str()).chain(arguments).collect(),
        environment,
        directory: dir,
        task: format!("{line}\n").into_bytes(),
        stdout: Keep::End(0),
        stderr: Keep::End(COMPLAINT),
        confinement: None,
    };
    let ran = supervisor.run(launch, |_, _| (), pending());
    let remains = match tokio::time::timeout(TIME, ran).await {
        Err(_) => return Err(format!("`{name}` took more than {} seconds", TIME.as_secs())),
        Ok(Err(RunError::Start(error))) => {
            return Err(format!("`{name}` cannot be started: {error}"));
        }
        Ok(Err(RunError::Output | RunError::Stopped(_))) => {
            return Err(format!("`{name}` was stopped"));
        }
        Ok(Ok(remains)) => remains,
    };
    match remains.ended {
        Some(Ended::Exited(0)) => Ok(()),
        ended => {
            let said = String::from_utf8_lossy(&remains.stderr.last).into_owned();
            let said = one_line(&said);
            let how = match ended {
                Some(Ended::Exited(code)) => format!("ended with exit code {code}"),
                Some(Ended::NotStarted(why)) => format!("cannot be started: {why}"),
                Some(Ended::Signalled(_) | Ended::Killed) | None => "was killed".to_owned(),
            };
            let colon = if said.is_empty() { "" } else { ": " };
            Err(format!("`{name}` {how}{colon}{said}"))
        }
    }
}

/// A program by its name, as a shell finds it; one with a slash in its name begins at `dir`.
fn find(name: &str, dir: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        let path = dir.join(name);
        return path.is_file().then_some(path);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

async fn call(webhook: &str, line: &str) -> Result<(), String> {
    let whom = host(webhook);
    let sent = client()?
        .post(webhook)
        .header("content-type", "application/json")
        .body(line.to_owned())
        .send()
        .await;
    match sent {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("{whom} answered {}", answer.status().as_u16())),
        Err(error) if error.is_timeout() => {
            Err(format!("{whom} took more than {} seconds", TIME.as_secs()))
        }
        // The library's words hold the whole address.
        Err(error) if error.is_connect() => Err(format!("{whom} cannot be reached")),
        Err(_) => Err(format!("the exchange with {whom} failed")),
    }
}

fn client() -> Result<reqwest::Client, String> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        // An address that a person wrote down is the one that is called.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(TIME)
        .build()
        .map_err(|error| error.to_string())
}
