//! Calls of git that run nothing a repository brings along.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Longest time of one call. A checkout of a large repository takes minutes on a slow disk.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Settings that keep hooks and monitors of the repository from running.
const SETTINGS: [&str; 4] = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];

/// Bytes of git's words that an error repeats.
const WORDS_BYTES_MAX: usize = 400;

/// Runs git in a directory and returns what it printed, without the last line end.
///
/// # Errors
/// In words: git is missing, failed, or took too long.
pub(super) async fn git(directory: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    command.args(SETTINGS).arg("-C").arg(directory).args(arguments);
    // What the caller's own git was told does not hold for this repository.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
    command.stdin(Stdio::null()).kill_on_drop(true);
    let what = arguments.first().copied().unwrap_or_default();
    let output = match tokio::time::timeout(TIME_MAX, command.output()).await {
        Err(_) => return Err(format!("git {what} took longer than {} s", TIME_MAX.as_secs())),
        Ok(Err(error)) => return Err(format!("git cannot be run: {error}")),
        Ok(Ok(output)) => output,
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.trim();
    let end = (0..=WORDS_BYTES_MAX.min(words.len()))
        .rev()
        .find(|end| words.is_char_boundary(*end))
        .unwrap_or(0);
    Err(format!("git {what}: {}", words.get(..end).unwrap_or_default()))
}
