//! An agent for tests that speaks the Agent Client Protocol and does what its task says:
//! `acp_agent [--old] [--modes] [--models] [--load DIR | --resume DIR]`.
//!
//! Every line of the task that begins with `! ` is an order, done in turn:
//!
//! | order | what it does |
//! |---|---|
//! | `say TEXT`, `think TEXT` | a piece of a message, of thoughts |
//! | `tell` | says the whole task, the orders too |
//! | `tool JSON` | tells of a tool: an update of any kind, without its id |
//! | `ask JSON` | asks for permission for that tool, and says what was answered |
//! | `read JSON`, `write JSON` | asks for a file, and says what came |
//! | `call METHOD` | asks for anything, and says what came |
//! | `update JSON` | any update |
//! | `env` | says the names in its environment |
//! | `touch PATH`, `cat PATH` | does it itself, without asking, and says how it went |
//! | `wait PATH` | goes on when that file is there |
//! | `flood COUNT` | so many updates that nobody knows |
//! | `long BYTES` | one line of so many bytes |
//! | `hang`, `deaf` | waits for the end of its input, or for nothing |
//! | `die STATUS` | ends without a word |
//! | `fail CODE MESSAGE` | ends its turn with an error |
//! | `end REASON [JSON]` | ends its turn, with further fields of the result |

#![expect(clippy::print_stdout, reason = "it speaks on standard output")]

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

/// Name of its sessions.
const SESSION: &str = "session-1";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|own| own == word);
    let after = |word: &str| {
        let at = words.iter().position(|own| own == word)?;
        words.get(at + 1).map(PathBuf::from)
    };
    let mut agent = Agent {
        old: has("--old"),
        modes: has("--modes"),
        models: has("--models"),
        load: after("--load"),
        resume: after("--resume"),
        set: Vec::new(),
        offered: Value::Null,
        asked: 0,
    };
    while let Some(message) = next() {
        if let Some(code) = agent.hear(&message) {
            return code;
        }
    }
    ExitCode::SUCCESS
}

/// The next message; none: there will be no more.
fn next() -> Option<Value> {
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(1..) => serde_json::from_str(&line).ok(),
        _ => None,
    }
}

fn send(message: &Value) {
    println!("{message}");
    // Whoever does not listen has ended this already.
    let _ = io::stdout().flush();
}

fn update(update: Value) {
    let params = json!({ "sessionId": SESSION, "update": update });
    send(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }));
}

fn say(kind: &str, text: &str) {
    let content = json!({ "type": "text", "text": text });
    update(json!({ "sessionUpdate": kind, "content": content }));
}

struct Agent {
    old: bool,
    modes: bool,
    models: bool,
    load: Option<PathBuf>,
    resume: Option<PathBuf>,
    /// What was set: modes and options.
    set: Vec<String>,
    /// Capabilities of the client.
    offered: Value,
    asked: u64,
}

impl Agent {
    fn hear(&mut self, message: &Value) -> Option<ExitCode> {
        let id = message.get("id").cloned().unwrap_or_default();
        let params = message.get("params").cloned().unwrap_or_default();
        let text = |key: &str| params.get(key).and_then(Value::as_str).unwrap_or_default();
        let result = match message.get("method").and_then(Value::as_str)? {
            "initialize" => {
                self.offered = params.get("clientCapabilities").cloned().unwrap_or_default();
                let resume = if self.resume.is_some() { json!({}) } else { Value::Null };
                json!({
                    "protocolVersion": if self.old { 0 } else { 1 },
                    "agentCapabilities": {
                        "loadSession": self.load.is_some(),
                        "sessionCapabilities": { "resume": resume },
                    },
                    "agentInfo": { "name": "test-agent", "version": "1.2.3" },
                })
            }
            "session/new" => self.session(),
            "session/load" => {
                let known = self.load.as_ref().is_some_and(|folder| folder.join(SESSION).exists());
                if !known {
                    return self.error(&id, -32_002, "no such session");
                }
                say("agent_message_chunk", "words of an earlier turn");
                self.set.push("loaded".into());
                json!({})
            }
            "session/resume" => {
                self.set.push("resumed".into());
                json!({})
            }
            "session/set_mode" => {
                self.set.push(format!("mode={}", text("modeId")));
                json!({})
            }
            "session/set_config_option" => {
                self.set.push(format!("{}={}", text("configId"), text("value")));
                json!({ "configOptions": [] })
            }
            "session/prompt" => {
                let task = params.pointer("/prompt/0/text").and_then(Value::as_str);
                return self.perform(&id, task.unwrap_or_default());
            }
            _ => return None,
        };
        send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        None
    }

