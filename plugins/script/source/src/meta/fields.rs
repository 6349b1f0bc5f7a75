//! The fields of `meta`: which there are, and of what kind.

use oxc_ast::ast::{Expression, ObjectExpression, ObjectPropertyKind};
use oxc_span::GetSpan;
use serde_json::{Map, Value};

use super::{Declared, Meta, Phase, literal};
use crate::Code;
use crate::draft::Draft;

/// Reads the facts of `value`, which was evaluated from `object`. What is wrong or doubtful is
/// added to `found`.
pub(super) fn read(value: &Value, object: &ObjectExpression<'_>, found: &mut Declared) -> Meta {
    let mut reader = Reader { object, found };
    let empty = Map::new();
    let fields = value.as_object().unwrap_or(&empty);
    reader.known(&[], fields, &["name", "description", "whenToUse", "phases", "baton"]);

    let name = reader.required(&[], fields, "name");
    if !name.is_empty() && !plain(&name) {
        let message = format!("`meta.name` {name:?} is not made of a-z, 0-9 and `-` only");
        reader.warn(Code::MetaName, &["name"], message, "other tools may not find it by this name");
    }
    let description = reader.required(&[], fields, "description");
    if description.contains(['\n', '\r']) {
        let message = "`meta.description` has more than one line";
        reader.warn(Code::MetaField, &["description"], message, "lists show one line");
    }
    Meta {
        name,
        description,
        when_to_use: reader.optional(&[], fields, "whenToUse"),
        phases: reader.phases(fields),
        baton: reader.baton(fields),
    }
}

