//! Texts of a schema.

use baton_core::digest::Digest;
use serde_json::{Map, Value};

use super::super::temper::Lean;
use super::super::{ground, pattern, words};
use super::{Shaper, bound};

impl Shaper<'_> {
    pub(super) fn string(&mut self, map: &Map<String, Value>, name: &str) -> String {
        if let Some(format) = map.get("format").and_then(Value::as_str)
            && let Some(text) = self.formatted(format)
        {
            return text;
        }
        if let Some(pattern) = map.get("pattern").and_then(Value::as_str)
            && let Some(text) = pattern::matching(pattern, &mut self.draw)
        {
            return text;
        }
        let least = bound(map, "minLength").unwrap_or(0);
        let most = bound(map, "maxLength").unwrap_or(usize::MAX);
        let mut text = self.text(name, map);
        while text.chars().count() < least {
            text.push(' ');
            text.push_str(&words::phrase(&mut self.draw, 4));
        }
        text.chars().take(most).collect()
    }

    pub(super) fn text(&mut self, name: &str, map: &Map<String, Value>) -> String {
        if ground::is_path(name, map) {
            let known = self.draw.pick(self.sources.paths()).cloned();
            return known.unwrap_or_else(|| words::path(&mut self.draw));
        }
        let name = name.to_ascii_lowercase();
        let is = |word: &str| name == word || name.ends_with(&format!("_{word}"));
        if is("digest") || is("sha256") {
            return Digest::of(words::phrase(&mut self.draw, 2).as_bytes()).to_string();
        }
        let count = match self.temper.lean {
            Lean::Least => 1,
            Lean::Most => 8,
            Lean::Varied => self.draw.between(2, 6),
        };
        let said = words::phrase(&mut self.draw, count);
        match self.sources.cited(map, &mut self.draw) {
            Some(number) => format!("{said} {number}"),
            None => said,
        }
    }

    fn formatted(&mut self, format: &str) -> Option<String> {
        let day = self.draw.between(1, 28);
        let word = words::phrase(&mut self.draw, 1);
        Some(match format {
            "date" => format!("2026-03-{day:02}"),
            "date-time" => format!("2026-03-{day:02}T12:00:00Z"),
            "time" => "12:00:00Z".into(),
            "duration" => format!("P{day}D"),
            "email" | "idn-email" => format!("{word}@example.org"),
            "hostname" | "idn-hostname" => format!("{word}.example.org"),
            "ipv4" => format!("192.0.2.{day}"),
            "ipv6" => format!("2001:db8::{day}"),
            "uri" | "iri" | "url" => format!("https://example.org/{word}"),
            "uri-reference" | "iri-reference" | "json-pointer" => format!("/{word}"),
            "uuid" => format!("00000000-0000-4000-8000-{day:012}"),
            "regex" => word,
            _ => return None,
        })
    }
}