    fn session(&self) -> Value {
        for folder in [&self.load, &self.resume].into_iter().flatten() {
            let _ = std::fs::write(folder.join(SESSION), "");
        }
        let mut result = json!({ "sessionId": SESSION });
        if let Some(fields) = result.as_object_mut() {
            if self.modes {
                let modes = ["yolo", "default"].map(|id| json!({ "id": id, "name": id }));
                let modes = json!({ "currentModeId": "yolo", "availableModes": modes });
                fields.insert("modes".into(), modes);
            }
            if self.models {
                let option = |id: &str, category: &str, values: [&str; 2]| {
                    let values = values.map(|value| json!({ "value": value, "name": value }));
                    json!({ "id": id, "name": id, "category": category, "type": "select",
                            "currentValue": values[0]["value"], "options": values })
                };
                let options = [
                    option("brain", "model", ["small", "large"]),
                    option("depth", "thought_level", ["low", "high"]),
                ];
                fields.insert("configOptions".into(), json!(options));
            }
        }
        result
    }

    #[expect(clippy::unused_self, reason = "as its neighbours")]
    fn error(&self, id: &Value, code: i64, message: &str) -> Option<ExitCode> {
        let error = json!({ "code": code, "message": message });
        send(&json!({ "jsonrpc": "2.0", "id": id, "error": error }));
        None
    }

    fn perform(&mut self, id: &Value, task: &str) -> Option<ExitCode> {
        for order in task.lines().filter_map(|line| line.strip_prefix("! ")) {
            let (order, rest) = order.split_once(' ').unwrap_or((order, ""));
            let json: Value = serde_json::from_str(rest).unwrap_or_default();
            match order {
                "say" => say("agent_message_chunk", &rest.replace("\\n", "\n")),
                "think" => say("agent_thought_chunk", rest),
                "tell" => say("agent_message_chunk", &format!("{:?} {task}", self.set)),
                "tool" | "update" => update(json),
                "ask" => {
                    let options =
                        [("a", "allow_always"), ("b", "allow_once"), ("c", "reject_once")]
                            .map(|(id, kind)| json!({ "optionId": id, "name": id, "kind": kind }));
                    let params = json!({ "toolCall": json, "options": options });
                    self.ask("session/request_permission", params);
                }
                "read" => self.ask("fs/read_text_file", json),
                "write" => self.ask("fs/write_text_file", json),
                "call" => self.ask(rest, json!({})),
                "offered" => say("agent_message_chunk", &self.offered.to_string()),
                "env" => {
                    let mut names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
                    names.sort();
                    say("agent_message_chunk", &names.join(" "));
                }
                "touch" => tell(std::fs::write(rest, "touched").map(|()| "touched".into())),
                "cat" => tell(std::fs::read_to_string(rest)),
                "wait" => {
                    while !PathBuf::from(rest).exists() {
                        std::thread::sleep(std::time::Duration::from_millis(5));
                    }
                }
                "flood" => {
                    for number in 0..rest.parse().unwrap_or(0_u32) {
                        update(json!({ "sessionUpdate": "of_tomorrow", "number": number }));
                    }
                }
                "long" => send(&json!("x".repeat(rest.parse().unwrap_or(0)))),
                "hang" => {
                    while let Some(message) = next() {
                        if message.get("method") == Some(&json!("session/cancel")) {
                            let _ = std::fs::write("cancelled", "");
                            break;
                        }
                    }
                }
                "deaf" => loop {
                    std::thread::park();
                },
                "die" => return Some(ExitCode::from(rest.parse::<u8>().unwrap_or(1))),
                "fail" => {
                    let (code, message) = rest.split_once(' ').unwrap_or((rest, "failed"));
                    return self.error(id, code.parse().unwrap_or(0), message);
                }
                "end" => {
                    let (reason, fields) = rest.split_once(' ').unwrap_or((rest, "{}"));
                    let fields: Map<String, Value> =
                        serde_json::from_str(fields).unwrap_or_default();
                    let mut result = Map::from_iter([("stopReason".into(), json!(reason))]);
                    result.extend(fields);
                    send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
                    return None;
                }
                _ => {}
            }
        }
        let result = json!({ "stopReason": "end_turn" });
        send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        None
    }

    /// Asks the client, and says what came.
    fn ask(&mut self, method: &str, mut params: Value) {
        self.asked += 1;
        let id = format!("mine-{}", self.asked);
        if let Some(fields) = params.as_object_mut() {
            fields.insert("sessionId".into(), json!(SESSION));
        }
        send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        while let Some(message) = next() {
            if message.get("id").and_then(Value::as_str) == Some(&id) {
                let came = message.get("result").or(message.get("error"));
                say("agent_message_chunk", &format!("{}\n", came.unwrap_or(&Value::Null)));
                return;
            }
        }
    }
}

fn tell(how: io::Result<String>) {
    let text = how.unwrap_or_else(|error| format!("error: {:?}", error.kind()));
    say("agent_message_chunk", &format!("{}\n", text.trim_end()));
}
