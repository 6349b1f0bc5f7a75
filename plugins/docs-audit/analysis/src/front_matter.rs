//! Front matter: whether it parses, and whether it has what its kind of file needs.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::path;
use crate::report::{Finding, Kind, Lines, Place, Severity};
use crate::text;
use crate::tree::Source;

/// Longest `name` of a skill in characters.
const NAME_CHARS_MAX: usize = 64;
/// Longest `description` of a skill in characters.
const DESCRIPTION_CHARS_MAX: usize = 1024;

/// The block at the top of a file.
struct Block<'a> {
    toml: bool,
    body: &'a str,
    /// Lines of the whole block, fences included.
    lines: Lines,
}

/// A field: its value as text if it is a scalar, and its line.
type Fields = BTreeMap<String, (Option<String>, u32)>;

/// What is wrong with the front matter of a file.
pub fn check(file: &str, source: &Source) -> Vec<Finding> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let kind = FileKind::of(file);
    let site = |lines: Lines| Place {
        path: file.into(),
        lines,
        quote: quote(text, lines),
        digest: source.digest.clone(),
    };
    let Some(block) = block(text) else {
        return kind.map_or_else(Vec::new, |kind| vec![kind.lacks_block(site(Lines::one(1)))]);
    };
    if block.body.contains("{{") || block.body.contains("{%") || block.body.contains("<%") {
        return Vec::new();
    }
    let fields = match if block.toml { toml(block.body) } else { yaml(block.body) } {
        Ok(fields) => fields,
        Err((line, message)) => {
            let line = (block.lines.first + line).clamp(block.lines.first, block.lines.last);
            let format = if block.toml { "TOML" } else { "YAML" };
            return vec![Finding {
                kind: Kind::FrontMatterSyntax,
                severity: Severity::High,
                place: site(Lines::one(line)),
                subject: "front matter".into(),
                others: Vec::new(),
                why: format!("The front matter is not valid {format}: {message}."),
                fix: "Correct the line; quote a value that contains `: `, `#`, or begins with a special character.".into(),
                challenge: None,
            }];
        }
    };
    let kind = kind.or_else(|| FileKind::by_fields(file, &fields));
    kind.map_or_else(Vec::new, |kind| kind.wrong_fields(&fields, block.lines, &site))
}

/// Whether the text at the top parses as the format it says it has; none if there is no block.
pub fn parses(text: &str) -> Option<bool> {
    let block = block(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    Some(if block.toml { toml(block.body).is_ok() } else { yaml(block.body).is_ok() })
}

fn quote(text: &str, lines: Lines) -> String {
    let shown = text::excerpt(text, lines).unwrap_or_default().trim_end_matches('\r');
    text::cut(shown, crate::references::QUOTE_BYTES_MAX).to_string()
}

/// The block at the top of a file, unless its first line is a mere rule.
fn block(text: &str) -> Option<Block<'_>> {
    let fence = text.lines().next()?.trim_end();
    if fence != "---" && fence != "+++" {
        return None;
    }
    let start = text.find('\n')? + 1;
    let mut at = start;
    for (number, line) in text.get(start..)?.split_inclusive('\n').enumerate() {
        let end = line.trim_end();
        if end == fence || (fence == "---" && end == "...") {
            let body = text.get(start..at)?;
            let last = u32::try_from(number).ok()? + 2;
            let block = Block { toml: fence == "+++", body, lines: Lines { first: 1, last } };
            return (body.trim().is_empty() || looks_like_fields(body, block.toml))
                .then_some(block);
        }
        at += line.len();
    }
    None
}

/// Whether most lines are fields, parts of lists, continuations or comments.
fn looks_like_fields(body: &str, toml: bool) -> bool {
    let sign = if toml { '=' } else { ':' };
    let lines: Vec<&str> = body.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_field = |line: &&&str| {
        line.split_once(sign).is_some_and(|(key, _)| {
            let key = key.trim().trim_matches(['"', '\'']);
            !key.is_empty()
                && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        })
    };
    lines.first().is_some_and(|line| is_field(&line) || line.starts_with('#'))
        && lines.iter().filter(is_field).count() >= 1
}

fn toml(body: &str) -> Result<Fields, (u32, String)> {
    let table: toml::Table = body.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        (line_of(body, at), one_line(error.message()))
    })?;
    let fields = table.into_iter().map(|(key, value)| {
        let text = match value {
            toml::Value::String(text) => Some(text),
            toml::Value::Table(_) | toml::Value::Array(_) => None,
            toml::Value::Boolean(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Datetime(_) => Some("a literal".into()),
        };
        (key, (text, 0))
    });
    Ok(fields.collect())
}

fn line_of(body: &str, at: usize) -> u32 {
    let before = body.get(..at).unwrap_or(body);
    u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1)
}

