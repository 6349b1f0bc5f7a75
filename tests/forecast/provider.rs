//! A provider that counts what it is sent, and models that think, write and look into files before they
//! answer. How much was written down before a forecast was held against it: thinking of 0 to 768 tokens
//! in steps of 64, texts of 120 to 600 words, and one to six looks at files where there are any.

use std::time::Duration;

use baton_forecast::Counter;
use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

/// Names a number that the answers' time is divided by, for who wants to see forecasts of time held
/// against runs (10 takes a minute or two); not set: answers come at once, and time is not looked at.
const PACE: &str = "BATON_TEST_PACE";

/// What time is divided by; none: answers take none.
pub fn pace() -> Option<u64> {
    std::env::var(PACE).ok()?.parse().ok().filter(|pace| *pace > 0)
}

/// What the files are called that models look into.
const FILES: [&str; 4] = ["README.md", "docs/guide.md", "docs/install.md", "docs/api.md"];

/// Words of a text.
const PROSE: &str = "The change keeps the old path for callers that do not know the new field, so nothing \
    breaks for them, but the second branch reads the value before it is checked and falls back to the \
    default where the caller meant none. Two places rely on that: the export, which runs at night and \
    logs no error, and the form, which shows the default as if somebody had chosen it. ";

/// The answer of a model: a look at a file, or in the end what it was asked for.
pub fn reply(seen: &Seen, asked: &str, output: Option<Value>) -> Reply {
    let chance = Chance::of(asked);
    let looks = if seen.offers("read_file") { 1 + chance.below(6, "looks") } else { 0 };
    let turn = seen.turns as u64;
    let (reply, said) = if turn < looks {
        let path = FILES[chance.below(4, &format!("file {turn}")) as usize];
        (Reply::call("read_file", json!({ "path": path })), path.to_owned())
    } else {
        let output = output.unwrap_or_else(|| {
            let words = 120 + chance.below(481, "words");
            let text: Vec<&str> = PROSE.split_whitespace().cycle().take(words as usize).collect();
            text.join(" ").into()
        });
        let summary = "It was looked at as asked. What was found stands in the result.";
        let input = json!({ "output": output, "summary": summary });
        let said = input.to_string();
        (Reply::call("submit", input), said)
    };
    let thought = 64 * chance.below(13, &format!("thought {turn}"));
    let written = 12 + Counter::O200k.text(&said) + thought;
    let (sent, known) = sent(seen);
    let reply = reply.usage(sent, written).cached(known, 0);
    match pace() {
        // From half a second to two and a half until the first word, and 8 to 20 ms a token.
        Some(pace) => {
            let begins = 500 + chance.below(2_000, &format!("begins {turn}"));
            let token = 8 + chance.below(13, "token");
            let ms = (begins + written * token) / pace;
            reply.slow(Duration::from_millis(ms), Duration::ZERO)
        }
        None => reply,
    }
}

/// Tokens of a request, and how many of them the provider has from the one before: what both begin
/// with, in steps of 128 from 1,024 on.
fn sent(seen: &Seen) -> (u64, u64) {
    let count = |text: &str| 6 + Counter::O200k.text(text);
    let tools = count(&seen.json["tools"].to_string());
    let said: Vec<u64> = seen.said.iter().map(|said| count(&said.text)).collect();
    let all = tools + said.iter().sum::<u64>();
    let before = match seen.turns {
        0 => 0,
        _ => all - said.iter().rev().take(2).sum::<u64>(),
    };
    let known = if before < 1_024 { 0 } else { before / 128 * 128 };
    (all, known)
}

/// Numbers that follow from what was asked.
struct Chance(u64);

impl Chance {
    fn of(text: &str) -> Self {
        Self(mixed(0xcbf2_9ce4_8422_2325, text))
    }

    fn below(&self, bound: u64, what: &str) -> u64 {
        // The upper bits are mixed best.
        (mixed(self.0, what) >> 17) % bound
    }
}

/// FNV-1a, which is the same everywhere.
fn mixed(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
