//! Agents of a workflow under test: what was recorded, by a process of Baton itself.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cases::Answer;
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::stdout;
use crate::value::AgentArg;

/// Longest task in bytes.
const TASK_BYTES_MAX: u64 = 16 << 20;
/// Who answers where a case records no answers.
const ECHO: &str = "component:echo-agent";

/// Who performs the agents of a case: its answers, written to `file`, or the echo.
///
/// # Errors
/// When they cannot be written, or this program cannot be found.
pub fn backend(answers: &[Answer], file: &Path) -> Result<AgentArg> {
    if answers.is_empty() {
        return Ok(AgentArg { agent_type: None, backend: ECHO.into() });
    }
    let text = serde_json::to_vec(answers).map_err(|error| {
        CliError::new(Code::Internal, "the answers cannot be written").because(&error)
    })?;
    std::fs::write(file, text).map_err(|error| CliError::file("write", file, &error))?;
    let program = std::env::current_exe()
        .map_err(|error| CliError::file("find", &PathBuf::from("baton"), &error))?;
    let words = [program.as_path(), Path::new("test"), Path::new("-"), Path::new("--answer"), file];
    let words: Option<Vec<&str>> = words.into_iter().map(Path::to_str).collect();
    let words = words
        .ok_or_else(|| CliError::new(Code::File, format!("{} is not UTF-8", file.display())))?;
    Ok(AgentArg { agent_type: None, backend: format!("command:{}", shell_words::join(words)) })
}

/// Answers the task on standard input.
///
/// # Errors
/// When the answers or the task cannot be read.
pub fn answer(file: &Path) -> Result<Exit> {
    let bytes = std::fs::read(file).map_err(|error| CliError::file("read", file, &error))?;
    let unusable = |error: serde_json::Error| {
        CliError::new(Code::File, format!("{} holds no answers", file.display())).because(&error)
    };
    let answers: Vec<Answer> = serde_json::from_slice(&bytes).map_err(unusable)?;
    let mut task = String::new();
    std::io::stdin()
        .take(TASK_BYTES_MAX)
        .read_to_string(&mut task)
        .map_err(|error| CliError::file("read", Path::new("standard input"), &error))?;
    let task: Value = serde_json::from_str(&task).map_err(unusable)?;
    let prompt = task.get("prompt").and_then(Value::as_str).unwrap_or_default();
    stdout(&format!("{}\n", reply(&answers, prompt)))?;
    Ok(Exit::Done)
}

/// What is said to a prompt.
fn reply(answers: &[Answer], prompt: &str) -> Value {
    let failed = |message: &str| json!({ "error": { "kind": "permanent", "message": message } });
    match answers.iter().find(|answer| prompt.contains(&answer.prompt)) {
        None => failed("the case has no answer to this prompt"),
        Some(Answer { error: Some(message), .. }) => failed(message),
        Some(Answer { output, .. }) => json!({ "output": output }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_that_fits_is_given() {
        let one = |prompt: &str, output: Option<Value>, error: Option<&str>| Answer {
            prompt: prompt.into(),
            output,
            error: error.map(str::to_owned),
        };
        let answers = [
            one("a cat", Some(json!("meow")), None),
            one("a dog", None, Some("asleep")),
            one("a", Some(json!(null)), None),
        ];
        assert_eq!(reply(&answers, "ask a cat"), json!({ "output": "meow" }));
        assert_eq!(reply(&answers, "ask a dog")["error"]["message"], "asleep");
        assert_eq!(reply(&answers, "ask a cow"), json!({ "output": null }));
        assert_eq!(reply(&answers, "who?")["error"]["kind"], "permanent");
    }
}