/// Fields of the top level. Works on events, so that aliases are never expanded.
fn yaml(body: &str) -> Result<Fields, (u32, String)> {
    let mut fields = Fields::new();
    let mut depth = 0_u32;
    let mut key: Option<(String, u32)> = None;
    for event in Parser::new_from_str(body) {
        let (event, span) = event.map_err(|error| {
            let line = u32::try_from(error.marker().line()).unwrap_or(u32::MAX);
            (line, one_line(error.info()))
        })?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if depth == 1
                    && let Some((name, line)) = key.take()
                {
                    fields.insert(name, (None, line));
                }
                depth += 1;
            }
            Event::MappingEnd | Event::SequenceEnd => depth = depth.saturating_sub(1),
            Event::Scalar(value, style, _, _) if depth == 1 => match key.take() {
                None => key = Some((value.into_owned(), line)),
                Some((name, line)) => {
                    let empty = style == ScalarStyle::Plain && matches!(&*value, "" | "~" | "null");
                    let value = (!empty).then(|| value.into_owned()).or(Some(String::new()));
                    fields.insert(name, (value, line));
                }
            },
            Event::Alias(_) if depth == 1 => {
                if let Some((name, line)) = key.take() {
                    fields.insert(name, (None, line));
                }
            }
            _ => {}
        }
    }
    Ok(fields)
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_string()
}

/// The line of a field; the whole block where the parser does not say.
fn line_of_field(block: Lines, line: u32) -> Lines {
    if line == 0 { block } else { Lines::one(block.first + line) }
}

/// Kinds of files whose front matter programs rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    /// `SKILL.md`: an agent skill.
    Skill,
    /// A definition of an agent.
    Agent,
}

impl FileKind {
    fn of(file: &str) -> Option<Self> {
        let name = path::name(file);
        let in_agents = format!("/{file}").contains("/.claude/agents/");
        if name == "SKILL.md" {
            Some(Self::Skill)
        } else if in_agents && name != "README.md" {
            Some(Self::Agent)
        } else {
            None
        }
    }

    /// A file in a directory `agents` is a definition if its front matter says more than a page's.
    fn by_fields(file: &str, fields: &Fields) -> Option<Self> {
        let telling = ["tools", "model", "color", "mode"];
        let named = fields.contains_key("name") || fields.contains_key("description");
        (path::name(path::parent(file)) == "agents"
            && named
            && telling.iter().any(|field| fields.contains_key(*field)))
        .then_some(Self::Agent)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Skill => "A skill",
            Self::Agent => "An agent definition",
        }
    }

    fn lacks_block(self, place: Place) -> Finding {
        self.finding(
            place,
            "front matter",
            Severity::High,
            format!("{} needs front matter with `name` and `description`; this file has none, so programs that load it do not find it.", self.title()),
            "Begin the file with `---`, the fields `name` and `description`, and `---`.".into(),
        )
    }

    fn finding(
        self,
        place: Place,
        subject: &str,
        severity: Severity,
        why: String,
        fix: String,
    ) -> Finding {
        Finding {
            kind: Kind::FrontMatterField,
            severity,
            place,
            subject: subject.into(),
            others: Vec::new(),
            why,
            fix,
            challenge: None,
        }
    }

    fn wrong_fields(
        self,
        fields: &Fields,
        block: Lines,
        site: &dyn Fn(Lines) -> Place,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for name in ["name", "description"] {
            match fields.get(name) {
                None => findings.push(self.finding(
                    site(block),
                    name,
                    Severity::High,
                    format!(
                        "{} needs the field `{name}`; the front matter does not have it.",
                        self.title()
                    ),
                    format!("Add `{name}:` to the front matter."),
                )),
                Some((Some(value), line)) => {
                    if let Some((why, fix)) = self.wrong_value(name, value) {
                        let line = line_of_field(block, *line);
                        findings.push(self.finding(site(line), name, Severity::Medium, why, fix));
                    }
                }
                Some((None, line)) => findings.push(self.finding(
                    site(line_of_field(block, *line)),
                    name,
                    Severity::Medium,
                    format!("The field `{name}` is a list or mapping; it must be text."),
                    format!("Write `{name}` as one string."),
                )),
            }
        }
        findings
    }

    fn wrong_value(self, name: &str, value: &str) -> Option<(String, String)> {
        let length = value.chars().count();
        if value.trim().is_empty() {
            return Some((format!("The field `{name}` is empty."), format!("Write a {name}.")));
        }
        if self != Self::Skill {
            return None;
        }
        if name == "description" && length > DESCRIPTION_CHARS_MAX {
            return Some((
                format!(
                    "The description has {length} characters; a skill's may have at most {DESCRIPTION_CHARS_MAX}."
                ),
                "Shorten it to what it does and when to use it.".into(),
            ));
        }
        if name != "name" {
            return None;
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if length > NAME_CHARS_MAX {
            return Some((
                format!(
                    "The name has {length} characters; a skill's may have at most {NAME_CHARS_MAX}."
                ),
                "Shorten the name.".into(),
            ));
        }
        (!value.chars().all(allowed)).then(|| (
            format!("The name `{value}` has characters other than lower case letters, digits and `-`."),
            format!("Call it `{}`.", crate::slug::github(value).replace('_', "-")),
        ))
    }
}
