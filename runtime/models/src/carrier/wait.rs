//! How long a provider asks to be left alone.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// Headers that say when a limit is over, of which those that are used up count.
const RESETS: [(&str, &str); 2] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
];

/// Milliseconds until another request may be made, if the headers say so. A date is compared with
/// the provider's own clock where it tells it.
pub(super) fn after_ms(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = header("retry-after-ms").and_then(|value| value.parse::<f64>().ok()) {
        return millis(ms / 1_000.0);
    }
    if let Some(value) = header("retry-after") {
        if let Ok(seconds) = value.parse::<f64>() {
            return millis(seconds);
        }
        if let Ok(at) = httpdate::parse_http_date(value) {
            let now =
                header("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
            return millis(at.duration_since(now).unwrap_or_default().as_secs_f64());
        }
    }
    let used_up = RESETS.iter().filter(|(left, _)| header(left) == Some("0"));
    let reset = used_up.filter_map(|(_, reset)| header(reset).and_then(span)).max();
    reset.or_else(|| header("x-ratelimit-reset").and_then(|value| moment(value, now)))
}

/// A number of seconds, or a point in time as seconds since 1970.
fn moment(value: &str, now: SystemTime) -> Option<u64> {
    let seconds = value.parse::<f64>().ok()?;
    // No limit lasts for decades: so large a number is a date.
    if seconds < 1e9 {
        return millis(seconds);
    }
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Some give it in milliseconds.
    let seconds = if seconds >= 1e12 { seconds / 1_000.0 } else { seconds };
    millis((seconds - since.as_secs_f64()).max(0.0))
}

/// A span such as `1s`, `6m0s`, `20ms` or `1h2m3.5s`.
pub(super) fn span(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let (number, tail) = rest.split_at(end);
        let number: f64 = number.parse().ok()?;
        let unit_end = tail.find(|char: char| char.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        seconds += number
            * match unit {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = tail;
    }
    (!text.is_empty()).then(|| millis(seconds)).flatten()
}

fn millis(seconds: f64) -> Option<u64> {
    let span = Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(span.as_millis()).ok()
}

/// Milliseconds until the moment in a sentence such as `You will regain access on 2026-12-01 at
/// 00:00 UTC`.
pub(super) fn regained(words: &str, now: SystemTime) -> Option<u64> {
    let (_, rest) = words.split_once("regain access on ")?;
    let date = rest.get(..10)?;
    let time =
        rest.get(10..)?.strip_prefix(" at ").and_then(|time| time.get(..5)).unwrap_or("00:00");
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
    let (year, month, day) =
        (number(date.get(..4))?, number(date.get(5..7))?, number(date.get(8..))?);
    let (hour, minute) = (number(time.get(..2))?, number(time.get(3..))?);
    let seconds = days(year, month, day)?.checked_mul(86_400)? + hour * 3_600 + minute * 60;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    u64::try_from(at.duration_since(now).unwrap_or_default().as_millis()).ok()
}

/// Days from 1970 to a date of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn every_way_to_say_it() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let date = |seconds: u64| httpdate::fmt_http_date(now + Duration::from_secs(seconds));
        type Case = (Vec<(&'static str, String)>, Option<u64>);
        let cases: [Case; 17] = [
            (vec![], None),
            (vec![("retry-after", "7".into())], Some(7_000)),
            (vec![("retry-after", "0.5".into())], Some(500)),
            (vec![("retry-after", "1000000000".into())], Some(1_000_000_000_000)),
            (vec![("retry-after", "-1".into())], None),
            (vec![("retry-after", "NaN".into())], None),
            (vec![("retry-after", "1e300".into())], None),
            (vec![("retry-after", "soon".into())], None),
            (vec![("retry-after", date(30))], Some(30_000)),
            (vec![("retry-after", date(0))], Some(0)),
            (vec![("retry-after", date(30)), ("date", date(10))], Some(20_000)),
            (vec![("retry-after-ms", "250".into()), ("retry-after", "9".into())], Some(250)),
            (vec![("x-ratelimit-reset", "12".into())], Some(12_000)),
            (vec![("x-ratelimit-reset", "1800000005".into())], Some(5_000)),
            (vec![("x-ratelimit-reset", "1800000005000".into())], Some(5_000)),
            (vec![("x-ratelimit-reset", "1700000000".into())], Some(0)),
            (
                vec![
                    ("x-ratelimit-remaining-requests", "0".into()),
                    ("x-ratelimit-reset-requests", "6m0s".into()),
                    ("x-ratelimit-remaining-tokens", "5".into()),
                    ("x-ratelimit-reset-tokens", "1h".into()),
                ],
                Some(360_000),
            ),
        ];
        for (pairs, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in &pairs {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(after_ms(&headers, now), expected, "{pairs:?}");
        }
    }

    #[test]
    fn spans() {
        let cases = [
            ("20ms", Some(20)),
            ("1s", Some(1_000)),
            ("1h2m3.5s", Some(3_723_500)),
            ("2d", Some(172_800_000)),
            ("", None),
            ("5", None),
            ("5y", None),
            ("1.2.3s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(span(text), expected, "{text}");
        }
    }

    #[test]
    fn the_day_access_is_regained() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let day = 86_400_000;
        let cases = [
            // 1,800,000,000 is 2027-01-15 08:00 UTC.
            ("You will regain access on 2027-01-16 at 08:00 UTC.", Some(day)),
            ("You will regain access on 2027-01-16", Some(day - 8 * 3_600_000)),
            ("You will regain access on 2026-01-16", Some(0)),
            ("You will regain access on 2027-13-01", None),
            ("You will regain access on 2027-02-0é", None),
            ("You will regain access on never", None),
            ("", None),
        ];
        for (words, expected) in cases {
            assert_eq!(regained(words, now), expected, "{words}");
        }
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 3, 1), Some(11_017));
    }
}
