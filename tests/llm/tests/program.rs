//! The program: prints its address, answers by its script, tells what it saw.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str]) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton-test-llm"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    Program(command.spawn().unwrap())
}

fn ask(address: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_answers_by_its_script_and_tells_what_it_saw() {
    let script = format!("{}/script.json", env!("CARGO_TARGET_TMPDIR"));
    let rules = r#"{"rules": [{"when": {"contains": "zebra"}, "reply": {"text": "stripes"}}]}"#;
    std::fs::write(&script, rules).unwrap();
    let mut program = start(&["--script", &script]);
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().to_owned();
    let body = r#"{"model": "m", "messages": [{"role": "user", "content": "a zebra"}]}"#;
    assert!(ask(&address, "POST", "/v1/messages", body).contains("stripes"));
    assert!(ask(&address, "POST", "/v1/messages", "{}").contains("Done."));
    assert!(ask(&address, "GET", "/__stats", "").contains(r#""requests":2"#));
    let log = ask(&address, "GET", "/__log", "");
    assert!(log.contains(r#""text":"a zebra""#) && log.contains(r#""model":"m""#), "{log}");
}

#[test]
fn what_it_cannot_do_is_said() {
    for (arguments, said) in
        [(["--script", "/does/not/exist"], "No such file"), (["--port", "many"], "invalid digit")]
    {
        let mut program = start(&arguments);
        let mut error = String::new();
        program.0.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert!(error.contains(said), "{error}");
        assert!(!program.0.wait().unwrap().success());
    }
    let mut program = start(&["--help"]);
    let mut help = String::new();
    program.0.stdout.take().unwrap().read_to_string(&mut help).unwrap();
    assert!(help.contains("--script FILE") && program.0.wait().unwrap().success());
}
