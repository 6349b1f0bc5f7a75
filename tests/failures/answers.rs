//! What providers of these tests answer.

use baton_test_llm::{Fault, Hold, Refusal, Reply, Seen};

use crate::place::Place;

/// Says which request it answered: an answer that comes again is another one.
pub fn numbered(seen: &Seen) -> Reply {
    Reply::text(format!("{} by request {}", seen.by("user"), seen.number))
}

/// The number in `Task 7.`
pub fn number(seen: &Seen) -> usize {
    let said = seen.by("user");
    let digits: String = said.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("{said}"))
}

pub fn refused(refusal: Refusal) -> Reply {
    Reply::fault(Fault::Refuses(refusal))
}

/// A provider that serves so many requests, and keeps all others waiting.
pub fn serves_first(served: usize) -> (Place, Hold) {
    let hold = Hold::default();
    let late = hold.clone();
    let place =
        Place::new(
            move |seen: &Seen| {
                if seen.number <= served { numbered(seen) } else { numbered(seen).held(&late) }
            },
        );
    (place, hold)
}
