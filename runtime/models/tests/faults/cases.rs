//! The faults, and how each must end.

use std::ops::RangeInclusive;
use std::time::Duration;

use baton_core::model::Api;
use baton_models::Trouble;
use baton_test_llm::{Fault, Refusal, Reply};

use crate::good;

/// Who is asked.
pub(crate) enum Who {
    /// A server that plays this.
    Plays(fn() -> Reply),
    /// A port that nobody listens on.
    Refusing,
    /// A name that does not resolve.
    Unresolvable,
    /// A server that speaks no TLS where TLS is expected.
    TlsGarbage,
    /// A server of TLS that nobody vouches for.
    TlsUntrusted,
}

/// How it must end.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// With the good answer, its tokens counted once.
    Good,
    /// Without an answer.
    Fails(Fails),
}

#[derive(Clone, Copy)]
pub(crate) struct Fails {
    pub trouble: Trouble,
    pub code: &'static str,
    /// What was consumed is told, by estimate if need be: the request may have been served.
    pub charged: bool,
    /// Part of the answer is kept as evidence.
    pub partial: bool,
    /// Milliseconds that the provider asks for.
    pub after: Option<(u64, u64)>,
    /// Part of the message.
    pub says: &'static str,
}

impl Fails {
    pub(crate) fn waits(&self) -> Option<RangeInclusive<u64>> {
        self.after.map(|(least, most)| least..=most)
    }
}

pub(crate) struct Case {
    /// Its number in the list of faults.
    pub number: &'static str,
    pub what: &'static str,
    pub who: Who,
    /// Deadline and silence in milliseconds, where they matter.
    pub times: (u64, u64),
    pub end: fn(Api) -> End,
}

impl Case {
    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(self.times.0)
    }

    pub(crate) fn silence(&self) -> Duration {
        Duration::from_millis(self.times.1)
    }
}

/// Time that never runs out.
const LONG: (u64, u64) = (100_000, 90_000);
/// Silence is noticed before the deadline, and the other way round.
const SILENT: (u64, u64) = (80_000, 400);
const DEADLINE: (u64, u64) = (400, 80_000);

const fn fails(trouble: Trouble, code: &'static str) -> Fails {
    Fails { trouble, code, charged: false, partial: false, after: None, says: "" }
}

/// The request may have been served.
const fn charged(trouble: Trouble, code: &'static str) -> Fails {
    Fails { charged: true, ..fails(trouble, code) }
}

const fn with_part(fails: Fails) -> Fails {
    Fails { partial: true, ..fails }
}

fn case(number: &'static str, what: &'static str, who: Who, end: fn(Api) -> End) -> Case {
    Case { number, what, who, times: LONG, end }
}

fn timed(times: (u64, u64), case: Case) -> Case {
    Case { times, ..case }
}

use End::Fails as F;
use Trouble::{Auth, Billing, Overload, Permanent, Quota, Retryable, Unreachable};
use Who::Plays;

