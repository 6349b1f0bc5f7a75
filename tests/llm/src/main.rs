//! The fake provider as a program: prints its address and answers by a script until it is ended.

use std::io::{self, Write};
use std::process::ExitCode;

use baton_test_llm::{FakeLlm, Script};

const HELP: &str = "\
baton-test-llm [--port N] [--script FILE]
Speaks as Anthropic, OpenAI (chat, responses), Gemini and Ollama on 127.0.0.1.
GET /__log: requests so far; GET /__stats: counters.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere else to say it.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let (mut port, mut script) = (0, Script::default());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--port" => port = words.next().ok_or("--port N")?.parse()?,
            "--script" => {
                let file = words.next().ok_or("--script FILE")?;
                script = Script::parse(&std::fs::read_to_string(file)?)?;
            }
            _ => {
                write!(io::stdout(), "{HELP}")?;
                return Ok(());
            }
        }
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        let server = FakeLlm::start_on(port, move |seen| script.answer(seen)).await?;
        writeln!(io::stdout(), "{}", server.url())?;
        io::stdout().flush()?;
        std::future::pending::<()>().await;
        drop(server);
        Ok(())
    })
}