/// Whether a name is `[a-z0-9][a-z0-9-]*`.
fn plain(name: &str) -> bool {
    !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

struct Reader<'r, 'a> {
    object: &'r ObjectExpression<'a>,
    found: &'r mut Declared,
}

impl Reader<'_, '_> {
    fn phases(&mut self, fields: &Map<String, Value>) -> Vec<Phase> {
        let list = match fields.get("phases") {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.wrong(&["phases"], "is not a list");
                return Vec::new();
            }
        };
        let mut phases = Vec::with_capacity(list.len());
        for (index, phase) in list.iter().enumerate() {
            let index = index.to_string();
            let path = ["phases", index.as_str()];
            if let Some(title) = phase.as_str().filter(|title| !title.trim().is_empty()) {
                let message = format!("`{}` is a string, not an object", dotted(&path));
                self.warn(Code::MetaField, &path, message, "write `{ title: '…' }`");
                phases.push(Phase { title: title.to_owned(), detail: None, model: None });
                continue;
            }
            let Some(phase) = phase.as_object() else {
                self.wrong(&path, "is not an object with a `title`");
                continue;
            };
            self.known(&path, phase, &["title", "detail", "model"]);
            phases.push(Phase {
                title: self.required(&path, phase, "title"),
                detail: self.optional(&path, phase, "detail"),
                model: self.optional(&path, phase, "model"),
            });
        }
        phases
    }

    /// A list of strings, or an object with two of them: `include` and `exclude`.
    fn files(&mut self, key: &str, value: Option<&Value>) {
        match value {
            Some(Value::Object(sides)) => {
                self.known(&["baton", key], sides, &["include", "exclude"]);
                for side in ["include", "exclude"] {
                    self.strings(&["baton", key, side], sides.get(side));
                }
            }
            list => self.strings(&["baton", key], list),
        }
    }

    /// `meta.baton`: what the script asks for, and its budget, each optional.
    fn baton(&mut self, fields: &Map<String, Value>) -> Option<Map<String, Value>> {
        let Some(baton) = fields.get("baton")?.as_object() else {
            self.wrong(&["baton"], "is not an object");
            return None;
        };
        let named = ["workflows", "tools", "exec", "http", "env", "secrets"];
        self.known(&["baton"], baton, &[["read", "write", "budget"].as_slice(), &named].concat());
        for key in ["read", "write"] {
            self.files(key, baton.get(key));
        }
        for key in named {
            self.strings(&["baton", key], baton.get(key));
        }
        match baton.get("budget") {
            None => {}
            Some(Value::Object(budget)) => {
                self.known(
                    &["baton", "budget"],
                    budget,
                    &["agents", "tokens", "output_tokens", "cost_usd"],
                );
                for (key, limit) in budget {
                    let fits = match key.as_str() {
                        "agents" | "tokens" | "output_tokens" => limit.is_u64(),
                        "cost_usd" => limit.as_f64().is_some_and(|usd| usd >= 0.0),
                        _ => true,
                    };
                    if !fits {
                        let path = ["baton", "budget", key.as_str()];
                        self.wrong(
                            &path,
                            "is not a number of zero or more (whole, unless it is money)",
                        );
                    }
                }
            }
            Some(_) => self.wrong(&["baton", "budget"], "is not an object"),
        }
        Some(baton.clone())
    }

    /// A string that must be there and hold more than white space.
    fn required(&mut self, path: &[&str], fields: &Map<String, Value>, key: &str) -> String {
        let place: Vec<&str> = path.iter().copied().chain([key]).collect();
        match fields.get(key) {
            None => self.wrong(&place, "is missing"),
            Some(Value::String(text)) if text.trim().is_empty() => self.wrong(&place, "is empty"),
            Some(Value::String(text)) => return text.clone(),
            Some(_) => self.wrong(&place, "is not a string"),
        }
        String::new()
    }

    fn optional(
        &mut self,
        path: &[&str],
        fields: &Map<String, Value>,
        key: &str,
    ) -> Option<String> {
        match fields.get(key)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                let place: Vec<&str> = path.iter().copied().chain([key]).collect();
                self.wrong(&place, "is not a string");
                None
            }
        }
    }

    fn strings(&mut self, path: &[&str], value: Option<&Value>) {
        let fits = match value {
            None => true,
            Some(Value::Array(list)) => list.iter().all(Value::is_string),
            Some(_) => false,
        };
        if !fits {
            self.wrong(path, "is not a list of strings");
        }
    }

    fn known(&mut self, path: &[&str], fields: &Map<String, Value>, known: &[&str]) {
        for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
            let place: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
            let message = format!("`{}` is an unknown key", dotted(&place));
            let hint = format!("known are {}; nothing reads this one", known.join(", "));
            self.warn(Code::MetaUnknownKey, &place, message, &hint);
        }
    }

    fn wrong(&mut self, path: &[&str], what: &str) {
        let at = self.place(path);
        let message = format!("`{}` {what}", dotted(path));
        self.found.errors.push(Draft::new(Code::MetaField, at, message));
    }

    fn warn(&mut self, code: Code, path: &[&str], message: impl Into<String>, hint: &str) {
        let at = self.place(path);
        self.found.warnings.push(Draft::new(code, at, message).hint(hint));
    }

    /// Where the value of a path stands, or the innermost part of the way to it that exists.
    fn place(&self, path: &[&str]) -> u32 {
        let mut at = self.object.span.start;
        let mut objects = Some(self.object);
        let mut list = None;
        for step in path {
            let next = match (objects, list) {
                (Some(object), _) => property(object, step),
                (None, Some(elements)) => element(elements, step),
                (None, None) => None,
            };
            let Some(next) = next else { break };
            let next = next.without_parentheses();
            at = next.span().start;
            (objects, list) = match next {
                Expression::ObjectExpression(it) => (Some(&**it), None),
                Expression::ArrayExpression(it) => (None, Some(&**it)),
                _ => (None, None),
            };
        }
        at
    }
}

/// The value of the last property of this name: the one that counts.
fn property<'e, 'a>(object: &'e ObjectExpression<'a>, name: &str) -> Option<&'e Expression<'a>> {
    object.properties.iter().rev().find_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(it) => {
            (literal::key(&it.key).as_deref() == Some(name)).then_some(&it.value)
        }
        ObjectPropertyKind::SpreadProperty(_) => None,
    })
}

fn element<'e, 'a>(
    list: &'e oxc_ast::ast::ArrayExpression<'a>,
    index: &str,
) -> Option<&'e Expression<'a>> {
    list.elements.get(index.parse::<usize>().ok()?)?.as_expression()
}

/// `meta.phases[0].title` for its path.
fn dotted(path: &[&str]) -> String {
    let mut out = String::from("meta");
    for step in path {
        if step.bytes().all(|b| b.is_ascii_digit()) && !step.is_empty() {
            out.push_str(&format!("[{step}]"));
        } else {
            out.push('.');
            out.push_str(step);
        }
    }
    out
}
