//! What answers cite: places that a task was told of, or that it may read. Workflows look up what is
//! quoted to them, and drop what they do not find.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::draw::Draw;
use super::temper::{Lean, Temper};
use super::words;
use crate::world::{Line, World};

/// Lines of patches in one prompt that are looked at.
const PATCH_LINES_MAX: usize = 5_000;

/// How many of a hundred quotes stand where they are said to stand: models miscopy now and then.
const EXACT: f64 = 0.9;

/// Files that are tried until one with citable lines is found.
const TRIES: usize = 8;

/// What one task was told of.
pub(crate) struct Sources<'a> {
    paths: Vec<String>,
    /// Lines as patches show them, after the change.
    patches: BTreeMap<String, Vec<Line>>,
    /// Lines that patches add or remove.
    changed: usize,
    /// What is numbered `[1]`, `[2]` … at the beginnings of lines.
    numbers: Vec<String>,
    world: &'a World,
}

impl<'a> Sources<'a> {
    /// What these texts name, in a world of files.
    pub(crate) fn of(texts: &[&str], world: &'a World) -> Self {
        let mut paths = Vec::new();
        let mut patches = BTreeMap::new();
        let mut changed = 0;
        let mut numbers = Vec::new();
        for text in texts {
            paths.extend(words::paths(text));
            if text.contains("\n@@ -") {
                changed += lines_of_patches(text, &mut patches);
            }
            numbers.extend(text.lines().filter_map(number_at_the_beginning));
        }
        numbers.sort_unstable();
        numbers.dedup();
        Self { paths, patches, changed, numbers, world }
    }

    /// Files that the task was told of.
    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// How many things that quote something are said at the most: of a change of two lines nobody says
    /// ten. No bound where the task was shown no change.
    pub(super) fn quotes_max(&self) -> usize {
        if self.changed == 0 { usize::MAX } else { self.changed + 1 }
    }

    /// Lines of a file, as far as the task knows them.
    fn lines(&self, path: &str) -> Option<Arc<[Line]>> {
        match self.patches.get(path) {
            Some(lines) => Some(lines.as_slice().into()),
            None => self.world.lines(path),
        }
    }

    /// A file with lines in place of one that is not there: for the same name the same one.
    fn instead(&self, path: &str, draw: &mut Draw) -> Option<(String, Arc<[Line]>)> {
        let there = self.lines(path).map(|lines| (path.to_owned(), lines));
        there.or_else(|| {
            (0..TRIES).find_map(|_| {
                let other = draw.pick(self.world.names())?;
                Some((other.clone(), self.world.lines(other)?))
            })
        })
    }

    /// Numbers in brackets, where a text is to have them.
    pub(super) fn cited(&self, schema: &Map<String, Value>, draw: &mut Draw) -> Option<String> {
        let told = schema.get("description").and_then(Value::as_str)?;
        if !told.contains("bracket") {
            return None;
        }
        draw.pick(&self.numbers).map(|number| format!("[{number}]"))
    }
}

/// Whether the text of a property is the path of a file, by its name or by what is said of it.
pub(super) fn is_path(name: &str, schema: &Map<String, Value>) -> bool {
    let name = name.to_ascii_lowercase();
    let is = |word: &str| name == word || name.ends_with(&format!("_{word}"));
    let told = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    is("path")
        || is("file")
        || name.ends_with("filename")
        || name.ends_with("filepath")
        || told.starts_with("Path of a file")
}

/// Whether the text of a property is copied from somewhere.
fn is_quote(name: &str, schema: &Map<String, Value>) -> bool {
    let name = name.to_ascii_lowercase();
    let told = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    ["quote", "quotation", "excerpt", "snippet"].contains(&name.as_str())
        || told.contains("copied exactly")
        || told.contains("verbatim")
}

/// Whether what such a schema describes quotes something.
pub(super) fn quotes(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .filter_map(|(name, schema)| Some((name, schema.as_object()?)))
        .any(|(name, schema)| is_quote(name, schema))
}

/// Lets an object that quotes a file quote one: the path, the number of the line and its text go
/// together. Chance of its own, so that nothing else becomes different.
pub(super) fn quote(
    made: &mut Map<String, Value>,
    properties: &Map<String, Value>,
    sources: &Sources<'_>,
    temper: &Temper,
) {
    let found = |fits: fn(&str, &Map<String, Value>) -> bool| {
        let mut free = properties.iter().filter_map(|(name, schema)| {
            let schema = schema.as_object().filter(|schema| is_free(schema))?;
            (fits(name, schema) && made.contains_key(name)).then(|| (name.clone(), schema))
        });
        free.next()
    };
    let (Some((path, _)), Some((text, schema))) = (found(is_path), found(is_quote)) else { return };
    let Some(named) = made.get(&path).and_then(Value::as_str).map(str::to_owned) else { return };
    let told = made.get(&text).map(Value::to_string).unwrap_or_default();
    let mut of_name = Draw::of(temper.seed, &["file", &named]);
    let mut draw = Draw::of(temper.seed, &["quote", &named, &told]);
    if temper.lean == Lean::Varied && !draw.chance(EXACT) {
        return;
    }
    let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let Some((file, lines)) = sources.instead(&named, &mut of_name) else { return };
    let fit: Vec<&Line> =
        lines.iter().filter(|(_, line)| line.trim().chars().count() as u64 <= most).collect();
    let Some((number, line)) = draw.pick(&fit).copied() else { return };
    made.insert(path, file.into());
    made.insert(text, line.trim().into());
    for (name, value) in made.iter_mut() {
        let may = properties.get(name).and_then(Value::as_object).is_some_and(is_line);
        if may && value.is_u64() && names_a_line(name) {
            *value = (*number).into();
        }
    }
}