/// Connections and bytes.
pub(crate) fn transport() -> Vec<Case> {
    vec![
        case("1", "connection refused", Who::Refusing, |_| F(fails(Unreachable, "unreachable"))),
        case("2", "name does not resolve", Who::Unresolvable, |_| {
            F(fails(Unreachable, "unresolved"))
        }),
        case("3", "no TLS", Who::TlsGarbage, |_| F(fails(Permanent, "tls"))),
        case("3", "TLS that nobody vouches for", Who::TlsUntrusted, |_| F(fails(Permanent, "tls"))),
        timed(
            SILENT,
            case(
                "4",
                "accepts, then silence",
                Plays(|| good().with(Fault::SilentBeforeHeaders)),
                |_| F(charged(Retryable, "silent")),
            ),
        ),
        timed(
            DEADLINE,
            case(
                "4",
                "the same until the deadline",
                Plays(|| good().with(Fault::SilentBeforeHeaders)),
                |_| F(charged(Retryable, "deadline")),
            ),
        ),
        timed(
            SILENT,
            case(
                "5",
                "headers, then silence",
                Plays(|| good().with(Fault::SilentAfterHeaders)),
                |_| F(charged(Retryable, "silent")),
            ),
        ),
        timed(
            DEADLINE,
            case(
                "5",
                "the same until the deadline",
                Plays(|| good().with(Fault::SilentAfterHeaders)),
                |_| F(charged(Retryable, "deadline")),
            ),
        ),
        // Bytes keep coming: only the time of the whole can end it.
        timed(
            (2_500, 60_000),
            case(
                "6",
                "one byte at a time",
                Plays(|| Reply::text("word ".repeat(2_000)).with(Fault::Drip(2))),
                |_| F(charged(Retryable, "deadline")),
            ),
        ),
        case("7", "body one byte short", Plays(|| good().with(Fault::ShortBody)), |_| {
            F(with_part(charged(Retryable, "truncated")))
        }),
        case("8", "reset in the body", Plays(|| good().with(Fault::Reset)), |_| {
            F(charged(Retryable, "truncated"))
        }),
        case(
            "8",
            "closed before the answer",
            Plays(|| good().with(Fault::ClosedBeforeHeaders)),
            |_| F(charged(Retryable, "reset")),
        ),
        timed(
            SILENT,
            case("5", "silence in the body", Plays(|| good().with(Fault::SilentAfter(60))), |_| {
                F(charged(Retryable, "silent"))
            }),
        ),
        case(
            "8",
            "no answer of HTTP",
            Plays(|| good().with(Fault::Bytes("220 good day\r\n".to_owned()))),
            |_| F(charged(Retryable, "reset")),
        ),
        case("25", "headers without end", Plays(|| good().with(Fault::EndlessHeaders)), |_| {
            F(charged(Retryable, "reset"))
        }),
    ]
}

fn refuses(refusal: Refusal) -> Reply {
    Reply::fault(Fault::Refuses(refusal))
}

fn limited(after: &str) -> Reply {
    refuses(Refusal::RateLimited).header("retry-after", after)
}

/// A date half a minute from now, as HTTP writes it.
fn soon() -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(30))
}

const fn after(least: u64, most: u64, fails: Fails) -> Fails {
    Fails { after: Some((least, most)), ..fails }
}

const fn saying(says: &'static str, fails: Fails) -> Fails {
    Fails { says, ..fails }
}

fn page(status: u16) -> Reply {
    let body = "<html><h1>rate limit, invalid api key</h1></html>".to_owned();
    Reply::fault(Fault::Raw { status, media_type: "text/html".to_owned(), body })
}

fn json(status: u16, body: &str) -> Reply {
    let media_type = "application/json".to_owned();
    Reply::fault(Fault::Raw { status, media_type, body: body.to_owned() })
}

