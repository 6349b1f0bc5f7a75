//! Screens as they are compared.

use std::thread::sleep;
use std::time::Duration;

use baton_test_support::once;

pub use baton_test_support::Terminal;

/// More than the time between two drawings.
const DRAWN: Duration = Duration::from_millis(150);

/// The screen without what differs from run to run, when nothing else changes any more.
pub fn settled(terminal: &Terminal) -> String {
    let mut before = String::new();
    once("the screen settles", || {
        sleep(DRAWN);
        let now = masked(&terminal.screen());
        (std::mem::replace(&mut before, now.clone()) == now).then_some(now)
    })
}

/// A screen without what differs from run to run: ids, clocks and spans of time.
fn masked(screen: &str) -> String {
    screen.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn line(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while at < chars.len() {
        let rest: String = chars[at..].iter().collect();
        if let Some(id) = rest.strip_prefix("run_") {
            let ulid = id.chars().take_while(char::is_ascii_alphanumeric).count();
            out.push_str("run_");
            out.extend(std::iter::repeat_n('X', ulid));
            at += 4 + ulid;
            continue;
        }
        let before = at.checked_sub(1).map_or(' ', |before| chars[before]);
        let token: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | 's' | 'm' | 'h'))
            .collect();
        if !before.is_alphanumeric() && is_clock(&token) {
            out.push_str("HH:MM:SS");
            at += token.len();
        } else if !before.is_alphanumeric() && is_span(&token) {
            // In a column the end stays where it is, elsewhere the beginning.
            let column = chars[..at].ends_with(&[' ', ' ']) && !line.contains("run_");
            let wide = if column { token.len() } else { 0 };
            out.push_str(&format!("{:>wide$}", "0.0s"));
            at += token.len();
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out.trim_end().to_owned()
}

fn is_span(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let Some(number) = token.strip_suffix('s') else { return false };
    number.split_once(['.', 'm']).is_some_and(|(a, b)| digits(a) && digits(b))
}

fn is_clock(token: &str) -> bool {
    token.len() == 8 && token.split(':').filter(|part| part.len() == 2).count() == 3
}