/// Whether a schema lets any text pass, its length apart.
fn is_free(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "string")
        && !["enum", "const", "pattern", "format", "minLength"]
            .iter()
            .any(|key| schema.contains_key(*key))
}

/// Whether a schema lets any number of a line pass.
fn is_line(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "integer")
        && !["enum", "const", "maximum", "exclusiveMaximum", "multipleOf"]
            .iter()
            .any(|key| schema.contains_key(*key))
        && schema.get("minimum").is_none_or(|least| least.as_f64() <= Some(1.0))
}

fn names_a_line(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("line")
        || ["first", "last", "start", "end", "from", "to"].contains(&name.as_str())
}

/// The number of a line that begins with one in brackets.
fn number_at_the_beginning(line: &str) -> Option<String> {
    let (number, _) = line.strip_prefix('[')?.split_once(']')?;
    let fits = (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| number.to_owned())
}

/// The lines of files that patches in a text show, as they are after the change. It gives how many
/// lines they add and remove.
fn lines_of_patches(text: &str, found: &mut BTreeMap<String, Vec<Line>>) -> usize {
    let mut changed = 0;
    let mut path: Option<String> = None;
    let mut number: Option<u64> = None;
    for line in text.lines().take(PATCH_LINES_MAX) {
        if let Some(side) = line.strip_prefix("+++ ") {
            let named = side.split('\t').next().unwrap_or_default().trim_matches('"');
            path = Some(named.strip_prefix("b/").unwrap_or(named).to_owned());
            number = None;
        } else if let Some(range) = line.strip_prefix("@@ -") {
            number = range.split_once('+').and_then(|(_, new)| {
                new.split([',', ' ']).next().and_then(|start| start.parse().ok())
            });
        } else if line.starts_with("diff --git ") || line.starts_with("</") {
            (path, number) = (None, None);
        } else if let (Some(path), Some(at)) = (&path, &mut number) {
            changed += usize::from(line.starts_with(['+', '-']));
            let Some(kept) = line.strip_prefix(['+', ' ']) else { continue };
            if !kept.trim().is_empty() {
                found.entry(path.clone()).or_default().push((*at, kept.to_owned()));
            }
            *at += 1;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    const PROMPT: &str = "Review.\n<patch path=\"src/a.rs\">\ndiff --git a/src/a.rs b/src/a.rs\n\
        --- a/src/a.rs\n+++ b/src/a.rs\n@@ -4,2 +4,3 @@ fn f()\n let a = 1;\n-let b = 2;\n+let b = 3;\n\
        +\n+let c = 4;\n</patch>\n[1] one\n[12] twelve\n[x] none\n";

    #[test]
    fn a_prompt_shows_lines_and_numbers() {
        let world = World::default();
        let sources = Sources::of(&[PROMPT], &world);
        let lines: Vec<(u64, &str)> =
            sources.patches["src/a.rs"].iter().map(|(at, text)| (*at, text.as_str())).collect();
        assert_eq!(lines, [(4, "let a = 1;"), (5, "let b = 3;"), (7, "let c = 4;")]);
        assert_eq!(sources.numbers, ["1", "12"]);
        assert_eq!(sources.paths, ["src/a.rs"]);
        assert_eq!(sources.quotes_max(), 5, "one line less, three more");
        assert_eq!(
            Sources::of(&["--- no patch\n+++ of anything"], &world).quotes_max(),
            usize::MAX
        );
    }

    #[test]
    fn what_is_quoted_stands_where_it_is_said_to_stand() {
        let world = World::default();
        let sources = Sources::of(&[PROMPT], &world);
        let text = json!({ "type": "string" });
        let properties =
            json!({ "path": text, "quote": text, "line": { "type": "integer", "minimum": 0 } });
        let properties = properties.as_object().unwrap();
        let all = Temper::all(32, 2.0);
        let mut exact = 0;
        for temper in &all {
            let made = json!({ "path": "src/a.rs", "quote": "words", "line": 90 });
            let mut made = made.as_object().unwrap().clone();
            quote(&mut made, properties, &sources, temper);
            let place = (made["line"].as_u64().unwrap(), made["quote"].as_str().unwrap());
            let there = [(4, "let a = 1;"), (5, "let b = 3;"), (7, "let c = 4;")].contains(&place);
            assert!(there || place == (90, "words"), "{made:?}");
            exact += usize::from(there);
        }
        assert!((all.len() * 3 / 4..all.len()).contains(&exact), "{exact} of {}", all.len());
    }

    #[test]
    fn what_has_another_form_stays() {
        let world = World::default();
        let sources = Sources::of(&[PROMPT], &world);
        let text = json!({ "type": "string" });
        let bound = json!({ "type": "string", "pattern": "^w" });
        let most = Temper::all(3, 2.0)[1];
        for properties in [
            json!({ "path": text, "quote": bound }),
            json!({ "path": bound, "quote": text }),
            json!({ "title": text, "quote": text }),
            json!({ "path": text, "quote": { "type": "string", "maxLength": 4 } }),
        ] {
            let made = json!({ "path": "src/a.rs", "title": "src/a.rs", "quote": "words" });
            let mut changed = made.as_object().unwrap().clone();
            quote(&mut changed, properties.as_object().unwrap(), &sources, &most);
            assert_eq!(Value::Object(changed), made, "{properties}");
        }
    }
}