/// Providers that say no.
pub(crate) fn refusals() -> Vec<Case> {
    vec![
        case("9", "429, retry-after in seconds", Plays(|| limited("7")), |_| {
            F(after(7_000, 7_000, fails(Retryable, "rate-limited")))
        }),
        case("10", "429, retry-after as a date", Plays(|| limited(&soon())), |_| {
            F(after(1, 30_000, fails(Retryable, "rate-limited")))
        }),
        case("11", "429, absurd retry-after", Plays(|| limited("1000000000")), |_| {
            F(after(1_000_000_000_000, 1_000_000_000_000, fails(Quota, "quota")))
        }),
        case("12", "429 without retry-after", Plays(|| refuses(Refusal::RateLimited)), |_| {
            F(fails(Retryable, "rate-limited"))
        }),
        case("12", "429, spend cap", Plays(|| refuses(Refusal::SpendCap)), |api| match api {
            // It says when it is over.
            Api::Anthropic => F(after(1, u64::MAX, fails(Quota, "quota"))),
            _ => F(fails(Quota, "quota")),
        }),
        case("12", "the account cannot pay", Plays(|| refuses(Refusal::Billing)), |_| {
            F(fails(Billing, "billing"))
        }),
        case("13", "500", Plays(|| refuses(Refusal::Internal)), |_| {
            F(fails(Retryable, "server-error"))
        }),
        case("14", "502 with a page", Plays(|| page(502)), |_| F(fails(Retryable, "server-error"))),
        case("14", "200 with a page", Plays(|| page(200)), |_| F(charged(Retryable, "malformed"))),
        case(
            "14",
            "200 with an error as JSON",
            Plays(|| json(200, r#"{"error":"out of order"}"#)),
            |api| {
                // Only there is a line of JSON part of the protocol.
                match api {
                    Api::Ollama => F(charged(Retryable, "stream-error")),
                    _ => F(charged(Retryable, "truncated")),
                }
            },
        ),
        case("15", "503", Plays(|| refuses(Refusal::Unavailable)), |_| {
            F(fails(Overload, "overloaded"))
        }),
        case("16", "529 overloaded", Plays(|| refuses(Refusal::Overloaded)), |_| {
            F(fails(Overload, "overloaded"))
        }),
        case("17", "401", Plays(|| refuses(Refusal::Auth)), |_| F(fails(Auth, "auth"))),
        case("17", "403", Plays(|| refuses(Refusal::Forbidden)), |_| F(fails(Auth, "auth"))),
        case("18", "413", Plays(|| refuses(Refusal::TooLarge)), |_| {
            F(saying(" bytes is too large", fails(Permanent, "too-large")))
        }),
        case("18", "404 for the model", Plays(|| refuses(Refusal::NoModel)), |_| {
            F(saying("large-1", fails(Permanent, "unknown-model")))
        }),
        case("18", "400", Plays(|| refuses(Refusal::Invalid)), |_| {
            F(saying("at least one message", fails(Permanent, "bad-request")))
        }),
    ]
}

const HUNDRED_MIB: usize = 100 << 20;

/// Answers that are not what they should be.
pub(crate) fn answers() -> Vec<Case> {
    vec![
        case("19", "an error in the stream", Plays(|| good().with(Fault::ErrorEvent)), |api| {
            match api {
                Api::Anthropic | Api::Gemini => F(with_part(charged(Overload, "overloaded"))),
                _ => F(with_part(charged(Retryable, "stream-error"))),
            }
        }),
        case("20", "no event of the end", Plays(|| good().with(Fault::NoEnd)), |_| {
            F(with_part(charged(Retryable, "truncated")))
        }),
        case("20", "an empty body", Plays(|| good().with(Fault::Cut(0))), |_| {
            F(charged(Retryable, "truncated"))
        }),
        case(
            "22",
            "characters split across chunks",
            Plays(|| good().with(Fault::OneByteChunks)),
            |_| End::Good,
        ),
        case("22", "bytes that are no UTF-8", Plays(|| good().with(Fault::BadUtf8)), |_| {
            F(charged(Retryable, "malformed"))
        }),
        case("23", "events of usage and end twice", Plays(|| good().with(Fault::Twice)), |_| {
            End::Good
        }),
        case("24", "unknown events", Plays(|| good().with(Fault::UnknownEvents)), |_| End::Good),
        case(
            "25",
            "100 MiB in one event",
            Plays(|| good().with(Fault::Huge { bytes: HUNDRED_MIB, one_event: true })),
            |_| F(charged(Permanent, "event-too-large")),
        ),
        case(
            "25",
            "100 MiB in many events",
            Plays(|| good().with(Fault::Huge { bytes: HUNDRED_MIB, one_event: false })),
            |_| F(with_part(charged(Permanent, "answer-too-large"))),
        ),
        case("26", "compressed bomb", Plays(|| good().with(Fault::Bomb(HUNDRED_MIB))), |_| {
            F(charged(Permanent, "encoded"))
        }),
        case("26", "compressed, though small", Plays(|| good().with(Fault::Compressed)), |_| {
            F(charged(Permanent, "encoded"))
        }),
    ]
}
